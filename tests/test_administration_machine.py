"""Invariants 9 and 10, by a machine: whoever asks for whatever in whatever order, nobody gains what nobody could give."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mydso_access import (
    AccessError,
    Busy,
    EventKind,
    Link,
    LinkIssued,
    LinkOpened,
    ListedLink,
    Page,
    Proof,
    Reason,
    Refused,
    Right,
    System,
)
from mydso_access.model import Enabled, Factor, Structure
from tests.administration_world import (
    BY_ACTORS,
    BY_ANYBODY,
    BY_SESSIONS,
    DAY,
    ENTITIES,
    EVERY,
    HOUR,
    PLACES,
    READS,
    Request,
    Stored,
    effective,
    held,
    own,
    places,
    rights,
    stands,
    stored,
)
from tests.flows.scene import CAST, Scene
from tests.support import policy
from tests.test_faults import Faulty, outcome_of

executed = 0
succeeded: Counter[str] = Counter()
PEOPLE = [user.id for user in CAST]
POWERFUL = ["id-boss", "id-deputy", "id-manager", "id-stranger", "id-chief"]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
AGES = (timedelta(0), timedelta(0), timedelta(0), MINUTE, HOUR, 40 * DAY)
BLOCKS = (EventKind.BLOCK_STARTED, EventKind.BLOCK_ENDED)  # told beside the attempt that was one too many
TWICE_SAVED = ("appoint", "dismiss")
numbers, deaths = st.integers(0, 9999), st.integers(1, 12)
names = st.one_of(st.sampled_from(POWERFUL), st.sampled_from(PEOPLE), numbers)


class Administration(RuleBasedStateMachine):
    """Two entities and a platform, and everybody in them asking for everything."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene(policy=policy())
        self.scene.change("deputy", appointments=frozenset({"begun"}))  # whose appointing was interrupted
        self.tokens, self.sent = [""], list[LinkIssued]()
        self.before = self.after = stored(self.scene.repositories)

    @rule(operation=st.sampled_from([*BY_ACTORS]), name=names, age=st.sampled_from(AGES), who=names, number=numbers)
    def somebody_asks(self, operation: str, name: Any, age: timedelta, who: Any, number: int) -> None:
        proof = self._proof(name, age)
        self._asked(Request(operation, proof, self._id(who), number, ""))

    @rule(
        operation=st.sampled_from([*BY_ACTORS]),
        name=st.sampled_from(POWERFUL),
        age=st.sampled_from(AGES),
        who=names,
        number=numbers,
    )
    def somebody_powerful_asks(self, operation: str, name: str, age: timedelta, who: Any, number: int) -> None:
        self._asked(Request(operation, self._proof(name, age), self._id(who), number, ""))

    @rule(operation=st.sampled_from([*BY_ACTORS]), who=names, number=numbers)
    def the_system_asks(self, operation: str, who: Any, number: int) -> None:
        self._asked(Request(operation, System("host"), self._id(who), number, ""))

    @rule(
        operation=st.sampled_from([*BY_ACTORS]),
        name=st.sampled_from(POWERFUL),
        who=names,
        number=numbers,
        dies_at=deaths,
    )
    def the_process_of_somebody_powerful_dies(
        self, operation: str, name: str, who: Any, number: int, dies_at: int
    ) -> None:
        self._asked(Request(operation, self._proof(name, timedelta(0)), self._id(who), number, ""), dies_at)

    @rule(operation=st.sampled_from(TWICE_SAVED), who=st.sampled_from(POWERFUL), number=numbers, dies_at=deaths)
    def the_process_of_the_system_dies(self, operation: str, who: str, number: int, dies_at: int) -> None:
        self._asked(Request(operation, System("host"), who, number, ""), dies_at)

    @rule(operation=st.sampled_from([*BY_ANYBODY]), who=names, number=numbers)
    def anybody_asks(self, operation: str, who: Any, number: int) -> None:
        token = self.tokens[-1 - number % min(len(self.tokens), 6)]
        self._asked(Request(operation, None, self._id(who), number, token))

    @rule(number=numbers)
    def a_customer_follows_a_link(self, number: int) -> None:
        self._asked(Request("open_link", None, "", number, ""))

    @rule(operation=st.sampled_from([*BY_SESSIONS]), name=names, age=st.sampled_from(AGES), number=numbers)
    def a_session_asks(self, operation: str, name: Any, age: timedelta, number: int) -> None:
        self._asked(Request(operation, self._proof(name, age), "", number, ""))

    @rule(by=st.sampled_from([SECOND, SECOND, 20 * MINUTE, HOUR, DAY, 31 * DAY, -HOUR]))
    def time_passes(self, by: timedelta) -> None:
        self._count()
        self.scene.clock.move(by)

    @invariant()
    def a13_no_structure_is_without_a_main_administrator_and_lists_nobody_else(self) -> None:
        for place in PLACES:
            assert self.after.administrators(place) == self.after.listed(place) != set()

    def _asked(self, asked: Request, dies_at: int | None = None) -> None:
        self._count()
        self.before, store = stored(self.scene.repositories), self.scene.repositories
        links = [*self.before.links] or [""]
        followed = self.sent[-1 - asked.number % min(len(self.sent), 6)] if self.sent else None
        asked = evolve(asked, link=links[asked.number % len(links)], followed=followed)
        failing = store if dies_at is None else Faulty(store, lambda call: call >= dies_at, after=asked.number % 2 == 0)
        outcome = outcome_of(lambda access: EVERY[asked.operation](access, asked), self.scene, failing)
        self.after = stored(self.scene.repositories)
        self.tokens += [
            each.token.reveal() for each in getattr(outcome, "messages", ()) if getattr(each, "token", None)
        ]
        if isinstance(outcome, LinkIssued):
            self.sent.append(outcome)
        if isinstance(outcome, LinkOpened):
            succeeded[asked.operation] += 1
            self._was_the_granters_to_show(outcome)
        if isinstance(outcome, AccessError):
            assert dies_at is not None
        elif isinstance(outcome, Refused | Busy):
            self._stored_nothing(outcome)
        elif isinstance(asked.actor, Proof):
            succeeded[asked.operation] += 1
            self._was_theirs_to_do(asked, outcome, self.before.users[asked.actor.user_id])
        if not isinstance(asked.actor, System):
            self._nobody_gained(asked)
        self._every_change_is_told(asked)

    def _stored_nothing(self, outcome: Refused | Busy) -> None:
        lapsed = isinstance(outcome, Refused) and outcome.reason is Reason.LAPSED
        new = [each for each in self.after.events[len(self.before.events) :] if each.kind not in BLOCKS]
        sign_in = isinstance(outcome, Refused) and len(new) == 1
        assert lapsed or [] == [*self.before.changed(self.after)]
        assert self.before.customers == self.after.customers
        assert lapsed or self.before.links == self.after.links
        assert self.before.structures == self.after.structures
        assert lapsed or sign_in or self.before.events == self.after.events

    def _was_theirs_to_do(self, asked: Request, outcome: Any, actor: Any) -> None:
        assert stands(self.before, asked.actor)
        powers = own(self.before, actor)
        for was, now in self.before.changed(self.after):
            theirs = {actor.id} & {each.id for each in (was, now) if each is not None}
            if asked.operation not in ("appoint", "dismiss") and not theirs:
                assert Right.MANAGE_USERS in powers
                assert held(was) | held(now) <= powers
            assert places(was) | places(now) <= places(actor)
        for link in (each for each in self.before.rewritten(self.after) if isinstance(each, Link)):
            assert link.granter == actor.id or Right.MANAGE_USERS in powers
        self._touched_only_where_they_are(powers)
        if asked.operation == "change_settings" and self.before.structures != self.after.structures:
            assert self.scene.clock.now() - asked.actor.issued_at <= self.scene.policy.tokens.step_up
        if asked.operation in ("permissions", "may"):
            assert PLACES[asked.number % len(ENTITIES)] in powers
        if asked.operation in READS:
            self._read_only_where_they_are(asked, outcome, powers)

    def _touched_only_where_they_are(self, powers: set[Any]) -> None:
        for place in PLACES:
            if self.before.structures[place] is not self.after.structures[place]:
                assert ("main", place) in powers
        for (entity, customer), record in self.after.customers.items():
            if self.before.customers.get((entity, customer)) is not record:
                assert PLACES[ENTITIES.index(entity)] in powers
                assert Right.ASSIGN_CUSTOMERS in powers or Right.MANAGE_USERS in powers  # who forgets a user

    def _was_the_granters_to_show(self, outcome: LinkOpened) -> None:
        granter, entity = self.before.users[outcome.granter], outcome.target.entity
        assert isinstance(granter.login, Enabled)
        assert Structure.entity(entity) in places(granter)
        assert Right.OPEN_CARD in rights(granter)
        record = self.before.structures[Structure.entity(entity)]
        if granter.role == "collector" and dict(record.policy.asks).get("visibility.collectors"):
            assert granter.id == self.before.customers[entity, outcome.target.customer].collector
        theirs = [
            link for link in self.before.links.values() if (link.target, link.granter) == (outcome.target, granter.id)
        ]
        assert any((None, None) == (link.used_at, link.revoked_at) for link in theirs)

    def _read_only_where_they_are(self, asked: Request, page: Page[Any], powers: set[Any]) -> None:
        if asked.operation == "read_trail":
            assert {each.structure for each in page.rows} - {None} <= powers
            return
        place = asked.of(PLACES) if asked.operation == "list_users" else PLACES[asked.number % len(ENTITIES)]
        assert place in powers
        if asked.operation == "list_users":
            assert all(place in places(row.user) for row in page.rows)
        else:
            assert {asked.of(ENTITIES)} >= {
                each.link.target.entity if isinstance(each, ListedLink) else each.entity for each in page.rows
            }

    def _nobody_gained(self, asked: Request) -> None:
        """Whatever anybody can do now that they could not before, whoever asked for it could do already."""
        actor = None if asked.actor is None else self.before.users.get(asked.actor.user_id)
        for was, now in self.before.changed(self.after):
            gained = effective(now) - effective(was)
            assert gained <= (set() if actor is None else own(self.before, actor))

    def _every_change_is_told(self, asked: Request) -> None:
        new = {each.id: each for each in self.after.events[len(self.before.events) :]}
        records = [now for _, now in self.before.changed(self.after) if now is not None]
        records += self.before.rewritten(self.after)
        for record in records:
            event = new.get(record.written_by)
            assert event is not None
            assert record.saved_at == event.at
            if isinstance(asked.actor, Proof) and asked.operation != "forget_user":  # who forgets themselves has no id
                assert asked.actor.user_id == event.actor

    def _id(self, name: Any) -> str:
        known = [*self.after.users]
        return name if isinstance(name, str) else known[name % len(known)]

    def _proof(self, name: Any, age: timedelta) -> Proof:
        return Proof(self._id(name), ((Factor.PASSWORD, self.scene.clock.now() - age),))

    def _count(self) -> None:
        global executed  # noqa: PLW0603  # the machine is built anew for every example
        executed += 1


def _run(examples: int, steps: int) -> int:
    """Run the machine; return how many steps it took."""
    before = executed
    chosen = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Administration, settings=chosen)
    return executed - before


def test_invariants_9_and_10_hold_over_thousands_of_steps_by_anybody() -> None:
    assert _run(examples=250, steps=80) >= 10_000
    assert len(succeeded) >= 20  # whoever is only ever refused proves nothing
    assert succeeded["open_link"] >= 1


@pytest.mark.long
def test_invariants_9_and_10_hold_over_twenty_thousand_steps_and_more(pytestconfig: pytest.Config) -> None:
    if "long" not in pytestconfig.getoption("markexpr"):
        pytest.skip("a long run, for `-m long`")
    assert _run(examples=1_000, steps=100) >= 20_000
    assert {*BY_ACTORS, *BY_SESSIONS} <= set(succeeded)


def test_the_machine_can_tell_what_it_stores() -> None:
    assert isinstance(stored(Scene().repositories), Stored)
