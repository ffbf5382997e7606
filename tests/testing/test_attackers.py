"""What each attacker gets under a policy, to the guess and to the second, counted twice: by answers and by the verifier."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, field

from mydso_access import AccessControl, MemoryRepositories, Reason, Secret, SecretVerdict, SecurityPolicy, with_setting
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.testing import (
    Attack,
    Comparison,
    ManualClock,
    World,
    botnet,
    cheap_hasher,
    compare_answers,
    guess_codes,
    guess_passwords,
    guess_slowly,
    spray,
)

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@define
class Counting:
    """A hasher, and a box, that count the looks at what is stored, and the dummies."""

    inner: Any
    looks: int = 0
    dummies: int = 0

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        return self.inner.hash(password)

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        self.looks += 1
        return self.inner.verify(stored, password)

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        self.dummies += 1
        self.inner.verify_dummy(password)

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        return self.inner.needs_rehash(stored)

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        return self.inner.seal(secret, context)

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        self.looks += 1
        return self.inner.open(sealed, context)

    def is_current(self, sealed: Secret[str], /) -> bool:
        return self.inner.is_current(sealed)


@define
class Scene:
    """A world whose door counts what its verifiers do."""

    settings: dict[str, str] = field(factory=dict)
    hasher: Counting = field(factory=lambda: Counting(cheap_hasher()))
    box: Counting = field(factory=lambda: Counting(UnprotectedBox()))

    def world(self) -> World:
        policy = SecurityPolicy.my_dso_manager()
        for name, value in self.settings.items():
            policy = with_setting(policy, name, value)
        clock, repositories = ManualClock(), MemoryRepositories()
        access = AccessControl(repositories, policy=policy, hasher=self.hasher, clock=clock, secret_box=self.box)
        return World.behind(access, repositories=repositories, clock=clock)


def begin(world: World) -> Any:
    return world.clock.now()


def test_one_address_gets_five_guesses_of_a_password_then_the_account_and_then_the_address_is_blocked() -> None:
    scene = Scene()
    world = scene.world()
    start = begin(world)

    attack = guess_passwords(world, "anna", attempts=20)

    assert attack.answers == {"wrong_secret": 5, "account_blocked": 5, "address_blocked": 10}
    assert (attack.attempts, attack.evaluated, scene.hasher.looks) == (20, 5, 5)
    assert scene.hasher.dummies == 5  # a blocked account costs what a free one costs
    assert (attack.blocked_from, attack.blocked_until) == (start + 4 * SECOND, start + 4 * SECOND + HOUR)
    assert attack.blocked_for == HOUR
    assert attack.got_in_at is None
    assert world.clock.now() == start + 19 * SECOND


def test_after_an_hour_another_address_gets_five_more() -> None:
    scene = Scene()
    world = scene.world()

    attack = botnet(world, "anna", attempts=69, every=MINUTE)  # the 65th comes at the very end of the block

    assert attack.answers == {"wrong_secret": 10, "account_blocked": 59}
    assert [index for index, each in enumerate(attack.tries) if each.evaluated] == [*range(5), *range(64, 69)]
    assert (attack.evaluated, scene.hasher.looks) == (10, 10)
    assert attack.most_evaluated_within(HOUR) == 5
    assert attack.most_evaluated_within(DAY) == 10


def test_a_botnet_gets_five_guesses_from_a_hundred_addresses() -> None:
    scene = Scene()
    attack = botnet(scene.world(), "anna")
    assert (attack.attempts, attack.evaluated, scene.hasher.looks) == (100, 5, 5)
    assert len({each.address for each in attack.tries}) == 100
    assert attack.blocked_for == HOUR


def test_one_address_sprays_ten_names_in_a_day() -> None:
    scene = Scene()
    world = scene.world()
    start = begin(world)
    attack = spray(world, world.names)
    assert attack.answers == {"wrong_secret": 10, "address_blocked": len(world.names) - 10}
    assert (attack.evaluated, scene.hasher.looks) == (10, 10)
    assert (attack.blocked_from, attack.blocked_for) == (start + 9 * SECOND, DAY)


def test_names_that_nobody_has_use_up_an_address_just_as_fast_and_nothing_is_evaluated() -> None:
    scene = Scene()
    attack = spray(scene.world(), [f"nobody-{number}" for number in range(12)])
    assert attack.answers == {"unknown": 10, "address_blocked": 2}
    assert (attack.evaluated, scene.hasher.looks, scene.hasher.dummies) == (0, 0, 10)


def test_whoever_knows_the_password_gets_five_codes_however_they_begin() -> None:
    scene = Scene()
    world = scene.world()
    world.app_of("anna")
    scene.box.looks = 0

    attack = guess_codes(world, "anna", world.password, attempts=20)

    assert attack.answers == {"wrong_code": 5, "account_blocked": 5, "address_blocked": 10}
    assert (attack.evaluated, scene.box.looks) == (5, 5)
    assert attack.blocked_for == HOUR


def test_codes_are_guessed_under_a_new_token_when_the_old_one_is_over() -> None:
    scene = Scene({"lockout.account.failures": "50", "lockout.address.failures": "60"})
    world = scene.world()
    world.app_of("anna")
    scene.box.looks = scene.hasher.looks = 0
    attack = guess_codes(world, "anna", world.password, attempts=10, every=10 * MINUTE)
    assert attack.answers == {"wrong_code": 10}
    assert (scene.box.looks, scene.hasher.looks) == (10, 5)  # a sign-in lasts fifteen minutes: two codes of ten minutes


def test_the_right_code_gets_in_and_ends_the_attack() -> None:
    world = Scene().world()
    app = world.app_of("anna")
    right = app.code()  # the clock is at its beginning now
    attack = guess_codes(world, "anna", world.password, ["000000", right, "111111"])
    assert attack.answers == {"wrong_code": 1, "SignedIn": 1}
    assert attack.got_in_at == world.clock.now()


def test_without_an_app_the_password_is_enough_and_no_code_is_asked_for() -> None:
    world = Scene().world()
    attack = guess_codes(world, "anna", world.password)
    assert (attack.attempts, attack.got_in_at) == (1, world.clock.now())


def test_the_right_password_among_the_guesses_gets_in_at_its_instant() -> None:
    world = Scene().world()
    start = begin(world)
    attack = guess_passwords(world, "anna", ["one", "two", world.password, "four"], every=MINUTE)
    assert attack.answers == {"wrong_secret": 2, "SignedIn": 1}
    assert (attack.evaluated, attack.got_in_at) == (3, start + 2 * MINUTE)
    assert str(attack) == (
        "3 attempts on 1 name from 1 address within 0:02:00: 3 evaluated, got in at 2026-03-02 09:02:00 "
        "(2 wrong_secret, 1 SignedIn)"
    )


def test_a_second_factor_stops_whoever_has_the_password() -> None:
    world = Scene().world()
    world.app_of("anna")
    attack = guess_passwords(world, "anna", [world.password])
    assert (attack.answers, attack.got_in_at) == ({"SecondFactorRequired": 1}, None)


def test_the_slow_one_gets_four_a_day_and_is_never_blocked() -> None:
    scene = Scene()
    attack = guess_slowly(scene.world(), "anna", lasting=30 * DAY)
    assert attack.answers == {"wrong_secret": 120}
    assert (attack.evaluated, scene.hasher.looks) == (120, 120)
    assert attack.most_evaluated_within(DAY) == 4


def test_a_little_faster_than_the_slow_one_is_blocked() -> None:
    world = Scene().world()
    attack = guess_passwords(world, "anna", attempts=5, every=timedelta(hours=6) - SECOND)
    assert attack.evaluated == 5
    assert world.sign_in("anna").reason is Reason.ACCOUNT_BLOCKED


def test_the_slow_one_minds_the_stricter_of_account_and_address() -> None:
    attack = guess_slowly(Scene({"lockout.address.failures": "3"}).world(), "anna", lasting=10 * DAY)
    assert attack.answers == {"wrong_secret": 20}  # every twelve hours


@pytest.mark.parametrize(
    "settings",
    [{"lockout.account.failures": "1"}, {"lockout.account.window": "none"}],
    ids=["the first failure blocks", "failures never fade"],
)
def test_where_nothing_is_slow_enough_a_guess_is_made_for_each_length_of_a_block(settings: dict[str, str]) -> None:
    world = Scene(settings | {"lockout.account.block": "12h"}).world()
    attack = guess_slowly(world, "anna", lasting=2 * DAY)
    assert (attack.attempts, attack.evaluated) == (4, 4)


def test_a_hard_cap_ends_the_slow_one_until_the_password_is_reset() -> None:
    attack = guess_slowly(Scene({"lockout.hard_cap": "100"}).world(), "anna", lasting=30 * DAY)
    assert attack.answers == {"wrong_secret": 100, "account_blocked": 20}
    assert (attack.blocked_until, attack.blocked_for) == (None, None)
    assert "until a new password" in str(attack)


def test_a_weak_policy_is_found() -> None:
    scene = Scene({"lockout.account.failures": "50"})
    attack = botnet(scene.world(), "anna")
    assert (attack.evaluated, scene.hasher.looks) == (50, 50)


@pytest.mark.parametrize(
    ("settings", "blocked"), [({}, True), ({"lockout.ipv6_prefix": "128"}, False)], ids=["by home", "one by one"]
)
def test_a_home_of_many_addresses_counts_as_the_policy_says(settings: dict[str, str], blocked: bool) -> None:
    home = [f"2001:db8:1:2::{number:x}" for number in range(1, 30)]
    attack = botnet(Scene(settings).world(), "anna", attempts=29, addresses=home)
    assert ("address_blocked" in attack.answers) is blocked


def test_no_more_attempts_are_made_than_there_are_addresses() -> None:
    assert botnet(Scene().world(), "anna", addresses=["192.0.2.1", "192.0.2.2"]).attempts == 2


def test_nothing_tells_one_name_from_another_whatever_its_state_and_however_often_it_is_tried() -> None:
    scene = Scene()
    world = scene.world()
    world.app_of("carl")
    botnet(world, "tom", attempts=5)  # blocked
    names = ["anna", "carl", "tom", "ines", "dora", "simon", "hugo", "cleo", "nobody.there"]

    seen = compare_answers(world, names)

    assert seen.equal, seen
    assert {len(each) for each in seen.answers.values()} == {17}
    assert len({*seen.answers["anna"]}) == 2  # the name or the password; the address
    assert str(seen) == f"nothing tells {', '.join(names)} apart in 17 attempts"


def test_pages_that_tell_who_exists_are_found_with_the_attempt_and_both_answers() -> None:
    world = Scene().world()

    def page(name: str, password: str, address: str) -> tuple[int, str]:
        reason = world.access.sign_in(name, password, address=address).reason
        return (423, "blocked") if reason is Reason.ACCOUNT_BLOCKED else (403, "no")

    botnet(world, "anna", attempts=3)
    seen = compare_answers(world, ["anna", "nobody.there"], attempts=4, ask=page)

    assert not seen.equal
    assert str(seen) == "attempt 3 tells them apart: anna gets (423, 'blocked'), nobody.there gets (403, 'no')"
    assert repr(seen) == f"<Comparison: {seen}>"


def test_an_attack_says_in_one_line_what_it_came_to() -> None:
    world = Scene().world()
    attack = guess_passwords(world, "anna", attempts=6)
    assert str(attack) == attack.explain() == repr(attack).removeprefix("<Attack: ").removesuffix(">")
    assert attack.explain() == (
        "6 attempts on 1 name from 1 address within 0:00:05: 5 evaluated, never got in, "
        "blocked from 2026-03-02 09:00:04 until 2026-03-02 10:00:04 (5 wrong_secret, 1 account_blocked)"
    )
    assert repr(attack.tries[5]) == "<Try at 2026-03-02 09:00:05 on anna from 198.51.100.66: account_blocked>"


def test_a_block_from_before_the_attack_has_no_beginning_in_it() -> None:
    world = Scene().world()
    botnet(world, "anna", attempts=5)
    attack = botnet(world, "anna", attempts=1, addresses=["192.0.2.1"])
    assert (attack.blocked_from, attack.blocked_for) == (None, None)
    assert attack.blocked_until is not None
    assert "blocked from before until" in str(attack)


def test_two_attacks_never_share_an_address_unless_told() -> None:
    world = Scene().world()
    attacks = [botnet(world, "anna", attempts=5) for _ in range(2)]
    assert len({each.address for attack in attacks for each in attack.tries}) == 10


def test_no_attempt_is_an_attack_too() -> None:
    attack = Attack(())
    assert (attack.attempts, attack.evaluated, attack.answers) == (0, 0, {})
    assert (attack.blocked_from, attack.blocked_until, attack.got_in_at) == (None, None, None)
    assert attack.most_evaluated_within(DAY) == 0
    assert str(attack) == "no attempt"
    assert Comparison({}).equal
    assert str(Comparison({})) == "nothing tells  apart in 0 attempts"


def test_what_is_attacked_may_be_anything_with_a_door_and_its_clock() -> None:
    @define
    class Ours:
        access: AccessControl
        clock: ManualClock

    world = Scene().world()
    assert guess_passwords(Ours(world.access, world.clock), "anna", attempts=9).evaluated == 5


def test_guesses_are_taken_one_by_one_and_no_further_than_needed() -> None:
    world = Scene().world()
    taken = []

    def words() -> Iterator[str]:
        for word in ("one", world.password, "three"):
            taken.append(word)
            yield word

    guess_passwords(world, "anna", words())
    assert taken == ["one", world.password]
