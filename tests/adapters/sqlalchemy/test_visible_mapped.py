"""A scope's clause over mapped classes: their lists, aliases, joins, relationships and counts (S28-S32)."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, String, func, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    joinedload,
    mapped_column,
    relationship,
    with_loader_criteria,
)

from mydso_access import AssociatedWith, Event, EventKind, Everything, InvalidValue, ManagedBy, Scope
from mydso_access import Customer as Associations
from mydso_access.adapters.sqlalchemy import OwnColleagues, OwnColumns, SqlRepositories, visible
from mydso_access.decisions.outcomes import INSTALLATION
from mydso_access.decisions.visibility import ScopeBecause
from mydso_access.testing.clock import A_MONDAY

WHO: dict[str, Any] = {
    "entity": "lyon",
    "user_id": "anna",
    "reason": ScopeBecause.SWITCHED_ON,
    "rule": "S29",
    "levels": INSTALLATION,
}
RESTRICTED: tuple[Scope, ...] = (ManagedBy(**WHO), AssociatedWith(**WHO))


class Base(DeclarativeBase):
    """The host's."""


class Party(Base):
    __tablename__ = "parties"
    row: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(64))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "party"}  # noqa: RUF012  # as SQLAlchemy reads it


class Colleague(Base):
    __tablename__ = "colleagues"
    row: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column("entity_id", String(64))
    number: Mapped[str] = mapped_column("customer_id", String(64))
    user: Mapped[str] = mapped_column("user_id", String(64))


# Made before the mappers are ready, as at the top of a module.
FOUND = OwnColleagues(customer=Colleague.number, user=Colleague.user, entity=Colleague.place)


class Customer(Party):
    __tablename__ = "customers"
    row: Mapped[int] = mapped_column(ForeignKey("parties.row"), primary_key=True)
    entity: Mapped[str] = mapped_column("entity_id", String(64))
    collector: Mapped[str | None] = mapped_column("collector_id", String(64))
    invoices: Mapped[list["Invoice"]] = relationship(back_populates="customer")
    __mapper_args__ = {"polymorphic_identity": "customer"}  # noqa: RUF012  # as SQLAlchemy reads it


class Invoice(Base):
    __tablename__ = "invoices"
    row: Mapped[int] = mapped_column(primary_key=True)
    of: Mapped[int] = mapped_column(ForeignKey("customers.row"))
    customer: Mapped[Customer] = relationship(back_populates="invoices")


OWN = OwnColumns(collector=Customer.collector, colleagues=FOUND)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """Give a session on customers 1 to 3, each with two invoices: 1 and 2 are anna's, and a 1 of Paris is hers, too."""
    Base.metadata.create_all(engine)
    rows = [("lyon", "1", "anna"), ("lyon", "2", "anna"), ("lyon", "3", None), ("paris", "1", "anna")]
    for entity, number, who in rows:
        record = Associations(entity=entity, id=number, collector=who, colleagues=frozenset({who} if who else ()))
        told = Event(id=f"{entity}-{number}", kind=EventKind.CUSTOMER_ASSOCIATED, at=A_MONDAY)
        SqlRepositories(engine).customers.save(record, told)
    with Session(engine) as made:
        for entity, number, who in rows:
            made.add(Customer(entity=entity, number=number, collector=who, invoices=[Invoice(), Invoice()]))
            if who:
                made.add(Colleague(place=entity, number=number, user=who))
        made.commit()
        yield made
    Base.metadata.drop_all(engine)


@pytest.mark.parametrize("own", [None, OWN], ids=["ours", "own"])
def test_s28_a_mapped_class_is_listed_counted_joined_and_changed_as_far_as_it_is_seen(
    session: Session, own: OwnColumns | None
) -> None:
    for scope in (*RESTRICTED, Everything(**WHO)):
        expected = ["1", "2", "3"] if isinstance(scope, Everything) else ["1", "2"]
        clause = visible(scope, id=Customer.number, entity=Customer.entity, own=own)
        listed = session.scalars(select(Customer).where(clause)).all()
        assert expected == sorted(customer.number for customer in listed)
        assert len(expected) == session.scalar(select(func.count()).select_from(Customer).where(clause))
        exported = session.execute(select(Invoice.row, Customer.number).join(Invoice.customer).where(clause)).all()
        assert sorted(2 * expected) == sorted(row.number for row in exported)
        beside = select(Customer.number).join(Colleague, Colleague.user == Customer.collector).distinct().where(clause)
        assert expected[:2] == sorted(session.scalars(beside))
        eager = select(Customer).options(joinedload(Customer.invoices)).where(clause).order_by(Customer.number).limit(2)
        assert [("1", 2), ("2", 2)] == [(each.number, len(each.invoices)) for each in session.scalars(eager).unique()]


def test_s28_an_aliased_class_is_listed_by_its_own_columns(session: Session) -> None:
    other = aliased(Customer)
    for own in (None, OwnColumns(collector=other.collector, colleagues=FOUND)):
        for scope in RESTRICTED:
            clause = visible(scope, id=other.number, entity=other.entity, own=own)
            pairs = select(Customer.number, other.number).join(other, other.row != Customer.row)
            pairs = pairs.where(Customer.entity == "paris", clause)
            assert {("1", "1"), ("1", "2")} == {tuple(row) for row in session.execute(pairs)}


def test_s28_a_relationship_or_a_loader_may_be_bound_to_what_is_seen(session: Session) -> None:
    for own in (None, OWN):
        for scope in RESTRICTED:
            clause = visible(scope, id=Customer.number, entity=Customer.entity, own=own)
            invoices = select(func.count()).select_from(Invoice).where(Invoice.customer.has(clause))
            assert 4 == session.scalar(invoices)
            loaded = select(Customer).options(with_loader_criteria(Customer, clause))
            assert ["1", "2"] == sorted(each.number for each in session.scalars(loaded))


def test_s28_a_change_through_mapped_classes_changes_only_what_is_seen(session: Session) -> None:
    clause = visible(AssociatedWith(**WHO), id=Colleague.number, entity=Colleague.place)
    changed = update(Colleague).where(clause).values(user="carl").execution_options(synchronize_session=False)
    assert 2 == session.connection().execute(changed).rowcount
    assert ["anna", "carl", "carl"] == sorted(session.scalars(select(Colleague.user)))


@pytest.mark.parametrize("wrong", [Customer, Customer.invoices, Invoice.customer], ids=str)
def test_s28_a_class_or_a_relationship_is_no_column(wrong: Any) -> None:
    for scope in RESTRICTED:
        with pytest.raises(InvalidValue, match="id"):
            visible(scope, id=wrong, entity=Customer.entity)
        with pytest.raises(InvalidValue, match="entity"):
            visible(scope, id=Customer.number, entity=wrong)
