"""In whose name automatic e-mails go out: the collector's, else a credit manager's, else an administrator's (A30, A31; rules, 2c, 2g)."""

from itertools import permutations
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sender import Sender, SenderBecause, sender_of
from mydso_access.errors import InvalidValue
from mydso_access.model import Customer, Disabled, DisabledBecause, Email, Invited, Reason, User
from tests.decisions.people import LONG_AGO, LYON, NOON, PARIS, anna, contact, invited_anna, multi

ACME = Customer(entity="lyon", id="acme", collector="u-anna")
MANAGER = anna(id="u-mark", name="mark", role="credit_manager")
ADMINISTRATOR = anna(id="u-adam", name="adam", role="administrator")
SALES = anna(id="u-sam", name="aaron", role="sales_manager")
COLLECTOR, STANDS_IN = SenderBecause.COLLECTOR, SenderBecause.STANDS_IN
NOBODY = Refused(Reason.NO_SENDER, "A31")


@pytest.mark.parametrize("users", list(permutations([anna(), MANAGER, ADMINISTRATOR, SALES])))
def test_the_collector_then_a_credit_manager_then_an_administrator_however_they_are_listed(users: list[User]) -> None:
    left = list(users)
    for expected in (anna(), MANAGER, ADMINISTRATOR):
        because = COLLECTOR if expected == anna() else STANDS_IN
        assert Sender(user=expected, because=because) == sender_of(ACME, LYON, left)
        left.remove(expected)
    assert NOBODY == sender_of(ACME, LYON, left)
    assert NOBODY == sender_of(ACME, LYON, [])


@pytest.mark.parametrize(
    "unable",
    [
        anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)),
        anna(login=Disabled(DisabledBecause.DORMANT, NOON)),
        anna(login=Invited(LONG_AGO), credential=None),
        contact(id="u-anna"),
        anna(email=None),
        anna(email=Email("anna@example.com")),  # A30: not confirmed yet
        anna(structure=PARIS.structure),
        multi(id="u-anna"),
        multi(id="u-anna", memberships=frozenset({"paris"})),
    ],
)
def test_who_cannot_sign_in_or_be_there_or_was_not_confirmed_sends_nothing(unable: User) -> None:
    assert Sender(user=MANAGER, because=STANDS_IN) == sender_of(ACME, LYON, [unable, MANAGER])
    of_role = attrs.evolve(unable, id="u-mark", role="credit_manager")
    assert Sender(user=ADMINISTRATOR, because=STANDS_IN) == sender_of(ACME, LYON, [of_role, ADMINISTRATOR])
    assert NOBODY == sender_of(ACME, LYON, [unable, of_role])


def test_a_multi_entity_user_sends_where_they_are_authorised() -> None:
    mia = multi(memberships=frozenset({"lyon"}), role="credit_manager")
    assert Sender(user=mia, because=STANDS_IN) == sender_of(ACME, LYON, [mia, ADMINISTRATOR])
    hers = attrs.evolve(ACME, collector=mia.id)
    assert Sender(user=mia, because=COLLECTOR) == sender_of(hers, LYON, [MANAGER, mia])


@pytest.mark.parametrize("collector", [None, "u-gone", "U-Anna", "u-anna "])
def test_a_customer_without_a_collector_among_them_has_somebody_who_stands_in(collector: str | None) -> None:
    customer = attrs.evolve(ACME, collector=collector, colleagues=frozenset({"u-anna"}))
    assert Sender(user=MANAGER, because=STANDS_IN) == sender_of(customer, LYON, [anna(), MANAGER])


def test_a31_a_collector_whose_role_opens_cards_sends_themselves() -> None:
    for role in ("collector", "credit_manager", "administrator", "sales_manager"):
        assert Sender(user=anna(role=role), because=COLLECTOR) == sender_of(ACME, LYON, [MANAGER, anna(role=role)])


def test_a22_who_may_not_open_the_card_any_more_sends_nothing_and_somebody_stands_in() -> None:
    for role in ("guest", "astronaut"):
        assert Sender(user=MANAGER, because=STANDS_IN) == sender_of(ACME, LYON, [MANAGER, anna(role=role)])


def test_of_several_of_one_role_the_first_by_name_stands_in() -> None:
    zoe = anna(id="u-1", name="zoe.zola", full_name="Zoe Zola", role="credit_manager")
    bea = anna(id="u-2", name="zz.bea", full_name="bea Ames", role="credit_manager")
    same = attrs.evolve(bea, id="u-0")
    for users in permutations([zoe, bea, same]):
        assert Sender(user=same, because=STANDS_IN) == sender_of(attrs.evolve(ACME, collector=None), LYON, users)
    assert Sender(user=bea, because=STANDS_IN) == sender_of(attrs.evolve(ACME, collector=None), LYON, [zoe, bea])


def test_a31_a_host_says_who_stands_in_and_in_which_order() -> None:
    users = [MANAGER, ADMINISTRATOR, SALES]
    nobodys = attrs.evolve(ACME, collector=None)
    expected = {
        ("administrator", "credit_manager"): ADMINISTRATOR,
        ("sales_manager",): SALES,
        ("astronaut", "credit_manager"): MANAGER,
    }
    for fallback, user in expected.items():
        assert Sender(user=user, because=STANDS_IN) == sender_of(nobodys, LYON, users, fallback=fallback)
    assert NOBODY == sender_of(nobodys, LYON, users, fallback=())


def test_users_may_come_as_they_are_read() -> None:
    assert Sender(user=anna(), because=COLLECTOR) == sender_of(ACME, LYON, iter([MANAGER, anna()]))


def test_a10_another_entitys_customer_has_no_sender_here() -> None:
    assert Refused(Reason.OTHER_STRUCTURE, "A10") == sender_of(ACME, PARIS, [anna(structure=PARIS.structure)])


@pytest.mark.parametrize("wrong", [None, "acme", LYON], ids=type)
def test_what_is_no_customer_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        sender_of(wrong, LYON, [anna()])
    assert "customer" == refused.value.field


users = st.builds(
    anna,
    id=st.sampled_from(["u-anna", "u-bob", "u-cy", "u-di"]),
    name=st.sampled_from(["a", "b", "c"]),
    role=st.sampled_from(["collector", "credit_manager", "administrator", "guest"]),
    email=st.sampled_from([None, Email("a@example.com"), Email("a@example.com", LONG_AGO)]),
    structure=st.sampled_from([LYON.structure, LYON.structure, PARIS.structure]),
) | st.just(invited_anna(id="u-eve"))


@given(st.lists(users, unique_by=lambda user: user.id), st.none() | st.sampled_from(["u-anna", "u-bob", "u-eve"]))
def test_nobody_sends_who_is_passed_over_for_somebody_nearer(several: list[User], collector: str | None) -> None:
    answer = sender_of(attrs.evolve(ACME, collector=collector), LYON, several)
    able = [
        user
        for user in several
        if user.email == Email("a@example.com", LONG_AGO)
        and user.structure == LYON.structure
        and user.id != "u-eve"
        and user.role != "guest"
    ]
    ranks = {"credit_manager": 1, "administrator": 2}
    ranked = [(0 if user.id == collector else ranks.get(user.role, 9), user.name, user.id) for user in able]
    best = min(ranked, default=(9,))
    if best[0] == 9:
        assert NOBODY == answer
    else:
        assert isinstance(answer, Sender)
        assert (best[-1], best[0] == 0) == (answer.user.id, answer.because is COLLECTOR)
