"""One collector and any number of colleagues for each customer of an entity (S14, S15; A10, A12, A31)."""

from typing import Any

import attrs
import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.customers import (
    check_customer_id,
    judge_association,
    judge_nothing_ended,
    with_colleague,
    with_collector,
    without,
    without_colleague,
)
from mydso_access.decisions.outcomes import Refused
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Customer,
    Difference,
    Disabled,
    DisabledBecause,
    EventKind,
    Reason,
    Right,
    User,
)
from mydso_access.policy.fixed import CUSTOMER_ID_CAP
from tests.decisions.people import NOON, PARIS, ROLES, anna, contact, invited_anna, multi, refused

ACME = Customer(entity="lyon", id="acme")
COLLEAGUE, COLLECTOR = Right.BE_ASSOCIATED, Right.BE_COLLECTOR
DISABLED = anna(login=Disabled(DisabledBecause.LAPSED, NOON), credential=None)


@pytest.mark.parametrize("user", [anna(), contact(), invited_anna(), DISABLED, multi(memberships=frozenset({"lyon"}))])
@pytest.mark.parametrize("right", [COLLEAGUE, COLLECTOR])
def test_s14_s15_users_of_any_category_and_state_are_associated_in_their_entity(user: User, right: Right) -> None:
    assert judge_association(user, ACME, right, ROLES) is None


@pytest.mark.parametrize(
    "user",
    [
        anna(structure=PARIS.structure),
        contact(structure=PARIS.structure),
        multi(),
        multi(memberships=frozenset({"paris"})),
    ],
)
def test_a10_an_association_belongs_to_one_entity_and_its_members(user: User) -> None:
    assert judge_association(user, ACME, COLLEAGUE, ROLES) == refused(Reason.OTHER_STRUCTURE, "A10", user)


def test_a10_a_platform_of_the_entitys_id_is_another_structure() -> None:
    of_group = Customer(entity="group", id="acme")
    assert judge_association(multi(), of_group, COLLEAGUE, ROLES) == refused(Reason.OTHER_STRUCTURE, "A10", multi())


def test_s15_nobody_is_associated_who_does_not_exist() -> None:
    assert judge_association(None, ACME, COLLEAGUE, ROLES) == Refused(Reason.NO_USER, "S15")


@pytest.mark.parametrize("role", [*ROLES.roles, "astronaut"])
def test_a31_the_role_says_who_may_be_a_collector_and_who_a_colleague(role: str) -> None:
    user = anna(role=role)
    no = refused(Reason.NOT_ALLOWED, "A31", user)
    collectors = ("administrator", "credit_manager", "collector")
    assert judge_association(user, ACME, COLLECTOR, ROLES) == (None if role in collectors else no)
    assert judge_association(user, ACME, COLLEAGUE, ROLES) == (no if role == "astronaut" else None)


def test_s15_a_customer_has_any_number_of_colleagues() -> None:
    first = with_colleague(ACME, "u-1")
    assert isinstance(first, Changed)
    assert first.record == attrs.evolve(ACME, colleagues=frozenset({"u-1"}))
    second = with_colleague(first.record, "u-2")
    assert isinstance(second, Changed)
    assert second.record.colleagues == {"u-1", "u-2"}
    assert (second.kind, second.rule, second.subject) == (EventKind.CUSTOMER_ASSOCIATED, "S15", "u-2")
    assert second.differences == (Difference("colleague", "no", "yes"),)


def test_a10_associating_and_dissociating_twice_changes_nothing() -> None:
    associated = attrs.evolve(ACME, colleagues=frozenset({"u-1"}))
    assert with_colleague(associated, "u-1") == Done(associated)
    assert without_colleague(associated, "u-2") == Done(associated)
    assert with_collector(ACME, None) == Done(ACME)
    assert with_collector(attrs.evolve(ACME, collector="u-1"), "u-1") == Done(attrs.evolve(ACME, collector="u-1"))


def test_s15_dissociating_takes_that_colleague_and_no_other() -> None:
    change = without_colleague(attrs.evolve(ACME, colleagues=frozenset({"u-1", "u-2"}), collector="u-1"), "u-1")
    assert isinstance(change, Changed)
    assert change.record == attrs.evolve(ACME, colleagues=frozenset({"u-2"}), collector="u-1")
    assert (change.kind, change.subject) == (EventKind.CUSTOMER_DISSOCIATED, "u-1")
    assert change.differences == (Difference("colleague", "yes", "no"),)


@pytest.mark.parametrize("collector", ["u-1", "u-2", None])
@pytest.mark.parametrize("colleagues", [frozenset[str](), frozenset({"u-1"}), frozenset({"u-1", "u-2"})], ids=len)
def test_whoever_is_forgotten_is_neither_colleague_nor_collector_any_more(
    collector: str | None, colleagues: frozenset[str]
) -> None:
    customer = attrs.evolve(ACME, collector=collector, colleagues=colleagues)
    change = without(customer, "u-1")
    if collector == "u-1" or "u-1" in colleagues:
        assert isinstance(change, Changed)
        left = None if collector == "u-1" else collector
        assert change.record == attrs.evolve(ACME, collector=left, colleagues=colleagues - {"u-1"})
        assert (change.kind, change.subject) == (EventKind.CUSTOMER_DISSOCIATED, "u-1")
        assert change.differences == (Difference("associated", "yes", "no"),)
    else:
        assert change == Done(customer)


def test_s15_a_customer_has_one_collector_or_none() -> None:
    assigned = with_collector(ACME, "u-1")
    assert isinstance(assigned, Changed)
    assert assigned.record == attrs.evolve(ACME, collector="u-1")
    assert (assigned.kind, assigned.subject) == (EventKind.CUSTOMER_ASSOCIATED, "u-1")
    replaced = with_collector(assigned.record, "u-2")
    assert isinstance(replaced, Changed)
    assert (replaced.record.collector, replaced.subject) == ("u-2", "u-2")
    nobody = with_collector(replaced.record, None)
    assert isinstance(nobody, Changed)
    assert nobody.record == ACME
    assert (nobody.kind, nobody.subject) == (EventKind.CUSTOMER_DISSOCIATED, "u-2")
    assert nobody.differences == (Difference("collector", "yes", "no"),)


@pytest.mark.parametrize(
    "customer_id", ["a", "%", "\0", "é", " ", "x" * CUSTOMER_ID_CAP], ids=lambda text: ascii(text)[:9]
)
def test_a_customers_id_is_any_text_of_the_hosts_that_a_column_holds(customer_id: str) -> None:
    check_customer_id(customer_id)


@pytest.mark.parametrize(
    "wrong", ["", "x" * (CUSTOMER_ID_CAP + 1), None, 7, b"acme", ["acme"]], ids=lambda x: repr(x)[:9]
)
def test_what_is_no_id_of_a_customer_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_customer_id(wrong)
    assert "customer_id" == refused.value.field


def test_a_slip_that_ends_nothing_is_told() -> None:
    assert judge_nothing_ended(entity=True) is None
    assert judge_nothing_ended(entity=True, user=True) is None
    assert Refused(Reason.NO_USER, "S15") == judge_nothing_ended(entity=True, user=False)
    assert Refused(Reason.NO_STRUCTURE, "A10") == judge_nothing_ended(entity=False, user=False)
