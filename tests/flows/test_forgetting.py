"""Forgetting: personal data gone, associations ended, the trail pseudonymised; interrupted anywhere, it goes on."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import Category, Done, EventKind, Forgotten, LinkOpened, Reason, Refused, SignedIn, SsoIdentity
from mydso_access.model import Customer, Email
from tests.flows.scene import LYON, ROOT, Scene, everything
from tests.flows.sending import EXTERNAL, sent
from tests.support import HOME, RIGHT, add, door, run
from tests.test_faults import Faulty, outcome_of

PERSONAL = ("anna", "Anna Petit", "+33612345678", "anna-7", "203.0.113.77")


def lived(scene: Scene) -> Scene:
    """Let Anna have done and been everything that leaves a trace."""
    access = scene.access
    scene.change("anna", sso=SsoIdentity("https://id.example.com", "anna-7"))
    access.sign_in("anna", "wrong", address="203.0.113.77")
    proof = access.sign_in("anna", RIGHT, address="203.0.113.77").proof
    for number in range(3):
        assert isinstance(access.associate(scene.proof("manager"), "lyon", f"c{number}", "id-anna"), Done)
    assert isinstance(access.associate(scene.proof("manager"), "lyon", "c1", "id-guest"), Done)
    assert isinstance(access.assign_collector(ROOT, "lyon", "c1", "id-anna"), Done)
    assert isinstance(access.change_email(proof, "id-anna", "anna.new@example.com"), Done)
    assert access.request_password_reset("anna").messages
    sent(scene)
    assert isinstance(access.open_link(sent(scene, single_use=True).token, EXTERNAL), LinkOpened)
    sent(scene, granter="id-manager")
    return scene


def stored(scene: Scene) -> str:
    """Return everything stored as text, but for counters, which time forgets (`purge`)."""
    return repr([each for n, each in enumerate(everything(scene.repositories)) if n != 4])


def test_nothing_that_is_stored_says_any_more_who_the_user_was() -> None:
    scene = lived(Scene())
    assert all(each in stored(scene) for each in (*PERSONAL[1:4], "id-anna"))
    outcome = scene.access.forget_user(scene.proof("boss"), "id-anna")
    assert isinstance(outcome, Forgotten)
    assert scene.repositories.users.get("id-anna") is None
    events = [each for each in scene.repositories.events.all() if not each.id.startswith("add-id-")]
    assert ["id-manager"] == [each.granter for each in scene.repositories.links._by_id.values()]
    text = repr((sorted(scene.repositories.customers._by_id.items()), events, scene.repositories.links._by_id))
    assert [] == [each for each in (*PERSONAL, "id-anna") if each in text]
    assert Reason.UNKNOWN is scene.access.sign_in("anna", RIGHT, address=HOME).reason


def test_asvs_7_5_1_an_older_session_forgets_nobody() -> None:
    scene = lived(Scene())
    before = everything(scene.repositories)
    for name in ("boss", "manager"):
        outcome = scene.access.forget_user(scene.proof(name, timedelta(hours=1)), "id-anna")
        assert isinstance(outcome, Refused)
        assert (Reason.STEP_UP_NEEDED, "ASVS 7.5.1") == (outcome.reason, outcome.rule)
    assert before == everything(scene.repositories)


def test_associations_end_and_those_of_others_stay() -> None:
    scene = lived(Scene())
    scene.access.forget_user(ROOT, "id-anna")
    left = {each.id: (each.collector, each.colleagues) for each in scene.repositories.customers._by_id.values()}
    assert {"c0": (None, frozenset()), "c1": (None, frozenset({"id-guest"})), "c2": (None, frozenset())} == left


def test_the_trail_counts_on_under_the_pseudonym_and_tells_of_the_forgetting() -> None:
    scene = lived(Scene())
    theirs = [each.id for each in scene.events() if "id-anna" in (each.subject, each.actor)]
    outcome = run(door(scene).forget_user(scene.proof("boss"), "id-anna"))
    pseudonym = outcome.pseudonym
    after = {each.id: each for each in scene.events()}
    assert all(pseudonym in (after[each].subject, after[each].actor) for each in theirs)
    assert {None} == {after[each].address for each in theirs}
    last = scene.events()[-1]
    assert (EventKind.USER_FORGOTTEN, pseudonym, "id-boss", None) == (last.kind, last.subject, last.actor, last.system)
    assert ("GDPR 17", LYON) == (last.rule, last.structure)


def test_a_contact_and_a_multi_entity_user_are_forgotten_in_every_entity() -> None:
    scene = Scene()
    scene.change("multi", memberships=frozenset({"lyon", "paris"}))
    for entity in ("lyon", "paris"):
        scene.access.associate(ROOT, entity, "c1", "id-multi")
    scene.access.associate(ROOT, "lyon", "c1", "id-contact")
    for name in ("multi", "contact"):
        assert isinstance(scene.access.forget_user(ROOT, f"id-{name}"), Forgotten)
        assert scene.repositories.users.get(f"id-{name}") is None
    assert {frozenset()} == {each.colleagues for each in scene.repositories.customers._by_id.values()}


def test_a13_a_main_administrator_is_forgotten_by_nobody_before_they_are_dismissed() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = scene.access.forget_user(ROOT, "id-boss")
    assert isinstance(outcome, Refused)
    assert (Reason.MAIN_ADMINISTRATOR, before) == (outcome.reason, everything(scene.repositories))


@pytest.mark.parametrize("category", [Category.ACTIVE, Category.INACTIVE])
def test_whoever_is_called_like_a_pseudonym_is_forgotten_like_anybody(category: Category) -> None:
    scene = Scene()
    like = evolve(scene.user("contact" if category is Category.INACTIVE else "anna"), id="id-like", version=0, sso=None)
    named = {"full_name": "forgotten-Bert"} if category is Category.INACTIVE else {"name": "forgotten-bert"}
    add(scene.repositories, evolve(like, **named, email=Email("bert@example.com")))
    outcome = scene.access.forget_user(ROOT, "id-like")
    assert isinstance(outcome, Forgotten)
    assert "bert" not in outcome.pseudonym.lower()
    assert "bert" not in repr(scene.events()).lower()


def test_more_customers_and_events_than_a_page_holds_are_all_seen_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mydso_access.flows.forgetting.PAGE", 3)
    scene = Scene()
    for number in range(10):
        scene.access.associate(ROOT, "lyon", f"c{number}", "id-anna")
    scene.access.forget_user(ROOT, "id-anna")
    assert {frozenset()} == {each.colleagues for each in scene.repositories.customers._by_id.values()}
    assert "id-anna" not in repr(scene.events())


def what_is_left(scene: Scene) -> Any:
    """Return what a forgetting leaves, whatever the pseudonym is: records, and how the trail names whom."""
    users, _, _, customers, _, links, events = everything(scene.repositories)
    names = {each.subject for each in events if (each.subject or "").startswith("forgotten-")}
    assert 1 == len(names)
    ids = [user_id for user_id, _ in users]
    sets = [(key, each.collector, each.colleagues) for key, each in customers]
    # A save that was recognised, or made again, leaves its one event.
    kinds = sorted(str(each.kind) for each in events if not each.id.startswith("add-"))
    granters = [each.granter for _, each in links]
    return ids, sets, kinds, granters, "id-anna" in repr([each for each in events if not each.id.startswith("add-id-")])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_a_forgetting_interrupted_at_any_call_and_begun_again_ends_in_the_same_state(
    lasting: bool, after: bool
) -> None:
    whole = lived(Scene())
    whole.access.forget_user(ROOT, "id-anna")
    expected, ended = what_is_left(whole), False
    for failing in range(1, 80):
        scene = lived(Scene())
        faulty = Faulty(scene.repositories, lambda call, k=failing: call >= k if lasting else call == k, after=after)
        outcome_of(lambda access: access.forget_user(ROOT, "id-anna"), scene, faulty)
        ended = faulty.calls < failing
        outcome = scene.access.forget_user(ROOT, "id-anna")  # again; the last call may have been carried out
        gone = isinstance(outcome, Refused) and outcome.reason is Reason.NO_USER
        assert isinstance(outcome, Forgotten) or gone
        assert expected == what_is_left(scene)
        if ended:
            break
    assert ended


def test_a_forgetting_that_was_interrupted_has_ended_the_login_at_least() -> None:
    scene = lived(Scene())
    faulty = Faulty(scene.repositories, lambda call: call >= 5, after=False)
    outcome_of(lambda access: access.forget_user(ROOT, "id-anna"), scene, faulty)
    user = scene.user("anna")
    assert (None, None, None, None, None) == (user.email, user.full_name, user.credential, user.sso, user.mobile)
    assert not isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)
    assert Reason.WRONG_STATE is scene.access.enable_user(ROOT, "id-anna").reason
    assert isinstance(scene.repositories.customers.get("lyon", "c0"), Customer)
