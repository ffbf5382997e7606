"""Entering entities, and who is authorised in which (S3, S16; A11, A12, D15, D16)."""

from datetime import datetime
from typing import cast

from attrs import evolve

from mydso_access.changing import Case, Decided, change, damaged, proof_facts, user_shelf
from mydso_access.decisions.administration import Actor, judge_proof, read_proof
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.membership import authorised, judge_entry, seen, withdrawn
from mydso_access.decisions.naming import Address, address_key
from mydso_access.decisions.outcomes import Busy, Proof, Refused
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import Standing, begun
from mydso_access.decisions.tokens import session_digest
from mydso_access.errors import UnreadableRecord
from mydso_access.granting import entity_beside
from mydso_access.installation import Installation
from mydso_access.managing import manage
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import Purpose
from mydso_access.model.structure import Entity, Structure, check_entity
from mydso_access.model.user import User
from mydso_access.saving import Saver
from mydso_access.stepping import EnterOutcome, Turn, proceed, still


async def enter(
    installation: Installation, /, proof: Proof, entity: str, *, address: Address, session: str | None = None
) -> EnterOutcome:
    """Let the user of a session into an entity: their own, or one that they are authorised in.

    What the entity asks beyond what the session has proven is asked now: a code for an address that is not on its list,
    a second factor. A password that is too old there is changed first (`change_password`). Of two entities that a user
    enters from one address at once, the one begun later takes the place of the other's steps.

    Args:
        proof: what the session's sign-in proved.
        entity: id of the entity.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session; given once, every further step must come with it.

    Returns:
        `Entered`, with the policy that binds there: the strictest of platform and entity for a multi-entity user (S19),
        the entity's for its own (S20); the step that is owed; `Refused`; `Busy`.

    Raises:
        InvalidValue: the proof is none, the entity's id is no text, the address is none or a proxy's, or a second factor
            is owed and the host gave no `secret_box`.
        StoreError: a repository failed; nobody has entered.
        VerifierFailed: the secret box raised; nobody has entered.
    """
    session = session_digest(session)  # from here on no traceback shows it
    client = installation.client(address)
    check_entity(entity)
    facts = await proof_facts(installation, read_proof(proof))
    try:
        there = await entity_beside(installation, facts.home, entity)
    except UnreadableRecord as error:
        return await damaged(installation, error, proof.user_id)
    place = Place(facts.home, installation.policy, installation.now(), there)
    user = judge_entry(facts, place.entity)
    if isinstance(user, Refused):
        return user
    draft = begun(
        user,
        Purpose.ENTER,
        proof.factors,
        address=address_key(client, installation.policy.lockout),
        at=max(facts.now, user.saved_at),
        lasts=installation.policy.tokens.sign_in,
        session=session,
        entity=entity,
    )
    standing = Standing(user, draft, place, client)
    outcome = await proceed(Turn(installation, standing, Saver(installation, client, user, still(standing))))
    return cast("EnterOutcome", outcome)  # its purpose is to enter


async def accessed(installation: Installation, /, proof: Proof) -> Done[User] | Refused | Busy:
    """Remember that a session was used, so that a long one does not end in a dormant login (D15); once a day is enough.

    Args:
        proof: what the session's sign-in proved.

    Raises:
        InvalidValue: the proof is none.
        StoreError: a repository failed.
    """

    def decide(case: Case[User]) -> Decided[User]:
        judged = judge_proof(evolve(case.facts, user=case.record))
        return judged if isinstance(judged, Refused) else seen(judged, case.at)

    read_proof(proof)
    return await change(installation, proof, user_shelf(installation, proof.user_id), decide)


async def authorise(
    installation: Installation, /, actor: Actor, user_id: str, entity: str
) -> Done[User] | Refused | Busy:
    """Let a multi-entity user enter an entity (A11).

    Args:
        actor: who asks; a member of that entity themselves, or the system.
        user_id: who may enter.
        entity: id of the entity.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_entity(entity)
    there = await _entity(installation, entity) is not None

    def edit(user: User, _: datetime) -> Changed[User] | Done[User] | Refused:
        return authorised(user, entity) if there else Refused(Reason.NO_STRUCTURE, "A11")  # A11

    return await manage(installation, actor, user_id, edit)


async def withdraw(
    installation: Installation, /, actor: Actor, user_id: str, entity: str
) -> Done[User] | Refused | Busy:
    """Let a multi-entity user no longer enter an entity; associations and history there stay (A12).

    A second time changes nothing. Where there is no such entity, and nothing was taken away, it is `Refused`.

    Args:
        actor: who asks.
        user_id: who may no longer enter.
        entity: id of the entity.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_entity(entity)
    done = await manage(installation, actor, user_id, lambda user, _: withdrawn(user, entity))
    if not isinstance(done, Done) or done.event is not None:
        return done
    there = await installation.store.has(Structure.entity(entity))
    return done if there else Refused(Reason.NO_STRUCTURE, "A12", user_id=user_id)  # A12: a slip takes nothing away


async def _entity(installation: Installation, entity: str) -> Entity | None:
    found = await installation.store.structure(Structure.entity(entity))
    return found if isinstance(found, Entity) else None
