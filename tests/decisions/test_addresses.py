"""The address list: who is let in, who gets the code, how often, and what is remembered (S21, S22; A15-A17, D7, D13, D14)."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.addresses import (
    To,
    code_sent,
    forgotten,
    judge_send,
    lets_in,
    networks_at,
    recipient_of,
    remembered,
    with_shared,
)
from mydso_access.decisions.naming import parse_address
from mydso_access.decisions.outcomes import Refused
from mydso_access.model import (
    Appointment,
    Approval,
    ApprovedAddress,
    Disabled,
    DisabledBecause,
    Invited,
    Reason,
    Structure,
    StructureRecord,
    User,
)
from mydso_access.policy import AddressPolicy, Level, Networks, Recipient, SecurityPolicy, StructurePolicy
from mydso_access.policy.fixed import APPROVED_CAP
from tests.decisions.people import BOSS, GROUP, LYON, NOON, PARIS, TICK, anna, multi

MINUTE = timedelta(minutes=1)
POLICY = AddressPolicy()
USER, ADMINISTRATOR = Recipient.USER, Recipient.ADMINISTRATOR


def listing(record: StructureRecord, networks: Networks | None) -> StructureRecord:
    return attrs.evolve(record, policy=StructurePolicy({"addresses.networks": networks}))


def installation(networks: Networks | None = None) -> SecurityPolicy:
    return SecurityPolicy(addresses=AddressPolicy(networks=networks))


def approved(address: str, structure: Structure = LYON.structure, at: datetime = NOON) -> ApprovedAddress:
    return ApprovedAddress(address, structure, at)


# --- who is let in

OFFICE, ROUTER = Networks("192.0.2.0/24"), Networks("192.0.2.1, 203.0.113.9")


@pytest.mark.parametrize(
    ("asked", "everywhere", "expected"),
    [
        (None, None, None),
        (OFFICE, None, OFFICE),
        (None, OFFICE, OFFICE),
        (ROUTER, OFFICE, Networks("192.0.2.1")),
        (Networks("203.0.113.9"), OFFICE, Networks(())),
    ],
)
def test_a14_a_structures_list_is_what_it_and_the_installation_ask_for(
    asked: Networks | None, everywhere: Networks | None, expected: Networks | None
) -> None:
    for record in (listing(LYON, asked), listing(GROUP, asked)):
        assert expected == networks_at(record, installation(everywhere))
    if asked is None:
        assert expected == networks_at(LYON, installation(everywhere))  # nor is asking nothing a list


@pytest.mark.parametrize(
    ("networks", "shared", "own", "address", "expected"),
    [
        (None, (), (), "203.0.113.9", True),
        (OFFICE, (), (), "192.0.2.255", True),
        (OFFICE, (), (), "192.0.3.0", False),
        (OFFICE, (), (), "2001:db8::1", False),
        (OFFICE, (), (), "::ffff:192.0.2.7", True),  # D5: an IPv4 address written as one of IPv6
        (OFFICE, (), (), "64:ff9b::192.0.2.7", True),
        (OFFICE, (approved("203.0.113.9"),), (), "203.0.113.9", True),
        (OFFICE, (), (approved("203.0.113.9"),), "203.0.113.9", True),
        (OFFICE, (approved("203.0.113.9"),), (), "203.0.113.8", False),  # an approval is exact
        (OFFICE, (approved("2001:db8::1"),), (), "2001:db8::1", True),
        (OFFICE, (approved("2001:db8::1"),), (), "2001:db8::2", False),  # also within one counted prefix
        (OFFICE, (), (approved("203.0.113.9", PARIS.structure),), "203.0.113.9", False),
        (OFFICE, (), (approved("203.0.113.9", Structure.platform("lyon")),), "203.0.113.9", False),
        (Networks(()), (), (), "192.0.2.1", False),
        (Networks(()), (approved("192.0.2.1"),), (), "192.0.2.1", True),
    ],
)
def test_s21_who_is_let_in_is_listed_or_was_let_in_by_a_code_for_this_structure_d14(
    networks: Networks | None,
    shared: tuple[ApprovedAddress, ...],
    own: tuple[ApprovedAddress, ...],
    address: str,
    expected: bool,
) -> None:
    record = attrs.evolve(listing(LYON, networks), approved=shared)
    assert expected is lets_in(record, anna(approved=own), parse_address(address), installation())


def test_d14_what_one_user_let_in_for_themselves_lets_in_nobody_else() -> None:
    record, there = listing(LYON, OFFICE), ip_address("203.0.113.9")
    assert lets_in(record, anna(approved=(approved("203.0.113.9"),)), there, installation())
    assert not lets_in(record, BOSS, there, installation())


# --- who gets the code

MOBILE, OF_USER, OF_OTHER = "+33600000001", "+33600000002", "+33600000003"


def nobody(user: User, level: Level) -> Refused:
    return Refused(Reason.NO_RECIPIENT, "A16", levels=frozenset({level}), user_id=user.id)


@pytest.mark.parametrize(
    ("wanted", "has_mobile", "is_administrator", "other"),
    list(
        product(
            Recipient,
            [True, False],
            [True, False],
            ["none", "with mobile", "without mobile", "disabled", "invited", "not confirmed", "of another structure"],
        )
    ),
)
def test_a16_d14_who_gets_the_code_decides_for_whom_the_address_is_remembered(
    wanted: Recipient, has_mobile: bool, is_administrator: bool, other: str
) -> None:
    own = frozenset({"a-1"}) if is_administrator else frozenset[str]()
    user = anna(mobile=OF_USER if has_mobile else None, appointments=own)
    others = {
        "with mobile": attrs.evolve(BOSS, mobile=OF_OTHER, appointments=frozenset({"a-2"})),
        "without mobile": attrs.evolve(BOSS, mobile=None, appointments=frozenset({"a-2"})),
        "disabled": anna(
            id=BOSS.id, mobile=OF_OTHER, login=Disabled(DisabledBecause.ADMINISTRATOR, NOON), appointments=frozenset()
        ),
        "invited": anna(
            id=BOSS.id, mobile=OF_OTHER, login=Invited(NOON), credential=None, appointments=frozenset({"a-2"})
        ),
        "not confirmed": attrs.evolve(BOSS, mobile=OF_OTHER, appointments=frozenset({"older"})),
        "of another structure": attrs.evolve(BOSS, id="u-else", mobile=OF_OTHER, appointments=frozenset({"a-2"})),
    }
    held = (Appointment("u-anna", "a-1"), Appointment("u-boss", "a-2"))
    record = attrs.evolve(LYON, main_administrators=held[not is_administrator : 1 + (other != "none")])
    administrators = [user] * is_administrator + ([] if other == "none" else [others[other]])

    if wanted is USER and has_mobile:
        expected: To | Refused = To(OF_USER, USER)
    elif other == "with mobile":
        expected = To(OF_OTHER, ADMINISTRATOR)
    elif is_administrator and has_mobile:
        expected = To(OF_USER, USER)  # D14: nobody else is there, so the address is theirs alone
    else:
        expected = nobody(user, Level.ENTITY)
    assert expected == recipient_of(user, record, administrators, wanted)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_d14_the_first_by_appointment_who_has_a_mobile_gets_it(order: tuple[int, ...]) -> None:
    mobiles = (None, "+33600000011", "+33600000012")
    people = [attrs.evolve(BOSS, id=f"u-{n}", mobile=mobiles[n], appointments=frozenset({f"a-{n}"})) for n in range(3)]
    record = attrs.evolve(LYON, main_administrators=tuple(Appointment(f"u-{n}", f"a-{n}") for n in order))
    first = next(mobiles[n] for n in order if mobiles[n] is not None)
    assert To(first, ADMINISTRATOR) == recipient_of(
        anna(mobile=MOBILE), record, [people[n] for n in order], ADMINISTRATOR
    )


def test_d14_an_administrator_who_signs_in_is_passed_over_for_another_however_early_appointed() -> None:
    first = attrs.evolve(BOSS, mobile=OF_USER)
    second = anna(id="u-2", mobile=OF_OTHER, appointments=frozenset({"a-2"}))
    record = attrs.evolve(LYON, main_administrators=(Appointment("u-boss", "a-1"), Appointment("u-2", "a-2")))
    assert To(OF_OTHER, ADMINISTRATOR) == recipient_of(first, record, [first, second], ADMINISTRATOR)
    assert To(OF_USER, ADMINISTRATOR) == recipient_of(second, record, [first, second], ADMINISTRATOR)


def test_d14_an_entitys_administrator_never_approves_for_the_platform() -> None:
    boss = attrs.evolve(BOSS, mobile=OF_OTHER)
    group = attrs.evolve(GROUP, main_administrators=(Appointment("u-chief", "a-9"),))
    assert nobody(multi(), Level.PLATFORM) == recipient_of(multi(), group, [boss], ADMINISTRATOR)


@pytest.mark.parametrize(("record", "level"), [(LYON, Level.ENTITY), (GROUP, Level.PLATFORM)])
def test_s22_that_nobody_can_be_sent_a_code_names_the_level_whose_list_asks(
    record: StructureRecord, level: Level
) -> None:
    for wanted in Recipient:
        assert nobody(multi(), level) == recipient_of(multi(), record, [], wanted)


def test_d14_no_refusal_shows_a_number() -> None:
    user = anna(mobile=OF_USER)
    answer = recipient_of(user, LYON, [attrs.evolve(BOSS, mobile=OF_OTHER)], ADMINISTRATOR)
    assert isinstance(answer, Refused)
    assert "+336" not in f"{answer!r} {answer.explain()} {answer.public_message}"


# --- how often


@pytest.mark.parametrize(
    ("ago", "free_in"),
    [
        ((), None),
        ((0 * MINUTE, 0 * MINUTE), None),
        ((9 * MINUTE, 5 * MINUTE, 1 * MINUTE), 1 * MINUTE),
        ((1 * MINUTE, 9 * MINUTE, 5 * MINUTE), 1 * MINUTE),  # whatever their order
        ((10 * MINUTE, 5 * MINUTE, 1 * MINUTE), None),
        ((10 * MINUTE - TICK, 5 * MINUTE, 1 * MINUTE), TICK),
        ((9 * MINUTE, 8 * MINUTE, 7 * MINUTE, 6 * MINUTE), 2 * MINUTE),  # after the policy was made stricter
        ((-60 * MINUTE, -60 * MINUTE, -60 * MINUTE), 70 * MINUTE),  # a clock that went back sends no more for it
    ],
    ids=str,
)
def test_d13_three_codes_in_ten_minutes_over_all_sign_ins(
    ago: tuple[timedelta, ...], free_in: timedelta | None
) -> None:
    user = anna(codes_sent=tuple(NOON - each for each in ago))
    expected = None if free_in is None else Refused(Reason.TOO_MANY_CODES, "D13", NOON + free_in, user_id=user.id)
    assert expected == judge_send(user, POLICY, NOON)
    if free_in is not None:
        assert judge_send(user, POLICY, NOON + free_in - TICK) == expected
        assert judge_send(user, POLICY, NOON + free_in) is None


def test_a_code_that_was_sent_is_counted_and_those_of_long_ago_are_forgotten_d14() -> None:
    before = (NOON - 10 * MINUTE, NOON - 10 * MINUTE + TICK, NOON - MINUTE)
    assert (*before[1:], NOON) == code_sent(anna(codes_sent=before), POLICY, NOON)


@given(st.lists(st.timedeltas(timedelta(0), 12 * MINUTE), max_size=40), st.integers(1, 5), st.integers(1, 30))
def test_d13_however_often_somebody_asks_no_window_sees_more_codes(
    waits: list[timedelta], most: int, window: int
) -> None:
    policy = AddressPolicy(sends=most, sends_window=window * MINUTE)
    user, now, sent = anna(), NOON, []
    for wait in waits:
        now += wait
        if judge_send(user, policy, now) is None:
            user = attrs.evolve(user, codes_sent=code_sent(user, policy, now))
            sent.append(now)
    for at in sent:
        assert len([each for each in sent if at <= each < at + policy.sends_window]) <= most


# --- what is remembered

HERE, THERE = "192.0.2.1", "203.0.113.9"


def test_a17_an_address_is_remembered_for_everybody_or_for_the_user_as_its_validator_says() -> None:
    approvals = (
        Approval(HERE, LYON.structure, ADMINISTRATOR),
        Approval(THERE, LYON.structure, USER),
        Approval(THERE, GROUP.structure, USER),
    )
    known = (approved("198.51.100.1", at=NOON - MINUTE),)
    assert (*known, approved(HERE)) == remembered(known, approvals, ADMINISTRATOR, NOON)
    assert (*known, approved(THERE), approved(THERE, GROUP.structure)) == remembered(known, approvals, USER, NOON)
    assert known == remembered(known, (), USER, NOON)


def test_an_address_that_is_approved_again_stands_once_and_last() -> None:
    known = (approved(HERE, at=NOON - MINUTE), approved(HERE, PARIS.structure, NOON - MINUTE), approved(THERE))
    again = remembered(known, [Approval(HERE, LYON.structure, USER)], USER, NOON)
    assert (known[1], known[2], approved(HERE)) == again


@pytest.mark.parametrize("count", [APPROVED_CAP - 1, APPROVED_CAP, APPROVED_CAP + 5])
def test_the_address_that_was_approved_first_is_forgotten_for_the_next(count: int) -> None:
    known = tuple(approved(f"10.0.{n // 256}.{n % 256}") for n in range(count))
    after = remembered(known, [Approval(HERE, LYON.structure, USER)], USER, NOON)
    assert (*known, approved(HERE))[-APPROVED_CAP:] == after
    assert len(after) == min(count + 1, APPROVED_CAP)


def test_a17_a_structure_learns_only_what_its_own_administrator_let_in() -> None:
    approvals = (
        Approval(HERE, LYON.structure, ADMINISTRATOR),
        Approval(THERE, LYON.structure, USER),
        Approval(THERE, GROUP.structure, ADMINISTRATOR),
    )
    assert attrs.evolve(LYON, approved=(approved(HERE),)) == with_shared(LYON, approvals, NOON)
    group = attrs.evolve(GROUP, approved=(approved(THERE, GROUP.structure),))
    assert group == with_shared(GROUP, approvals, NOON)
    assert PARIS == with_shared(PARIS, approvals, NOON)


def test_s22_an_address_that_is_revoked_is_gone_for_every_structure_and_no_other_is() -> None:
    known = (approved(HERE), approved(THERE), approved(HERE, GROUP.structure))
    assert (known[1],) == forgotten(known, HERE)
    assert known == forgotten(known, "192.0.2.10")
    assert () == forgotten((), HERE)
