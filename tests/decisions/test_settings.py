"""What a structure may ask for, and what the trail says of a change (S18, S19, S20, S27, S38)."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.administration import System
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.decisions.settings import (
    action_of,
    changes,
    check_title,
    described,
    judge_version,
    shuts_out,
    with_policy,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import ApprovedAddress, Difference, EventKind, Reason, SignInMode, StructureRecord
from mydso_access.policy import AddressPolicy, Level, Networks, SecurityPolicy, StructurePolicy, WithSso
from mydso_access.policy.levels import may_be_set_at
from mydso_access.policy.settings import SettableAt, Setting
from tests.decisions.people import BOSS, GROUP, LYON, NOON, PARIS, facts_of, proven, refused
from tests.policy.strategies import SETTINGS, structure_policies, values_of

PASSWORD, SSO = SignInMode.PASSWORD, SignInMode.SSO
SHUT_OUT = Refused(Reason.SHUT_OUT, "A15")
NETWORKS = "addresses.networks"


def entity_only(*names: str) -> Refused:
    return Refused(Reason.ENTITY_ONLY, "S27", settings=names)


def installation_only(*names: str) -> Refused:
    return Refused(Reason.INSTALLATION_ONLY, "S38", settings=names)


def shuts_everybody_out(policy: StructurePolicy) -> bool:
    return dict(policy.asks).get(NETWORKS) == Networks(())


@given(st.data())
@pytest.mark.parametrize("name", SETTINGS)
def test_s19_s20_s27_s38_each_setting_is_refused_where_it_does_not_exist(name: str, data: st.DataObject) -> None:
    asked = StructurePolicy({name: data.draw(values_of(name))})
    answers = {
        SettableAt.INSTALLATION: (installation_only(name), installation_only(name)),
        SettableAt.ENTITY: (entity_only(name), None),
        SettableAt.PLATFORM_AND_ENTITY: (None, None),
    }[SETTINGS[name].metadata[Setting].at]
    for record, refusal in zip((GROUP, LYON), answers, strict=True):
        answer = with_policy(record, asked)
        if shuts_everybody_out(asked):
            assert SHUT_OUT == answer
        elif refusal is None:
            assert isinstance(answer, Changed)
            assert answer.record == attrs.evolve(record, policy=asked)
        else:
            assert answer == refusal


@pytest.mark.parametrize(
    ("record", "asks", "expected"),
    [
        (GROUP, {"visibility.guests": True}, entity_only("visibility.guests")),
        (GROUP, {"visibility.guests": False}, entity_only("visibility.guests")),
        (GROUP, {"links.documents": timedelta(days=90), "dormancy.months": 3}, entity_only("links.documents")),
        (LYON, {"lockout.account.failures": 3}, installation_only("lockout.account.failures")),
        (LYON, {"dormancy.months": 3, "names.min_length": 10}, installation_only("names.min_length")),
        (GROUP, {"hashing.time_cost": 4}, installation_only("hashing.time_cost")),
        (LYON, {"tokens.invitation": timedelta(days=1)}, installation_only("tokens.invitation")),
        (
            LYON,
            {"names.min_length": 10, "dormancy.months": 3, "lockout.account.failures": 3},
            installation_only("lockout.account.failures", "names.min_length"),
        ),
        (
            GROUP,
            {"visibility.guests": True, "names.min_length": 10, "links.documents": timedelta(days=90)},
            entity_only("links.documents", "visibility.guests"),
        ),
    ],
)
def test_s27_s38_one_setting_that_is_not_theirs_refuses_the_whole_and_all_of_the_reason_are_named(
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
    if shuts_everybody_out(after):
        assert SHUT_OUT == change
        return
    assert isinstance(change, Changed) is (before != after)
    assert told == differing


@pytest.mark.parametrize("record", [LYON, GROUP], ids=["entity", "platform"])
def test_a15_an_empty_list_is_refused_whoever_asks_for_it(record: StructureRecord) -> None:
    empty = StructurePolicy({NETWORKS: Networks(()), "dormancy.months": 3})
    assert SHUT_OUT == with_policy(record, empty)
    for asked in (None, Networks("192.0.2.1")):
        assert isinstance(with_policy(record, StructurePolicy({NETWORKS: asked})), Changed)


# --- which settings need more than the right to change them

SOME = StructurePolicy({NETWORKS: Networks("192.0.2.1"), "second_factor.required": True, "dormancy.months": 3})


@pytest.mark.parametrize(
    ("after", "prefix", "expected"),
    [
        (SOME, "addresses.", False),
        (SOME.asking("dormancy.months", 6), "addresses.", False),
        (SOME.asking("dormancy.months", 6), "dormancy.", True),
        (SOME.asking("dormancy.months", 6), "second_factor.", False),
        (SOME.asking("second_factor.required", False), "second_factor.", True),
        (SOME.without("second_factor.required"), "second_factor.", True),
        (SOME.asking("second_factor.with_sso", WithSso.NEVER), "second_factor.", True),
        (SOME.asking(NETWORKS, None), "addresses.", True),
        (SOME.asking(NETWORKS, Networks("192.0.2.1/32")), "addresses.", False),
        (SOME.asking(NETWORKS, Networks("192.0.2.1, 192.0.2.2")), "addresses.", True),
        (StructurePolicy(), "addresses.", True),
    ],
)
def test_a_change_is_one_of_the_settings_whose_names_begin_so(
    after: StructurePolicy, prefix: str, expected: bool
) -> None:
    assert expected is changes(SOME, after, prefix)
    assert expected is changes(after, SOME, prefix)


NOTHING = StructurePolicy()
REQUIRING = StructurePolicy({"second_factor.required": True})


@pytest.mark.parametrize(
    ("before", "after", "only_requires"),
    [
        (NOTHING, REQUIRING, True),
        (REQUIRING.asking("second_factor.required", False), REQUIRING, True),
        (SOME.without("second_factor.required"), SOME, True),
        (NOTHING, NOTHING.asking("second_factor.required", False), False),
        (REQUIRING, NOTHING, False),
        (REQUIRING, NOTHING.asking("second_factor.required", False), False),
        (NOTHING, REQUIRING.asking("dormancy.months", 3), False),
        (NOTHING, REQUIRING.asking("second_factor.with_sso", WithSso.NEVER), False),
        (SOME, REQUIRING, False),  # something else is asked no more
        (NOTHING.asking("dormancy.months", 3), NOTHING.asking("dormancy.months", 6), False),
        (NOTHING, NOTHING.asking(NETWORKS, Networks("192.0.2.1")), False),
        (NOTHING, NOTHING, False),
    ],
)
def test_2e_to_require_a_second_factor_and_nothing_else_is_an_action_of_its_own(
    before: StructurePolicy, after: StructurePolicy, only_requires: bool
) -> None:
    expected = SensitiveAction.REQUIRE_SECOND_FACTOR if only_requires else SensitiveAction.CHANGE_SETTINGS
    assert expected is action_of(before, after)


@given(OF_ENTITIES, OF_ENTITIES)
def test_2e_whatever_else_changes_is_a_change_of_settings(before: StructurePolicy, after: StructurePolicy) -> None:
    others = [each for each in before.asks if each[0] != "second_factor.required"]
    same = others == [each for each in after.asks if each[0] != "second_factor.required"]
    required = dict(after.asks).get("second_factor.required") is True
    assert (same and required) is (action_of(before, after) is SensitiveAction.REQUIRE_SECOND_FACTOR)


# --- what structures are called


@pytest.mark.parametrize("title", ["L", "Lyon", "Société Générale – Lyon", "株式会社", "x" * 254])
def test_a_title_is_printable_text(title: str) -> None:
    check_title(title)


@pytest.mark.parametrize(
    "title",
    [
        *("", "x" * 255, "Lyon\n", "\tLyon", "Ly\0on", "Lyon\u202enoyL", "Lyon\u2028", "\ud800"),
        *(None, 5, b"Lyon", ["Lyon"], type("Text", (str,), {})("Lyon")),
    ],
    ids=lambda title: ascii(title)[:20],
)
def test_what_no_structure_can_be_called_is_misuse(title: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_title(title)
    assert ("title", "printable text of 1 to 254 characters") == (refused.value.field, refused.value.expected)


# --- who would shut themselves out

HERE = ip_address("192.0.2.1")


def listing(record: StructureRecord, *networks: str) -> StructureRecord:
    return attrs.evolve(record, policy=StructurePolicy({NETWORKS: Networks(networks)}))


ALLOWED, OUT = None, refused(Reason.SHUT_OUT, "A15", BOSS)
SHARED = ApprovedAddress("192.0.2.1", LYON.structure, NOON)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (LYON, ALLOWED),
        (listing(LYON, "192.0.2.1"), ALLOWED),
        (listing(LYON, "192.0.2.0/24", "2001:db8::/32"), ALLOWED),
        (listing(LYON, "192.0.2.2"), OUT),
        (listing(LYON, "2001:db8::/32"), OUT),
        (listing(LYON), OUT),
        (attrs.evolve(listing(LYON, "192.0.2.2"), approved=(SHARED,)), ALLOWED),  # let in by a code before
    ],
)
def test_a15_a_list_that_would_keep_out_whoever_sets_it_is_refused(
    after: StructureRecord, expected: Refused | None
) -> None:
    assert expected == shuts_out(after, proven(BOSS), HERE)


def test_a15_an_address_of_their_own_lets_them_in_where_it_counts_d14() -> None:
    for structure, expected in ((LYON.structure, ALLOWED), (PARIS.structure, OUT)):
        boss = attrs.evolve(BOSS, approved=(ApprovedAddress("192.0.2.1", structure, NOON),))
        assert expected == shuts_out(listing(LYON, "192.0.2.2"), proven(boss), HERE)


def test_a15_the_installations_list_counts_too_a14() -> None:
    facts = proven(BOSS)
    for networks, expected in ((Networks("192.0.2.0/24"), ALLOWED), (Networks("192.0.2.2"), OUT)):
        installation = SecurityPolicy(addresses=AddressPolicy(networks=networks))
        assert expected == shuts_out(listing(LYON, "192.0.2.1"), attrs.evolve(facts, policy=installation), HERE)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (LYON, listing(LYON, "192.0.2.1"), ALLOWED),
        (listing(LYON, "192.0.2.0/24"), listing(LYON, "192.0.2.1"), ALLOWED),
        (listing(LYON, "192.0.2.1"), LYON, ALLOWED),
        (listing(LYON, "192.0.2.1"), listing(LYON, "192.0.2.2"), OUT),
        (listing(LYON, "192.0.2.2"), listing(LYON, "192.0.2.1"), OUT),  # a stolen session must not let itself in
        (listing(LYON, "192.0.2.2"), LYON, OUT),
    ],
)
def test_a15_whoever_changes_a_list_is_let_in_by_the_one_before_and_by_the_one_after(
    before: StructureRecord, after: StructureRecord, expected: Refused | None
) -> None:
    decided = with_policy(before, after.policy)
    assert isinstance(decided, Changed)
    assert expected == (shuts_out(before, proven(BOSS), HERE) or shuts_out(decided.record, proven(BOSS), HERE))


def test_the_hosts_own_code_comes_from_nowhere() -> None:
    assert shuts_out(listing(LYON, "192.0.2.2"), facts_of(System("host")), HERE) is None
    assert shuts_out(listing(LYON, "192.0.2.2"), proven(BOSS), None) is None


def test_what_was_made_from_an_older_record_is_refused_and_who_does_not_say_is_not_asked() -> None:
    changed = attrs.evolve(LYON, version=7)
    assert (None, None) == (judge_version(changed, 7), judge_version(changed, None))
    expected = Refused(Reason.CHANGED_MEANWHILE, "architecture, one compare-and-set")
    assert [expected] * 3 == [judge_version(changed, version) for version in (0, 6, 8)]
