"""Unblocking an account or an address: on purpose, and never without a line in the trail (D17)."""

from collections.abc import Sequence
from typing import TypeAlias

from attrs import evolve, frozen

from mydso_access.changing import actor_facts
from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    actor_of_event,
    judge_management,
    judge_unblocking,
    judge_whole_account,
    read_actor,
)
from mydso_access.decisions.lockout import unblocked
from mydso_access.decisions.naming import Address, account_key, address_key, codes_key
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.users import told
from mydso_access.installation import Installation
from mydso_access.model.attempts import CounterKey
from mydso_access.model.event import Event, EventKind
from mydso_access.model.message import Message, SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.unblocking import change_counter


@frozen
class Unblocked:
    """Nothing counts against it any more, except towards the `hard_cap`.

    Attributes:
        event: what the trail says of it.
        messages: what the host must send now: whose account it is, is told.
    """

    event: Event
    messages: tuple[Message, ...] = ()


UnblockOutcome: TypeAlias = Unblocked | Refused | Busy


async def unblock_account(installation: Installation, /, actor: Actor, user_id: str) -> UnblockOutcome:
    """Forget a user's failures and end their blocks at once: of their name, their identity, and their codes.

    The trail is written first: an unblocking that failed may be told of, one that happened always is.

    Args:
        actor: who asks; somebody else with every right of the user's, freshly proven; or the system.
        user_id: whose account.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed; the account may still be blocked.
    """
    user, facts = await installation.store.user(user_id), await actor_facts(installation, read_actor(actor))
    if refusal := judge_management(facts, installation.roles, *([] if user is None else [user])):
        return refusal
    if refusal := judge_unblocking(facts, user_id):
        return refusal
    if user is None or user.name is None:
        return Refused(Reason.NO_USER, "S11")  # S11
    keys = [account_key(user.name), codes_key(user.id), *([] if user.sso is None else [account_key(user.sso)])]
    done = await _unblocked(installation, facts, keys, subject=user.id)
    if not isinstance(done, Unblocked):
        return done
    return evolve(done, messages=told(user, SecurityChange.UNBLOCKED, done.event.at))


async def unblock_address(installation: Installation, /, actor: Actor, address: Address) -> UnblockOutcome:
    """Forget the failures of an address, or of its prefix, and end its block at once.

    Args:
        actor: the platform's main administrator, freshly proven, or the system: an address is the whole account's (D17).
        address: the client's IP address.

    Raises:
        InvalidValue: the actor is none, or the address is none or a proxy's.
        StoreError: a repository failed; the address may still be blocked.
    """
    client = installation.client(address)
    facts = await actor_facts(installation, read_actor(actor))
    if refusal := judge_whole_account(facts, installation.roles) or judge_unblocking(facts):
        return refusal
    key = address_key(client, installation.policy.lockout)
    return await _unblocked(installation, facts, [key], address=str(client))


async def _unblocked(
    installation: Installation,
    facts: ActorFacts,
    keys: Sequence[CounterKey],
    subject: str | None = None,
    address: str | None = None,
) -> UnblockOutcome:
    event = Event(
        id=installation.chance.new_id(),
        kind=EventKind.BLOCK_ENDED,
        at=installation.now(),
        subject=subject,
        address=address,
        **actor_of_event(facts.actor),
        rule="D17",
    )
    await installation.store.record(event)
    lockout = installation.policy.lockout
    for key in keys:
        changed = await change_counter(installation, key, lambda counter, now: unblocked(counter, lockout, now))
        if isinstance(changed, Busy):
            return changed
    return Unblocked(event)
