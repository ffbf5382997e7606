"""Forgetting a user: personal data erased, associations ended, the trail pseudonymised (GDPR, article 17)."""

from collections.abc import AsyncIterator

from attrs import frozen

from mydso_access.decisions.administration import Actor, Asker, actor_of_event
from mydso_access.decisions.changes import Done
from mydso_access.decisions.erasure import FORGOTTEN, erased, is_erased
from mydso_access.decisions.outcomes import Busy, BusyBecause, Proof, Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.erasing import dissociate_everywhere, erase_traces
from mydso_access.errors import Stale
from mydso_access.installation import Installation
from mydso_access.managing import fresh, manage
from mydso_access.model.event import Event, EventKind
from mydso_access.model.user import Category, User
from mydso_access.policy.fixed import PAGE
from mydso_access.retry import pauses, sleep


@frozen
class Forgotten:
    """Nothing that is stored says any more who the user was.

    Attributes:
        pseudonym: what stands for the user in the trail, for whoever must still count.
    """

    pseudonym: str

    @property
    def messages(self) -> tuple[()]:
        """Nobody is told; every answer has messages, so that one function of the host's sends them."""
        return ()


async def forget_user(installation: Installation, /, actor: Actor, user_id: str) -> Forgotten | Refused | Busy:
    """Erase a user for good: first the login ends and the personal data go, then what points to the user.

    If it is interrupted, forgetting the same user again goes on where it ended.

    Args:
        actor: who asks; somebody with every right of the user's, freshly proven.
        user_id: whom to forget; no main administrator.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed; what was erased until then stays erased.
    """
    if refusal := await fresh(installation, actor, SensitiveAction.FORGET_USER):
        return refusal
    drawn = f"{FORGOTTEN}{installation.chance.new_id()}"
    ended = await manage(installation, actor, user_id, lambda user, at: erased(user, drawn, at))
    if not isinstance(ended, Done):
        return ended
    user = ended.record
    pseudonym = user.name or user.full_name or drawn
    async for entity in _entities(installation, user):
        if unfinished := await dissociate_everywhere(installation, entity, user.id):
            return unfinished
    await erase_traces(installation, user.id, pseudonym)
    return await _removed(installation, actor, user, pseudonym)


async def _removed(installation: Installation, actor: Actor, user: User, pseudonym: str) -> Forgotten | Busy:
    """Remove the record, which nobody can change any more, and tell it under the pseudonym."""
    own = isinstance(actor, Proof) and actor.user_id == user.id
    event = Event(
        id=installation.chance.new_id(),
        kind=EventKind.USER_FORGOTTEN,
        at=installation.now(),
        subject=pseudonym,
        structure=user.structure,
        rule="GDPR 17",
        **(Asker(actor=pseudonym, system=None) if own else actor_of_event(actor)),
    )
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        left = await installation.store.user(user.id)
        if left is None or not is_erased(left):  # somebody else was as fast, and the id is another's by now
            break
        try:
            await installation.store.remove_user(left, event)
        except Stale as stale:
            if stale.joined:
                raise
            continue
        break
    else:
        return Busy(BusyBecause.RECORD_CHANGED)
    return Forgotten(pseudonym)


async def _entities(installation: Installation, user: User) -> AsyncIterator[str]:
    """Yield where the user may be associated: a multi-entity user stays so where they are no longer authorised (A12)."""
    if user.category is not Category.MULTI_ENTITY:
        yield user.structure.id
        return
    after = None
    while page := await installation.store.entities(after, PAGE):
        for entity in page:
            yield entity.id
        after = page[-1]
