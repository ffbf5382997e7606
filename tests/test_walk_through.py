"""Both help pages' stories, end to end, on every store: a user of one entity, of several, a portfolio and its links."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from sqlalchemy import create_engine

from mydso_access import (
    AccessControl,
    Assigned,
    Category,
    Done,
    Entered,
    Entity,
    EventKind,
    Founded,
    ImportMode,
    InvitationMessage,
    InvitationShown,
    LinkOpened,
    LinkPurpose,
    LinkShown,
    LinkTarget,
    ManagedBy,
    MemoryRepositories,
    NewUser,
    Platform,
    Proof,
    Reason,
    Refused,
    Right,
    SignedIn,
    Structure,
    StructurePolicy,
    System,
    UserState,
)
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.testing import ManualClock
from tests.support import HOME, CountingHasher, policy

ROOT, HOST = System("setup"), "192.0.2.1"
EMAIL = LinkPurpose.EXTERNAL_EMAIL
PASSWORD, LYON = "Correct-Horse-9", Structure.entity("lyon")


def sql(url: str) -> Iterator[SqlRepositories]:
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    yield SqlRepositories(engine)
    engine.dispose()


@pytest.fixture(params=["memory", "sqlite", "postgres", "mariadb"])
def repositories(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    match request.param:
        case "memory":
            yield MemoryRepositories()
        case "sqlite":
            yield from sql(f"sqlite:///{tmp_path}/access.db")
        case server:
            yield from sql(request.getfixturevalue(server).fresh())


class TickingClock(ManualClock):
    """Moves on a little whenever it is read, so that a trail has one order."""

    def now(self) -> datetime:
        self.move(timedelta(milliseconds=1))
        return super().now()


@define
class Story:
    """One host with its account, on a clock in the test's hand."""

    repositories: Any
    clock: TickingClock = field(factory=TickingClock)
    sent: list[Any] = field(factory=list)
    cleared: set[str] = field(factory=set)

    @property
    def access(self) -> AccessControl:
        return AccessControl(
            self.repositories,
            policy=policy(),
            hasher=CountingHasher(),
            clock=self.clock,
            resource_exists=lambda target: target.resource not in self.cleared,
        )

    def done(self, outcome: Any) -> Any:
        """Return what was done; its messages go out."""
        assert isinstance(outcome, Done | Founded)
        self.sent += outcome.messages
        return outcome

    def sign_in(self, name: str) -> Any:
        return self.access.sign_in(name, PASSWORD, address=HOST)

    def proof(self, name: str) -> Proof:
        signed_in = self.sign_in(name)
        assert isinstance(signed_in, SignedIn)
        return signed_in.proof

    def refused(self, outcome: Any) -> Reason:
        assert isinstance(outcome, Refused)
        return outcome.reason

    def accept(self) -> Any:
        """Follow the link of the latest invitation."""
        message = self.sent[-1]
        assert isinstance(message, InvitationMessage)
        assert InvitationShown(message.name, message.until) == self.access.look_at_invitation(message.token)
        return self.done(self.access.accept_invitation(message.token, PASSWORD)).record

    def found(self, record: Any, name: str, **more: Any) -> Any:
        new = NewUser(email=f"{name}@example.com", role="administrator", name=name, **more)
        founded = self.done(self.access.found(ROOT, record, new))
        self.accept()
        return founded.administrator

    def states(self, structure: Structure) -> dict[str, UserState]:
        return {row.user.id: row.state for row in self.access.list_users(ROOT, structure).rows}

    def trail(self, user_id: str) -> list[EventKind]:
        return [event.kind for event in self.access.read_trail(ROOT, user_id).rows]


def test_s3_s7_s10_s12_s25_the_story_of_a_user_of_one_entity(repositories: Any) -> None:
    story = Story(repositories)
    access = story.access
    story.found(Platform(id="group", title="The group"), "the.chief", category=Category.MULTI_ENTITY)
    boss = story.found(Entity(id="lyon", title="Lyon"), "the.boss")
    story.found(Entity(id="paris", title="Paris"), "the.other")
    assert frozenset(each.id for each in repositories.structures.get(LYON).main_administrators) == boss.appointments

    # Added, invited, shown at once, and in nowhere before the password is created.
    anna = NewUser(email="Anna.Petit@Example.com", role="collector", name="Anna.Petit", full_name="Anna Petit")
    story.done(access.add_user(story.proof("the.boss"), LYON, anna, user_id="anna"))
    assert ("Anna.Petit@example.com", "anna.petit", "Lyon") == (
        story.sent[-1].to,
        story.sent[-1].name,
        story.sent[-1].structure,
    )
    assert UserState.INVITED is story.states(LYON)["anna"]
    assert Reason.INVITED is story.refused(story.sign_in("anna.petit"))

    # Accepted, and signed in, to her own entity and no other.
    assert story.accept().email.confirmed_at is not None
    proof = story.proof(" ANNA.petit")
    assert isinstance(access.enter(proof, "lyon", address=HOME), Entered)
    assert Reason.OTHER_STRUCTURE is story.refused(access.enter(proof, "paris", address=HOME))
    assert Reason.NO_STRUCTURE is story.refused(access.enter(proof, "group", address=HOME))
    assert Reason.NOT_ALLOWED is story.refused(access.disable_user(proof, boss.id))

    # Dormant by the sweep, after three warnings.
    story.done(access.change_settings(story.proof("the.boss"), LYON, StructurePolicy({"dormancy.months": 2})))
    warnings: list[Any] = []
    for _ in range(62):
        story.clock.move(timedelta(days=1))
        access.sweep(send=warnings.append)
    assert [14, 7, 1] == [each.days for each in warnings if hasattr(each, "days")]
    assert UserState.DORMANT is story.states(LYON)["anna"]
    assert Reason.DISABLED is story.refused(story.sign_in("anna.petit"))

    # Enabled again; the old proof stays dead; dormant on use where no sweep ran.
    story.done(access.enable_user(story.proof("the.boss"), "anna"))
    assert Reason.OUTDATED_PROOF is story.refused(access.enter(proof, "lyon", address=HOME))
    assert isinstance(story.sign_in("anna.petit"), SignedIn)
    story.clock.move(timedelta(days=70))
    assert Reason.DORMANT is story.refused(story.sign_in("anna.petit"))
    story.done(access.enable_user(story.proof("the.boss"), "anna"))
    assert isinstance(access.enter(story.proof("anna.petit"), "lyon", address=HOME), Entered)
    assert [
        *(EventKind.USER_CREATED, EventKind.REFUSED, EventKind.INVITATION_ACCEPTED, EventKind.SIGNED_IN),
        *(EventKind.ENTERED, *[EventKind.USER_WARNED] * 3, EventKind.USER_DISABLED, EventKind.REFUSED),
        *(EventKind.USER_ENABLED, EventKind.SIGNED_IN, EventKind.REFUSED, EventKind.USER_ENABLED),
        *(EventKind.SIGNED_IN, EventKind.ENTERED),
    ] == story.trail("anna")


def test_s2_s16_s19_the_story_of_a_user_of_several_entities(repositories: Any) -> None:
    story = Story(repositories)
    access = story.access
    chief = story.found(Platform(id="group", title="The group"), "the.chief", category=Category.MULTI_ENTITY)
    for entity in ("lyon", "paris", "nice"):
        story.found(Entity(id=entity, title=entity.title()), f"boss.{entity}")
        story.done(access.authorise(ROOT, chief.id, entity))
    group = Structure.platform("group")

    # Added on the platform and nowhere else; signed in, with nothing to enter.
    multi = NewUser(email="max@example.com", role="collector", name="max.multi", category=Category.MULTI_ENTITY)
    boss = story.proof("boss.lyon")
    assert Reason.WRONG_CATEGORY is story.refused(access.add_user(boss, LYON, multi))
    story.done(access.add_user(story.proof("the.chief"), group, multi, user_id="max"))
    story.accept()
    proof = story.proof("max.multi")
    assert group == repositories.users.get("max").structure
    for entity in ("lyon", "paris", "nice"):
        assert Reason.NOT_AUTHORISED is story.refused(access.enter(proof, entity, address=HOME))

    # Authorised in two of three: enters two, is refused in the third.
    for entity in ("lyon", "paris"):
        story.done(access.authorise(story.proof("the.chief"), "max", entity))
    assert [Entered, Entered, Refused] == [
        type(access.enter(proof, each, address=HOME)) for each in ("lyon", "paris", "nice")
    ]
    assert "max" in story.states(LYON)
    assert "max" not in story.states(Structure.entity("nice"))
    assert Reason.MORE_RIGHTS is story.refused(access.rename(boss, "max", "Somebody"))

    # What binds is the strictest of platform and entity.
    story.done(access.change_settings(boss, LYON, StructurePolicy({"passwords.min_length": 11})))
    chiefs = StructurePolicy({"passwords.min_length": 12})
    story.done(access.change_settings(story.proof("the.chief"), group, chiefs))
    entered = access.enter(proof, "lyon", address=HOME)
    assert isinstance(entered, Entered)
    assert 12 == entered.policy.policy.passwords.min_length
    assert 11 == access.enter(boss, "lyon", address=HOME).policy.policy.passwords.min_length

    # Associated, then withdrawn: no way in with a live session, and the association stays.
    story.done(access.associate(boss, "lyon", "c1", "max"))
    story.done(access.withdraw(story.proof("the.chief"), "max", "lyon"))
    assert [Refused, Entered] == [type(access.enter(proof, each, address=HOME)) for each in ("lyon", "paris")]
    assert "max" not in story.states(LYON)
    assert ["c1"] == [each.id for each in access.list_customers(ROOT, "lyon", associated="max").rows]

    # Forgotten in the end: nobody is called so, and the trail counts on.
    pseudonym = access.forget_user(story.proof("the.chief"), "max").pseudonym
    assert Reason.UNKNOWN is story.refused(story.sign_in("max.multi"))
    assert repositories.users.get("max") is None
    assert () == access.list_customers(ROOT, "lyon", associated="max").rows + access.read_trail(ROOT, "max").rows
    assert {EventKind.USER_CREATED, EventKind.ENTERED, EventKind.USER_FORGOTTEN} <= set(story.trail(pseudonym))


def test_s28_s29_s33_s34_the_story_of_a_portfolio_and_its_links(repositories: Any) -> None:
    story = Story(repositories)
    access = story.access
    story.found(Entity(id="lyon", title="Lyon"), "the.boss")
    for name, role in (("anna", "collector"), ("bert", "collector"), ("gus", "guest")):
        new = NewUser(email=f"{name}@example.com", role=role, name=f"{name}.petit")
        story.done(access.add_user(story.proof("the.boss"), LYON, new, user_id=name))
        story.accept()

    # A portfolio for each: assigned after a search, imported, and seen by whoever it is.
    boss = story.proof("the.boss")
    assert Assigned(4, 0) == access.assign_collector_to_all(boss, "lyon", ["c1", "c2", "c3", "c4"], "anna")
    assert Assigned(2, 0) == access.assign_collector_to_all(boss, "lyon", ["c3", "c4"], "bert")
    assert Assigned(3, 0) == access.import_portfolio(boss, "lyon", "gus", ["c1", "c3", "c5"])
    replaced = access.import_portfolio(boss, "lyon", "gus", ["c1"], mode=ImportMode.REPLACE)
    assert Assigned(2, 1) == replaced
    switches = {"visibility.collectors": True, "visibility.guests": True}
    periods = {"links.interactive": timedelta(days=7), "links.documents": timedelta(days=30)}
    story.done(access.change_settings(boss, LYON, StructurePolicy(switches | periods)))

    def seen(name: str, action: Right) -> list[str]:
        proof = story.proof(f"{name}.petit")
        return [each for each in ("c1", "c2", "c3", "c4", "c5") if access.may(proof, "lyon", action, each)]

    assert (["c1", "c2"], ["c3", "c4"]) == (seen("anna", Right.OPEN_CARD), seen("bert", Right.OPEN_CARD))
    assert (["c1"], []) == (seen("gus", Right.REPORTS), seen("gus", Right.OPEN_CARD))
    assert ManagedBy is type(access.permissions(story.proof("anna.petit"), "lyon").scope)

    # A statement to each customer in its collector's name, and an invoice from its page.
    targets = [page(f"c{number}") for number in range(1, 5)]
    campaign = access.issue_links(System("reminders"), targets, granter="anna")
    assert ["c1", "c2"] == [each.link.target.customer for each in campaign.links]
    assert {Reason.NOT_THEIR_CUSTOMER} == {no.reason for _, no in campaign.refused}
    first, second = campaign.links
    shown = access.open_link(first.token, EMAIL, customer="c1")
    assert isinstance(shown, LinkOpened)
    document = page("c1", purpose=LinkPurpose.DOCUMENT, resource="invoice-1")
    invoice = access.issue_link(System("pages"), document, granter=shown.granter, single_use=True)
    assert Reason.DEAD_TOKEN is story.refused(access.open_link(first.token, EMAIL, customer="c2"))

    # Given to another collector the link is dead, given back it opens; the page dies, the invoice keeps its own clock.
    story.done(access.assign_collector(story.proof("the.boss"), "lyon", "c2", "bert"))
    assert Reason.GRANTER_LOST_RIGHT is story.refused(access.open_link(second.token, EMAIL))
    story.done(access.assign_collector(story.proof("the.boss"), "lyon", "c2", "anna"))
    assert isinstance(access.open_link(second.token, EMAIL), LinkOpened)
    story.clock.move(timedelta(days=8))
    assert Reason.LAPSED is story.refused(access.open_link(first.token, EMAIL))
    story.done(access.change_settings(story.proof("the.boss"), LYON, StructurePolicy(switches)))
    assert [Reason.LAPSED] * 2 == [story.refused(access.open_link(each.token, EMAIL)) for each in campaign.links]
    assert isinstance(access.look_at_link(invoice.token, LinkPurpose.DOCUMENT), LinkShown)
    story.cleared.add("invoice-1")
    assert Reason.NO_RESOURCE is story.refused(access.open_link(invoice.token, LinkPurpose.DOCUMENT))
    story.cleared.clear()
    outcomes = [type(access.open_link(invoice.token, LinkPurpose.DOCUMENT)) for _ in range(2)]
    assert [LinkOpened, Refused] == outcomes

    # Forgotten, with her links and associations; what is left of others' links goes when it has been dead for a month.
    kept = access.issue_link(story.proof("bert.petit"), page("c3"))
    story.done(access.revoke_link(story.proof("the.boss"), kept.link.id))
    assert 4 == len(access.list_links(story.proof("the.boss"), "lyon").rows)
    access.forget_user(story.proof("the.boss"), "anna")
    assert [kept.link.id] == [each.link.id for each in access.list_links(story.proof("the.boss"), "lyon").rows]
    assert () == access.list_customers(story.proof("the.boss"), "lyon", associated="anna").rows
    story.clock.move(timedelta(days=31))
    assert (1, ()) == (access.purge().links, access.list_links(story.proof("the.boss"), "lyon").rows)


def page(customer: str, **changes: Any) -> LinkTarget:
    known = {"purpose": EMAIL, "entity": "lyon", "resource": "statement", "recipient": f"{customer}@customer.example"}
    return LinkTarget(customer=customer, **known | changes)
