"""Attackers by script: each tries a door, moves its clock, and tells what it got; none ever reads the store."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import timedelta
from ipaddress import ip_address
from itertools import chain, count, islice
from typing import Protocol, TypeAlias

from mydso_access.control import AccessControl
from mydso_access.decisions.outcomes import Busy, Refused, SecondFactorRequired
from mydso_access.model.reason import Reason
from mydso_access.policy.lockout import Limit
from mydso_access.testing.attack import Answer, Attack, Comparison, Try, shown_outside
from mydso_access.testing.clock import ManualClock

SECOND = timedelta(seconds=1)
SOMEWHERE = "198.51.100.66"
FIRST_OF_MANY, MANY = ip_address("198.18.0.0"), 2**17  # a network that is kept free for measurements
NUMBERS = count()  # of all attacks: what one address has used up must not be another attack's
WRONG = "not-even-close"
Attempt: TypeAlias = Callable[[], tuple[str, str, Answer]]  # makes it, and says on whom and from where


class Target(Protocol):
    """Whom to attack: a `World`, or anything of yours with a door and the clock that it reads."""

    @property
    def access(self) -> AccessControl:
        """The door."""
        ...

    @property
    def clock(self) -> ManualClock:
        """Its clock, which the attackers move."""
        ...


def guess_passwords(  # noqa: PLR0913  # options of a script
    target: Target,
    name: str,
    passwords: Iterable[str] = (),
    *,
    attempts: int = 20,
    every: timedelta = SECOND,
    address: str = SOMEWHERE,
) -> Attack:
    """Guess one name's password from one address, until something is right.

    Args:
        target: whom.
        name: the login name.
        passwords: the guesses; when they are used up, wrong ones are made up.
        attempts: how many at most.
        every: the time between two of them.
        address: where they come from.
    """
    guesses = chain(passwords, _made_up("guess"))
    return _signing_in(target, islice(((name, each, address) for each in guesses), attempts), every)


def guess_slowly(
    target: Target, name: str, *, lasting: timedelta = timedelta(days=30), address: str = SOMEWHERE
) -> Attack:
    """Guess one name's password from one address, just slowly enough never to be blocked: the policy is known.

    Where failures never fade, or the first one blocks, one guess is made for each length of a block.

    Args:
        target: whom.
        name: the login name.
        lasting: for how long.
        address: where the guesses come from.
    """
    lockout = target.access.policy.lockout
    every = max(_pace(lockout.account), _pace(lockout.address))
    return guess_passwords(target, name, attempts=max(1, -(-lasting // every)), every=every, address=address)


def spray(
    target: Target,
    names: Iterable[str],
    *,
    password: str = "Spring-2026",  # noqa: S107  # a guess
    every: timedelta = SECOND,
    address: str = SOMEWHERE,
) -> Attack:
    """Try one password on many names from one address, until it is right.

    Args:
        target: whom.
        names: the login names, each tried once, in their order.
        password: the password that somebody is hoped to have.
        every: the time between two attempts.
        address: where they come from.
    """
    return _signing_in(target, ((name, password, address) for name in names), every)


def botnet(
    target: Target,
    name: str,
    *,
    attempts: int = 100,
    every: timedelta = SECOND,
    addresses: Iterable[str] | None = None,
) -> Attack:
    """Guess one name's password, each time from another address, until it is right.

    Args:
        target: whom.
        name: the login name.
        attempts: how many at most; fewer if the addresses are used up.
        every: the time between two of them.
        addresses: where they come from; a new IPv4 address each, if not given.
    """
    several = _made_up_addresses() if addresses is None else addresses
    guesses = ((name, password, address) for password, address in zip(_made_up("guess"), several, strict=False))
    return _signing_in(target, islice(guesses, attempts), every)


def guess_codes(  # noqa: PLR0913  # options of a script
    target: Target,
    name: str,
    password: str,
    codes: Iterable[str] = (),
    *,
    attempts: int = 20,
    every: timedelta = SECOND,
    address: str = SOMEWHERE,
) -> Attack:
    """Guess the codes of somebody's app, knowing their password, until one is right.

    The password is given anew as often as a code is asked for under a new token; the attempts are the codes, and the
    sign-ins that led to no code.

    Args:
        target: whom.
        name: the login name.
        password: theirs.
        codes: the guesses; when they are used up, they go on from 000000.
        attempts: how many at most.
        every: the time between two of them.
        address: where they come from.
    """
    thief = _Thief(target, name, password, address)
    counted = (f"{number:06}" for number in range(10**6))
    return _attack(target, (_tried(thief, code) for code in islice(chain(codes, counted), attempts)), every)


def compare_answers(
    target: Target,
    names: Iterable[str],
    *,
    attempts: int | None = None,
    every: timedelta = SECOND,
    ask: Callable[[str, str, str], Hashable] | None = None,
) -> Comparison:
    """Try wrong passwords on several names side by side, each from an address of its own, and compare what comes back.

    Args:
        target: whom.
        names: the login names: known, unknown, invited, disabled...
        attempts: how many on each; if not given, so many that account and address are blocked on the way.
        every: the time between two rounds.
        ask: asks your own pages instead of the door: given name, password and address, it returns what the outside sees,
            such as status and text, with nothing in it that is another each time.
    """
    lockout = target.access.policy.lockout
    rounds = lockout.account.failures + lockout.address.failures + 2 if attempts is None else attempts
    asked = ask or (lambda name, typed, at: shown_outside(target.access.sign_in(name, typed, address=at)))
    places = dict(zip(names, _made_up_addresses(), strict=False))
    answers: dict[str, list[Hashable]] = {name: [] for name in places}
    for number in range(rounds):
        if number:
            target.clock.move(every)
        for name, address in places.items():
            answers[name].append(asked(name, WRONG, address))
    return Comparison({name: tuple(each) for name, each in answers.items()})


class _Thief:
    """Knows a password, and keeps the sign-in that it began for as long as codes can be entered."""

    def __init__(self, target: Target, name: str, password: str, address: str) -> None:
        self.target, self.name, self.password, self.address = target, name, password, address
        self.begun: SecondFactorRequired | None = None

    def enter(self, code: str) -> Answer:
        """Enter a code; begin the sign-in before, if there is none."""
        access, now = self.target.access, self.target.clock.now()
        if self.begun is None or self.begun.until <= now:
            first = access.sign_in(self.name, self.password, address=self.address)
            if not isinstance(first, SecondFactorRequired):
                return first
            self.begun = first
        answer = access.enter_second_factor(self.begun.sign_in, code, address=self.address)
        if not (isinstance(answer, Refused) and answer.reason is Reason.WRONG_CODE):
            self.begun = None
        return answer


def _tried(thief: _Thief, code: str) -> Attempt:
    return lambda: (thief.name, thief.address, thief.enter(code))


def _signing_in(target: Target, guesses: Iterable[tuple[str, str, str]], every: timedelta) -> Attack:
    def attempt(name: str, password: str, address: str) -> Attempt:
        return lambda: (name, address, target.access.sign_in(name, password, address=address))

    return _attack(target, (attempt(*each) for each in guesses), every)


def _attack(target: Target, attempts: Iterable[Attempt], every: timedelta) -> Attack:
    """Make the attempts one after the other, until one is answered by anything but a refusal."""
    tries: list[Try] = []
    for attempt in attempts:
        if tries:
            target.clock.move(every)
        at = target.clock.now()
        name, address, outcome = attempt()
        tries.append(Try(at, name, address, outcome))
        if not isinstance(outcome, Refused | Busy):
            break
    return Attack(tuple(tries))


def _pace(limit: Limit) -> timedelta:
    """Return the shortest time between two failures that never blocks; a failure a window ago does not count any more."""
    if limit.window is None or limit.failures == 1:
        return limit.block
    return -(-limit.window // (limit.failures - 1))


def _made_up(word: str) -> Iterator[str]:
    return (f"{word}-{number}" for number in count())


def _made_up_addresses() -> Iterator[str]:
    return (str(FIRST_OF_MANY + number % MANY) for number in NUMBERS)
