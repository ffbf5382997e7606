"""Structures: entities and the platform, their names, levels and what a new one has (S3, S16, S18, S19, S20; A13, A24)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Appointment,
    ApprovedAddress,
    Customer,
    Entity,
    Platform,
    SignInMode,
    Structure,
    StructureKind,
)
from mydso_access.policy import Level, StructurePolicy
from mydso_access.policy.fixed import EARLIEST

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RECORDS = [Entity(id="1", title="Lyon"), Platform(id="1", title="The group")]


def test_s19_s20_a_structure_stands_at_its_level() -> None:
    assert Structure.entity("1").level is Level.ENTITY
    assert Structure.platform("1").level is Level.PLATFORM
    assert [record.structure for record in RECORDS] == [Structure.entity("1"), Structure.platform("1")]
    assert {kind.value for kind in StructureKind} == {"entity", "platform"}


def test_an_entity_and_a_platform_of_one_id_are_two_things() -> None:
    entity, platform = RECORDS
    assert entity.structure != platform.structure
    assert entity != platform


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_new_structure_asks_nothing_has_nobody_and_was_never_stored(record: Entity | Platform) -> None:
    assert (record.policy, record.main_administrators) == (StructurePolicy(), ())
    assert record.sign_in_mode is SignInMode.PASSWORD
    assert () == record.approved
    assert (record.version, record.saved_at, record.written_by) == (0, EARLIEST, None)


def test_a23_no_link_of_a_new_entity_is_too_old_for_it() -> None:
    entity, _ = RECORDS
    assert isinstance(entity, Entity)
    assert (EARLIEST, EARLIEST) == (entity.interactive_links_from, entity.document_links_from)


def test_a13_an_appointment_is_one_users_and_has_an_id_of_its_own() -> None:
    assert Appointment("u", "a") == Appointment("u", "a")
    assert Appointment("u", "a") != Appointment("u", "b")
    assert Appointment("u", "a") != Appointment("v", "a")


def test_d14_an_approved_address_counts_for_one_structure_and_says_since_when() -> None:
    approved = ApprovedAddress("192.0.2.1", Structure.entity("lyon"), NOON)
    assert approved == ApprovedAddress("192.0.2.1", Structure.entity("lyon"), NOON)
    assert approved != ApprovedAddress("192.0.2.1", Structure.platform("lyon"), NOON)
    assert approved != ApprovedAddress("192.0.2.2", Structure.entity("lyon"), NOON)
    assert Entity(id="lyon", title="", approved=(approved,)).approved == (approved,)
    assert Platform(id="group", title="", approved=(approved,)).approved == (approved,)


def test_a_customer_belongs_to_one_entity_and_begins_without_anybody_s15_a10() -> None:
    customer = Customer(entity="lyon", id="acme")
    assert (customer.collector, customer.colleagues) == (None, frozenset())
    assert (customer.version, customer.saved_at, customer.written_by) == (0, EARLIEST, None)
    assert customer != Customer(entity="paris", id="acme")


@pytest.mark.parametrize(
    "wrong", ["u-1,u-2", ["u-1"], {"u-1"}, ("u-1",), None, frozenset({7}), frozenset({None})], ids=repr
)
def test_colleagues_are_a_set_of_ids_lest_part_of_a_text_be_taken_for_one(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        Customer(entity="lyon", id="acme", colleagues=wrong)
    assert "Customer.colleagues" == refused.value.field


@pytest.mark.parametrize("wrong", ["", 7, b"u-1", ["u-1"]], ids=repr)
def test_a_collector_is_an_id_or_none(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        Customer(entity="lyon", id="acme", collector=wrong)
    assert "Customer.collector" == refused.value.field


BUILDS = {
    "entity": lambda at: Entity(id="1", title="", saved_at=at).saved_at,
    "interactive links": lambda at: Entity(id="1", title="", interactive_links_from=at).interactive_links_from,
    "document links": lambda at: Entity(id="1", title="", document_links_from=at).document_links_from,
    "platform": lambda at: Platform(id="1", title="", saved_at=at).saved_at,
    "customer": lambda at: Customer(entity="1", id="1", saved_at=at).saved_at,
    "approved address": lambda at: ApprovedAddress("192.0.2.1", Structure.entity("1"), at).at,
}


@pytest.mark.parametrize("what", BUILDS)
def test_instants_are_kept_in_utc_and_naive_ones_refused(what: str) -> None:
    kept = BUILDS[what](NOON.astimezone(timezone(timedelta(hours=-7))))
    assert kept == NOON
    assert kept.tzinfo is UTC
    with pytest.raises(InvalidValue, match="timezone-aware"):
        BUILDS[what](NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    "value",
    [
        *RECORDS,
        Customer(entity="1", id="1"),
        Appointment("u", "a"),
        ApprovedAddress("192.0.2.1", RECORDS[0].structure, NOON),
    ],
    ids=lambda x: type(x).__name__,
)
def test_they_never_change(value: object) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
