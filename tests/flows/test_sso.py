"""Single sign-on takes the place of the password, and of nothing else (S35; A24, D9)."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    BrokenStore,
    Done,
    EnrolmentRequired,
    EventKind,
    Factor,
    InvalidValue,
    Reason,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
)
from mydso_access.decisions.naming import account_key
from mydso_access.model import Credential, Enabled, Invited, Secret, SsoIdentity
from mydso_access.model.assertion import Assertion
from mydso_access.model.structure import SignInMode
from mydso_access.policy.lists import Words
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import LYON, NEW, ROOT, Scene, revealed
from tests.flows.steps import (
    asserted,
    begin,
    by_sso,
    reason,
)
from tests.support import HOME, RIGHT, door, run
from tests.test_store import raising, replacing

MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
IDENTITY = SsoIdentity("idp", "anna")


def scene_by_sso(**changes: Any) -> Scene:
    scene = Scene()
    by_sso(scene)
    if changes:
        scene.change("anna", **changes)
    return scene


def sign_in(scene: Scene, number: int = 1, address: str = HOME, **changes: Any) -> Any:
    return scene.access.sign_in_with_sso(asserted(scene, number, **changes), address=address)


def counters(scene: Scene) -> tuple[int, int]:
    """Return the failures of the identity and of the address."""
    found = scene.repositories.counters.get(account_key(IDENTITY))
    return 0 if found is None else len(found.failures), len(scene.address().failures)


def test_s35_an_assertion_signs_in_and_the_proof_says_so() -> None:
    scene = scene_by_sso()
    outcome = run(door(scene).sign_in_with_sso(asserted(scene), address=HOME))
    assert isinstance(outcome, SignedIn)
    assert ((Factor.SSO, scene.clock.now()),) == outcome.proof.factors
    assert [EventKind.SIGNED_IN] == [each.kind for each in scene.events()]
    assert 0 == scene.hasher.hashes


def test_asvs_7_6_1_a_session_is_as_fresh_as_the_persons_proof_to_the_provider() -> None:
    for ago, fresh in ((timedelta(0), True), (15 * MINUTE, True), (15 * MINUTE + TICK, False), (540 * MINUTE, False)):
        scene = scene_by_sso()
        proven = scene.clock.now() - ago
        outcome = sign_in(scene, authenticated_at=proven)
        assert isinstance(outcome, SignedIn)
        assert (((Factor.SSO, proven),), outcome.user.saved_at) == (outcome.proof.factors, outcome.proof.issued_at)
        following = scene.access.begin_enrolment(outcome.proof, address=HOME)
        assert fresh is isinstance(following, EnrolmentRequired)
        assert fresh or Reason.STEP_UP_NEEDED is reason(following)
        assert isinstance(scene.access.accessed(outcome.proof), Done)


@pytest.mark.parametrize("said", [None, timedelta(hours=1)], ids=["it does not say", "in the future"])
def test_d10_what_is_said_of_the_future_or_not_at_all_is_proven_now(said: timedelta | None) -> None:
    scene = scene_by_sso()
    now = scene.clock.now()
    outcome = sign_in(scene, authenticated_at=None if said is None else now + said)
    assert ((Factor.SSO, now),) == outcome.proof.factors


def test_d9_what_the_provider_vouches_for_is_as_old_as_the_rest() -> None:
    scene = scene_by_sso()
    scene.policy = evolve(scene.policy, sso=evolve(scene.policy.sso, trusted=Words("mfa")))
    then = scene.clock.now() - 60 * MINUTE
    outcome = sign_in(scene, context=frozenset({"mfa"}), authenticated_at=then)
    assert ((Factor.SSO, then), (Factor.SSO_SECOND, then)) == outcome.proof.factors


def test_a24_the_structures_mode_is_enough() -> None:
    scene = Scene()
    scene.access.describe_structure(ROOT, LYON, title="Lyon", sign_in_mode=SignInMode.SSO)
    scene.change("anna", sso=IDENTITY)
    assert isinstance(sign_in(scene), SignedIn)


# --- once, and just now


def test_s35_an_assertion_is_taken_once_and_a_replay_is_told_of_and_costs_nothing() -> None:
    scene = scene_by_sso()
    assert isinstance(sign_in(scene), SignedIn)
    for address in (HOME, "192.0.2.99"):
        replayed = sign_in(scene, address=address)
        assert (Reason.REPLAYED_ASSERTION, (0, 0)) == (reason(replayed), counters(scene))
    assert Reason.REPLAYED_ASSERTION is scene.events()[-1].reason
    assert isinstance(sign_in(scene, 2), SignedIn)


def test_s35_one_id_of_two_providers_is_two_assertions() -> None:
    scene = scene_by_sso()
    scene.change("guest", sign_in_mode=SignInMode.SSO, sso=SsoIdentity("other", "anna"))
    assert isinstance(sign_in(scene), SignedIn)
    assert isinstance(sign_in(scene, issuer="other"), SignedIn)


@pytest.mark.parametrize(
    ("age", "taken"),
    [
        (timedelta(0), True),
        (5 * MINUTE, True),
        (5 * MINUTE + TICK, False),
        (timedelta(days=9), False),
        (timedelta(seconds=-15), True),
        (timedelta(seconds=-15) - TICK, False),
        (timedelta(days=-1), False),
        (None, False),
    ],
)
def test_s35_a_stale_one_and_one_from_the_future_or_without_an_instant_is_refused_and_costs_nothing(
    age: timedelta | None, taken: bool
) -> None:
    scene = scene_by_sso()
    outcome = sign_in(scene, instant=None if age is None else scene.clock.now() - age)
    if taken:
        assert isinstance(outcome, SignedIn)
        return
    assert (Reason.STALE_ASSERTION, (0, 0)) == (reason(outcome), counters(scene))
    assert "Please sign in with your provider again." == outcome.public_message
    assert {} == scene.repositories.assertions._taken


def test_d10_a_clock_that_goes_back_makes_no_assertion_fresh_and_revives_none() -> None:
    scene = scene_by_sso()
    old = asserted(scene)
    scene.clock.move(10 * MINUTE)
    assert isinstance(sign_in(scene, 2), SignedIn)
    scene.clock.move(-10 * MINUTE)
    assert Reason.STALE_ASSERTION is reason(scene.access.sign_in_with_sso(old, address=HOME))
    scene.access.purge()
    assert reason(sign_in(scene, 2)) in {Reason.REPLAYED_ASSERTION, Reason.STALE_ASSERTION}


def test_s35_an_assertion_that_cannot_be_kept_grants_nothing() -> None:
    scene = scene_by_sso()
    for error, expected in ((OSError("down"), StoreUnavailable), (Stale(joined=True), Stale)):
        access = scene.through(replacing(scene, assertions_add=raising(error)))
        with pytest.raises(expected):
            access.sign_in_with_sso(asserted(scene), address=HOME)
        assert None is scene.user("anna").last_access_at
        assert (0, 0) == counters(scene)


def test_s35_it_is_kept_before_anything_is_granted() -> None:
    scene = scene_by_sso()
    access = scene.through(replacing(scene, users_save=raising(OSError("down"))))
    with pytest.raises(StoreUnavailable):
        access.sign_in_with_sso(asserted(scene), address=HOME)
    assert Reason.REPLAYED_ASSERTION is reason(sign_in(scene))


def test_it_is_kept_longer_than_it_counts_and_then_forgotten() -> None:
    scene = scene_by_sso()
    sign_in(scene)
    (kept,) = scene.repositories.assertions._taken.values()
    assert isinstance(kept, Assertion)
    assert kept.expires_at > scene.clock.now() + timedelta(days=1)
    scene.clock.move(timedelta(days=2))
    assert 1 == scene.access.purge().assertions


# --- who


def test_s35_an_unknown_identity_costs_the_address_what_it_costs_nobody() -> None:
    scene = scene_by_sso()
    for number in range(12):
        outcome = sign_in(scene, number, subject="stranger")
        assert Reason.UNKNOWN is reason(outcome)
    assert (0, 0) == counters(scene)
    assert isinstance(sign_in(scene), SignedIn)


def test_s35_identity_is_issuer_and_subject_and_never_an_email() -> None:
    scene = scene_by_sso()
    for changes in ({"issuer": "evil"}, {"subject": "anna@example.com"}, {"subject": "ANNA"}, {"subject": "anna "}):
        assert Reason.UNKNOWN is reason(sign_in(scene, **changes))


def test_s35_a_strangers_wrong_passwords_on_the_name_refuse_nobody_who_comes_by_sso() -> None:
    scene = scene_by_sso()
    for number in range(8):
        scene.access.sign_in("anna", "wrong", address=f"198.51.100.{number}")
    assert isinstance(sign_in(scene), SignedIn)
    assert None is not scene.account("anna").blocked_until


def test_s37_a_blocked_address_is_blocked_for_sso_too() -> None:
    scene = scene_by_sso()
    for number in range(10):
        scene.access.sign_in(f"nobody-{number}", "wrong", address=HOME)
    assert Reason.ADDRESS_BLOCKED is reason(sign_in(scene))


@pytest.mark.parametrize("name", ["invited", "lapsed", "disabled"])
def test_a24_the_login_state_counts(name: str) -> None:
    scene = Scene()
    scene.change(name, sign_in_mode=SignInMode.SSO, sso=IDENTITY)
    expected = Reason.INVITED if name == "invited" else Reason.DISABLED
    assert expected is reason(sign_in(scene))
    assert (0, 0) == counters(scene)


def test_s14_a_contact_is_nobody_here() -> None:
    scene = Scene()
    scene.change("contact", sso=IDENTITY)
    assert isinstance(sign_in(scene), Refused)


def test_s25_dormancy_counts() -> None:
    scene = scene_by_sso(last_access_at=None, login=Enabled(A_MONDAY - timedelta(days=90)))
    scene.ask(LYON, dormancy__months=2)
    assert Reason.DORMANT is reason(sign_in(scene))


def test_a24_whoever_comes_by_password_does_not_come_by_sso() -> None:
    scene = scene_by_sso(sign_in_mode=SignInMode.PASSWORD)
    assert Reason.NOT_BY_SSO is reason(sign_in(scene))
    assert (0, 0) == counters(scene)


@pytest.mark.parametrize("given", [None, "assertion", {"subject": "anna"}, ROOT], ids=repr)
def test_what_is_no_verified_assertion_is_misuse(given: Any) -> None:
    with pytest.raises(InvalidValue, match="assertion"):
        Scene().access.sign_in_with_sso(given, address=HOME)


def test_a_store_that_answers_somebody_else_is_broken() -> None:
    scene = scene_by_sso()
    access = scene.through(replacing(scene, users_known_as=lambda _: scene.user("guest")))
    with pytest.raises(BrokenStore):
        access.sign_in_with_sso(asserted(scene), address=HOME)


# --- with a password: nothing


def test_a24_under_sso_no_password_signs_in_is_changed_reset_or_accepted() -> None:
    scene = scene_by_sso(credential=Credential(Secret(RIGHT), A_MONDAY))
    assert Reason.SSO_ONLY is reason(begin(scene))
    proof = sign_in(scene).proof
    assert Reason.SSO_ONLY is reason(scene.access.change_password(proof, RIGHT, NEW, address=HOME))
    assert () == scene.access.request_password_reset("anna").messages
    assert RIGHT == scene.user("anna").credential.hash.reveal()
    assert 0 == scene.hasher.evaluations


def test_a24_a_reset_that_was_sent_before_sets_no_password_under_sso() -> None:
    scene = Scene()
    token = revealed(scene.access.request_password_reset("anna").messages[0].token)
    by_sso(scene)
    outcome = scene.access.complete_password_reset(token, NEW)
    assert isinstance(outcome, Refused)
    assert None is scene.user("anna").credential


def test_a24_an_invitation_that_is_accepted_under_sso_sets_no_password() -> None:
    scene = Scene()
    token = revealed(scene.access.renew_invitation(ROOT, "id-invited").messages[0].token)
    scene.change("invited", sign_in_mode=SignInMode.SSO, sso=IDENTITY)
    scene.access.accept_invitation(token, NEW)
    assert None is scene.user("invited").credential
    assert isinstance(scene.user("invited").login, Invited | Enabled)


def test_a18_whoever_comes_by_sso_owes_no_new_password() -> None:
    scene = scene_by_sso(credential=Credential(Secret(RIGHT), A_MONDAY, compromised=True))
    scene.ask(LYON, rotation__days=1)
    scene.clock.move(timedelta(days=9))
    assert isinstance(sign_in(scene), SignedIn)
