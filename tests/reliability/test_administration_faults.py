"""What administers people, while each statement and commit in turn fails: all of it is stored or nothing, and it passes."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from attrs import define, field

from mydso_access import (
    AccessControl,
    AccessError,
    Assigned,
    AttemptCounter,
    Busy,
    Done,
    Entity,
    Event,
    EventKind,
    ImportMode,
    LinkIssued,
    LinkPurpose,
    LinkTarget,
    NewUser,
    Refused,
    Structure,
    StructurePolicy,
    System,
    User,
)
from mydso_access.model import CounterKey, EventQuery, KeyKind
from mydso_access.testing import ManualClock
from mydso_access.testing.clock import A_MONDAY
from tests.reliability import consistency, databases
from tests.reliability.conftest import server_of
from tests.reliability.databases import Opened
from tests.reliability.saboteur import Fault, Saboteur, sabotaged
from tests.support import RIGHT, CountingHasher, active, policy

HOST, LYON = System("test"), Structure.entity("e1")
DAY, PURPOSE = timedelta(days=1), LinkPurpose.EXTERNAL_EMAIL
MOST_STEPS = 60


@define(eq=False)
class Site:
    """A database whose steps fail when they are told to, behind a door, with people in it."""

    world: Opened
    saboteur: Saboteur
    clock: ManualClock = field(factory=ManualClock)
    numbers: Iterator[int] = field(factory=itertools.count)

    @property
    def access(self) -> AccessControl:
        return AccessControl(
            self.world.repositories,
            policy=policy(),
            hasher=CountingHasher(),
            clock=self.clock,
            resource_exists=lambda _: True,
        )

    def invited(self) -> tuple[User, str]:
        """Add somebody, and return them with the token of their invitation."""
        number = next(self.numbers)
        new = NewUser(email="anna@example.com", role="administrator", name=f"invited-{number}")
        added = self.access.add_user(HOST, LYON, new)
        assert isinstance(added, Done)
        return added.record, added.messages[0].token.reveal()

    def enabled(self) -> User:
        _, token = self.invited()
        accepted = self.access.accept_invitation(token, RIGHT)
        assert isinstance(accepted, Done)
        return accepted.record


# Prepares a site, and returns what is done while a step fails, and what tells that it is done.
Work: TypeAlias = tuple[Callable[[AccessControl], Any], Callable[[], bool]]


def adding(site: Site) -> Work:
    number = next(site.numbers)
    new = NewUser(email="anna@example.com", role="collector", name=f"added-{number}")
    users = site.world.repositories.users
    return lambda access: access.add_user(HOST, LYON, new), lambda: users.named(f"added-{number}") is not None


def accepting(site: Site) -> Work:
    user, token = site.invited()
    users = site.world.repositories.users
    return lambda access: access.accept_invitation(token, RIGHT), lambda: users.get(user.id).credential is not None


def changing_the_role(site: Site) -> Work:
    user, users = site.enabled(), site.world.repositories.users
    return lambda access: access.change_role(HOST, user.id, "guest"), lambda: users.get(user.id).role == "guest"


def appointing(site: Site) -> Work:
    user, structures = site.enabled(), site.world.repositories.structures

    def is_done() -> bool:
        return any(each.user_id == user.id for each in structures.get(LYON).main_administrators)

    return lambda access: access.appoint(HOST, LYON, user.id), is_done


def changing_settings(site: Site) -> Work:
    asked = StructurePolicy({"dormancy.months": 60 + next(site.numbers) % 60})
    structures = site.world.repositories.structures
    return lambda access: access.change_settings(HOST, LYON, asked), lambda: structures.get(LYON).policy == asked


def associating(site: Site) -> Work:
    user, customer, customers = site.enabled(), f"customer-{next(site.numbers)}", site.world.repositories.customers

    def is_done() -> bool:
        found = customers.get("e1", customer)
        listed = customers.of("e1", None, 500, associated=user.id)
        assert ([] if found is None else [found]) == [*listed]
        return found is not None

    return lambda access: access.associate(HOST, "e1", customer, user.id), is_done


def associating_many(site: Site) -> Work:
    user, customers = site.enabled(), site.world.repositories.customers
    ids = [f"customer-{next(site.numbers)}" for _ in range(3)]

    def is_done() -> bool:
        there = {customers.get("e1", each) is not None for each in ids}
        listed = customers.of("e1", None, 500, associated=user.id)
        assert 1 == len(there)  # all of them, or nothing
        assert (sorted(ids) if True in there else []) == sorted(each.id for each in listed)
        return there == {True}

    return lambda access: access.associate_with_all(HOST, "e1", ids, user.id), is_done


def replacing(site: Site) -> Work:
    user, customers = site.enabled(), site.world.repositories.customers
    ids = [f"customer-{next(site.numbers)}" for _ in range(3)]
    assert isinstance(site.access.associate_with_all(HOST, "e1", ids[:2], user.id), Assigned)

    def is_done() -> bool:
        left = {each.id for each in customers.of("e1", None, 500, associated=user.id)}
        assert left in ({*ids[:2]}, {*ids}, {ids[2]})
        return left == {ids[2]}

    return lambda access: access.import_portfolio(HOST, "e1", user.id, ids[2:], mode=ImportMode.REPLACE), is_done


def _targets(site: Site) -> list[LinkTarget]:
    customer = f"customer-{next(site.numbers)}"
    return [
        LinkTarget(purpose=PURPOSE, entity="e1", customer=customer, resource=f"page-{each}", recipient="a@x.example")
        for each in range(3)
    ]


def _sent(site: Site) -> LinkIssued:
    issued = site.access.issue_link(HOST, _targets(site)[0], granter=site.enabled().id, single_use=True)
    assert isinstance(issued, LinkIssued)
    return issued


def issuing(site: Site) -> Work:
    user, targets, links = site.enabled(), _targets(site), site.world.repositories.links

    def is_done() -> bool:
        found = links.of("e1", None, 500, customer=targets[0].customer)
        assert len(found) % 3 == 0  # all of them, or nothing; if nobody knows, those of the first try and the second
        assert len(found) // 3 == len({each.written_by for each in found})
        return len(found) > 0

    return lambda access: access.issue_links(HOST, targets, granter=user.id), is_done


def opening(site: Site) -> Work:
    issued, links = _sent(site), site.world.repositories.links
    return lambda access: access.open_link(issued.token, PURPOSE), lambda: links.get(issued.link.id).used_at is not None


def renewing(site: Site) -> Work:
    issued, links = _sent(site), site.world.repositories.links

    def is_done() -> bool:
        renewed = links.get(issued.link.id).digest != issued.link.digest
        assert renewed is isinstance(site.access.look_at_link(issued.token, PURPOSE), Refused)
        return renewed

    return lambda access: access.renew_link(HOST, issued.link.id), is_done


def revoking(site: Site) -> Work:
    issued, links = _sent(site), site.world.repositories.links
    return lambda access: access.revoke_link(
        HOST, issued.link.id
    ), lambda: links.get(issued.link.id).revoked_at is not None


def founding(site: Site) -> Work:
    number, repositories = next(site.numbers), site.world.repositories
    name, entity = f"founder-{number}", Entity(id=f"entity-{number}", title="Paris")
    new = NewUser(email="boss@example.com", role="administrator", name=name)

    def is_done() -> bool:
        return repositories.structures.get(entity.structure) is not None

    return lambda access: access.found(HOST, entity, new), is_done


def forgetting(site: Site) -> Work:
    user, repositories = site.enabled(), site.world.repositories
    assert isinstance(site.access.associate(HOST, "e1", f"customer-{user.id}", user.id), Done)
    issued = site.access.issue_link(HOST, _targets(site)[0], granter=user.id)
    assert isinstance(issued, LinkIssued)

    def is_done() -> bool:
        gone = repositories.users.get(user.id) is None
        if gone:
            assert [] == [*repositories.events.page(EventQuery(since=A_MONDAY, subject=user.id), None, 9)]
            assert repositories.links.get(issued.link.id) is None
            assert frozenset() == repositories.customers.get("e1", f"customer-{user.id}").colleagues
        return gone

    return lambda access: access.forget_user(HOST, user.id), is_done


def sweeping(site: Site) -> Work:
    user, _ = site.invited()
    site.clock.move(31 * DAY)
    users = site.world.repositories.users
    return lambda access: access.sweep(), lambda: type(users.get(user.id).login).__name__ == "Disabled"


def adding_many(site: Site) -> Work:
    people = [active(f"many-{next(site.numbers)}") for _ in range(3)]
    event = Event(id=f"many-{people[0].id}", kind=EventKind.USER_CREATED, at=A_MONDAY)
    users = site.world.repositories.users

    def is_done() -> bool:
        there = {users.get(each.id) is not None for each in people}
        assert 1 == len(there)
        return there == {True}

    return lambda _: users.add_all(people, event), is_done


def purging(site: Site) -> Work:
    key = CounterKey(KeyKind.ACCOUNT, f"{next(site.numbers):064x}")
    counters = site.world.repositories.counters
    counters.save(AttemptCounter(key, saved_at=A_MONDAY, idle_from=A_MONDAY - DAY))
    return lambda access: access.purge(), lambda: counters.get(key) is None


def reading(site: Site) -> Work:
    user = site.enabled()
    seen: list[int] = []

    def read(access: AccessControl) -> None:
        listed = access.list_users(HOST, LYON, limit=5)
        trail = access.read_trail(HOST, user.id)
        seen.append(len(trail.rows))
        assert listed.rows

    return read, lambda: {2} == {*seen}


WORKS = (
    adding,
    accepting,
    changing_the_role,
    appointing,
    changing_settings,
    associating,
    associating_many,
    replacing,
    issuing,
    opening,
    renewing,
    revoking,
    founding,
    forgetting,
    sweeping,
    adding_many,
    purging,
    reading,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mariadb"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server, folder = server_of(request.param, request), tmp_path_factory.mktemp("faults")
    with databases.fresh(request.param, server, folder) as database, sabotaged(database) as (world, saboteur):
        yield Site(world, saboteur)


@pytest.mark.parametrize("fault", Fault, ids=[fault.name for fault in Fault])
@pytest.mark.parametrize("work", WORKS, ids=[work.__name__ for work in WORKS])
def test_a_fault_at_any_step_leaves_nothing_half_done_that_a_second_try_does_not_finish(
    site: Site, work: Callable[[Site], Work], fault: Fault
) -> None:
    for failing in range(1, MOST_STEPS):
        do, is_done = work(site)
        site.saboteur.prepare(fault, lambda step, failing=failing: step == failing)
        outcome = attempted(do, site.access)
        hits = site.saboteur.hits
        site.saboteur.rest()
        if not isinstance(outcome, type | Refused | Busy):
            assert is_done(), f"it was acknowledged after step {failing} failed, and is not stored"
        if not hits:
            break
        attempted(do, site.access)
        assert is_done(), f"a second try did not finish what failed at step {failing}: {outcome!r}"
    assert not hits  # so every step had its turn
    assert [] == consistency.faults(site.world)


def attempted(do: Callable[[AccessControl], Any], access: AccessControl) -> Any:
    """Return the answer, or the kind of exception; not the exception, which keeps cursors and so SQLite's lock alive."""
    try:
        return do(access)
    except AccessError as error:
        return type(error)
    except Exception as error:  # noqa: BLE001  # of a repository that is asked without a door
        assert do.__qualname__.startswith("adding_many")
        return type(error)
