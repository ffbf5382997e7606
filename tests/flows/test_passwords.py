"""Changing a password: the old one is evaluated behind the same gate as a sign-in's."""

from datetime import timedelta

import pytest

from mydso_access import EventKind, Flaw, PasswordChanged, PasswordRejected, Reason, Refused, SignedIn, VerifierFailed
from tests.support import HOME, RIGHT, CountingHasher, World

NEW = "Another-Horse-10"


def change(world: World, old: str = RIGHT, new: str = NEW, user_id: str = "id-known") -> object:
    return world.access.change_password(user_id, old, new, address=HOME)


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
        ("id-nobody", Reason.UNKNOWN),
        ("id-contact", Reason.INACTIVE),
        ("id-invited", Reason.INVITED),
        ("id-disabled", Reason.DISABLED),
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
