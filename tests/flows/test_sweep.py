"""The sweep: what is over is stored as over, who is about to be is warned once; idempotent, resumable, foretold."""

import calendar
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mydso_access import (
    Disabled,
    Done,
    Due,
    Ending,
    EventKind,
    InvalidValue,
    Reason,
    SignedIn,
    StoreUnavailable,
    Structure,
    SweepReport,
    WarningMessage,
)
from mydso_access.model import DisabledBecause, Enabled, Invited, SecurityMessage, User
from mydso_access.policy.fixed import TICK
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything, person
from tests.support import HOME, RIGHT, add, door, run
from tests.test_faults import Faulty, outcome_of

DAY, MONTH = timedelta(days=1), timedelta(days=30)


def with_dormancy() -> Scene:
    scene = Scene()
    scene.ask(LYON, dormancy__months=2)
    scene.ask(GROUP, dormancy__months=3)
    return scene


def logins(scene: Scene) -> dict[str, Any]:
    return {user_id: user.login for user_id, user in scene.repositories.users._by_id.items()}


def ended(scene: Scene) -> dict[str, DisabledBecause]:
    at_first = {"id-lapsed", "id-disabled"}
    found = logins(scene).items()
    return {name: login.reason for name, login in found if isinstance(login, Disabled) and name not in at_first}


# --- what is over


def test_s25_logins_that_nobody_used_for_the_months_of_their_structure_are_disabled() -> None:
    scene = with_dormancy()
    scene.clock.move(timedelta(days=60))  # 2 March to 1 May: a day short of two months
    assert 0 == scene.access.sweep().dormant
    scene.clock.move(DAY)
    report = scene.access.sweep()
    dormant = dict.fromkeys(("id-anna", "id-deputy", "id-guest", "id-manager"), DisabledBecause.DORMANT)
    assert (4, dormant | {"id-invited": DisabledBecause.LAPSED}) == (report.dormant, ended(scene))
    scene.clock.move(timedelta(days=31))
    assert 2 == scene.access.sweep().dormant
    assert {"id-multi", "id-nowhere"} == set(ended(scene)) - {*dormant, "id-invited"}
    assert isinstance(logins(scene)["id-paul"], Enabled)  # S20: Paris asks for nothing


def test_s25_the_event_and_the_message_of_a_login_that_went_dormant() -> None:
    scene, sent = with_dormancy(), list[Any]()
    scene.clock.move(timedelta(days=61))
    scene.access.sweep(send=sent.append)
    (event,) = [each for each in scene.events() if each.subject == "id-anna"]
    assert (EventKind.USER_DISABLED, "S25", Reason.DORMANT, "sweep") == (
        event.kind,
        event.rule,
        event.reason,
        event.system,
    )
    told = [each for each in sent if each.to == "anna@example.com"]
    assert [SecurityMessage] == [type(each) for each in told]
    assert scene.user("anna").valid_from == scene.user("anna").saved_at


def test_s10_an_invitation_that_was_not_accepted_is_stored_as_lapsed_and_not_at_the_deadline_itself() -> None:
    for later, expected in ((MONTH, 0), (MONTH + TICK, 1)):
        scene = Scene()
        scene.clock.move(later)
        assert expected == scene.access.sweep().lapsed
    (event,) = scene.events()
    assert (EventKind.USER_DISABLED, "S10", Reason.LAPSED, "sweep") == (
        event.kind,
        event.rule,
        event.reason,
        event.system,
    )
    assert {"id-invited": DisabledBecause.LAPSED} == ended(scene)


def test_a19_main_administrators_neither_lapse_nor_go_dormant() -> None:
    scene = with_dormancy()
    scene.change("boss", login=Invited(A_MONDAY), credential=None)
    scene.clock.move(timedelta(days=4000))
    scene.access.sweep(send=lambda _: None)
    assert (Invited, Enabled) == (type(logins(scene)["id-boss"]), type(logins(scene)["id-chief"]))


def test_s25_on_use_a_dormant_login_is_refused_before_any_sweep_and_enabled_again_gets_in() -> None:
    scene = with_dormancy()
    scene.clock.move(timedelta(days=61))
    refused = scene.access.sign_in("anna", RIGHT, address=HOME)
    assert (Reason.DORMANT, "S25") == (refused.reason, refused.rule)
    assert isinstance(scene.access.enable_user(scene.proof("boss"), "id-anna"), Done)
    assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)
    assert 3 == scene.access.sweep().dormant


def test_a_login_used_while_the_sweep_was_looking_is_left_alone() -> None:
    scene = with_dormancy()
    scene.clock.move(timedelta(days=61))
    scene.access.enable_user(scene.proof("boss"), "id-anna")
    stale = scene.user("anna")
    scene.change("anna", login=Enabled(A_MONDAY))

    def found(looked_at: int) -> None:
        scene.change("anna", login=stale.login)

    scene.access.sweep(progress=found)
    assert "id-anna" not in ended(scene)


# --- how


def test_a_dry_run_counts_what_the_next_run_does_and_changes_nothing() -> None:
    scene, sent = with_dormancy(), list[Any]()
    scene.clock.move(timedelta(days=61))
    before = everything(scene.repositories)
    foretold = run(door(scene).sweep(send=sent.append, dry_run=True))
    assert (before, []) == (everything(scene.repositories), sent)
    assert foretold == scene.access.sweep(send=sent.append)
    assert (1, 4, 0, 0) == (foretold.lapsed, foretold.dormant, foretold.warned, foretold.busy)


def test_a_second_sweep_finds_nothing_to_do() -> None:
    scene, sent = with_dormancy(), list[Any]()
    scene.clock.move(timedelta(days=50))
    scene.access.sweep(send=sent.append)
    before, count = everything(scene.repositories), len(sent)
    report = scene.access.sweep(send=sent.append)
    assert (0, 0, 0, 0) == (report.lapsed, report.dormant, report.warned, report.busy)
    assert (before, count) == (everything(scene.repositories), len(sent))


def test_progress_is_told_of_everybody_looked_at() -> None:
    scene, seen = with_dormancy(), list[int]()
    scene.clock.move(timedelta(days=61))
    report = scene.access.sweep(progress=seen.append)
    assert list(range(1, report.looked_at + 1)) == seen


def test_a_sweep_goes_page_by_page_and_misses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mydso_access.flows.sweep.PAGE", 3)
    scene = with_dormancy()
    add(scene.repositories, *(person(f"user-{number}", "guest") for number in range(20)))
    scene.clock.move(timedelta(days=61))
    assert 24 == scene.access.sweep().dormant


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_sweep_that_a_fault_broke_off_at_any_call_is_simply_run_again(after: bool) -> None:
    whole, expected_sent = with_dormancy(), list[Any]()
    whole.clock.move(timedelta(days=61))
    whole.access.sweep(send=expected_sent.append)
    over = False
    for failing in range(1, 60):
        scene, sent = with_dormancy(), list[Any]()
        scene.clock.move(timedelta(days=61))
        faulty = Faulty(scene.repositories, lambda call, k=failing: call >= k, after=after)
        outcome = outcome_of(lambda access, sent=sent: access.sweep(send=sent.append), scene, faulty)
        over = faulty.calls < failing
        assert isinstance(outcome, SweepReport if over else StoreUnavailable)
        scene.access.sweep(send=sent.append)
        assert ended(whole) == ended(scene)
        assert len(whole.events()) == len(scene.events())
        assert len({(each.to, type(each)) for each in sent}) == len(sent) <= len(expected_sent)
        if over:
            break
    assert over


# --- warnings


def warnings(scene: Scene, days: int) -> list[tuple[int, str, Ending, int]]:
    """Sweep once a day, and return which day who was warned of what."""
    sent: list[tuple[int, str, Ending, int]] = []
    for day in range(days):
        today: list[Any] = []
        scene.access.sweep(send=today.append)
        found = [each for each in today if isinstance(each, WarningMessage)]
        sent += [(day, each.to.partition("@")[0], each.ending, each.days) for each in found]
        scene.clock.move(DAY)
    return sent


def test_everybody_is_warned_14_7_and_1_day_before_and_never_twice() -> None:
    scene = with_dormancy()
    sent = warnings(scene, 62)
    assert [(16, Ending.INVITATION, 14), (23, Ending.INVITATION, 7), (29, Ending.INVITATION, 1)] == [
        (day, ending, left) for day, name, ending, left in sent if name == "invited"
    ]
    assert [(47, Ending.LOGIN, 14), (54, Ending.LOGIN, 7), (60, Ending.LOGIN, 1)] == [
        (day, ending, left) for day, name, ending, left in sent if name == "anna"
    ]
    assert {"invited", "anna", "deputy", "manager", "guest"} == {name for _, name, _, _ in sent}


def test_a_warning_is_an_event_and_says_when_and_what_ends() -> None:
    scene, sent = Scene(), list[Any]()
    scene.clock.move(timedelta(days=23))
    scene.access.sweep(send=sent.append)
    (message,) = sent
    due = A_MONDAY + MONTH
    assert (
        WarningMessage(to="invited@example.com", name="invited", ending=Ending.INVITATION, due=due, days=7) == message
    )
    assert (EventKind.USER_WARNED, None, "sweep", "id-invited", "S10", ()) == scene.told()


def test_of_warnings_that_were_missed_only_the_latest_is_sent_and_a_new_due_date_begins_anew() -> None:
    scene, sent = with_dormancy(), list[Any]()
    scene.clock.move(timedelta(days=60))
    scene.access.sweep(send=sent.append)
    assert {1} == {each.days for each in sent if each.to.startswith("anna")}
    scene.access.sign_in("anna", RIGHT, address=HOME)
    assert [14, 7, 1] == [left for _, name, _, left in warnings(scene, 62) if name == "anna"]


def test_without_a_sender_no_warning_is_made() -> None:
    scene = with_dormancy()
    scene.clock.move(timedelta(days=23))
    before = everything(scene.repositories)
    assert 0 == scene.access.sweep().warned
    assert before == everything(scene.repositories)


# --- the forecast


def later_by_months(instant: datetime, months: int) -> datetime:
    month = instant.month - 1 + months
    year, month = instant.year + month // 12, month % 12 + 1
    return instant.replace(year=year, month=month, day=min(instant.day, calendar.monthrange(year, month)[1]))


def naive_end(user: User, months: dict[Any, int | None]) -> datetime | None:
    """Return when a user's invitation or login ends, by the rules and nothing else."""
    if user.appointments:
        return None
    if isinstance(user.login, Invited):
        return user.login.since + MONTH
    if not isinstance(user.login, Enabled) or months.get(user.structure) is None:
        return None
    seen = max(user.last_access_at or user.login.since, user.login.since)
    return later_by_months(seen, months[user.structure] or 0)


moments = st.integers(min_value=0, max_value=200).map(lambda days: A_MONDAY - timedelta(days=days, hours=days % 24))
people = st.lists(st.tuples(st.sampled_from([LYON, PARIS]), moments, st.booleans()), max_size=12)


@settings(max_examples=60)
@given(people, st.integers(0, 366), st.integers(1, 8), st.none() | st.integers(1, 3))
def test_the_forecast_agrees_with_a_naive_model_and_with_what_the_sweep_then_does(
    people: Any, days: int, lyon: int, paris: int | None
) -> None:
    scene = Scene()
    scene.ask(LYON, dormancy__months=lyon)
    scene.ask(PARIS, dormancy__months=paris)
    for number, (structure, at, invited) in enumerate(people):
        how: Callable[[datetime], Any] = Invited if invited else Enabled
        more = {"credential": None} if invited else {}
        add(scene.repositories, person(f"user-{number}", "guest", structure, login=how(at), **more))
    months = {LYON: lyon, PARIS: paris}
    ends = {each.id: naive_end(each, months) for each in scene.repositories.users._by_id.values()}
    horizon = scene.clock.now() + timedelta(days=days)
    expected = sorted((at, user_id) for user_id, at in ends.items() if at is not None and at <= horizon)
    foretold = scene.access.forecast(days)
    assert all(isinstance(each, Due) for each in foretold)
    assert expected == sorted((each.at, each.user.id) for each in foretold)
    assert [at for at, _ in expected] == [each.at for each in foretold]
    scene.clock.move(timedelta(days=days) + TICK)
    scene.access.sweep()
    assert {user_id for _, user_id in expected} == set(ended(scene))


@pytest.mark.parametrize("days", [-1, 367, True, None, 1.0, "7"])
def test_a_forecast_looks_0_to_366_days_ahead(days: Any) -> None:
    with pytest.raises(InvalidValue, match="days"):
        Scene().access.forecast(days)


def test_a_forecast_changes_nothing_and_is_the_same_behind_the_asynchronous_door() -> None:
    scene = with_dormancy()
    before = everything(scene.repositories)
    assert list(scene.access.forecast(100)) == list(run(door(scene).forecast(100)))
    assert before == everything(scene.repositories)


def test_s10_s25_who_manages_users_sees_what_the_forecast_says_of_their_structure() -> None:
    scene = Scene()
    scene.ask(LYON, dormancy__months=2)
    for actor, structure in ((scene.proof("boss"), LYON), (scene.proof("chief"), PARIS), (ROOT, GROUP)):
        foretold = tuple(each for each in scene.access.forecast(100) if each.user.structure == structure)
        assert foretold == scene.access.list_due(actor, structure, 100)
    due = scene.access.list_due(ROOT, LYON, 100)
    assert {"id-anna", "id-invited"} <= {each.user.id for each in due}
    assert due == run(door(scene).list_due(ROOT, LYON, 100))


def test_s3_nobody_else_sees_who_is_due() -> None:
    scene = Scene()
    assert Reason.OTHER_STRUCTURE is scene.access.list_due(scene.proof("boss"), PARIS, 30).reason
    assert Reason.NOT_ALLOWED is scene.access.list_due(scene.proof("anna"), LYON, 30).reason
    assert Reason.NO_STRUCTURE is scene.access.list_due(ROOT, Structure.entity("nowhere"), 30).reason
    with pytest.raises(InvalidValue):
        scene.access.list_due(ROOT, LYON, 367)


# --- misuse


async def _asynchronous(message: Any) -> None: ...


@pytest.mark.parametrize("wrong", [[], "outbox", _asynchronous], ids=["list", "text", "asynchronous"])
@pytest.mark.parametrize("name", ["send", "progress"])
def test_what_takes_no_message_is_misuse_before_anything_is_saved(name: str, wrong: Any) -> None:
    scene = with_dormancy()
    scene.clock.move(timedelta(days=61))
    before = everything(scene.repositories)
    for sweep in (scene.access.sweep, lambda **given: run(door(scene).sweep(**given))):
        with pytest.raises(InvalidValue, match=f"^{name} is .* a function, not an asynchronous one"):
            sweep(**{name: wrong})
    assert before == everything(scene.repositories)
    assert 4 == scene.access.sweep(send=list[Any]().append).dormant
