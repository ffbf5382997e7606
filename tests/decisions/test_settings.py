"""What a structure may ask for, and what the trail says of a change (S18, S19, S20, S27, S38)."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.settings import described, with_policy
from mydso_access.model import Difference, EventKind, Reason, SignInMode, StructureRecord
from mydso_access.policy import Level, StructurePolicy
from mydso_access.policy.levels import may_be_set_at
from mydso_access.policy.settings import SettableAt, Setting
from tests.decisions.people import GROUP, LYON
from tests.policy.strategies import SETTINGS, structure_policies, values_of

PASSWORD, SSO = SignInMode.PASSWORD, SignInMode.SSO
ENTITY_ONLY, INSTALLATION_ONLY = Refused(Reason.ENTITY_ONLY, "S27"), Refused(Reason.INSTALLATION_ONLY, "S38")


@given(st.data())
@pytest.mark.parametrize("name", SETTINGS)
def test_s19_s20_s27_s38_each_setting_is_refused_where_it_does_not_exist(name: str, data: st.DataObject) -> None:
    asked = StructurePolicy({name: data.draw(values_of(name))})
    answers = {
        SettableAt.INSTALLATION: (INSTALLATION_ONLY, INSTALLATION_ONLY),
        SettableAt.ENTITY: (ENTITY_ONLY, None),
        SettableAt.PLATFORM_AND_ENTITY: (None, None),
    }[SETTINGS[name].metadata[Setting].at]
    for record, refusal in zip((GROUP, LYON), answers, strict=True):
        answer = with_policy(record, asked)
        if refusal is None:
            assert isinstance(answer, Changed)
            assert answer.record == attrs.evolve(record, policy=asked)
        else:
            assert answer == refusal


@pytest.mark.parametrize(
    ("record", "asks", "expected"),
    [
        (GROUP, {"visibility.guests": True}, ENTITY_ONLY),
        (GROUP, {"visibility.guests": False}, ENTITY_ONLY),
        (GROUP, {"links.documents": timedelta(days=90), "dormancy.months": 3}, ENTITY_ONLY),
        (LYON, {"lockout.account.failures": 3}, INSTALLATION_ONLY),
        (LYON, {"dormancy.months": 3, "names.min_length": 10}, INSTALLATION_ONLY),
        (GROUP, {"hashing.time_cost": 4}, INSTALLATION_ONLY),
        (LYON, {"tokens.invitation": timedelta(days=1)}, INSTALLATION_ONLY),
    ],
)
def test_s27_s38_one_setting_that_is_not_theirs_refuses_the_whole(
    record: StructureRecord, asks: dict[str, object], expected: Refused
) -> None:
    assert expected == with_policy(record, StructurePolicy(asks))


def test_s18_the_trail_says_what_was_asked_before_and_after() -> None:
    before = attrs.evolve(LYON, policy=StructurePolicy({"dormancy.months": 6, "passwords.min_length": 12}))
    after = StructurePolicy({"dormancy.months": 3, "links.documents": None, "passwords.min_length": 12})
    change = with_policy(before, after)
    assert isinstance(change, Changed)
    assert change.record == attrs.evolve(before, policy=after)
    assert (change.kind, change.rule) == (EventKind.SETTINGS_CHANGED, "S18")
    assert change.differences == (
        Difference("dormancy.months", "6", "3"),
        Difference("links.documents", "not asked for", "none"),
    )


@pytest.mark.parametrize(
    ("title", "mode", "differences"),
    [
        ("Lugdunum", PASSWORD, ()),
        ("Lyon", SSO, (Difference("sign_in_mode", "password", "sso"),)),
        ("Lugdunum", SSO, (Difference("sign_in_mode", "password", "sso"),)),
    ],
)
def test_a24_a_structures_title_and_mode_are_the_hosts_to_set(
    title: str, mode: SignInMode, differences: tuple[Difference, ...]
) -> None:
    assert described(LYON, title, mode) == Changed(
        record=attrs.evolve(LYON, title=title, sign_in_mode=mode),
        kind=EventKind.STRUCTURE_UPDATED,
        rule="A24",
        differences=differences,
    )


def test_a24_the_same_title_and_mode_change_nothing() -> None:
    assert described(LYON, "Lyon", PASSWORD) == Done(LYON)


def test_asking_for_the_same_changes_nothing() -> None:
    assert with_policy(LYON, StructurePolicy()) == Done(LYON)
    record = attrs.evolve(GROUP, policy=StructurePolicy({"dormancy.months": 6}))
    assert with_policy(record, StructurePolicy({"dormancy.months": 6})) == Done(record)


def test_asking_no_more_is_a_change_too() -> None:
    change = with_policy(attrs.evolve(LYON, policy=StructurePolicy({"dormancy.months": None})), StructurePolicy())
    assert isinstance(change, Changed)
    assert change.differences == (Difference("dormancy.months", "none", "not asked for"),)


OF_ENTITIES = structure_policies([name for name in SETTINGS if may_be_set_at(name, Level.ENTITY)])


@given(OF_ENTITIES, OF_ENTITIES)
def test_the_differences_lead_from_one_policy_to_the_other(before: StructurePolicy, after: StructurePolicy) -> None:
    change = with_policy(attrs.evolve(LYON, policy=before), after)
    was, is_now = dict(before.asks), dict(after.asks)
    differing = {name for name in was | is_now if was.get(name, "absent") != is_now.get(name, "absent")}
    told = {difference.name for difference in change.differences} if isinstance(change, Changed) else set[str]()
    assert isinstance(change, Changed) is (before != after)
    assert told == differing
