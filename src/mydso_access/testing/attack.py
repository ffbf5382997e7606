"""What an attack came to: every attempt with its answer, and the figures that a test asserts."""

from collections import Counter
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeAlias

from attrs import frozen

from mydso_access.decisions.outcomes import Busy, Refused, SignedIn, SignInOutcome
from mydso_access.model.reason import Reason
from mydso_access.stepping import StepOutcome

Answer: TypeAlias = SignInOutcome | StepOutcome
# Refusals behind which a secret was held against the stored one; every other came before, or spent a dummy.
EVALUATED = (Reason.WRONG_SECRET, Reason.WRONG_CODE, Reason.USED_CODE, Reason.UNUSABLE_CREDENTIAL)
BLOCKED = (Reason.ACCOUNT_BLOCKED, Reason.ADDRESS_BLOCKED)


@frozen(repr=False)
class Try:
    """One attempt.

    Attributes:
        at: when.
        name: the name it was made on.
        address: where it came from.
        outcome: what the door answered.
    """

    at: datetime
    name: str
    address: str
    outcome: Answer

    @property
    def answer(self) -> str:
        """The answer in one word: a refusal's reason, otherwise the outcome's type."""
        return self.outcome.reason.value if isinstance(self.outcome, Refused) else type(self.outcome).__name__

    @property
    def evaluated(self) -> bool:
        """Whether the secret was looked at: whether it would have got further, had it been right."""
        if isinstance(self.outcome, Refused):
            return self.outcome.reason in EVALUATED
        return not isinstance(self.outcome, Busy)

    def __repr__(self) -> str:
        return f"<Try at {self.at:%Y-%m-%d %H:%M:%S} on {self.name} from {self.address}: {self.answer}>"


@frozen(repr=False)
class Attack:
    """What an attack came to.

    Attributes:
        tries: every attempt, in its order; the last one is what got further, if any did.
    """

    tries: tuple[Try, ...]

    @property
    def attempts(self) -> int:
        """How many attempts were made."""
        return len(self.tries)

    @property
    def evaluated(self) -> int:
        """How many secrets were looked at: the guesses that the attacker really got."""
        return sum(each.evaluated for each in self.tries)

    @property
    def answers(self) -> dict[str, int]:
        """How often each answer came: a refusal's reason (`"wrong_secret"`), otherwise the outcome's type (`"SignedIn"`)."""
        return dict(Counter(each.answer for each in self.tries))

    @property
    def got_in_at(self) -> datetime | None:
        """When somebody was signed in; `None`: nobody was."""
        return next((each.at for each in self.tries if isinstance(each.outcome, SignedIn)), None)

    @property
    def blocked_from(self) -> datetime | None:
        """When the first block began: the failure that caused it. `None`: there was none, or it was there before."""
        first = self._first_blocked
        if first is None:
            return None
        of_account, before = first.answer == Reason.ACCOUNT_BLOCKED.value, self.tries[: self.tries.index(first)]
        same = [each for each in before if (each.name == first.name if of_account else each.address == first.address)]
        return same[-1].at if same else None

    @property
    def blocked_until(self) -> datetime | None:
        """When the first block ends; `None`: there was none, or only another password ends it (`lockout.hard_cap`)."""
        first = self._first_blocked
        return first.outcome.until if first is not None and isinstance(first.outcome, Refused) else None

    @property
    def blocked_for(self) -> timedelta | None:
        """How long the first block lasts; `None`: there was none, or its beginning or end is not known."""
        if self.blocked_from is None or self.blocked_until is None:
            return None
        return self.blocked_until - self.blocked_from

    def most_evaluated_within(self, span: timedelta) -> int:
        """Return the most secrets that were looked at within any such span of time."""
        instants = [each.at for each in self.tries if each.evaluated]
        return max((sum(first <= at < first + span for at in instants) for first in instants), default=0)

    def explain(self) -> str:
        """Return one line with all of it."""
        if not self.tries:
            return "no attempt"
        names, addresses = ({getattr(each, part) for each in self.tries} for part in ("name", "address"))
        first, last = self.tries[0].at, self.tries[-1].at
        whom = f"{_several(len(names), 'name')} from {_several(len(addresses), 'address')}"
        answers = ", ".join(f"{count} {answer}" for answer, count in self.answers.items())
        got_in = "never got in" if self.got_in_at is None else f"got in at {self.got_in_at:%Y-%m-%d %H:%M:%S}"
        made = f"{_several(self.attempts, 'attempt')} on {whom} within {last - first}: {self.evaluated} evaluated"
        return f"{made}, {got_in}{self._told_block()} ({answers})"

    def _told_block(self) -> str:
        if self._first_blocked is None:
            return ""
        since = "before" if self.blocked_from is None else f"{self.blocked_from:%Y-%m-%d %H:%M:%S}"
        until = "a new password" if self.blocked_until is None else f"{self.blocked_until:%Y-%m-%d %H:%M:%S}"
        return f", blocked from {since} until {until}"

    @property
    def _first_blocked(self) -> Try | None:
        told = (each for each in self.tries if isinstance(each.outcome, Refused) and each.outcome.reason in BLOCKED)
        return next(told, None)

    def __str__(self) -> str:
        return self.explain()

    def __repr__(self) -> str:
        return f"<Attack: {self.explain()}>"


@frozen(repr=False)
class Comparison:
    """What the outside sees of several names that are treated alike.

    Attributes:
        answers: of each name every answer, in its order.
    """

    answers: Mapping[str, tuple[Hashable, ...]]

    @property
    def equal(self) -> bool:
        """Whether nothing tells the names from one another, at any attempt."""
        return len({*self.answers.values()}) < 2

    def explain(self) -> str:
        """Return one line: that they are equal, or the first attempt at which two differ, with both answers."""
        for number, answers in enumerate(zip(*self.answers.values(), strict=True), start=1):
            for (one, seen), (other, also) in pairwise(zip(self.answers, answers, strict=True)):
                if seen != also:
                    return f"attempt {number} tells them apart: {one} gets {seen!r}, {other} gets {also!r}"
        length = len(next(iter(self.answers.values()), ()))
        return f"nothing tells {', '.join(self.answers)} apart in {_several(length, 'attempt')}"

    def __str__(self) -> str:
        return self.explain()

    def __repr__(self) -> str:
        return f"<Comparison: {self.explain()}>"


def shown_outside(outcome: Any) -> tuple[str, str]:
    """Return what the outside sees of an answer: which page comes next, and what it says."""
    return type(outcome).__name__, getattr(outcome, "public_message", "")


def _several(count: int, thing: str) -> str:
    plural = f"{thing}es" if thing.endswith("s") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else plural}"
