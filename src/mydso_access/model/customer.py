"""A customer of one entity, as far as access goes: who collects, and which colleagues are associated (S14, S15)."""

from datetime import datetime

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc
from mydso_access.policy.fixed import EARLIEST


@frozen(kw_only=True)
class Customer:
    """One customer's associations; everything else of it is the host's.

    Attributes:
        entity: id of the entity whose customer it is; an association belongs to one entity (A10).
        id: the host's own id within the entity.
        collector: id of the user in charge of its collection.
        colleagues: ids of the associated users, of any category.
        version: 0 as long as it was never stored.
        saved_at: when it was last saved.
        written_by: id of the event that wrote this version.

    Raises:
        InvalidValue: collector or colleagues are no ids of users.
    """

    entity: str
    id: str
    collector: str | None = None
    colleagues: frozenset[str] = frozenset()
    version: int = 0
    saved_at: datetime = field(default=EARLIEST, converter=utc)
    written_by: str | None = None

    def __attrs_post_init__(self) -> None:
        # Of a text `in` would find parts: "7" in "17,70".
        if type(self.colleagues) is not frozenset or not all(type(each) is str for each in self.colleagues):
            raise InvalidValue("Customer.colleagues", shown(self.colleagues), "a frozenset of users' ids (str)")
        if self.collector is not None and (type(self.collector) is not str or not self.collector):
            raise InvalidValue("Customer.collector", shown(self.collector), "a user's id (str), or None")
