"""Main administrators: appointed in two halves, never none, held by user and structure alike (S18; A13, invariant 10)."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.administration import is_main_administrator
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.dormancy import is_dormant
from mydso_access.decisions.erasure import erased
from mydso_access.decisions.invitation import has_lapsed
from mydso_access.decisions.main_administrators import appointed, dismissed, holding, judge_appointment, released
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.users import disabled, made_contact, with_role
from mydso_access.model import (
    MY_DSO_MANAGER,
    Allowed,
    Appointment,
    Cell,
    Certainty,
    Difference,
    Disabled,
    DisabledBecause,
    Enabled,
    EventKind,
    NewEmail,
    Reason,
    Right,
    Role,
    RoleTable,
    Secret,
    SentToken,
    StructureRecord,
    User,
)
from mydso_access.policy import DormancyPolicy, SecurityPolicy
from mydso_access.policy.fixed import LATEST
from tests.decisions.people import (
    ADMINISTRATOR,
    BOSS,
    GROUP,
    LYON,
    LYON_OF_BOSS,
    MANAGER,
    NOON,
    PARIS,
    POLICY,
    ROLES,
    TICK,
    anna,
    contact,
    invited_anna,
    multi,
    refused,
)

FIRST, SECOND = Appointment("u-boss", "a-1"), Appointment("u-adm", "a-2")
LYON_OF_TWO = attrs.evolve(LYON, main_administrators=(FIRST, SECOND))
EVERYBODY, NOTHING = frozenset({"u-boss", "u-adm"}), frozenset[str]()


# --- who may be


@pytest.mark.parametrize(
    ("user", "record", "reason"),
    [
        (ADMINISTRATOR, LYON, None),
        (multi(role="administrator"), GROUP, None),
        (ADMINISTRATOR, PARIS, Reason.OTHER_STRUCTURE),
        (multi(role="administrator", memberships=frozenset({"lyon"})), LYON, Reason.OTHER_STRUCTURE),
        (MANAGER, LYON, Reason.NOT_ALLOWED),
        (anna(), LYON, Reason.NOT_ALLOWED),
        (anna(role="astronaut"), LYON, Reason.NOT_ALLOWED),
        (contact(role="administrator"), LYON, Reason.WRONG_STATE),
        (invited_anna(role="administrator"), LYON, Reason.WRONG_STATE),
        (anna(role="administrator", login=Disabled(DisabledBecause.DORMANT, NOON)), LYON, Reason.WRONG_STATE),
    ],
)
def test_a13_a_main_administrator_is_an_enabled_administrator_of_the_structure_itself(
    user: User, record: StructureRecord, reason: Reason | None
) -> None:
    expected = None if reason is None else refused(reason, "A13", user)
    assert expected == judge_appointment(user, record, ROLES, POLICY, NOON)


# --- appointing


def test_a13_first_the_user_holds_the_appointment_then_the_structure_names_them() -> None:
    change = holding(ADMINISTRATOR, "a-2")
    assert change.record == attrs.evolve(ADMINISTRATOR, appointments=frozenset({"a-2"}))
    assert (change.kind, change.rule) == (EventKind.RIGHTS_CHANGED, "A13")
    assert change.differences == (Difference("appointments", "", "a-2"),)
    named = appointed(LYON_OF_BOSS, SECOND)
    assert isinstance(named, Changed)
    assert named.record == LYON_OF_TWO
    assert (named.kind, named.rule, named.subject) == (EventKind.MAIN_ADMINISTRATORS_CHANGED, "A13", "u-adm")
    assert named.differences == (Difference("main_administrator", "no", "yes"),)
    assert not is_main_administrator(change.record, LYON_OF_BOSS)
    assert is_main_administrator(change.record, LYON_OF_TWO)


def test_a13_a_second_time_changes_nothing() -> None:
    assert appointed(LYON_OF_BOSS, FIRST) == Done(LYON_OF_BOSS)
    assert appointed(LYON_OF_BOSS) == Done(LYON_OF_BOSS)


def test_a13_a_new_appointment_takes_the_place_of_one_that_no_structure_lists_any_more() -> None:
    before = attrs.evolve(BOSS, appointments=frozenset({"a-1", "a-7"}))
    assert holding(before, "a-8", given_up="a-7").record == attrs.evolve(before, appointments=frozenset({"a-1", "a-8"}))


def test_a13_whoever_gains_a_right_loses_what_was_sent_before_to_prove_an_address_or_a_reset() -> None:
    sent = SentToken(Secret("r"), NOON)
    before = attrs.evolve(ADMINISTRATOR, reset=sent, new_email=NewEmail("new@example.com", sent))
    assert holding(before, "a-2").record == attrs.evolve(ADMINISTRATOR, appointments=frozenset({"a-2"}))


def test_a13_a_dismissal_is_saved_also_if_the_structure_lists_none_of_what_the_user_holds() -> None:
    overtaking = dismissed(LYON_OF_BOSS, "u-adm", frozenset({"a-2"}), EVERYBODY)
    assert isinstance(overtaking, Changed)
    assert overtaking.record == LYON_OF_BOSS
    alone = dismissed(LYON, "u-adm", frozenset({"a-2"}), EVERYBODY)
    assert alone == Refused(Reason.LAST_MAIN_ADMINISTRATOR, "A13", user_id="u-adm")


def test_a13_several_appointments_of_one_user_are_named_at_once() -> None:
    change = appointed(LYON_OF_BOSS, FIRST, SECOND, Appointment("u-adm", "a-3"))
    assert isinstance(change, Changed)
    assert change.record.main_administrators == (FIRST, SECOND, Appointment("u-adm", "a-3"))


# --- withdrawing


def test_a13_first_the_structure_forgets_them_then_the_user_lets_go_of_exactly_those() -> None:
    dismissal = dismissed(LYON_OF_TWO, "u-boss", NOTHING, EVERYBODY)
    assert isinstance(dismissal, Changed)
    assert dismissal.record == attrs.evolve(LYON, main_administrators=(SECOND,))
    assert (dismissal.kind, dismissal.subject) == (EventKind.MAIN_ADMINISTRATORS_CHANGED, "u-boss")
    assert dismissal.differences == (Difference("main_administrator", "yes", "no"),)
    twice = attrs.evolve(BOSS, appointments=frozenset({"a-1", "a-7"}))
    release = released(twice, frozenset({"a-1", "a-5"}))
    assert isinstance(release, Changed)
    assert release.record == attrs.evolve(BOSS, appointments=frozenset({"a-7"}))
    assert release.differences == (Difference("appointments", "a-1", ""),)
    assert released(BOSS, frozenset({"a-5"})) == Done(BOSS)
    assert released(BOSS, frozenset()) == Done(BOSS)


@pytest.mark.parametrize("held", [1, 3])
def test_a13_the_last_one_stays_however_many_appointments_they_hold(held: int) -> None:
    record = attrs.evolve(LYON, main_administrators=tuple(Appointment("u-boss", f"a-{n}") for n in range(held)))
    expected = Refused(Reason.LAST_MAIN_ADMINISTRATOR, "A13", user_id="u-boss")
    assert expected == dismissed(record, "u-boss", NOTHING, EVERYBODY)


@pytest.mark.parametrize("enabled", [frozenset(), frozenset({"u-boss"}), frozenset({"a-2", "somebody"})], ids=sorted)
def test_a13_whoever_is_not_enabled_is_no_main_administrator_to_be_left_with(enabled: frozenset[str]) -> None:
    expected = Refused(Reason.LAST_MAIN_ADMINISTRATOR, "A13", user_id="u-boss")
    assert expected == dismissed(LYON_OF_TWO, "u-boss", NOTHING, enabled)


def test_a13_whoever_was_invited_and_never_came_is_dismissed_by_whoever_is_enabled() -> None:
    change = dismissed(LYON_OF_TWO, "u-boss", NOTHING, frozenset({"u-adm"}))
    assert isinstance(change, Changed)
    assert (SECOND,) == change.record.main_administrators


def test_a13_who_is_none_is_dismissed_without_a_change() -> None:
    assert dismissed(LYON_OF_BOSS, "u-adm", NOTHING, NOTHING) == Done(LYON_OF_BOSS)
    assert dismissed(LYON, "u-boss", NOTHING, NOTHING) == Done(LYON)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["u-boss", "invited", "u-adm"])), max_size=30))
def test_invariant_10_no_order_of_appointing_and_dismissing_leaves_nobody_enabled(
    steps: list[tuple[bool, str]],
) -> None:
    record: StructureRecord = attrs.evolve(LYON, main_administrators=(FIRST, Appointment("invited", "a-3")))
    for number, (appoints, user_id) in enumerate(steps):
        appointment = Appointment(user_id, f"x-{number}")
        step = appointed(record, appointment) if appoints else dismissed(record, user_id, NOTHING, EVERYBODY)
        record = record if isinstance(step, Refused) else step.record
        assert EVERYBODY & {each.user_id for each in record.main_administrators}


# --- what holding one protects from, also half appointed and half withdrawn


ENDS: dict[str, Any] = {
    "disabled": lambda user: disabled(user, DisabledBecause.ADMINISTRATOR, "D12", NOON),
    "dormant": lambda user: disabled(user, DisabledBecause.DORMANT, "S25", NOON),
    "made a contact": lambda user: made_contact(user, NOON),
    "demoted": lambda user: with_role(user, "credit_manager", ROLES, NOON),
    "forgotten": lambda user: erased(user, "forgotten-1", NOON),
}


@pytest.mark.parametrize("how", ENDS)
def test_a13_who_holds_an_appointment_is_withdrawn_first(how: str) -> None:
    for holder in (BOSS, attrs.evolve(ADMINISTRATOR, appointments=frozenset({"half"}))):
        assert ENDS[how](holder) == refused(Reason.MAIN_ADMINISTRATOR, "A13", holder)
    assert isinstance(ENDS[how](ADMINISTRATOR), Changed)


def test_a13_a19_who_holds_an_appointment_neither_lapses_nor_goes_dormant() -> None:
    asking = attrs.evolve(POLICY, dormancy=attrs.evolve(POLICY.dormancy, months=1))
    founder = invited_anna(role="administrator", appointments=frozenset({"a-1"}))
    assert not is_dormant(BOSS, asking, LATEST - TICK)
    assert not has_lapsed(founder, POLICY, LATEST - TICK)


def test_a13_a_main_administrators_role_may_become_another_that_administers_security() -> None:
    security = Role("security", "Security", {Right.SECURITY_SETTINGS: Cell(Allowed.YES, Certainty.STATED)}, None)
    change = with_role(BOSS, "security", RoleTable([*MY_DSO_MANAGER, security]), NOON)
    assert isinstance(change, Changed)
    assert change.record == attrs.evolve(BOSS, role="security", valid_from=NOON)


def test_s25_no_dormant_login_is_revived_by_an_appointment() -> None:
    asking = SecurityPolicy(dormancy=DormancyPolicy(months=1))
    forgotten = anna(role="administrator", login=Enabled(NOON.replace(year=2025)))
    assert judge_appointment(forgotten, LYON, ROLES, asking, NOON) == Refused(
        Reason.WRONG_STATE, "S25", user_id=forgotten.id
    )
    assert judge_appointment(forgotten, LYON, ROLES, POLICY, NOON) is None


def test_a13_dismissing_who_was_only_half_appointed_tells_of_no_loss() -> None:
    record = attrs.evolve(LYON, main_administrators=(Appointment("u-boss", "a-1"),))
    change = dismissed(record, "somebody", frozenset({"half"}), EVERYBODY)
    assert isinstance(change, Changed)
    assert (change.record, change.differences) == (record, ())
