"""Links that several follow at once, or that somebody ends meanwhile: one is let in, and what is ended stays so (A23)."""

import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mydso_access import (
    Busy,
    Done,
    EventKind,
    LinkIssued,
    LinkOpened,
    LinksIssued,
    LinkTarget,
    Reason,
    Refused,
    StoreUnavailable,
    StructurePolicy,
)
from mydso_access.flows.forgetting import forget_user
from mydso_access.flows.links import issue_links, renew_link, revoke_link
from mydso_access.flows.opened_links import open_link
from mydso_access.flows.settings import change_settings
from mydso_access.flows.users import change_role, disable_user
from mydso_access.installation import Installation
from mydso_access.policy.fixed import LINKS_AT_ONCE
from tests.flows.overlapping import installation, interrupted, overlapped
from tests.flows.scene import LYON, ROOT, Scene
from tests.flows.sending import ANNA, DAY, EXTERNAL, opened, page, refused, sent, stored_link
from tests.test_faults import Faulty, outcome_of

Flow = Coroutine[Any, Any, Any]
MOST = 60  # calls of the store in one flow, at most
TRIES = 60


def _opens(where: Installation, issued: LinkIssued) -> Flow:
    return open_link(where, issued.token, EXTERNAL)


def counted(outcomes: list[Any]) -> int:
    return sum(isinstance(each, LinkOpened) for each in outcomes)


@pytest.mark.parametrize("seed", range(TRIES))
def test_a23_of_several_who_follow_one_single_use_link_at_once_one_is_let_in(seed: int) -> None:
    scene = Scene()
    issued, where = sent(scene, single_use=True), installation(scene)
    outcomes = overlapped([_opens(where, issued) for _ in range(5)], random.Random(seed))
    assert 1 == counted(outcomes)
    assert {Reason.USED_LINK} >= {each.reason for each in outcomes if isinstance(each, Refused)}
    assert 1 == sum(event.kind is EventKind.LINK_OPENED for event in scene.events())


@pytest.mark.parametrize("seed", range(TRIES))
def test_a23_of_several_whose_processes_die_anywhere_at_most_one_is_let_in(seed: int) -> None:
    scene = Scene()
    issued, where = sent(scene, single_use=True), installation(scene)
    outcomes = overlapped([_opens(where, issued) for _ in range(5)], random.Random(seed), dying=0.1)
    told = sum(event.kind is EventKind.LINK_OPENED for event in scene.events())
    assert counted(outcomes) <= told <= 1
    assert (told == 1) is (stored_link(scene, issued).used_at is not None)


ENDINGS: dict[str, tuple[Callable[[Installation, LinkIssued], Flow], Reason]] = {
    "revoked": (lambda where, issued: revoke_link(where, ROOT, issued.link.id), Reason.REVOKED_LINK),
    "renewed": (lambda where, issued: renew_link(where, ROOT, issued.link.id), Reason.DEAD_TOKEN),
    "disabled": (lambda where, _: disable_user(where, ROOT, ANNA), Reason.GRANTER_LOST_RIGHT),
    "a guest": (lambda where, _: change_role(where, ROOT, ANNA, "guest"), Reason.GRANTER_LOST_RIGHT),
    "shortened": (
        lambda where, _: change_settings(where, ROOT, LYON, StructurePolicy({"links.interactive": DAY})),
        Reason.LAPSED,
    ),
    "forgotten": (lambda where, _: forget_user(where, ROOT, ANNA), Reason.DEAD_TOKEN),
}


@pytest.mark.parametrize("single_use", [False, True], ids=["often", "once"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a23_what_is_ended_while_somebody_follows_it_opens_for_nobody_after(ending: str, single_use: bool) -> None:
    end, reason = ENDINGS[ending]
    outcomes = []
    for after in range(MOST):
        scene = Scene()
        issued, where = sent(scene, single_use=single_use), installation(scene)
        scene.clock.move(2 * DAY)
        outcome, by, ended = interrupted(_opens(where, issued), end(where, issued), after)
        assert not isinstance(by, Refused | Busy)
        outcomes.append(outcome)
        why = refused(scene, issued)[0]
        assert why is reason or (single_use and why is Reason.USED_LINK and isinstance(outcome, LinkOpened))
        if ended:
            break
    assert ended
    assert (Refused, LinkOpened) == (type(outcomes[0]), type(outcomes[-1]))


@pytest.mark.parametrize("ending", ["revoked", "renewed"])
def test_a23_of_opening_and_ending_at_once_the_one_that_comes_first_counts(ending: str) -> None:
    end, _ = ENDINGS[ending]
    for after in range(MOST):
        scene = Scene()
        issued, where = sent(scene, single_use=True), installation(scene)
        by, outcome, ended = interrupted(end(where, issued), _opens(where, issued), after)
        kinds = [event.kind for event in scene.events() if event.reason is None]
        if isinstance(outcome, LinkOpened):
            assert EventKind.LINK_OPENED is kinds[1]
        assert isinstance(by, Done | LinkIssued)
        assert isinstance(scene.access.open_link(issued.token, EXTERNAL), Refused)
        if isinstance(by, LinkIssued):
            assert isinstance(opened(scene, by), LinkOpened)
        if ended:
            return
    pytest.fail("it never ended")


@pytest.mark.parametrize("seed", range(TRIES))
def test_a23_opening_renewing_and_revoking_in_any_order_let_each_token_in_once(seed: int) -> None:
    scene = Scene()
    issued, where = sent(scene, single_use=True), installation(scene)
    renewals = [renew_link(where, ROOT, issued.link.id) for _ in range(2)]
    flows = [*(_opens(where, issued) for _ in range(3)), *renewals, revoke_link(where, ROOT, issued.link.id)]
    outcomes = overlapped(flows, random.Random(seed))
    assert counted(outcomes) <= 1
    given = [each for each in outcomes if isinstance(each, LinkIssued)]
    last = [isinstance(scene.access.open_link(each.token, EXTERNAL), LinkOpened) for each in (issued, *given)]
    assert not any(last)  # it was revoked


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_invariant_3_of_a_campaign_whose_store_fails_at_any_call_whole_thousands_are_stored_each_with_its_event(
    lasting: bool, after: bool
) -> None:
    targets, stored_counts, ended = [page(customer=f"c{number}") for number in range(2500)], set(), False
    for failing in range(1, MOST):
        scene = Scene()
        faulty = Faulty(scene.repositories, lambda call, k=failing: call >= k if lasting else call == k, after=after)
        outcome = outcome_of(lambda access: access.issue_links(ROOT, targets, granter=ANNA), scene, faulty)
        stored = len(scene.repositories.links._by_id)
        stored_counts.add(stored)
        told = [int(event.differences[0].after) for event in scene.events()]
        assert [LINKS_AT_ONCE, LINKS_AT_ONCE, 500][: len(told)] == told
        assert stored == sum(told)
        if ended := faulty.calls < failing:
            assert 2500 == len(outcome.links) == stored
            break
        assert isinstance(outcome, StoreUnavailable)
    assert ended
    assert {0, LINKS_AT_ONCE, 2 * LINKS_AT_ONCE, 2500} == stored_counts


@pytest.mark.parametrize("count", [1, LINKS_AT_ONCE + 1])
def test_gdpr_17_whoever_is_forgotten_while_links_go_out_in_their_name_leaves_none(count: int) -> None:
    targets: list[LinkTarget] = [page(resource=f"statement-{number}") for number in range(count)]
    for after in range(MOST):
        scene = Scene()
        where = installation(scene)
        outcome, _, ended = interrupted(
            issue_links(where, ROOT, targets, granter=ANNA), forget_user(where, ROOT, ANNA), after
        )
        assert {} == scene.repositories.links._by_id
        assert not [event for event in scene.events() if ANNA in (event.subject, event.actor)]
        if ended:
            assert count == len(outcome.links)
            return
        assert isinstance(outcome, Refused | LinksIssued)
    pytest.fail("it never ended")


def test_gdpr_17_whoever_is_forgotten_while_their_link_is_renewed_leaves_none() -> None:
    for after in range(MOST):
        scene = Scene()
        issued, where = sent(scene), installation(scene)
        _, _, ended = interrupted(renew_link(where, ROOT, issued.link.id), forget_user(where, ROOT, ANNA), after)
        assert {} == scene.repositories.links._by_id
        assert not [event for event in scene.events() if ANNA in (event.subject, event.actor)]
        if ended:
            return
    pytest.fail("it never ended")
