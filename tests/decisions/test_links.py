"""A link's life, and in whose name it opens: issued, renewed, revoked, used; its granter's right, asked again (S33, S34; A22, A23)."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.links import (
    Expected,
    granting,
    issued,
    judge_grant,
    judge_granted,
    judge_link,
    judge_token,
    lapsed,
    renewed,
    revoked,
    used,
)
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.permissions import permissions_of
from mydso_access.decisions.tokens import GivenToken
from mydso_access.model import (
    Customer,
    Difference,
    Disabled,
    DisabledBecause,
    Enabled,
    EventKind,
    Link,
    LinkPurpose,
    Reason,
    Restriction,
    Secret,
)
from mydso_access.policy import DormancyPolicy, Level, SecurityPolicy, StructurePolicy
from tests.decisions.linking import ACME, ANNA, DOCUMENT, EXTERNAL, TOKEN, asking, both, grant, link, target
from tests.decisions.people import GROUP, LONG_AGO, LYON, NOON, PARIS, ROLES, TICK, anna, contact, invited_anna, multi

SECOND = GivenToken("link-1", Secret("another-secret"))
STRICT = attrs.evolve(LYON, policy=StructurePolicy({each.value: True for each in Restriction}))
HERS = Customer(entity="lyon", id="acme", collector=ANNA.id)
INSTALLATION = frozenset({Level.INSTALLATION})


# --- issued, renewed, revoked, used, too old


@pytest.mark.parametrize("single_use", [False, True])
def test_a_link_begins_when_it_is_issued_in_its_granters_name(single_use: bool) -> None:
    made = issued(target(DOCUMENT), TOKEN, grant(asking(documents=30)), "event-1", single_use=single_use)
    expected = Link(
        id="link-1",
        target=target(DOCUMENT),
        granter=ANNA.id,
        single_use=single_use,
        digest=made.digest,
        issued_at=NOON,
        until=NOON + timedelta(days=30),
        saved_at=NOON,
        written_by="event-1",
    )
    assert expected == made
    assert (None, None, 0) == (made.used_at, made.revoked_at, made.version)


def test_a_link_to_where_there_is_no_entity_promises_nothing() -> None:
    assert issued(target(), TOKEN, grant(None), single_use=False).until is None


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_d10_where_the_clock_was_ahead_when_a_period_changed_a_new_link_begins_then(purpose: LinkPurpose) -> None:
    ahead = NOON + timedelta(days=2)
    lyon = attrs.evolve(both(10), interactive_links_from=ahead, document_links_from=ahead)
    made = issued(target(purpose), TOKEN, grant(lyon), single_use=False)
    assert (ahead, ahead + timedelta(days=10)) == (made.issued_at, made.until)
    assert judge_link(made, ACME, grant(lyon)) is None
    other = attrs.evolve(both(10), document_links_from=ahead) if purpose is not DOCUMENT else attrs.evolve(both(10), interactive_links_from=ahead)  # fmt: skip
    assert NOON == issued(target(purpose), TOKEN, grant(other), single_use=False).issued_at


@pytest.mark.parametrize("single_use", [False, True])
def test_a_renewed_link_is_the_same_link_with_another_token_and_granter_from_then_on(single_use: bool) -> None:
    later, bob = NOON + timedelta(days=3), anna(id="u-bob")
    stored = link(single_use=single_use, version=7, used_at=NOON + TICK)
    change = renewed(stored, SECOND, grant(asking(interactive=5), now=later, granter=bob))
    assert isinstance(change, Changed)
    assert (EventKind.LINK_RENEWED, "A23", "u-bob") == (change.kind, change.rule, change.subject)
    purpose = Difference("purpose", "", "external interactive e-mail")
    assert (Difference("link", "", stored.id), purpose) == change.differences
    expected = attrs.evolve(
        stored,
        granter="u-bob",
        digest=change.record.digest,
        issued_at=later,
        until=later + timedelta(days=5),
        used_at=None,
    )
    assert expected == change.record
    assert judge_token(change.record, SECOND, Expected(purpose=EXTERNAL)) == change.record
    assert isinstance(judge_token(change.record, TOKEN, Expected(purpose=EXTERNAL)), Refused)


def test_a23_what_was_revoked_is_not_renewed() -> None:
    answer = renewed(link(revoked_at=NOON), SECOND, grant(now=NOON + TICK))
    assert Refused(Reason.REVOKED_LINK, "A23", user_id=ANNA.id) == answer


def test_a_link_is_revoked_once_and_used_once() -> None:
    stored, at = link(single_use=True, version=3), NOON + timedelta(hours=1)
    change = revoked(stored, at)
    assert isinstance(change, Changed)
    assert attrs.evolve(stored, revoked_at=at) == change.record
    assert (EventKind.LINK_REVOKED, "A23", ANNA.id) == (change.kind, change.rule, change.subject)
    assert Done(change.record) == revoked(change.record, at + TICK)
    opened = used(stored, at)
    assert attrs.evolve(stored, used_at=at) == opened.record
    assert (EventKind.LINK_OPENED, "A23", ANNA.id) == (opened.kind, opened.rule, opened.subject)


@pytest.mark.parametrize(
    ("promised", "until", "kept"),
    [
        (10, NOON + timedelta(days=5), NOON + timedelta(days=5)),  # shortened meanwhile
        (10, NOON + timedelta(days=10), NOON + timedelta(days=10)),
        (10, NOON + timedelta(days=40), NOON + timedelta(days=11) - TICK),  # dead by its entity's floor alone
        (None, None, NOON + timedelta(days=11) - TICK),
    ],
)
def test_a23_what_was_found_to_be_too_old_is_stored_so_and_no_longer_period_revives_it(
    promised: int | None, until: Any, kept: Any
) -> None:
    stored, found_at = link(DOCUMENT, both(promised), version=2), NOON + timedelta(days=11)
    refused = Refused(Reason.LAPSED, "S34", user_id=ANNA.id)
    change = lapsed(stored, refused, until, found_at)
    assert attrs.evolve(stored, until=kept) == change.record
    assert (EventKind.LINK_REFUSED, Reason.LAPSED, refused) == (change.kind, change.reason, change.answer)
    after = judge_link(change.record, ACME, grant(both(None), now=found_at))
    assert after is not None
    assert Reason.LAPSED == after.reason


# --- why it does not open: in this order


def test_what_ended_is_told_before_what_lapsed_and_that_before_its_granters_right() -> None:
    late = grant(both(1), now=NOON + timedelta(days=2), granter=None)
    everything = link(EXTERNAL, both(1), single_use=True, revoked_at=NOON, used_at=NOON)
    steps = [
        (everything, late, Reason.REVOKED_LINK, "A23"),
        (attrs.evolve(everything, revoked_at=None), attrs.evolve(late, entity=None), Reason.USED_LINK, "A23"),
        (link(), attrs.evolve(late, entity=None), Reason.NO_STRUCTURE, "A10"),
        (link(EXTERNAL, both(1)), late, Reason.LAPSED, "S33"),
        (link(), grant(granter=None), Reason.GRANTER_LOST_RIGHT, "A23"),
    ]
    for record, given, reason, rule in steps:
        answer = judge_link(record, ACME, given)
        assert answer is not None
        assert (reason, rule, ANNA.id) == (answer.reason, answer.rule, answer.user_id)
    assert judge_link(link(), ACME, grant()) is None


# --- its granter's right


DORMANT = anna(login=Enabled(LONG_AGO - timedelta(days=400)))
ONE_MONTH = attrs.evolve(LYON, policy=StructurePolicy({"dormancy.months": 1}))
LOST: dict[str, tuple[dict[str, Any], Customer, Reason, str]] = {
    "forgotten": ({"granter": None}, ACME, Reason.NO_USER, "A23"),
    "a contact now": ({"granter": contact()}, ACME, Reason.INACTIVE, "S14"),
    "invited again": ({"granter": invited_anna()}, ACME, Reason.INVITED, "S12"),
    "disabled": ({"granter": anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON))}, ACME, Reason.DISABLED, "D12"),
    "lapsed": ({"granter": anna(login=Disabled(DisabledBecause.LAPSED, NOON))}, ACME, Reason.DISABLED, "D12"),
    "home is gone": ({"home": None}, ACME, Reason.NO_HOME, "S3"),
    "home is another": ({"home": PARIS}, ACME, Reason.NO_HOME, "S3"),
    "dormant": ({"granter": DORMANT, "home": ONE_MONTH}, ACME, Reason.DORMANT, "S25"),
    "moved": ({"granter": anna(structure=PARIS.structure), "home": PARIS}, ACME, Reason.OTHER_STRUCTURE, "S3"),
    "withdrawn": ({"granter": multi(), "home": GROUP}, ACME, Reason.NOT_AUTHORISED, "S16"),
    "role is gone": ({"granter": anna(role="astronaut")}, ACME, Reason.NOT_ALLOWED, "S6"),
    "A22: a guest now": ({"granter": anna(role="guest")}, ACME, Reason.NOT_ALLOWED, "S6"),
    "S29: another's customer": ({"entity": STRICT}, ACME, Reason.NOT_THEIR_CUSTOMER, "S29"),
    "A10: another entity's": ({}, Customer(entity="paris", id="acme"), Reason.NOT_THEIR_CUSTOMER, "A10"),
}


@pytest.mark.parametrize("how", LOST)
def test_a23_a_link_opens_no_more_than_its_granter_could_open_themselves_now(how: str) -> None:
    changes, customer, reason, rule = LOST[how]
    given = grant(**changes)
    answer = judge_grant(given, customer)
    assert answer is not None
    assert (reason, rule) == (answer.reason, answer.rule)
    assert (None if given.granter is None else given.granter.id) == answer.user_id
    expected = attrs.evolve(answer, reason=Reason.GRANTER_LOST_RIGHT, user_id=ANNA.id)
    assert expected == judge_link(link(), customer, given)


@pytest.mark.parametrize(
    ("changes", "customer"),
    [
        ({}, ACME),
        ({"entity": STRICT}, HERS),
        ({"entity": STRICT, "granter": anna(role="credit_manager")}, ACME),
        ({"granter": multi(memberships=frozenset({"lyon"})), "home": GROUP}, ACME),
        (
            {"entity": STRICT, "granter": anna(role="sales_manager")},
            attrs.evolve(ACME, colleagues=frozenset({ANNA.id})),
        ),
        ({"granter": anna(login=Enabled(LONG_AGO)), "home": ONE_MONTH}, ACME),
        ({"granter": attrs.evolve(DORMANT, appointments=frozenset({"a-1"})), "home": ONE_MONTH}, ACME),  # A19
    ],
)
def test_whoever_may_open_the_customer_themselves_may_show_it_to_others(changes: Any, customer: Customer) -> None:
    assert judge_grant(grant(**changes), customer) is None
    assert judge_link(link(), customer, grant(**changes)) is None


def test_s25_a_granter_is_dormant_from_the_very_instant_and_is_told_whose_number_it_is() -> None:
    due, seen = NOON, NOON.replace(month=2)
    user = anna(login=Enabled(NOON - timedelta(days=400)), last_access_at=seen)
    for installation, home, levels in (
        (None, ONE_MONTH, {Level.ENTITY}),
        (1, LYON, {Level.INSTALLATION}),
        (1, ONE_MONTH, {Level.INSTALLATION, Level.ENTITY}),
    ):
        policy = SecurityPolicy(dormancy=DormancyPolicy(months=installation))
        given = [grant(home=home, granter=user, policy=policy, now=due + step) for step in (-TICK, 0 * TICK, TICK)]
        dormant = Refused(Reason.DORMANT, "S25", levels=frozenset(levels), user_id=ANNA.id)
        assert [None, dormant, dormant] == [judge_grant(attrs.evolve(each, entity=LYON), ACME) for each in given]


def test_s29_a_link_dies_when_its_customer_moves_to_another_collector_and_lives_when_it_comes_back() -> None:
    given = grant(STRICT)
    answers = [
        judge_link(link(), attrs.evolve(HERS, collector=each), given) for each in (ANNA.id, "u-bob", None, ANNA.id)
    ]
    assert [True, False, False, True] == [answer is None for answer in answers]


def test_what_may_be_granted_is_asked_once_for_many_customers() -> None:
    allowed = granting(grant(STRICT))
    assert permissions_of(ANNA, STRICT, roles=ROLES) == allowed
    assert not isinstance(allowed, Refused)
    assert judge_granted(allowed, HERS) is None
    hidden = Refused(Reason.NOT_THEIR_CUSTOMER, "S29", levels=frozenset({Level.ENTITY}), user_id=ANNA.id)
    assert hidden == judge_granted(allowed, ACME)
    assert Refused(Reason.NO_STRUCTURE, "A10", user_id=ANNA.id) == granting(grant(None))
