"""Erasing what points to a user who is being forgotten, or was forgotten while something of theirs was stored."""

from mydso_access.associating import Bulk, change_customers
from mydso_access.decisions.administration import System
from mydso_access.decisions.customers import without
from mydso_access.decisions.erasure import FORGOTTEN
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.errors import BrokenStore
from mydso_access.installation import Installation
from mydso_access.model.reason import Reason
from mydso_access.policy.fixed import PAGE

FORGETTING = System("forgetting")


async def dissociate_everywhere(installation: Installation, entity: str, user_id: str) -> Refused | Busy | None:
    """End every association that a user has in an entity, as colleague or as collector; `None`: none is left."""
    bulk = Bulk(entity, judge=lambda _: None, edit=lambda customer: without(customer, user_id))
    while page := await installation.store.customers_of(entity, None, PAGE, user_id):
        done = await change_customers(installation, FORGETTING, bulk, [customer.id for customer in page])
        if isinstance(done, Refused | Busy):
            return done
        if not done.changed:
            raise BrokenStore("customers.of", "customers that the user is not associated with")
    return None


async def erase_traces(installation: Installation, user_id: str, pseudonym: str) -> None:
    """Forget the links that a user granted, and put a pseudonym in the user's place in the trail."""
    while await installation.store.forget_links(user_id, PAGE):
        pass
    while await installation.store.pseudonymise(user_id, pseudonym, PAGE):
        pass


async def end_if_forgotten(installation: Installation, entity: str, user_id: str) -> Refused | Busy | None:
    """Take back what was stored of a user while they were being forgotten; `None`: they are there still."""
    if await installation.store.user(user_id) is not None:
        return None
    if unfinished := await dissociate_everywhere(installation, entity, user_id):
        return unfinished
    await erase_traces(installation, user_id, f"{FORGOTTEN}{installation.chance.new_id()}")
    return Refused(Reason.NO_USER, "S15")  # S15
