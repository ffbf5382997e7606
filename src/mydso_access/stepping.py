"""Going on with a sign-in: complete it if nothing is owed any more, or ask for the next step (D7, D13).

The order of saves. What a step changes for good (a new password, a new second factor) is saved first, on the user. A step
that is not the last: the user, if an accepted code changes them, then the sign-in under a new token, so whoever loses the
answer in between starts again. The last one: the sign-in as used, then the user, then what a structure learns; so of two
who send the same step at once one wins, and a crash in between grants nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, assert_never

from attrs import evolve, frozen

from mydso_access.asking import ask, save_sign_in
from mydso_access.changing import Case, Decided, change, structure_shelf
from mydso_access.decisions.addresses import remembered, with_shared
from mydso_access.decisions.changes import Changed
from mydso_access.decisions.membership import Entered
from mydso_access.decisions.outcomes import (
    Busy,
    BusyBecause,
    Enrolled,
    Proof,
    Refused,
    SignedIn,
    SteppedUp,
    StepRequired,
)
from mydso_access.decisions.sign_in import Complete, policy_there
from mydso_access.decisions.steps import Standing, judge_standing, next_step
from mydso_access.installation import Installation
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Purpose
from mydso_access.model.structure import Structure, StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.addresses import Recipient
from mydso_access.saving import Again, Saver

EnterOutcome: TypeAlias = Entered | StepRequired | Refused | Busy
StepUpOutcome: TypeAlias = SteppedUp | StepRequired | Refused | Busy
StepOutcome: TypeAlias = SignedIn | Entered | SteppedUp | Enrolled | StepRequired | Refused | Busy
Told = TypeVar("Told", bound=StepRequired | Refused | Busy)
EVENTS = {
    Purpose.SIGN_IN: EventKind.SIGNED_IN,
    Purpose.ENTER: EventKind.ENTERED,
    Purpose.STEP_UP: EventKind.STEPPED_UP,
}


def nothing_else(user: User, at: datetime) -> dict[str, Any]:  # noqa: ARG001  # a `Change` that changes nothing
    """Return no changes."""
    return {}


@frozen
class Effect:
    """What a step changes of its user, stored together with what follows.

    Attributes:
        change: the fields, given the record and the instant of its save.
        differences: what the event says of it.
        kind: the event, if nothing follows that has one of its own; `None`: there is nothing to store then.
        messages: what the host must send once it is stored.
    """

    change: Callable[[User, datetime], dict[str, Any]] = nothing_else
    differences: tuple[Difference, ...] = ()
    kind: EventKind | None = None
    messages: tuple[Message, ...] = ()


@frozen(eq=False)
class Turn:
    """A step was taken.

    Attributes:
        installation: where.
        standing: what is proven by now.
        saver: saves the user.
        effect: what the step changes of them.
        messages: what the host must send, whatever follows.
    """

    installation: Installation
    standing: Standing
    saver: Saver
    effect: Effect = Effect()
    messages: tuple[Message, ...] = ()


async def proceed(turn: Turn) -> StepOutcome:
    """Complete the sign-in if nothing is owed any more, or ask for the next step.

    Raises:
        StoreError: a repository failed; nobody is signed in.
        InvalidValue: a second factor is owed, and the host gave no `secret_box`.
    """
    step = next_step(turn.standing)
    if step is None:
        return await complete(turn)
    if isinstance(step, Refused):
        return _telling(step, turn)
    if turn.effect.kind is not None:
        saved = await turn.saver.save(turn.effect.kind, turn.effect.change, turn.effect.differences)
        if not isinstance(saved, User):
            return _telling(saved, turn)
        turn = moved(turn, saved)
    return _telling(await ask(turn.installation, turn.standing, turn.saver, step), turn)


def _telling(outcome: Told, turn: Turn) -> Told:
    """Return an outcome that tells the host what to send, whatever it came to: what was changed is changed."""
    return evolve(outcome, messages=(*turn.messages, *outcome.messages))


def moved(turn: Turn, saved: User) -> Turn:
    """Return a turn that goes on from the user as just saved, with nothing left to store of its effect."""
    standing, saver = evolve(turn.standing, user=saved), evolve(turn.saver, user=saved)
    messages = (*turn.messages, *turn.effect.messages)
    return evolve(turn, standing=standing, saver=saver, effect=Effect(), messages=messages)


def still(standing: Standing) -> Again:
    """Judge a user again whom others changed after the step was stored: everything that was proven must still stand."""

    def again(stored: User | None) -> Complete | Refused | Busy:
        judged = judge_standing(stored, standing.sign_in, standing.place)
        return judged if isinstance(judged, Refused) else Complete(judged)

    return again


async def complete(turn: Turn) -> StepOutcome:
    """Complete a sign-in that owes nothing any more.

    Raises:
        StoreError: a repository failed; nobody is signed in.
    """
    if turn.standing.sign_in.version and not await _is_first(turn):
        return _telling(Refused(Reason.DEAD_SIGN_IN, "D13", user_id=turn.standing.user.id), turn)  # D13
    saved = await _save_user(turn)
    if not isinstance(saved, User):
        return _telling(saved, turn)
    approvals = turn.standing.sign_in.approvals
    for structure in {each.structure for each in approvals if each.validator is Recipient.ADMINISTRATOR}:
        await _teach(turn, structure)
    return _answer(moved(turn, saved), saved)


async def _is_first(turn: Turn) -> bool:
    """Save the sign-in as used; whoever comes second is not the first."""
    installation, sign_in = turn.installation, turn.standing.sign_in
    nobodys = Secret(installation.chance.new_id())
    spent = evolve(sign_in, used_at=turn.standing.now, code=None, seed=None, token=nobodys)
    return await save_sign_in(installation, spent) is not None


async def _save_user(turn: Turn) -> User | Refused | Busy:
    standing, saver, effect = turn.standing, turn.saver, turn.effect
    sign_in = standing.sign_in
    if sign_in.purpose is Purpose.ENROL:  # its one step is stored already
        return standing.user

    def again(stored: User | None) -> Complete | Refused | Busy:
        judged = saver.again(stored)
        if not isinstance(judged, Complete):
            return judged
        owed = next_step(evolve(standing, user=judged.user))  # whatever others have changed asks nothing more
        return judged if owed is None else Busy(BusyBecause.RECORD_CHANGED)

    def changed(user: User, at: datetime) -> dict[str, Any]:
        seen = {} if sign_in.purpose is Purpose.STEP_UP else {"last_access_at": at}  # D15
        approved = remembered(user.approved, sign_in.approvals, Recipient.USER, at)
        return {**effect.change(user, at), **seen, "approved": approved}

    learned = (Difference("address", "new", "remembered"),) if sign_in.approvals else ()
    there = None if standing.place.entity is None else standing.place.entity.structure
    differences = (*effect.differences, *learned)
    return await evolve(saver, again=again).save(EVENTS[sign_in.purpose], changed, differences, there)


async def _teach(turn: Turn, structure: Structure) -> None:
    """Let a structure remember an address that its administrator let in; if others keep saving it, a code asks again."""
    approvals, user_id = turn.standing.sign_in.approvals, turn.standing.user.id

    def decide(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if case.record is None:
            return Refused(Reason.NO_STRUCTURE, "S22", user_id=user_id)  # S22
        record = with_shared(case.record, approvals, case.at)
        (address,) = {each.address for each in approvals if each.structure == structure}
        return Changed(record=record, kind=EventKind.ADDRESS_APPROVED, rule="S22", subject=user_id, address=address)

    await change(turn.installation, None, structure_shelf(turn.installation, structure), decide)


def _answer(turn: Turn, saved: User) -> StepOutcome:
    sign_in, place = turn.standing.sign_in, turn.standing.place
    proof = Proof(saved.id, sign_in.factors, saved.saved_at)
    match sign_in.purpose:
        case Purpose.SIGN_IN:
            return SignedIn(saved, proof, turn.messages)
        case Purpose.STEP_UP:
            return SteppedUp(proof, turn.messages)
        case Purpose.ENROL:
            return Enrolled(saved, proof, turn.messages)
        case Purpose.ENTER:
            if place.entity is None:
                return Refused(Reason.NO_STRUCTURE, "S3", user_id=saved.id)  # S3
            return Entered(saved, place.entity, policy_there(saved, place), proof, turn.messages)
        case _ as never:
            assert_never(never)
