"""What the user of a session may do in an entity, and which customers they see, as things stand now (S28; A22)."""

from mydso_access.changing import damaged, proof_facts
from mydso_access.decisions.administration import read_proof
from mydso_access.decisions.customers import check_customer_id
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.permissions import Permissions, Whichever, permissions_of, permitting_nothing
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import judge_present
from mydso_access.decisions.visibility import AccessDecision
from mydso_access.errors import InvalidValue, UnreadableRecord, shown
from mydso_access.granting import entity_beside, load_customer
from mydso_access.installation import Installation
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right


async def permissions(installation: Installation, /, proof: Proof, entity: str) -> Permissions:
    """Return what the user of a session may do in an entity: their rights there, and which customers they see.

    Ask once for each request: who lost a role, a membership or their login since the last one sees nothing now. A second
    factor that is asked for there and was not proven is proven first (`enter`).

    Args:
        proof: what the session's sign-in proved.
        entity: id of the entity.

    Returns:
        Always permissions; of whoever may not be there now they permit nothing, and say why.

    Raises:
        InvalidValue: the proof is none, or the entity's id is no text.
        StoreError: a repository failed.
    """
    if type(entity) is not str or not entity:
        raise InvalidValue("entity", shown(entity), "the id of an entity, as text (str)")
    facts = await proof_facts(installation, read_proof(proof))
    try:
        there = await entity_beside(installation, facts.home, entity)
    except UnreadableRecord as error:
        return permitting_nothing(entity, await damaged(installation, error, proof.user_id))
    place = Place(facts.home, installation.policy, installation.now(), there)
    user = judge_present(facts, proof, place)
    if isinstance(user, Refused) or place.entity is None:
        refused = user if isinstance(user, Refused) else Refused(Reason.NO_STRUCTURE, "S3", user_id=user.id)  # S3
        return permitting_nothing(entity, refused)
    return permissions_of(user, place.entity, roles=installation.roles, policy=installation.policy)


async def may(
    installation: Installation,
    /,
    proof: Proof,
    entity: str,
    action: Right,
    customer_id: str | Whichever = Whichever.CUSTOMER,
) -> AccessDecision:
    """Say whether the user of a session may do something in an entity, with a customer if one is named.

    For several questions in one request ask `permissions` once, and its `may`.

    Args:
        proof: what the session's sign-in proved.
        entity: id of the entity.
        action: what they want to do.
        customer_id: the host's own id of the customer; if not given: with none in particular.

    Returns:
        `Permitted`, true in a condition, or `Denied`, false in a condition; each says why.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    allowed = await permissions(installation, proof, entity)
    if isinstance(customer_id, Whichever):
        return allowed.may(action)
    check_customer_id(customer_id)
    try:
        customer = await load_customer(installation, entity, customer_id)
    except UnreadableRecord as error:
        return permitting_nothing(entity, await damaged(installation, error, proof.user_id)).may(action)
    return allowed.may(action, customer)
