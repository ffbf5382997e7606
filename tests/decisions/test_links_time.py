"""For how long a link opens: to the microsecond, by what was promised and by what is asked for now (S33, S34; A23, D10)."""

from datetime import datetime, timedelta
from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.changes import Changed
from mydso_access.decisions.links import deadline, issued, judge_link, renewed, revoked, used
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken
from mydso_access.model import LinkPurpose, Reason, Secret
from mydso_access.policy import Level, LinkPolicy, SecurityPolicy
from tests.decisions.linking import (
    ACME,
    ANNA,
    DOCUMENT,
    EXTERNAL,
    INTERNAL,
    PERIOD,
    RULE,
    TOKEN,
    asking,
    both,
    days,
    grant,
    link,
    target,
)
from tests.decisions.people import LYON, NOON, POLICY, TICK

INSTALLATION, ENTITY = frozenset({Level.INSTALLATION}), frozenset({Level.ENTITY})
STEPS = (-TICK, timedelta(0), TICK)
# What was promised when it was issued, what is asked for now, and so when it ends; in days.
ENDS = [
    (None, None, None),
    (10, 10, 10),
    (10, 5, 5),  # shorter now: it acts on links already sent
    (10, 20, 10),  # longer now: it gives nothing to links already sent
    (10, None, 10),
    (None, 10, 10),
    (1, 3660, 1),
    (3660, 1, 1),
]


@pytest.mark.parametrize(("promised", "asked", "ends"), ENDS)
@pytest.mark.parametrize("purpose", LinkPurpose)
def test_a23_a_link_opens_until_the_stricter_of_what_was_promised_and_what_is_asked_now(
    purpose: LinkPurpose, promised: int | None, asked: int | None, ends: int | None
) -> None:
    found, lyon = link(purpose, both(promised)), both(asked)
    assert (None if promised is None else NOON + timedelta(days=promised)) == found.until
    end = deadline(found, lyon, POLICY)
    assert (None if ends is None else NOON + timedelta(days=ends)) == end
    if end is None:
        assert judge_link(found, ACME, grant(lyon, now=NOON + timedelta(days=36_500))) is None
        return
    levels = ENTITY if asked is not None else INSTALLATION | ENTITY  # both say that nothing is asked for
    lapsed = Refused(Reason.LAPSED, RULE[purpose], levels=levels, user_id=ANNA.id)
    answers = [judge_link(found, ACME, grant(lyon, now=end + step)) for step in STEPS]
    assert [None, None, lapsed] == answers  # D10: at the deadline it is still in time


@pytest.mark.parametrize("purpose", LinkPurpose)
@pytest.mark.parametrize(("interactive", "documents"), list(product((None, 5, 10), repeat=2)))
def test_s33_s34_the_two_periods_are_independent_and_a_document_keeps_its_own_clock(
    purpose: LinkPurpose, interactive: int | None, documents: int | None
) -> None:
    lyon = asking(interactive=interactive, documents=documents)
    own = documents if purpose is DOCUMENT else interactive
    expected = None if own is None else NOON + timedelta(days=own)
    assert expected == link(purpose, lyon).until == deadline(link(purpose), lyon, POLICY)
    opens = [judge_link(link(purpose, lyon), ACME, grant(lyon, now=NOON + timedelta(days=each))) is None for each in (4, 6, 11)]  # fmt: skip
    assert [True, own in (10, None), own is None] == opens


def test_s34_a_documents_link_opened_from_an_interactive_page_outlives_the_page() -> None:
    lyon = asking(interactive=1, documents=30)
    page, paper = link(EXTERNAL, lyon), link(DOCUMENT, lyon)
    after = grant(lyon, now=NOON + timedelta(days=2))
    assert [True, False] == [judge_link(page, ACME, after) is not None, judge_link(paper, ACME, after) is not None]


@pytest.mark.parametrize(
    ("installation", "entity", "ends", "levels"),
    [(10, None, 10, INSTALLATION), (10, 5, 5, ENTITY), (5, 10, 5, INSTALLATION), (5, 5, 5, INSTALLATION | ENTITY)],
)
@pytest.mark.parametrize("purpose", LinkPurpose)
def test_d6_the_stricter_of_entity_and_installation_counts_and_is_told(
    purpose: LinkPurpose, installation: int, entity: int | None, ends: int, levels: frozenset[Level]
) -> None:
    policy = SecurityPolicy(links=LinkPolicy(interactive=days(installation), documents=days(installation)))
    lyon = LYON if entity is None else both(entity)
    found = issued(target(purpose), TOKEN, grant(lyon, policy=policy), single_use=False)
    assert NOON + timedelta(days=ends) == found.until
    late = grant(lyon, now=NOON + timedelta(days=ends) + TICK, policy=policy)
    assert Refused(Reason.LAPSED, RULE[purpose], levels=levels, user_id=ANNA.id) == judge_link(found, ACME, late)


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_d10_a_clock_that_goes_back_never_revives_a_link_behind_its_last_save(purpose: LinkPurpose) -> None:
    lyon = both(10)
    saved_late = link(purpose, lyon, saved_at=NOON + timedelta(days=10) + TICK)
    in_time = attrs.evolve(saved_late, saved_at=NOON + timedelta(days=10))
    early = grant(lyon, now=NOON)
    assert [Reason.LAPSED, None] == [
        answer and answer.reason for answer in (judge_link(each, ACME, early) for each in (saved_late, in_time))
    ]


def test_a23_a_renewed_link_begins_anew_by_what_is_asked_now() -> None:
    sent = link(INTERNAL, asking(interactive=10))
    later, lyon = NOON + timedelta(days=30), asking(interactive=5)
    change = renewed(sent, GivenToken("link-1", Secret("another")), grant(lyon, now=later))
    assert isinstance(change, Changed)
    again = change.record
    assert (later, later + timedelta(days=5)) == (again.issued_at, again.until)
    opens = [judge_link(again, ACME, grant(lyon, now=later + timedelta(days=5) + step)) is None for step in STEPS]
    assert [True, True, False] == opens


periods = st.none() | st.integers(1, 3660)
moments = st.timedeltas(timedelta(0), timedelta(days=4000))


@given(st.sampled_from(LinkPurpose), periods, periods, moments)
def test_a23_a_shorter_period_never_opens_more_and_a_longer_one_never_more_than_was_promised(
    purpose: LinkPurpose, promised: int | None, asked: int | None, after: timedelta
) -> None:
    found = link(purpose, both(promised))
    opens = judge_link(found, ACME, grant(both(asked), now=NOON + after)) is None
    within = all(each is None or after <= timedelta(days=each) for each in (promised, asked))
    assert within is opens


@given(st.sampled_from(LinkPurpose), periods, moments)
def test_what_ended_stays_ended_whenever_it_is_looked_at(
    purpose: LinkPurpose, period: int | None, after: timedelta
) -> None:
    lyon, at = both(period), NOON + after
    for ended in (revoked(link(purpose, lyon), at), used(link(purpose, lyon, single_use=True), at)):
        for now in (NOON, at, at + TICK, at + timedelta(days=4000)):
            answer = judge_link(attrs.evolve(ended.record, saved_at=at), ACME, grant(lyon, now=now))
            assert answer is not None
            assert answer.reason in (Reason.REVOKED_LINK, Reason.USED_LINK)


def test_every_purpose_has_a_period_and_a_rule() -> None:
    assert set(LinkPurpose) == set(PERIOD) == set(RULE)


def test_instants_of_other_zones_are_the_same_instants() -> None:
    local = datetime.fromisoformat("2026-03-02T13:00:00+01:00")
    assert link() == attrs.evolve(link(), issued_at=local, saved_at=local)
