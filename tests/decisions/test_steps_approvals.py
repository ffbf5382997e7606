"""Whose word on a new address counts, as the policy stands at the next step (S22; D14, A16)."""

import attrs
import pytest

from mydso_access.decisions.steps import AddressCode, Standing, may_still_validate, next_step
from mydso_access.model import Approval, StructureRecord, User
from mydso_access.policy import AddressPolicy, Recipient, SecurityPolicy
from tests.decisions.half_finished import ANNA, elsewhere, entering, standing
from tests.decisions.people import (
    BOSS,
    CHIEF,
    GROUP,
    GROUP_OF_CHIEF,
    LYON,
    LYON_OF_BOSS,
    PARIS,
)

ADMINISTRATOR, USER = Recipient.ADMINISTRATOR, Recipient.USER


def wanting(recipient: Recipient) -> SecurityPolicy:
    return SecurityPolicy(addresses=AddressPolicy(recipient=recipient))


def at_home(user: User, home: StructureRecord, wanted: Recipient) -> Standing:
    return standing(user, home=elsewhere(home), policy=wanting(wanted))


def chief_in_lyon(wanted: Recipient, lyon: StructureRecord = LYON_OF_BOSS) -> Standing:
    return entering(CHIEF, group=GROUP_OF_CHIEF, lyon=elsewhere(lyon), policy=wanting(wanted))


def approved(facts: Standing, record: StructureRecord, validator: Recipient) -> Standing:
    approval = Approval("192.0.2.1", record.structure, validator)
    return attrs.evolve(facts, sign_in=attrs.evolve(facts.sign_in, approvals=(approval,)))


@pytest.mark.parametrize(
    ("facts", "record", "validator", "expected"),
    [
        (at_home(ANNA, LYON_OF_BOSS, USER), LYON, USER, True),
        (at_home(ANNA, LYON_OF_BOSS, USER), LYON, ADMINISTRATOR, True),
        (at_home(ANNA, LYON_OF_BOSS, ADMINISTRATOR), LYON, ADMINISTRATOR, True),
        (at_home(ANNA, LYON_OF_BOSS, ADMINISTRATOR), LYON, USER, False),  # A16
        (at_home(BOSS, LYON_OF_BOSS, ADMINISTRATOR), LYON, USER, True),  # D14: nobody else is there to ask
        (at_home(BOSS, LYON, ADMINISTRATOR), LYON, USER, False),  # the structure confirms no appointment
        (at_home(BOSS, LYON_OF_BOSS, ADMINISTRATOR), PARIS, USER, False),
        (chief_in_lyon(ADMINISTRATOR), GROUP, USER, True),
        (chief_in_lyon(ADMINISTRATOR), LYON, USER, False),  # chief of the platform, and not of Lyon's list
        (chief_in_lyon(USER), LYON, USER, True),
        (chief_in_lyon(ADMINISTRATOR), LYON, ADMINISTRATOR, True),
    ],
)
def test_d14_a_user_decides_where_the_policy_lets_them_or_as_main_administrator_of_that_very_structure(
    facts: Standing, record: StructureRecord, validator: Recipient, expected: bool
) -> None:
    assert expected is may_still_validate(facts, record.structure, validator)


@pytest.mark.parametrize(
    ("wanted", "validator", "asked_again"),
    [(USER, USER, False), (ADMINISTRATOR, USER, True), (USER, ADMINISTRATOR, False), (ADMINISTRATOR,) * 2 + (False,)],
)
def test_a16_what_a_user_approved_counts_no_more_once_the_policy_wants_an_administrator(
    wanted: Recipient, validator: Recipient, asked_again: bool
) -> None:
    facts = approved(at_home(ANNA, LYON_OF_BOSS, wanted), LYON, validator)
    assert (AddressCode(elsewhere(LYON_OF_BOSS)) if asked_again else None) == next_step(facts)


def test_d14_the_platforms_main_administrator_is_no_fallback_for_an_entitys_list() -> None:
    facts = approved(chief_in_lyon(ADMINISTRATOR), LYON, USER)
    assert AddressCode(elsewhere(LYON_OF_BOSS)) == next_step(facts)
    group = entering(CHIEF, group=elsewhere(GROUP_OF_CHIEF), policy=wanting(ADMINISTRATOR))
    assert next_step(approved(group, GROUP, USER)) is None
