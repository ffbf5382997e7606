"""What all records in memory share: they are saved by compare-and-set, and searched in pages."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from attrs import evolve

from mydso_access.adapters.versions import next_version
from mydso_access.errors import Stale
from mydso_access.model.customer import Customer
from mydso_access.model.event import Event
from mydso_access.model.link import Link
from mydso_access.model.sign_in import SignIn
from mydso_access.model.structure import Entity, Platform
from mydso_access.model.user import User

Record = TypeVar("Record", bound=User | Entity | Platform | Customer | Link | SignIn)
Found = TypeVar("Found", User, Entity, Customer, Event, Link)


def compared(record: Record, before: Record | None) -> Record:
    """Return a record as it is to be stored in the place of the one before.

    Raises:
        Stale: the one before has another version.
    """
    if record.version != (0 if before is None else before.version):
        raise Stale
    return evolve(record, version=next_version(record.version))


def page_of(
    found: Iterable[Found],
    place: Callable[[Found], tuple[Any, ...]],
    after: Found | None,
    limit: int,
    *,
    backwards: bool = False,
) -> tuple[Found, ...]:
    """Return the page that follows a record, in the order of their places.

    Args:
        found: all that was searched for.
        place: where a record stands; no two stand in one place.
        after: the last record of the page before, where it stood then.
        limit: how many at most.
        backwards: whether that order is followed from its end.
    """
    places = {place(each): each for each in found}
    left = [each for each in places if after is None or (each < place(after) if backwards else each > place(after))]
    following = sorted(left, reverse=backwards)
    return tuple(places[each] for each in following[:limit])
