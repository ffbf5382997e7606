"""The fold: which attempts of a log a policy refuses, and that the gate would have answered the same (S36, S37; D2-D4)."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mydso_access import Reason, Refused, SecurityPolicy, SignedIn, with_setting
from mydso_access.replay import (
    Blocks,
    KnownAddresses,
    KnownFigures,
    Refusals,
    Replay,
    Report,
    SignIn,
    Unreadable,
    read,
    replay,
    replaying,
)
from mydso_access.testing import ManualClock
from tests.support import RIGHT, World, active, populated

DATA = Path(__file__).parent.parent / "data" / "sign-ins-2018-11"
START = datetime(2024, 5, 1, 10, tzinfo=UTC)
PRESET = SecurityPolicy.my_dso_manager()
LITERAL = ["lockout.account.window=none", "lockout.address.window=none"]
UNCOUNTED = "lockout.blocked_attempts_count=false"


def policy_with(*changes: str) -> SecurityPolicy:
    policy = PRESET
    for change in changes:
        policy = with_setting(policy, *change.split("=", 1))
    return policy


def attempt(seconds: float = 0, name: str = "anna", host: int = 1, right: bool = False) -> SignIn:
    return SignIn(START + timedelta(seconds=seconds), ip_address(f"192.0.2.{host}"), name, right)


def answers(sign_ins: list[SignIn], policy: SecurityPolicy = PRESET) -> list[Reason | None]:
    fold = Replay(policy)
    return [fold.judge(sign_in) for sign_in in sign_ins]


class TestOneAttempt:
    def test_a_right_password_is_allowed(self):
        assert answers([attempt(right=True)]) == [None]

    def test_a_wrong_password_is_refused(self):
        assert answers([attempt()]) == [Reason.WRONG_SECRET]

    @pytest.mark.parametrize("name", ["", " ", "a" * 255, "anna\n", "\udcff"])
    def test_a_malformed_name_is_no_attempt_and_touches_no_counter(self, name: str):
        malformed = [attempt(name=name)] * 20
        assert answers([*malformed, attempt(right=True)]) == [Reason.MALFORMED] * 20 + [None]


class TestAccount:
    def test_the_fifth_failure_blocks_for_an_hour_from_its_instant(self):
        log = [attempt(second, host=second + 1) for second in range(5)]
        later = [attempt(seconds, host=9, right=True) for seconds in (3603, 3604)]
        assert answers(log + later)[5:] == [Reason.ACCOUNT_BLOCKED, None]

    def test_spellings_of_a_name_are_one_account(self):
        log = [
            attempt(host=host, name=name) for host, name in enumerate(["anna", "ANNA", " anna", "ａnna", "anna "], 1)
        ]
        assert answers([*log, attempt(host=9, right=True)])[5] == Reason.ACCOUNT_BLOCKED

    def test_a_right_password_clears_the_failures_before_it(self):
        four = [attempt(host=host) for host in range(1, 5)]
        assert answers([*four, attempt(host=5, right=True), *four, attempt(host=6, right=True)])[-1] is None

    def test_the_hard_cap_blocks_for_good_and_counts_as_a_block(self):
        policy = policy_with("lockout.hard_cap=3")
        log = [attempt(host=host) for host in range(1, 4)]
        report = replay([*log, attempt(86_400 * 400, host=9, right=True)], policy)
        assert (report.refused.account_blocked, report.blocks) == (1, Blocks(account=1))

    def test_attempts_on_a_blocked_account_count_for_their_address(self):
        blocked = [attempt(host=host) for host in range(1, 6)]
        log = blocked + [attempt(host=9)] * 10 + [attempt(name="bert", host=9, right=True)]
        assert answers(log)[-1] == Reason.ADDRESS_BLOCKED
        assert answers(log, policy_with(UNCOUNTED))[-1] is None


class TestAddress:
    def test_the_tenth_failure_blocks_for_a_day_whatever_the_name(self):
        log = [attempt(second, name=f"user{second}") for second in range(10)]
        day = 86_400
        later = [attempt(seconds, right=True) for seconds in (day + 8, day + 9)]
        assert answers(log + later)[10:] == [Reason.ADDRESS_BLOCKED, None]

    def test_a_right_password_does_not_clear_an_address(self):
        log = [attempt(name=f"user{number}") for number in range(9)] + [attempt(right=True), attempt(name="bert")]
        assert answers([*log, attempt(right=True)])[-1] == Reason.ADDRESS_BLOCKED

    def test_addresses_of_one_ipv6_prefix_are_one(self):
        log = [evolve(attempt(name=f"user{number}"), address=ip_address(f"2001:db8::{number}")) for number in range(10)]
        assert answers([*log, evolve(attempt(right=True), address=ip_address("2001:db8::ff"))])[-1] == (
            Reason.ADDRESS_BLOCKED
        )

    def test_an_attempt_on_a_blocked_address_touches_no_account(self):
        log = [attempt(name=f"user{number}") for number in range(10)] + [attempt()] * 5
        assert answers([*log, attempt(host=2, right=True)])[-1] is None


class TestOrder:
    def test_attempts_of_one_instant_count_each(self):
        assert answers([attempt(host=host) for host in range(1, 7)])[-1] == Reason.ACCOUNT_BLOCKED

    def test_an_instant_that_goes_back_shortens_no_block(self):
        log = [attempt(100, host=host) for host in range(1, 6)]
        assert answers([*log, attempt(0, host=9, right=True)])[-1] == Reason.ACCOUNT_BLOCKED


class TestReport:
    def test_every_line_is_counted_once(self):
        told: list[Unreadable] = []
        log = [attempt(right=True), Unreadable(2, "why"), attempt(), attempt(name="")]
        report = replay(log, PRESET, on_unreadable=told.append)
        assert told == [Unreadable(2, "why")]
        assert report == Report(
            attempts=2,
            allowed=1,
            refused=Refusals(wrong_secret=1),
            blocks=Blocks(),
            unreadable=1,
            malformed=1,
        )

    def test_an_unreadable_line_needs_nobody_to_tell_it_to(self):
        assert replay([Unreadable(1, "why")], PRESET).unreadable == 1

    def test_each_block_counts_once_when_it_starts(self):
        log = [attempt(host=host) for host in range(1, 6)] + [attempt(host=1)] * 12
        again = [attempt(7200, host=host) for host in range(11, 16)]
        assert replay(log + again, PRESET).blocks == Blocks(account=2, address=1)

    def test_right_passwords_are_told_apart_by_address(self):
        own = KnownAddresses.from_json(b'{"Anna": ["192.0.2.1"]}', PRESET.names)
        blocked = [attempt(host=host) for host in range(11, 16)]
        log = [attempt(right=True), attempt(host=2, right=True), attempt(name="bert", right=True)]
        late = [attempt(right=True), attempt(host=2, right=True), attempt(name="", right=True)]
        assert replay(log + blocked + late, PRESET, own).known == KnownFigures(
            honest_attempts=2, honest_refused=1, attacker_hits=3, attacker_hits_stopped=1
        )

    def test_without_known_addresses_nobody_can_tell(self):
        assert replay([attempt(right=True)], PRESET).known is None


class TestMemory:
    def test_idle_counters_are_dropped(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(replaying, "FIRST_SWEEP", 8)
        fold = Replay(PRESET)
        for day in range(100):
            fold.judge(attempt(86_400 * day, name=f"user{day}", host=day))
        assert len(fold._counters) <= 8

    def test_dropping_changes_no_answer(self, monkeypatch: pytest.MonkeyPatch):
        log = list(full_log())[:6000]
        kept = answers(log)
        monkeypatch.setattr(replaying, "FIRST_SWEEP", 1)
        assert answers(log) == kept

    def test_counters_that_may_matter_are_kept(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(replaying, "FIRST_SWEEP", 1)
        blocked = [attempt(host=host) for host in range(1, 6)]
        others = [attempt(60, name=f"user{number}", host=99) for number in range(9)]
        assert answers([*blocked, *others, attempt(120, host=50, right=True)])[-1] == Reason.ACCOUNT_BLOCKED

    def test_failures_that_never_fade_are_kept(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(replaying, "FIRST_SWEEP", 1)
        year = 86_400 * 366
        log = [
            attempt(year * number, host=number, name=name) for number in range(1, 6) for name in ("anna", f"u{number}")
        ]
        last = attempt(year * 5 + 1, host=9, right=True)
        assert answers([*log, last], policy_with(*LITERAL))[-1] == Reason.ACCOUNT_BLOCKED

    def test_a_line_late_by_hours_is_judged_as_if_nothing_had_been_dropped(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(replaying, "FIRST_SWEEP", 1)
        four, hours = [attempt(host=host) for host in range(1, 5)], 3600
        ahead = [attempt(30 * hours, name=f"user{number}", host=99, right=True) for number in range(9)]
        late = [attempt(7 * hours, host=5), attempt(7 * hours, host=6, right=True)]
        assert answers([*four, *ahead, *late])[-1] == Reason.ACCOUNT_BLOCKED


steps = st.builds(
    attempt,
    seconds=st.integers(-40, 4000),
    name=st.sampled_from(["anna", "ANNA ", "bert", ""]),
    host=st.integers(1, 3),
    right=st.booleans(),
)
policies = st.sampled_from(
    [
        policy_with(),
        policy_with(*LITERAL),
        policy_with(UNCOUNTED, "lockout.address.failures=3"),
        policy_with("lockout.account.failures=2", "lockout.account.block=2m", "lockout.hard_cap=4"),
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(steps, min_size=1, max_size=40), policies)
def test_the_gate_answers_the_same(log: list[SignIn], policy: SecurityPolicy):
    assert answers(log, policy) == answers_of_the_gate(log, policy)


def answers_of_the_gate(log: list[SignIn], policy: SecurityPolicy) -> list[Reason | None]:
    clock = ManualClock(START)
    world = World(repositories=populated(active("anna"), active("bert")), clock=clock, policy=policy)
    found: list[Reason | None] = []
    for sign_in in log:
        clock.move(sign_in.at - clock.now())
        password = RIGHT if sign_in.right else "a guess"
        match world.access.sign_in(sign_in.name, password, address=str(sign_in.address)):
            case SignedIn():
                found.append(None)
            case Refused(reason=reason):
                found.append(reason)
            case busy:
                pytest.fail(f"nothing runs in parallel here: {busy}")
    return found


def full_log() -> Iterator[SignIn]:
    with gzip.open(DATA / "log.csv.gz", "rt", newline="\n") as lines:
        for entry in read(lines, None, 2018):
            assert isinstance(entry, SignIn)
            yield entry


class TestNovember2018:
    """The figures that docs/explanation/replay-figures.md tells."""

    @pytest.mark.parametrize(
        ("changes", "refused", "blocks"),
        [
            ([*LITERAL, UNCOUNTED], Refusals(1003, 5, 9600), Blocks(10, 66)),
            (LITERAL, Refusals(999, 4, 9605), Blocks(10, 66)),
            ([], Refusals(1003, 0, 9605), Blocks(0, 66)),
        ],
        ids=["literal", "literal and counted", "preset"],
    )
    def test_the_readings_hardly_differ(self, changes: list[str], refused: Refusals, blocks: Blocks):
        assert november(*changes) == Report(
            attempts=12_836,
            allowed=2228,
            refused=refused,
            blocks=blocks,
            unreadable=0,
            malformed=0,
            known=KnownFigures(2094, 0, 1756, 1622),
        )

    @pytest.mark.parametrize(
        ("changes", "blocks", "honest_refused", "stopped"),
        [
            (["lockout.address.failures=1000", "lockout.account.window=none"], Blocks(451, 0), 29, 30),
            (["lockout.address.failures=1000"], Blocks(99, 0), 0, 8),
            (["lockout.account.failures=3"], Blocks(9, 66), 2, 1624),
            (["lockout.address.failures=5"], Blocks(0, 71), 0, 1696),
            (["lockout.address.failures=20"], Blocks(3, 65), 0, 1476),
        ],
        ids=["literal, address free", "rolling, address free", "account 3", "address 5", "address 20"],
    )
    def test_other_limits_part(self, changes: list[str], blocks: Blocks, honest_refused: int, stopped: int):
        report = november(*changes)
        assert report.blocks == blocks
        assert report.known == KnownFigures(2094, honest_refused, 1756, stopped)


def november(*changes: str) -> Report:
    policy = policy_with(*changes)
    known = KnownAddresses.from_json((DATA / "user_ips.json").read_bytes(), policy.names)
    return replay(full_log(), policy, known)
