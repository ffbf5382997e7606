"""Once dead by policy, dead for good: a naive model that keeps the whole history of periods, against floors (S33, S34; A23)."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mydso_access.decisions import links as code
from mydso_access.decisions.changes import Changed
from mydso_access.decisions.settings import with_policy
from mydso_access.decisions.tokens import GivenToken
from mydso_access.model import Entity, Link, LinkPurpose, Platform, Reason, Secret
from mydso_access.policy import LinkPolicy, SecurityPolicy, StructurePolicy
from mydso_access.policy.fixed import EARLIEST
from tests.decisions.linking import ACME, EXTERNAL, PERIOD, asking, both, days, grant, link, target
from tests.decisions.people import GROUP, LYON, NOON, POLICY, TICK

DAY = timedelta(days=1)
NAMES = ("links.interactive", "links.documents")
FLOORS = {"links.interactive": "interactive_links_from", "links.documents": "document_links_from"}


# --- the floor, case by case


def after(before: Entity, policy: StructurePolicy, at: datetime, installation: SecurityPolicy = POLICY) -> Entity:
    """Return an entity whose settings were changed as the flow does it."""
    decided = with_policy(before, policy)
    assert isinstance(decided, Changed)
    found = code.keeping_dead(before, decided.record, installation, at)
    assert isinstance(found, Entity)
    assert policy == found.policy
    return found


@pytest.mark.parametrize("between", [[], [None], [1], [1000], [5, None, 20]], ids=str)
@pytest.mark.parametrize("purpose", LinkPurpose)
def test_a23_lengthening_revives_no_link_whatever_was_asked_in_between(
    purpose: LinkPurpose, between: list[int | None]
) -> None:
    never, sent = link(purpose, both(None)), NOON  # sent when nothing was asked for: it was promised for ever
    lyon, at = after(both(None), both(10).policy, NOON + DAY), sent + 10 * DAY + TICK  # dead for one microsecond
    assert code.judge_link(never, ACME, grant(lyon, now=at - TICK)) is None
    for number, count in enumerate([*between, 3660 if between else None]):
        lyon = after(lyon, both(count).policy, at + number * TICK)
        answer = code.judge_link(never, ACME, grant(lyon, now=at + number * TICK))
        assert answer is not None
        assert Reason.LAPSED == answer.reason


@pytest.mark.parametrize("purpose", LinkPurpose)
@pytest.mark.parametrize(("off", "alive"), [(-TICK, True), (0 * TICK, True), (TICK, False)])
def test_a23_what_was_in_time_when_a_period_was_lengthened_lives_on(
    purpose: LinkPurpose, off: timedelta, alive: bool
) -> None:
    sent = link(purpose, both(None))
    lyon = after(both(10), both(None).policy, NOON + 10 * DAY + off)
    for later in (NOON + 10 * DAY + off, NOON + 4000 * DAY):
        assert alive is (code.judge_link(sent, ACME, grant(lyon, now=later)) is None)


def test_a23_a_shortened_period_that_is_lengthened_again_at_once_killed_what_it_had_killed() -> None:
    sent = [link(EXTERNAL, both(None), issued_at=NOON + count * DAY) for count in range(20)]
    at = NOON + 20 * DAY
    lyon = after(after(both(None), both(5).policy, at), both(None).policy, at + TICK)
    alive = [code.judge_link(each, ACME, grant(lyon, now=at + DAY)) is None for each in sent]
    assert [count > 15 for count in range(20)] == alive  # the one of 5 days before was in time at `at`, not after it


def test_the_two_periods_have_floors_of_their_own() -> None:
    lyon = after(asking(interactive=5, documents=30), asking(documents=30).policy, NOON)
    assert (NOON - 5 * DAY, NOON - 30 * DAY) == (lyon.interactive_links_from, lyon.document_links_from)
    lyon = after(lyon, asking().policy, NOON + DAY)
    assert (NOON - 5 * DAY, NOON - 29 * DAY) == (lyon.interactive_links_from, lyon.document_links_from)


def test_another_setting_that_changes_kills_no_link_that_lives_and_no_floor_goes_down() -> None:
    floor = NOON - DAY
    before = attrs.evolve(both(10), interactive_links_from=floor, document_links_from=floor)
    lyon = after(before, before.policy.asking("dormancy.months", 6), NOON)
    assert (floor, floor) == (lyon.interactive_links_from, lyon.document_links_from)
    assert EARLIEST == after(LYON, both(10).policy, NOON).interactive_links_from


def test_d6_what_the_installation_asks_for_counts_for_the_floor() -> None:
    installation = SecurityPolicy(links=LinkPolicy(interactive=days(3), documents=days(20)))
    lyon = after(both(10), both(None).policy, NOON, installation)
    assert (NOON - 3 * DAY, NOON - 10 * DAY) == (lyon.interactive_links_from, lyon.document_links_from)


def test_a_platform_has_no_links_and_no_floors() -> None:
    changed = attrs.evolve(GROUP, title="other")
    assert changed == code.keeping_dead(GROUP, changed, POLICY, NOON)
    assert not any(hasattr(Platform(id="p", title=""), name) for name in FLOORS.values())


# --- whatever happens, in whatever order

SELDOM = st.sampled_from([None, None, None, None, 3, 30])
PERIODS = st.none() | st.sampled_from([1, 2, 3, 7, 30])
STEPS = st.sampled_from([TICK, DAY - TICK, DAY, DAY + TICK, 2 * DAY, 3 * DAY, 7 * DAY])

killed = revived = 0


@attrs.define
class History:
    """One link and one setting's past, as somebody would tell it: from when to when each period was asked for."""

    link: Link
    ever_dead: bool = False

    def dies(self, spans: list[tuple[datetime, timedelta | None]], now: datetime) -> bool:
        """Tell whether it was too old at any instant so far: the end of each span is when the next one began."""
        ends = [*(began for began, _ in spans[1:]), now]
        periods = zip(ends, (period for _, period in spans), strict=True)
        too_old = any(period is not None and end > self.link.issued_at + period for end, period in periods)
        promised = next(period for began, period in reversed(spans) if began <= self.link.issued_at)
        self.ever_dead |= too_old or (promised is not None and now > self.link.issued_at + promised)
        return self.ever_dead


class LinksOfOneEntity(RuleBasedStateMachine):
    """An entity whose periods change, and its links of every purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.entity = LYON
        self.policy = POLICY
        self.spans: dict[str, list[tuple[datetime, timedelta | None]]] = {}
        self.known: list[History] = []

    @initialize(asked=st.tuples(PERIODS, PERIODS), installation=st.tuples(SELDOM, SELDOM))
    def begin(self, asked: tuple[Any, Any], installation: tuple[Any, Any]) -> None:
        self.entity = asking(interactive=asked[0], documents=asked[1])
        group = LinkPolicy(interactive=days(installation[0]), documents=days(installation[1]))
        self.policy = SecurityPolicy(links=group)
        self.spans = {name: [(self.now, self.asked(name))] for name in NAMES}
        for purpose in LinkPurpose:
            self.issue(purpose)

    def asked(self, name: str) -> timedelta | None:
        """Return the shorter of what entity and installation ask for, told naively."""
        own = getattr(self.policy.links, name.partition(".")[2])
        both_ask = [each for each in (own, dict(self.entity.policy.asks).get(name)) if each is not None]
        return min(both_ask, default=None)

    @rule(purpose=st.sampled_from(LinkPurpose))
    @precondition(lambda self: len(self.known) < 12)
    def issue(self, purpose: LinkPurpose) -> None:
        token = GivenToken(f"link-{len(self.known)}", Secret("s"))
        made = code.issued(target(purpose), token, grant(self.entity, self.now, policy=self.policy), single_use=False)
        assert self.now == made.issued_at  # this clock never goes back
        self.known.append(History(made))

    @rule(step=STEPS)
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(name=st.sampled_from(NAMES), count=PERIODS)
    def ask_for_another_period(self, name: str, count: int | None) -> None:
        self.change(self.entity.policy.asking(name, days(count)), name)

    @rule(name=st.sampled_from(NAMES))
    def ask_for_no_period(self, name: str) -> None:
        self.change(self.entity.policy.without(name), name)

    @rule(months=st.sampled_from([1, 6, 12]))
    def ask_for_something_else(self, months: int) -> None:
        self.change(self.entity.policy.asking("dormancy.months", months), None)

    def change(self, policy: StructurePolicy, name: str | None) -> None:
        self.now += TICK  # a save bears an instant of its own
        if policy == self.entity.policy:
            return
        self.entity = after(self.entity, policy, self.now, self.policy)
        if name is not None:
            self.spans[name].append((self.now, self.asked(name)))

    @rule(which=st.integers(0, 11))
    @precondition(lambda self: self.known)
    def look(self, which: int) -> None:
        """Look at a link as its bearer does: what is too old is stored so, which changes no answer."""
        history = self.known[which % len(self.known)]
        refused = self.judged(history.link)
        if refused is not None:
            until = code.deadline(history.link, self.entity, self.policy)
            self.now += TICK
            history.link = code.lapsed(history.link, refused, until, self.now).record

    def judged(self, found: Link) -> Any:
        return code.judge_link(found, ACME, grant(self.entity, self.now, policy=self.policy, home=LYON))

    @invariant()
    def a_link_opens_exactly_if_it_was_never_too_old(self) -> None:
        global killed, revived  # noqa: PLW0603  # that it is reached is looked at below
        for history in self.known:
            was_dead, name = history.ever_dead, PERIOD[history.link.target.purpose]
            dead = history.dies(self.spans[name], self.now)
            refused = self.judged(history.link)
            assert dead is (refused is not None)
            assert refused is None or refused.reason is Reason.LAPSED
            killed += dead and not was_dead
            now_asked = self.spans[name][-1][1]
            revived += dead and (now_asked is None or self.now <= history.link.issued_at + now_asked)


RUNS = settings(max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
UNSHRUNK = settings(
    RUNS, max_examples=1000, derandomize=True, phases=[Phase.generate]
)  # a fault that is planted need only be found


def test_a23_once_dead_by_policy_a_link_is_dead_for_good_whatever_periods_follow() -> None:
    run_state_machine_as_test(LinksOfOneEntity, settings=RUNS)
    assert killed > 100
    assert revived > 100  # so often a longer period would have revived one


@pytest.mark.parametrize("fault", ["no floor", "the floor follows the new period", "one floor for both"])
def test_a_floor_that_is_not_kept_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = code.keeping_dead

    def broken(before: Any, changed: Any, policy: SecurityPolicy, at: datetime) -> Any:
        if fault == "no floor":
            return changed
        if fault == "one floor for both":
            floors: Any = kept(before, changed, policy, at)
            return attrs.evolve(floors, document_links_from=floors.interactive_links_from)
        return kept(attrs.evolve(before, policy=changed.policy), changed, policy, at)

    monkeypatch.setattr(code, "keeping_dead", broken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(LinksOfOneEntity, settings=UNSHRUNK)
