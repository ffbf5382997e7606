"""Changing a password: the old one is evaluated behind the same gate as a sign-in's."""

from datetime import timedelta
from itertools import pairwise

import pytest
from attrs import evolve

from mydso_access import (
    Done,
    EventKind,
    Flaw,
    PasswordChanged,
    PasswordRejected,
    Reason,
    Refused,
    SignedIn,
    VerifierFailed,
)
from mydso_access.model.message import SecurityChange
from tests.flows.scene import ROOT, Scene
from tests.support import HOME, RIGHT, CountingHasher, World

NEW = "Another-Horse-10"


def change(world: World, old: str = RIGHT, new: str = NEW, user_id: str = "id-known") -> object:
    return world.access.change_password(world.proof_of(user_id), old, new, address=HOME)


def test_a_right_old_password_lets_the_new_one_in_and_the_old_one_is_dead() -> None:
    world = World()
    outcome = change(world)
    assert isinstance(outcome, PasswordChanged)
    assert outcome.user == world.repositories.users.get("id-known")
    assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), Refused)
    assert isinstance(world.access.sign_in("known", NEW, address=HOME), SignedIn)
    assert EventKind.PASSWORD_CHANGED is world.events()[0].kind


def test_every_new_password_gets_an_instant_of_its_own_even_on_a_clock_that_stands_still() -> None:
    world = World()
    before = world.repositories.users.get("id-known")
    assert before is not None
    assert before.credential is not None
    first, second = change(world), change(world, NEW, RIGHT)
    assert isinstance(first, PasswordChanged)
    assert isinstance(second, PasswordChanged)
    assert first.user.credential is not None
    assert second.user.credential is not None
    assert before.credential.set_at < first.user.credential.set_at < second.user.credential.set_at


def test_s36_wrong_old_passwords_count_like_wrong_ones_at_a_sign_in() -> None:
    world = World()
    reasons = [change(world, "wrong") for _ in range(6)]
    assert [each.reason for each in reasons] == [Reason.WRONG_SECRET] * 5 + [Reason.ACCOUNT_BLOCKED]  # type: ignore[attr-defined]
    assert world.hasher.evaluations == 5
    assert isinstance(world.access.sign_in("known", RIGHT, address=HOME), Refused)
    assert EventKind.PASSWORD_CHANGE_REFUSED is world.events()[0].kind


def test_d3_a_right_old_password_clears_nothing_since_it_completes_no_sign_in() -> None:
    world = World()
    for _ in range(4):
        change(world, "wrong")
    assert isinstance(change(world), PasswordChanged)
    assert (len(world.account("known").failures), world.account("known").reservations) == (4, ())


def test_s24_every_violation_of_a_new_password_is_told_before_anything_is_evaluated_or_charged() -> None:
    world = World()
    outcome = change(world, "wrong", "short")
    assert isinstance(outcome, PasswordRejected)
    expected = {Flaw.TOO_SHORT, Flaw.NO_DIGIT, Flaw.NO_UPPERCASE, Flaw.NO_SPECIAL}
    assert expected == {violation.flaw for violation in outcome.violations}
    assert (world.hasher.hashes, world.repositories.counters.all()) == (0, ())


def test_a18_the_new_password_must_differ_from_the_present_one() -> None:
    outcome = change(World(), RIGHT, RIGHT)
    assert isinstance(outcome, PasswordRejected)
    assert [violation.flaw for violation in outcome.violations] == [Flaw.UNCHANGED]


@pytest.mark.parametrize(
    ("user_id", "expected"),
    [
        *((f"id-{name}", Reason.OUTDATED_PROOF) for name in ("nobody", "contact", "invited", "disabled")),
        ("id-sso_only", Reason.NO_PASSWORD),
    ],
)
def test_whoever_has_no_password_to_change_is_told_so_and_nothing_is_charged(user_id: str, expected: Reason) -> None:
    world = World()
    outcome = change(world, user_id=user_id)
    assert isinstance(outcome, Refused)
    assert expected is outcome.reason
    assert (world.hasher.hashes, world.repositories.counters.all()) == (0, ())


@pytest.mark.parametrize("old", ["", "\ud800", "x" * 1025])
def test_d11_an_old_password_that_cannot_be_one_is_no_attempt(old: str) -> None:
    world = World()
    outcome = change(world, old)
    assert isinstance(outcome, Refused)
    assert Reason.MALFORMED is outcome.reason
    assert (world.hasher.hashes, world.repositories.counters.all()) == (0, ())


def test_a_change_that_outlives_its_lease_changes_nothing() -> None:
    world = World()
    world.hasher.while_verifying = lambda: world.clock.move(timedelta(minutes=1))
    before = world.repositories.users.get("id-known")
    change(world)
    assert before == world.repositories.users.get("id-known")


@pytest.mark.parametrize("answer", [None, "plain text"])
def test_a_hasher_that_makes_no_hash_changes_nothing_and_says_so(answer: object) -> None:
    class Hashless(CountingHasher):
        def hash(self, password: object, /) -> object:
            return answer

    world = World(hasher=Hashless())
    before = world.repositories.users.get("id-known")
    with pytest.raises(VerifierFailed):
        change(world)
    assert before == world.repositories.users.get("id-known")
    assert ((), ()) == (world.account("known").reservations, world.account("known").failures)
    assert [] == world.events()


def remembering(history: int) -> World:
    world = World()
    world.policy = evolve(world.policy, rotation=evolve(world.policy.rotation, history=history))
    return world


@pytest.mark.parametrize("history", [0, 1, 2])
def test_s23_an_earlier_password_comes_back_only_beyond_the_history(history: int) -> None:
    world = remembering(history)
    passwords = [RIGHT, "Second-Horse-2", "Third-Horse-3", "Fourth-Horse-4"]
    for old, new in pairwise(passwords):
        assert isinstance(change(world, old, new), PasswordChanged)
    for back, password in enumerate(reversed(passwords[:-1]), start=1):
        outcome = change(world, passwords[-1], password)
        if back > history:
            assert isinstance(outcome, PasswordChanged)
            break
        assert isinstance(outcome, PasswordRejected)
        assert [Flaw.REUSED] == [violation.flaw for violation in outcome.violations]
        assert ((), ()) == (world.account("known").failures, world.account("known").reservations)


def test_s23_the_history_is_looked_at_only_once_the_old_password_was_right() -> None:
    world = remembering(2)
    assert isinstance(change(world, RIGHT, NEW), PasswordChanged)
    before = world.hasher.evaluations
    outcome = change(world, "wrong", RIGHT)
    assert isinstance(outcome, Refused)
    assert (Reason.WRONG_SECRET, before + 1) == (outcome.reason, world.hasher.evaluations)


def test_d12_a_proof_from_before_the_last_change_changes_no_password() -> None:
    world = World()
    proof = world.proof_of("id-known")
    world.clock.move(timedelta(seconds=1))
    changed = world.access.change_password(proof, RIGHT, NEW, address=HOME)
    assert isinstance(changed, PasswordChanged)
    refused = world.access.change_password(proof, NEW, RIGHT, address=HOME)
    assert isinstance(refused, Refused)
    assert Reason.OUTDATED_PROOF is refused.reason
    assert isinstance(world.access.change_password(changed.proof, NEW, RIGHT, address=HOME), PasswordChanged)


# --- marked compromised


def test_who_marks_a_password_compromised_ends_the_sessions_and_tells_its_user() -> None:
    scene = Scene()
    earlier = scene.proof("anna")
    scene.clock.move(timedelta(seconds=1))
    done = scene.access.mark_compromised(scene.proof("manager"), "id-anna")
    assert isinstance(done, Done)
    assert [SecurityChange.PASSWORD_COMPROMISED] == [each.change for each in done.messages]
    assert (EventKind.PASSWORD_COMPROMISED, "id-manager", None, "id-anna", "S23", ()) == scene.told()
    assert Reason.OUTDATED_PROOF is scene.access.accessed(earlier).reason
    again = scene.access.mark_compromised(ROOT, "id-anna")
    assert (isinstance(again, Done), (), 1) == (True, again.messages, len(scene.events()))


def test_users_mark_their_own_and_nobody_without_their_rights_does() -> None:
    scene = Scene()
    assert isinstance(scene.access.mark_compromised(scene.proof("guest"), "id-guest"), Done)
    assert Reason.NOT_ALLOWED is scene.access.mark_compromised(scene.proof("anna"), "id-boss").reason
    assert Reason.MORE_RIGHTS is scene.access.mark_compromised(scene.proof("manager"), "id-boss").reason
    assert Reason.NO_PASSWORD is scene.access.mark_compromised(ROOT, "id-invited").reason
