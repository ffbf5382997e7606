"""The sweep: what is over is stored as over, and who is about to be is warned (S10, S25; A7, A19, D15).

Every rule is also evaluated when somebody signs in or follows a link, so a late sweep lets nothing through.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from inspect import iscoroutinefunction
from typing import TypeAlias

from attrs import define, evolve, field, frozen

from mydso_access.changing import Case, Decided, actor_facts, change, user_shelf
from mydso_access.decisions.administration import Actor, System, judge_right, read_actor
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.dormancy import is_dormant, unseen_cut_off
from mydso_access.decisions.invitation import has_lapsed, lapsed
from mydso_access.decisions.levels import policy_at_home
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.users import disabled
from mydso_access.decisions.warning import EARLIEST_WARNING, Due, due, warned
from mydso_access.errors import InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right
from mydso_access.model.structure import Structure, StructureRecord, check_structure
from mydso_access.model.user import DisabledBecause, User
from mydso_access.policy.fixed import FORECAST_DAYS, PAGE, TICK
from mydso_access.policy.levels import joined

SWEEP = System("sweep")
# Told of every user looked at: how many so far.
Progress: TypeAlias = Callable[[int], object]
# Takes the messages of one user, at once: none is kept in memory until the end.
Send: TypeAlias = Callable[[Message], object]


@frozen
class SweepReport:
    """What a sweep did, or would have done.

    Attributes:
        looked_at: users that a query found.
        lapsed: invitations that were not accepted in time (S10).
        dormant: logins that nobody used for too long (S25).
        warned: users who were warned.
        busy: users who kept being saved by others, and are left for the next sweep.
    """

    looked_at: int = 0
    lapsed: int = 0
    dormant: int = 0
    warned: int = 0
    busy: int = 0


async def sweep(
    installation: Installation,
    /,
    *,
    send: Send | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> SweepReport:
    """Disable what has lapsed or gone dormant, and warn who is about to; call it daily.

    A page of users is in memory at a time, and only users who are due are found at all. Interrupted, it is simply called
    again: what was done is no longer due. A message goes out once at most: it is handed to `send` after its user is
    saved, so one whose sending fails is lost, and none is sent twice.

    Args:
        send: takes each message as its user is saved; without it warnings are not made.
        progress: told how many users were looked at.
        dry_run: whether to count only, and change nothing.

    Raises:
        InvalidValue: `send` or `progress` is no function, or an asynchronous one; nothing was saved.
        StoreError: a repository failed; what was done until then stays done.
    """
    _check_callable("send", send, "a function, not an asynchronous one, that takes a Message, or None")
    _check_callable("progress", progress, "a function, not an asynchronous one, that takes a number, or None")
    run = _Sweep(installation, send, progress or _unheard, dry_run=dry_run)
    async for home in _homes(installation):
        async for user in _unseen(installation, home, EARLIEST_WARNING):
            await run.visit(user, home)
    async for user in _invited(installation, EARLIEST_WARNING):
        await run.visit(user, None)  # how long an invitation is good is the installation's to say
    return run.report


async def forecast(installation: Installation, /, days: int) -> Sequence[Due]:
    """Say whose invitation lapses and whose login goes dormant within so many days, the next first.

    Who should have been disabled by now, and no sweep has done it yet, is among them.

    Args:
        days: how far to look, 0 to 366.

    Raises:
        InvalidValue: `days` is no such number.
        StoreError: a repository failed.
    """
    ahead = _ahead(days)
    found = [due(user, installation.policy) async for user in _invited(installation, ahead)]
    async for home in _homes(installation):
        found += await _dormant(installation, home, ahead)
    return _soonest(found, installation.now() + ahead)


async def list_due(
    installation: Installation, /, actor: Actor, structure: Structure, days: int
) -> tuple[Due, ...] | Refused:
    """Say whose invitation lapses and whose login goes dormant in one structure within so many days, the next first.

    Who should have been disabled by now, and no sweep has done it yet, is among them.

    Args:
        actor: who asks; may manage users, and is a member of the structure.
        structure: entity or platform; of an entity its own users, not those who are only authorised there.
        days: how far to look, 0 to 366.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_structure(structure)
    ahead, facts = _ahead(days), await actor_facts(installation, read_actor(actor))
    if refusal := judge_right(facts, installation.roles, Right.MANAGE_USERS, structure):
        return refusal
    home = await installation.store.structure(structure)
    if home is None:
        return Refused(Reason.NO_STRUCTURE, "S11")  # S11
    found = [
        due(user, installation.policy) async for user in _invited(installation, ahead) if user.structure == structure
    ]
    return _soonest([*found, *await _dormant(installation, home, ahead)], installation.now() + ahead)


def _check_callable(name: str, given: object, expected: str) -> None:
    if given is not None and (not callable(given) or iscoroutinefunction(given)):  # nobody would await its answer
        raise InvalidValue(name, shown(type(given)), expected)


def _ahead(days: int) -> timedelta:
    if type(days) is not int or not 0 <= days <= FORECAST_DAYS:
        raise InvalidValue("days", shown(days), f"a number of days from 0 to {FORECAST_DAYS}")
    return timedelta(days=days)


async def _dormant(installation: Installation, home: StructureRecord, ahead: timedelta) -> list[Due | None]:
    policy = installation.policy
    return [due(user, policy_at_home(user, home, policy).policy) async for user in _unseen(installation, home, ahead)]


def _soonest(found: Sequence[Due | None], end: datetime) -> tuple[Due, ...]:
    return tuple(sorted((each for each in found if each is not None and each.at <= end), key=lambda each: each.at))


@define(eq=False, repr=False)
class _Sweep:
    """One run over the users that may be due."""

    installation: Installation
    send: Send | None
    progress: Progress
    dry_run: bool = field(kw_only=True)
    report: SweepReport = SweepReport()

    async def visit(self, user: User, home: StructureRecord | None) -> None:
        self._count("looked_at")
        self.progress(self.report.looked_at)
        what = self._decided(user, home, self.installation.now())
        if what is None:
            return
        name: str | None = what[0]
        if not self.dry_run:
            name = await self._saved(user.id, home, what[0])
        if name is not None:
            self._count(name)

    async def _saved(self, user_id: str, home: StructureRecord | None, name: str) -> str | None:
        def decide(case: Case[User]) -> Decided[User]:
            found = None if case.record is None else self._decided(case.record, home, case.at)
            return Refused(Reason.WRONG_STATE, "D15") if found is None else found[1]  # D15: it is so no longer

        done = await change(self.installation, SWEEP, user_shelf(self.installation, user_id), decide)
        if isinstance(done, Done) and self.send is not None:
            for message in done.messages:
                self.send(message)
        if isinstance(done, Busy):
            return "busy"
        return name if isinstance(done, Done) else None

    def _decided(self, user: User, home: StructureRecord | None, now: datetime) -> tuple[str, Changed[User]] | None:
        policy = policy_at_home(user, home, self.installation.policy).policy
        if has_lapsed(user, policy, now):
            return "lapsed", evolve(lapsed(user, now), answer=None)
        if is_dormant(user, policy, now):
            ended = disabled(user, DisabledBecause.DORMANT, "S25", now)
            return ("dormant", ended) if isinstance(ended, Changed) else None
        ending = due(user, policy)
        warning = None if ending is None or self.send is None else warned(ending, now)
        return None if warning is None else ("warned", warning)

    def _count(self, name: str) -> None:
        self.report = evolve(self.report, **{name: getattr(self.report, name) + 1})


def _unheard(looked_at: int) -> None:
    del looked_at


async def _homes(installation: Installation) -> AsyncIterator[StructureRecord]:
    platform = await installation.store.platform()
    if platform is not None:
        yield platform
    after = None
    while page := await installation.store.entities(after, PAGE):
        for entity in page:
            yield entity
        after = page[-1]


async def _unseen(installation: Installation, home: StructureRecord, ahead: timedelta) -> AsyncIterator[User]:
    """Yield a structure's own users who are dormant that much later; where nothing goes dormant nobody is asked for."""
    months = joined(installation.policy, {home.structure.level: home.policy}).policy.dormancy.months
    if months is None:
        return
    cut_off, after = unseen_cut_off(installation.now() + ahead, months), None
    while page := await installation.store.users_unseen_since(home.structure, cut_off, after, PAGE):
        for user in page:
            yield user
        after = page[-1]


async def _invited(installation: Installation, ahead: timedelta) -> AsyncIterator[User]:
    cut_off = installation.now() + ahead - installation.policy.tokens.invitation + TICK
    after = None
    while page := await installation.store.users_invited_before(cut_off, after, PAGE):
        for user in page:
            yield user
        after = page[-1]
