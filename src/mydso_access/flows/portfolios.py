"""Associating a user with many customers at once: search and assign, and imports (S15; A10, A31; rules, 2g)."""

from collections.abc import Container, Iterable, Sequence
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from mydso_access.associating import Assigned, Bulk, Edit, Judge, change_customers
from mydso_access.decisions.administration import Actor, ActorFacts, judge_right, read_actor
from mydso_access.decisions.customers import (
    check_customer_id,
    judge_association,
    with_colleague,
    with_collector,
    without_colleague,
)
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.erasing import end_if_forgotten
from mydso_access.errors import InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.model.customer import Customer
from mydso_access.model.role import Right
from mydso_access.model.structure import Structure, check_entity
from mydso_access.policy.fixed import PAGE


class ImportMode(Enum):
    """What an import does to associations that it does not name (`replace_users_association` of the product)."""

    ADD_ONLY = "add only"
    REPLACE = "replace"


AssignOutcome: TypeAlias = Assigned | Refused | Busy


async def assign_collector_to_all(
    installation: Installation, /, actor: Actor, entity: str, customer_ids: Iterable[str], user_id: str
) -> Assigned | Refused | Busy:
    """Make one user the collector of many customers, whoever was it before; colleagues stay.

    Customers are changed a page of 500 at a time, each page as a whole and each customer with its own event. If it is
    interrupted, the same call goes on where it ended.

    Args:
        actor: who asks; of a role that assigns customers, and a member of the entity.
        entity: id of the customers' entity.
        customer_ids: the host's own ids, such as a search found; one that is there twice counts once.
        user_id: a member of the entity whose role may be a collector (A31).

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed; earlier pages are stored.
    """
    work = _Work(installation, actor, entity, user_id, Right.BE_COLLECTOR, lambda each: with_collector(each, user_id))
    return await _assign(work, customer_ids)


async def associate_with_all(
    installation: Installation, /, actor: Actor, entity: str, customer_ids: Iterable[str], user_id: str
) -> Assigned | Refused | Busy:
    """Associate one colleague with many customers; nobody is dissociated.

    Args:
        actor: who asks; of a role that assigns customers, and a member of the entity.
        entity: id of the customers' entity.
        customer_ids: the host's own ids, such as a search found.
        user_id: the colleague, a member of the entity, of any category (S14).

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed; earlier pages are stored.
    """
    work = _Work(installation, actor, entity, user_id, Right.BE_ASSOCIATED, lambda each: with_colleague(each, user_id))
    return await _assign(work, customer_ids)


async def import_portfolio(  # noqa: PLR0913  # who asks, where, whose, what, how
    installation: Installation,
    /,
    actor: Actor,
    entity: str,
    user_id: str,
    customer_ids: Iterable[str],
    *,
    mode: ImportMode = ImportMode.ADD_ONLY,
) -> Assigned | Refused | Busy:
    """Import which customers a colleague is associated with.

    Args:
        actor: who asks; of a role that assigns customers and imports data, and a member of the entity.
        entity: id of the customers' entity.
        user_id: the colleague, a member of the entity, of any category (S14).
        customer_ids: the host's own ids.
        mode: `ADD_ONLY` leaves other associations alone; `REPLACE` ends, once all of these are stored, those of this
            colleague in this entity that are not among them. Who is a customer's collector is another matter.

    Returns:
        `Assigned`, where what was ended counts as changed, too; `Refused`; `Busy`.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed; earlier pages are stored.
    """
    if type(mode) is not ImportMode:
        raise InvalidValue("mode", shown(mode), "an ImportMode")
    work = _Work(installation, actor, entity, user_id, Right.BE_ASSOCIATED, lambda each: with_colleague(each, user_id))
    wanted = _checked(customer_ids)
    added = await _assign(work, wanted, Right.IMPORT_DATA)
    if not isinstance(added, Assigned) or mode is ImportMode.ADD_ONLY:
        return added
    ended = await _end_others(work, wanted.keys())
    return Assigned(added.changed + ended, added.unchanged) if isinstance(ended, int) else ended


@frozen(eq=False, repr=False)
class _Work:
    """One user's associations with many customers of one entity."""

    installation: Installation
    actor: Actor
    entity: str
    user_id: str
    right: Right
    edit: Edit

    async def judge(self, also: Sequence[Right]) -> Judge:
        """Load the user, and return what says whether the actor may do this, and with them."""
        roles, place = self.installation.roles, Structure.entity(self.entity)
        user = await self.installation.store.user(self.user_id)
        anyone = Customer(entity=self.entity, id="")

        def judged(facts: ActorFacts) -> Refused | None:
            for right in (Right.ASSIGN_CUSTOMERS, *also):
                if refusal := judge_right(facts, roles, right, place):
                    return refusal
            return judge_association(user, anyone, self.right, roles)

        return judged


def _checked(customer_ids: Iterable[str]) -> dict[str, None]:
    """Return the ids, none twice, in their order: all are looked at before anything is stored."""
    if isinstance(customer_ids, str) or not isinstance(customer_ids, Iterable):
        raise InvalidValue("customer_ids", shown(customer_ids), "several ids")
    several = [*customer_ids]
    for each in several:
        check_customer_id(each)
    return dict.fromkeys(several)


async def _assign(work: _Work, customer_ids: Iterable[str], *also: Right) -> Assigned | Refused | Busy:
    read_actor(work.actor)
    check_entity(work.entity)
    ids, changed, unchanged = [*_checked(customer_ids)], 0, 0
    pages = [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]
    for some in pages or [[]]:  # who asks is judged even where there is nothing to do
        done = await _changed(work, some, work.edit, also)
        if not isinstance(done, Assigned):
            return await _unless_forgotten(work, done) if changed else done
        changed, unchanged = changed + done.changed, unchanged + done.unchanged
    return await _unless_forgotten(work, Assigned(changed, unchanged)) if changed else Assigned(changed, unchanged)


async def _unless_forgotten(work: _Work, outcome: AssignOutcome) -> AssignOutcome:
    """Return an outcome, unless the user was forgotten while it came about."""
    return await end_if_forgotten(work.installation, work.entity, work.user_id) or outcome


async def _end_others(work: _Work, kept: Container[str]) -> int | Refused | Busy:
    after, ended = None, 0
    while page := await work.installation.store.customers_of(work.entity, after, PAGE, work.user_id):
        over = [each.id for each in page if work.user_id in each.colleagues and each.id not in kept]
        if over:
            done = await _changed(work, over, lambda each: without_colleague(each, work.user_id), (Right.IMPORT_DATA,))
            if not isinstance(done, Assigned):
                return done
            ended += done.changed
        after = page[-1]
    return ended


async def _changed(work: _Work, ids: Sequence[str], edit: Edit, also: Sequence[Right]) -> Assigned | Refused | Busy:
    bulk = Bulk(work.entity, await work.judge(also), edit)
    return await change_customers(work.installation, work.actor, bulk, ids)
