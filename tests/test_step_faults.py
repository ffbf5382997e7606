"""Invariants 2, 3 and 5 in every step: a store that fails at any call, in any way, grants nothing and uses nothing twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import define

from mydso_access import AccessError, Busy, Done, EventKind, Refused, StoreUnavailable
from mydso_access.decisions.lockout import current
from mydso_access.model import SignIn
from tests.step_flows import FLOWS, Flow
from tests.steps import AWAY, GRANTS, Act, Stage
from tests.test_faults import Faulty

MOST_CALLS = 60


@define
class Trial:
    """One flow, at a door whose store fails at the chosen calls."""

    flow: Flow
    stage: Stage
    act: Act
    faulty: Faulty

    @property
    def outcome(self) -> Any:
        return answered(self.act, self.stage, self.faulty)


def answered(act: Act, stage: Stage, repositories: Any) -> Any:
    try:
        return act(stage.door(repositories))
    except AccessError as error:
        return error


def trial(name: str, fails: Callable[[int], bool], *, after: bool) -> Trial:
    stage = Stage()
    act = FLOWS[name].prepare(stage)
    return Trial(FLOWS[name], stage, act, Faulty(stage.repositories, fails, after=after))


def charges(stage: Stage, name: str) -> list[int]:
    """Return how many failures name and address have once every lease has run out."""
    later = stage.clock.now() + timedelta(minutes=2)
    counters = stage.account(name), stage.address(AWAY)
    return [len(current(counter, stage.policy.lockout, later).failures) for counter in counters]


def check_factors(flow: Flow, outcome: Any) -> None:
    """A grant holds every factor that was asked for, whatever failed on the way."""
    if isinstance(outcome, GRANTS) and flow.proves:
        assert flow.proves == {factor for factor, _ in outcome.proof.factors}


def finishes(made: Trial) -> bool:
    """Tell whether a second try works."""
    made.stage.clock.move(timedelta(minutes=11))  # so that codes may be sent again
    return isinstance(made.flow.finish(made.stage), (*GRANTS, Done, made.flow.leads_to))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", FLOWS)
def test_a_store_that_is_dead_from_any_call_on_grants_nothing_and_charges_at_most_once(name: str, after: bool) -> None:
    for failing in range(1, MOST_CALLS):
        made = trial(name, lambda call, first=failing: call >= first, after=after)
        outcome = made.outcome
        if made.faulty.calls < failing:
            break
        assert isinstance(outcome, StoreUnavailable)
        assert max(charges(made.stage, made.flow.who)) <= 1
    assert made.flow.leads_to is type(outcome)  # so every call had its turn


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", FLOWS)
def test_one_fault_at_any_call_grants_at_most_what_was_proven_and_a_second_try_works(name: str, after: bool) -> None:
    for failing in range(1, MOST_CALLS):
        made = trial(name, lambda call, at=failing: call == at, after=after)
        outcome = made.outcome
        if made.faulty.calls < failing:
            break
        assert isinstance(outcome, StoreUnavailable | Done | made.flow.leads_to)
        check_factors(made.flow, outcome)
        assert max(charges(made.stage, made.flow.who)) <= 1
        assert finishes(made), f"after call {failing}"
    assert made.flow.leads_to is type(outcome)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", [name for name, flow in FLOWS.items() if flow.once])
def test_invariant_5_whatever_failed_a_code_an_assertion_or_a_token_leads_on_at_most_once(
    name: str, after: bool
) -> None:
    for failing in range(1, MOST_CALLS):
        made = trial(name, lambda call, at=failing: call == at, after=after)
        before = len(made.stage.events())
        outcomes = [made.outcome, *(answered(made.act, made.stage, made.stage.repositories) for _ in range(2))]
        led_on = [outcome for outcome in outcomes if isinstance(outcome, made.flow.leads_to)]
        assert len(led_on) <= 1
        assert isinstance(outcomes[-1], Refused | Busy)
        kinds = [event.kind for event in made.stage.events()[before:]]
        assert kinds.count(EventKind.SIGNED_IN) <= 1
        if made.faulty.calls < failing:
            break
    assert [made.flow.leads_to] == [type(outcome) for outcome in led_on]


@pytest.mark.parametrize("name", [name for name, flow in FLOWS.items() if flow.once])
def test_what_was_taken_once_is_refused_the_second_time_with_no_fault_at_all(name: str) -> None:
    stage = Stage()
    act = FLOWS[name].prepare(stage)
    assert [FLOWS[name].leads_to, Refused] == [type(act(stage.access)) for _ in range(2)]


def test_a_sign_in_that_was_used_holds_nothing_that_opens_anything() -> None:
    stage = Stage()
    stage.gets_in("everything")
    (left,) = stage.repositories.sign_ins._by_id.values()
    assert isinstance(left, SignIn)
    assert (None, None) == (left.code, left.seed)
    assert left.used_at is not None
