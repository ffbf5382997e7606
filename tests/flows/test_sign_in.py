"""Signing in, through the door, on a clock in the test's hand."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    EventKind,
    Factor,
    InvalidValue,
    Reason,
    Refused,
    SignedIn,
    SignInOutcome,
    Structure,
)
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.decisions.lockout import current
from mydso_access.policy import HashingPolicy, Level
from mydso_access.testing import enabled_user
from tests.support import HOME, RIGHT, CountingHasher, World, add, policy, populated

HOUR, DAY, TICK = timedelta(hours=1), timedelta(hours=24), timedelta(microseconds=1)


def sign_in(world: World, name: str = "known", password: str = RIGHT, address: str = HOME) -> SignInOutcome:
    return world.access.sign_in(name, password, address=address)


def reason(outcome: SignInOutcome) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason


def test_s3_an_active_user_signs_in_to_the_entity_they_were_created_in() -> None:
    outcome = sign_in(World())
    assert isinstance(outcome, SignedIn)
    assert Structure.entity("e1") == outcome.user.structure


def test_s16_a_multi_entity_user_signs_in_to_the_platform() -> None:
    outcome = sign_in(World(), "multi")
    assert isinstance(outcome, SignedIn)
    assert Structure.platform("p1") == outcome.user.structure


def test_a_complete_sign_in_says_what_was_proven_and_dates_the_last_access() -> None:
    world = World()
    outcome = sign_in(world)
    assert isinstance(outcome, SignedIn)
    now = world.clock.now()
    assert (now, ((Factor.PASSWORD, now),)) == (outcome.user.last_access_at, outcome.proof.factors)
    assert outcome.user == world.repositories.users.get("id-known")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nobody", Reason.UNKNOWN),
        ("contact", Reason.UNKNOWN),
        ("invited", Reason.INVITED),
        ("disabled", Reason.DISABLED),
        ("sso_only", Reason.NO_PASSWORD),
    ],
)
def test_d12_s12_s14_a_name_that_may_not_sign_in_is_refused_with_the_right_password_and_charged_like_any(
    name: str, expected: Reason
) -> None:
    world = World()
    outcome = sign_in(world, name)
    assert expected is reason(outcome)
    assert (len(world.account(name).failures), len(world.address().failures)) == (1, 1)
    assert (world.hasher.evaluations, world.hasher.dummies) == (0, 1)


def test_d11_names_are_one_name_by_case_width_and_white_space() -> None:
    assert all(isinstance(sign_in(World(), name), SignedIn) for name in ("KNOWN", " known ", "ｋｎｏｗｎ"))
    assert Reason.UNKNOWN is reason(sign_in(World(), "kn\u200bown"))


def test_d11_a_record_found_by_a_looser_look_up_is_nobody() -> None:
    world = World()
    access = world.access
    world.repositories.users._id_of["knöwn"] = "id-known"  # as a database's loose collation would
    assert Reason.UNKNOWN is reason(access.sign_in("knöwn", RIGHT, address=HOME))
    assert world.hasher.evaluations == 0


def test_s36_the_fifth_failure_blocks_for_an_hour_from_its_charge_and_the_end_is_free() -> None:
    world = World()
    for _ in range(5):
        assert Reason.WRONG_SECRET is reason(sign_in(world, password="wrong"))
    blocked = sign_in(world)
    fifth = world.clock.now() + 8 * TICK  # five charges and the four settlements between them, a tick apart each
    assert isinstance(blocked, Refused)
    assert (Reason.ACCOUNT_BLOCKED, "S36", fifth + HOUR) == (blocked.reason, blocked.rule, blocked.until)
    assert frozenset({Level.INSTALLATION}) == blocked.levels
    world.clock.move(fifth + HOUR - TICK - world.clock.now())
    assert Reason.ACCOUNT_BLOCKED is reason(sign_in(world))
    world.clock.move(TICK)
    assert isinstance(sign_in(world), SignedIn)


def test_s37_the_tenth_failure_blocks_the_address_for_24_hours_for_every_name_and_evaluates_nothing() -> None:
    world = World()
    for number in range(10):
        sign_in(world, f"name-{number}", "wrong")
    before = world.hasher.hashes
    blocked = sign_in(world)
    assert isinstance(blocked, Refused)
    assert (blocked.reason, blocked.rule) == (Reason.ADDRESS_BLOCKED, "S37")
    assert blocked.until is not None
    assert timedelta(0) <= blocked.until - world.clock.now() - DAY < 100 * TICK
    assert before == world.hasher.hashes
    assert isinstance(sign_in(world, address="192.0.2.2"), SignedIn)


def test_d2_an_attempt_on_a_blocked_account_counts_for_its_address_unless_switched_off() -> None:
    for counts, expected in ((True, 6), (False, 5)):
        world = World(policy=policy(blocked_attempts_count=counts))
        for _ in range(6):
            sign_in(world, password="wrong")
        assert expected == len(world.address().failures)


def test_d3_only_a_complete_sign_in_clears_the_account_and_nothing_clears_the_address() -> None:
    world = World()
    for _ in range(4):
        sign_in(world, password="wrong")
    assert isinstance(sign_in(world), SignedIn)
    assert (world.account("known").failures, len(world.address().failures)) == ((), 4)


def test_d4_the_hard_cap_disables_the_password_until_it_is_reset() -> None:
    world = World(policy=policy(hard_cap=7))
    for number in range(7):
        if number == 5:
            world.clock.move(HOUR + timedelta(seconds=1))
        assert Reason.WRONG_SECRET is reason(sign_in(world, password="wrong", address=f"10.0.0.{number}"))
    world.clock.move(timedelta(days=300))
    capped = sign_in(world)
    assert isinstance(capped, Refused)
    assert (capped.reason, capped.rule, capped.until) == (Reason.ACCOUNT_BLOCKED, "D4", None)
    assert "password is reset" in capped.explain()


@pytest.mark.parametrize(
    "name", ["", " ", "\t", "a\0b", "line\nbreak", "\x1cfs", "a\u2028b", "\ud800", "x" * 255, "x" * 10**6]
)
def test_d11_a_malformed_name_is_no_attempt_at_all(name: str) -> None:
    world = World()
    assert Reason.MALFORMED is reason(sign_in(world, name))
    assert (world.repositories.counters.all(), tuple(world.events()), world.hasher.hashes) == ((), (), 0)


@pytest.mark.parametrize("password", ["", "\ud800", "x" * 1025, "x" * 10**6, "e\u0301" * 10**6])
def test_d11_a_password_that_cannot_be_one_is_malformed_before_the_charge_for_every_name(password: str) -> None:
    for name in ("known", "nobody"):
        world = World()
        assert Reason.MALFORMED is reason(sign_in(world, name, password))
        assert (world.repositories.counters.all(), world.hasher.hashes) == ((), 0)


@pytest.mark.parametrize("password", ["\0", "a\nb", " ", "pass word", "🐎" * 20, "x" * 1024])
def test_every_other_password_is_evaluated_and_charged(password: str) -> None:
    world = World()
    assert Reason.WRONG_SECRET is reason(sign_in(world, password=password))
    assert (world.hasher.evaluations, len(world.account("known").failures)) == (1, 1)


@pytest.mark.parametrize(
    "address", [True, 1, b"\x7f\0\0\1", None, "", "nowhere", "1.2.3", "010.0.0.1", "fe80::1%eth0", "1.2.3.4:80", " ::1"]
)
def test_an_address_that_is_none_is_a_typed_error_that_names_it(address: object) -> None:
    world = World()
    with pytest.raises(InvalidValue, match="address is"):
        world.access.sign_in("known", RIGHT, address=address)  # type: ignore[arg-type]
    assert (world.repositories.counters.all(), world.hasher.hashes) == ((), 0)


@pytest.mark.parametrize(
    ("name", "password"), [(b"known", RIGHT), (None, RIGHT), (1, RIGHT), ("known", 1), ("known", None)]
)
def test_a_name_or_password_that_is_no_text_is_a_typed_error_that_shows_no_secret(
    name: object, password: object
) -> None:
    with pytest.raises(InvalidValue, match=r"^(name|password) is \w+: expected text"):
        World().access.sign_in(name, password, address=HOME)  # type: ignore[arg-type]


def test_an_address_of_a_declared_proxy_is_misuse_that_names_the_remedy() -> None:
    world = World()
    access = AccessControl(world.repositories, policy=world.policy, hasher=world.hasher, trusted_proxies=["10.0.0.0/8"])
    with pytest.raises(InvalidValue, match="client_address"):
        access.sign_in("known", RIGHT, address="10.1.2.3")
    client = access.client_address("10.1.2.3", "6.6.6.6, 198.51.100.7")
    assert isinstance(access.sign_in("known", RIGHT, address=client), SignedIn)


def test_a_naive_clock_is_a_typed_error() -> None:
    class Naive:
        def now(self) -> datetime:
            return datetime(2026, 1, 1)  # noqa: DTZ001

        def sleep(self, seconds: float) -> None: ...

    world = World()
    access = AccessControl(world.repositories, policy=world.policy, hasher=world.hasher, clock=Naive())
    with pytest.raises(InvalidValue, match=r"clock\.now\(\).*timezone-aware"):
        access.sign_in("known", RIGHT, address=HOME)
    assert world.hasher.hashes == 0


@pytest.mark.parametrize("password", [RIGHT, "wrong"])
@pytest.mark.parametrize("by", [timedelta(seconds=30), timedelta(minutes=-5), timedelta(hours=23)])
def test_a_verdict_that_outlives_its_lease_is_busy_right_or_wrong_and_counts_as_a_failure(
    password: str, by: timedelta
) -> None:
    world = World()
    world.hasher.while_verifying = lambda: world.clock.move(by)
    outcome = sign_in(world, password=password)
    assert Busy(BusyBecause.LAPSED) == outcome
    keys = world.account("known"), world.address()
    standing = [current(counter, world.policy.lockout, world.clock.now()) for counter in keys]
    assert [(len(counter.failures), len(counter.reservations)) for counter in standing] == [(1, 0)] * 2
    assert not [event for event in world.events() if event.kind in (EventKind.SIGNED_IN, EventKind.REFUSED)]


def test_past_the_lease_no_verifier_is_called() -> None:
    world = World()
    slow = world.access
    named = world.repositories.users.named

    class Slow:
        get, save = world.repositories.users.get, world.repositories.users.save

        def named(self, name: str) -> object:
            world.clock.move(timedelta(seconds=30))
            return named(name)

    object.__setattr__(slow._installation.store, "users", Slow())
    assert Busy(BusyBecause.LAPSED) == slow.sign_in("known", RIGHT, address=HOME)
    assert world.hasher.hashes == 0


def test_no_slot_in_time_is_busy_with_nothing_charged() -> None:
    world = World()
    limits = evolve(world.policy.hashing, max_parallel=1, slot_wait=timedelta(milliseconds=5))
    world.policy = evolve(world.policy, hashing=limits)
    access = world.access
    outcomes: list[SignInOutcome] = []

    def meanwhile() -> None:
        outcomes.append(access.sign_in("known", RIGHT, address="192.0.2.9"))

    world.hasher.while_verifying = meanwhile
    assert isinstance(access.sign_in("known", RIGHT, address=HOME), SignedIn)
    assert [Busy(BusyBecause.NO_SLOT)] == outcomes
    assert world.address("192.0.2.9").version == 0


def test_a_clock_that_steps_back_never_shortens_a_block() -> None:
    world = World()
    for _ in range(5):
        sign_in(world, password="wrong")
    until = world.account("known").blocked_until
    world.clock.move(-DAY)
    assert Reason.ACCOUNT_BLOCKED is reason(sign_in(world))
    assert until == world.account("known").blocked_until


def test_one_event_for_each_decision_and_one_at_a_blocks_start_and_end() -> None:
    world = World()
    for _ in range(6):
        sign_in(world, password="wrong")
    world.clock.move(HOUR + timedelta(seconds=1))
    sign_in(world)
    expected = [
        *[(EventKind.REFUSED, Reason.WRONG_SECRET)] * 5,
        (EventKind.BLOCK_STARTED, None),
        (EventKind.REFUSED, Reason.ACCOUNT_BLOCKED),
        (EventKind.SIGNED_IN, None),
        (EventKind.BLOCK_ENDED, None),
    ]
    assert expected == [(event.kind, event.reason) for event in world.events()]
    assert {"id-known"} == {event.subject for event in world.events()}
    assert {HOME} == {event.address for event in world.events()}


def test_malformed_blocked_address_and_busy_answers_leave_no_event() -> None:
    world = World()
    sign_in(world, "")
    for number in range(12):
        sign_in(world, f"name-{number}", "wrong")
    kinds = [event.kind for event in world.events()]
    assert kinds == [EventKind.REFUSED] * 10 + [EventKind.BLOCK_STARTED]


def test_the_event_of_a_success_is_saved_with_the_user_and_named_by_their_record() -> None:
    world = World()
    outcome = sign_in(world)
    assert isinstance(outcome, SignedIn)
    (event,) = world.events()
    assert (outcome.user.written_by, outcome.user.saved_at) == (event.id, event.at)
    assert (event.kind.value, event.subject, event.actor) == ("authn_login_success", "id-known", "id-known")


def test_a_password_is_hashed_anew_when_the_parameters_have_grown_and_is_still_the_same_password() -> None:
    weak, strong = (
        HashingPolicy(memory_kib=memory, time_cost=1, lanes=1, insecure_for_tests=True) for memory in (8, 16)
    )
    since = datetime(2020, 1, 1, tzinfo=UTC)
    user = enabled_user("Known", RIGHT, hasher=Argon2Hasher(weak), since=since, structure=Structure.entity("e1"))
    repositories = populated(user)
    access = AccessControl(repositories, policy=evolve(policy(), hashing=strong))
    signed_in = access.sign_in("known", RIGHT, address=HOME)
    assert isinstance(signed_in, SignedIn)
    assert user.credential is not None
    assert signed_in.user.credential is not None
    assert "m=16," in signed_in.user.credential.hash.reveal()
    assert user.credential.set_at == signed_in.user.credential.set_at
    again = access.sign_in("known", RIGHT, address=HOME)
    assert isinstance(again, SignedIn)
    assert signed_in.user.credential == again.user.credential


def test_a_stored_hash_that_cannot_be_used_is_refused_with_its_own_reason_and_counted() -> None:
    world = World(hasher=Argon2Hasher(HashingPolicy.cheapest_for_tests()))  # the stored text is no Argon2 hash
    assert Reason.UNUSABLE_CREDENTIAL is reason(sign_in(world))
    assert len(world.account("known").failures) == 1


def test_people_added_later_are_found() -> None:
    world = World(repositories=populated(*[]))
    late = enabled_user("late-comer", RIGHT, hasher=CountingHasher(), structure=Structure.entity("e1"))
    add(world.repositories, late)
    assert isinstance(sign_in(world, "late-comer"), SignedIn)
