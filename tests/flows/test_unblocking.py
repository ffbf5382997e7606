"""Unblocking: on purpose, with a line in the trail before it, and never of what counts towards the hard cap."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    EventKind,
    InvalidValue,
    Reason,
    Refused,
    SignedIn,
    Stale,
    StoreUnavailable,
    Unblocked,
)
from mydso_access.decisions.naming import account_key, codes_key
from mydso_access.model import AttemptCounter, SecurityChange, SecurityMessage, SsoIdentity
from tests.flows.scene import ROOT, Scene, everything
from tests.support import ELSEWHERE, HOME, RIGHT, door, methods_of, policy, run, with_parts


def block_account(scene: Scene) -> None:
    for number in range(5):
        scene.access.sign_in("anna", "wrong", address=f"10.0.0.{number}")
    assert scene.account("anna").blocked_until is not None


def block_address(scene: Scene) -> None:
    for number in range(10):
        scene.access.sign_in(f"nobody-{number}", "wrong", address=HOME)
    assert scene.address().blocked_until is not None


def test_d17_an_administrator_unblocks_an_account_of_theirs() -> None:
    scene = Scene()
    block_account(scene)
    outcome = scene.access.unblock_account(scene.proof("manager"), "id-anna")
    assert isinstance(outcome, Unblocked)
    assert ((), None) == (scene.account("anna").failures, scene.account("anna").blocked_until)
    assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)
    event = outcome.event
    assert event in scene.events()
    assert (EventKind.BLOCK_ENDED, "id-manager", None, "id-anna", "D17") == (
        *(event.kind, event.actor, event.system, event.subject),
        event.rule,
    )


def test_d17_whose_account_is_unblocked_is_told_whoever_did_it() -> None:
    scene = Scene()
    told = SecurityMessage(to="anna@example.com", name="anna", change=SecurityChange.UNBLOCKED, at=scene.clock.now())
    for actor in (ROOT, scene.proof("manager")):
        outcome = scene.access.unblock_account(actor, "id-anna")
        assert isinstance(outcome, Unblocked)
        assert (told,) == outcome.messages
    block_address(scene)
    assert () == scene.access.unblock_address(ROOT, HOME).messages  # an address is nobody's


def test_d17_nobody_unblocks_themselves_however_many_rights_they_have() -> None:
    scene = Scene()
    for name in ("manager", "boss", "chief"):
        before = everything(scene.repositories)
        outcome = scene.access.unblock_account(scene.proof(name), f"id-{name}")
        assert Refused(Reason.NOT_ALLOWED, "D17", user_id=f"id-{name}") == outcome
        assert before == everything(scene.repositories)


def test_asvs_7_5_1_an_older_session_ends_no_block() -> None:
    scene = Scene()
    block_account(scene)
    block_address(scene)
    manager, chief = (scene.proof(name, timedelta(hours=1)) for name in ("manager", "chief"))
    before = everything(scene.repositories)
    asked = (scene.access.unblock_account(manager, "id-anna"), scene.access.unblock_address(chief, HOME))
    assert [Reason.STEP_UP_NEEDED] * 2 == [each.reason for each in asked]
    assert before == everything(scene.repositories)


def test_d17_unblocking_an_account_frees_its_name_its_identity_and_its_codes() -> None:
    scene = Scene()
    identity = SsoIdentity("idp", "anna")
    scene.change("anna", sso=identity)
    limits, now = scene.policy.lockout, scene.clock.now()
    keys = [account_key("anna"), account_key(identity), codes_key("id-anna")]
    for key in keys:
        scene.repositories.counters.save(AttemptCounter(key, blocked_until=now + limits.account.block, saved_at=now))
    assert isinstance(scene.access.unblock_account(ROOT, "id-anna"), Unblocked)
    assert [None] * 3 == [scene.repositories.counters.get(key).blocked_until for key in keys]


def test_d17_an_address_is_unblocked_by_the_platforms_main_administrator_or_the_system() -> None:
    for actor in ("chief", None):
        scene = Scene()
        block_address(scene)
        assert Reason.ADDRESS_BLOCKED is scene.access.sign_in("anna", RIGHT, address=HOME).reason
        by = ROOT if actor is None else scene.proof(actor)
        outcome = run(door(scene).unblock_address(by, HOME))
        assert isinstance(outcome, Unblocked)
        assert (HOME, None, "D17") == (outcome.event.address, outcome.event.subject, outcome.event.rule)
        assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)


def test_unblocking_one_leaves_every_other_key_as_it_is() -> None:
    scene = Scene()
    block_account(scene)
    block_address(scene)
    others = {each.key: each for each in scene.repositories.counters.all() if each.key != scene.account("anna").key}
    scene.access.unblock_account(ROOT, "id-anna")
    after = {each.key: each for each in scene.repositories.counters.all() if each.key != scene.account("anna").key}
    assert others == after


def test_d17_d4_unblocking_never_lowers_the_consecutive_count_of_the_hard_cap() -> None:
    scene = Scene(policy=policy(hard_cap=7))
    for number in range(7):
        scene.access.sign_in("anna", "wrong", address=f"10.0.0.{number}")
        if number == 4:
            assert isinstance(scene.access.unblock_account(ROOT, "id-anna"), Unblocked)
    scene.access.unblock_account(ROOT, "id-anna")
    capped = scene.access.sign_in("anna", RIGHT, address=HOME)
    assert (Reason.ACCOUNT_BLOCKED, "D4") == (capped.reason, capped.rule)


def test_what_nothing_counts_against_is_unblocked_and_no_counter_is_made() -> None:
    scene = Scene()
    assert isinstance(scene.access.unblock_account(ROOT, "id-anna"), Unblocked)
    assert isinstance(scene.access.unblock_address(ROOT, ELSEWHERE), Unblocked)
    assert () == scene.repositories.counters.all()


def test_s14_a_contact_has_no_account_to_unblock() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = scene.access.unblock_account(ROOT, "id-contact")
    assert isinstance(outcome, Refused)
    assert (Reason.NO_USER, before) == (outcome.reason, everything(scene.repositories))


@pytest.mark.parametrize("address", ["nowhere", "", None, 7, "1.2.3"])
def test_an_address_that_is_none_is_misuse(address: Any) -> None:
    with pytest.raises(InvalidValue, match="address is"):
        Scene().access.unblock_address(ROOT, address)


def test_a_proxys_address_is_misuse_that_names_the_remedy() -> None:
    scene = Scene()
    access = AccessControl(scene.repositories, policy=scene.policy, hasher=scene.hasher, trusted_proxies=["10.0.0.0/8"])
    with pytest.raises(InvalidValue, match="client_address"):
        access.unblock_address(ROOT, "10.1.2.3")


def through(scene: Scene, part: str, **calls: Any) -> AccessControl:
    own = methods_of(getattr(scene.repositories, part))
    repositories = with_parts(scene.repositories, **{part: SimpleNamespace(**own | calls)})
    return AccessControl(repositories, policy=scene.policy, hasher=scene.hasher, clock=scene.clock)


def test_d17_an_unblocking_that_cannot_be_told_of_does_not_happen() -> None:
    def full(_: Any) -> None:
        raise OSError("full")

    scene = Scene()
    block_account(scene)
    before = everything(scene.repositories)
    with pytest.raises(StoreUnavailable):
        through(scene, "events", append=full).unblock_account(ROOT, "id-anna")
    assert before == everything(scene.repositories)


def test_an_unblocking_that_attempts_overtake_is_tried_again_and_in_the_end_busy() -> None:
    scene, tries = Scene(), []
    block_account(scene)

    def overtaken(counter: Any) -> int:
        tries.append(counter)
        if len(tries) < 3:
            raise Stale
        return scene.repositories.counters.save(counter)

    assert isinstance(through(scene, "counters", save=overtaken).unblock_account(ROOT, "id-anna"), Unblocked)
    assert (3, None) == (len(tries), scene.account("anna").blocked_until)

    def always(_: Any) -> int:
        raise Stale

    scene = Scene()
    block_account(scene)
    outcome = through(scene, "counters", save=always).unblock_account(ROOT, "id-anna")
    assert Busy(BusyBecause.RECORD_CHANGED) == outcome
    assert scene.account("anna").blocked_until > scene.clock.now() - timedelta(hours=1)
