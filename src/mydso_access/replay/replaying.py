"""The fold: sign-ins of a log through the decision functions that the library itself uses, in the order of its gate."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import count

from attrs import define, field, frozen

from mydso_access.decisions.lockout import Admission, Admitted, Settlement, admit, block_of, idle_from, settle
from mydso_access.decisions.naming import account_key, address_key, canonical_name
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.settling import address_settlement
from mydso_access.decisions.sign_in import SignInFacts, judge_keys
from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind
from mydso_access.model.reason import Reason
from mydso_access.policy.names import NamePolicy
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.replay.known import KnownAddresses
from mydso_access.replay.reading import SignIn, Unreadable
from mydso_access.replay.reporting import Blocks, KnownFigures, Refusals, Report

REMEMBERED_KEYS = 16_384
FIRST_SWEEP = 4096
# Logs of several machines are seldom in strict order: a counter is kept a day longer than it can matter, so that a line
# which is late by less than that is judged as if nothing had ever been dropped.
LATE_LINES = timedelta(days=1)


def replay(
    log: Iterable[SignIn | Unreadable],
    policy: SecurityPolicy,
    known: KnownAddresses | None = None,
    on_unreadable: Callable[[Unreadable], None] | None = None,
) -> Report:
    """Say what a policy would have done to a log.

    Args:
        log: sign-ins in the order of their lines, and the lines that could not be read.
        policy: what to judge them by.
        known: whose address is whose, if that is known.
        on_unreadable: called with each line that could not be read, as it is met.
    """
    fold, tally = Replay(policy), _Tally(known)
    for line in log:
        if isinstance(line, SignIn):
            tally.add(line, fold.judge(line))
        else:
            tally.unreadable += 1
            if on_unreadable is not None:
                on_unreadable(line)
    return tally.report(fold.blocks)


@frozen
class _Name:
    canonical: str
    key: CounterKey


class Replay:
    """The counters of one replay; it grows with the counters that may still matter, not with the log.

    Args:
        policy: what to judge by.

    Attributes:
        blocks: how often a block started, by kind of key.
    """

    def __init__(self, policy: SecurityPolicy) -> None:
        self._lockout = policy.lockout
        self._name = lru_cache(REMEMBERED_KEYS)(partial(_read_name, policy=policy.names))
        self._address_key = lru_cache(REMEMBERED_KEYS)(partial(address_key, policy=policy.lockout))
        self._counters: dict[CounterKey, AttemptCounter] = {}
        self._sweep_at = FIRST_SWEEP
        self._ids = count()
        self.blocks: Counter[KeyKind] = Counter()

    def judge(self, sign_in: SignIn) -> Reason | None:
        """Judge one sign-in as the gate would, and count it.

        Args:
            sign_in: what the log says; its instant may lie before the last one's.

        Returns:
            Why it is refused; `None`: it is allowed.
        """
        name = self._name(sign_in.name)
        if name is None:
            return Reason.MALFORMED  # D11
        reservation_id = str(next(self._ids))
        address = self._charge(self._address_key(sign_in.address), reservation_id, sign_in.at)
        if not isinstance(address, Admitted):
            return _reason(SignInFacts(name.canonical, address))
        account = self._charge(name.key, reservation_id, sign_in.at)
        if isinstance(account, Admitted) and sign_in.right:
            self._settle(address, Settlement.GIVEN_BACK, sign_in.at)
            self._settle(account, Settlement.COMPLETE, sign_in.at)
            return None
        facts = SignInFacts(name.canonical, address, account)
        self._settle(address, address_settlement(facts, self._lockout), sign_in.at)
        if not isinstance(account, Admitted):
            return _reason(facts)
        self._settle(account, Settlement.WRONG, sign_in.at)
        return Reason.WRONG_SECRET

    def _charge(self, key: CounterKey, reservation_id: str, at: datetime) -> Admission:
        counter = self._counters.get(key)
        if counter is None:
            if len(self._counters) >= self._sweep_at:
                self._sweep(at)
            counter = AttemptCounter(key)
        # Nothing is saved here: a refusal leaves the record alone, and what is admitted is settled at the same instant.
        return admit(counter, self._lockout, reservation_id, at)

    def _settle(self, charged: Admitted, settlement: Settlement, at: datetime) -> None:
        counter = settle(charged.counter, self._lockout, charged.reservation.id, settlement, at).counter
        self._counters[counter.key] = counter
        # What was charged was not blocked before; only a failure can have changed that.
        if settlement is Settlement.WRONG and block_of(counter, self._lockout, at):
            self.blocks[counter.key.kind] += 1

    def _sweep(self, at: datetime) -> None:
        """Drop what says no more than a new counter; every time their number has doubled, so it costs little."""
        self._counters = {
            key: counter
            for key, counter in self._counters.items()
            if (idle := idle_from(counter, self._lockout)) is None or idle > at - LATE_LINES
        }
        self._sweep_at = max(FIRST_SWEEP, 2 * len(self._counters))


@define
class _Tally:
    """The figures so far."""

    known: KnownAddresses | None
    unreadable: int = 0
    answers: Counter[Reason | None] = field(factory=Counter)
    own: Counter[bool] = field(factory=Counter)  # right passwords from own addresses: refused?
    foreign: Counter[bool] = field(factory=Counter)  # right passwords from any other address: refused?

    def add(self, sign_in: SignIn, reason: Reason | None) -> None:
        self.answers[reason] += 1
        if sign_in.right and self.known is not None and reason is not Reason.MALFORMED:
            side = self.own if self.known.include(sign_in.name, sign_in.address) else self.foreign
            side[reason is not None] += 1

    def report(self, blocks: Counter[KeyKind]) -> Report:
        answers = self.answers
        return Report(
            attempts=answers.total() - answers[Reason.MALFORMED],
            allowed=answers[None],
            refused=Refusals(
                answers[Reason.WRONG_SECRET], answers[Reason.ACCOUNT_BLOCKED], answers[Reason.ADDRESS_BLOCKED]
            ),
            blocks=Blocks(blocks[KeyKind.ACCOUNT], blocks[KeyKind.ADDRESS]),
            unreadable=self.unreadable,
            malformed=answers[Reason.MALFORMED],
            known=self._known_figures(),
        )

    def _known_figures(self) -> KnownFigures | None:
        if self.known is None:
            return None
        return KnownFigures(self.own.total(), self.own[True], self.foreign.total(), self.foreign[True])


def _read_name(name: str, policy: NamePolicy) -> _Name | None:
    canonical = canonical_name(name, policy)
    return None if canonical is None else _Name(canonical, account_key(canonical))


def _reason(facts: SignInFacts) -> Reason:
    match judge_keys(facts):
        case Refused(reason=reason):
            return reason
        case Busy() | None:
            raise AssertionError("each attempt is settled before the next is charged, so no key is ever busy")
