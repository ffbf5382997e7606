"""A change meets others: overtaken it is decided again, its own save is recognised, and no message is made twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    Done,
    Entered,
    Entity,
    Forgotten,
    Founded,
    LinkIssued,
    LinkOpened,
    NewUser,
    Reason,
    Refused,
    ResetRequested,
    Stale,
    StoreUnavailable,
    StructurePolicy,
    System,
    Taken,
)
from mydso_access.model import Email
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import LYON, NEW, PARIS, ROOT, Scene, everything, revealed
from tests.flows.sending import EXTERNAL, sent
from tests.flows.test_actors import OF_CUSTOMERS, OF_MEMBERSHIPS, OF_USERS
from tests.support import HOME, door, run
from tests.test_store import raising, replacing

Request = Callable[[Any], Any]
Prepared = Callable[[Scene], Request]
NICE, NEWCOMER = Entity(id="nice", title="Nice"), NewUser(email="n@example.com", role="administrator", name="newcomer")


def _by_system(call: Callable[[Any, Any], Any]) -> Prepared:
    return lambda _: lambda access: call(access, ROOT)


def _entered(scene: Scene) -> Request:
    proof = scene.proof("anna")
    return lambda access: access.enter(proof, "lyon", address=HOME)


def _accessed(scene: Scene) -> Request:
    proof = scene.proof("anna")
    return lambda access: access.accessed(proof)


def _accepted(scene: Scene) -> Request:
    invited = scene.access.renew_invitation(System("before"), "id-invited")
    token = revealed(invited.messages[0].token)
    return lambda access: access.accept_invitation(token, NEW)


def _reset(scene: Scene) -> Request:
    token = revealed(scene.access.request_password_reset("anna").messages[0].token)
    return lambda access: access.complete_password_reset(token, NEW)


def _confirmed(scene: Scene) -> Request:
    asked = scene.access.change_email(System("before"), "id-anna", "other@example.com")
    token = revealed(asked.messages[0].token)
    return lambda access: access.confirm_email(token)


def _dismissed(scene: Scene) -> Request:
    assert isinstance(scene.access.appoint(System("before"), LYON, "id-deputy"), Done)
    return lambda access: access.dismiss(ROOT, LYON, "id-deputy")


def _dissociated(scene: Scene) -> Request:
    assert isinstance(scene.access.associate(System("before"), "lyon", "c1", "id-anna"), Done)
    return lambda access: OF_CUSTOMERS["dissociate"](access, ROOT)


def _renewed(scene: Scene) -> Request:
    link_id = sent(scene).link.id
    scene.clock.move(timedelta(seconds=1))
    return lambda access: access.renew_link(ROOT, link_id)


def _revoked(scene: Scene) -> Request:
    link_id = sent(scene).link.id
    return lambda access: access.revoke_link(ROOT, link_id)


def _opened(scene: Scene) -> Request:
    token = sent(scene, single_use=True).token
    return lambda access: access.open_link(token, EXTERNAL)


USERS = {
    name: call for name, call in OF_USERS.items() if name not in ("unblock_account", "forget_user", "revoke_address")
}
CHANGES: dict[str, Prepared] = {
    **{name: _by_system(call) for name, call in (USERS | OF_MEMBERSHIPS).items()},
    **{name: _by_system(OF_CUSTOMERS[name]) for name in ("associate", "assign_collector")},
    "dissociate": _dissociated,
    "appoint": lambda _: lambda access: access.appoint(ROOT, LYON, "id-deputy"),
    "dismiss": _dismissed,
    "change_settings": lambda _: (
        lambda access: access.change_settings(ROOT, LYON, StructurePolicy({"dormancy.months": 6}))
    ),
    "found": lambda _: lambda access: access.found(ROOT, NICE, NEWCOMER),
    "enter": _entered,
    "accessed": _accessed,
    "accept_invitation": _accepted,
    "request_password_reset": lambda _: lambda access: access.request_password_reset("anna"),
    "complete_password_reset": _reset,
    "confirm_email": _confirmed,
    "forget_user": lambda _: lambda access: access.forget_user(ROOT, "id-anna"),
    "renew_link": _renewed,
    "revoke_link": _revoked,
    "open_link": _opened,
}
FINE = (Done, Entered, Founded, Forgotten, ResetRequested, LinkIssued, LinkOpened)
# What does something each time, or can be done once.
ANEW = {
    *("add_user", "found", "renew_invitation", "accept_invitation", "enter", "accessed"),
    *("change_email", "confirm_email", "complete_password_reset", "forget_user"),
    *("renew_link", "open_link"),
}


class Saves:
    """Every save of a record; some calls fail, before or after they are carried out."""

    def __init__(self, scene: Scene, error: Exception, *, fails: Callable[[int], bool], carried_out: bool) -> None:
        self.calls, self._error, self._fails, self._carried_out = 0, error, fails, carried_out
        own = scene.repositories
        saves = {
            "users_save": own.users.save,
            "structures_save": own.structures.save,
            "customers_save": own.customers.save,
            "links_save": own.links.save,
        }
        self.repositories = replacing(scene, **{name: self._failing(save) for name, save in saves.items()})

    def _failing(self, save: Any) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls += 1
            fails = self._fails(self.calls)
            if fails and not self._carried_out:
                raise self._error
            version = save(*arguments)
            if fails:
                raise self._error
            return version

        return call


def prepared(name: str) -> tuple[Scene, Request, Any]:
    """Return a scene in which a change can be asked for, the request, and what was stored before it."""
    scene = Scene()
    request = CHANGES[name](scene)
    return scene, request, everything(scene.repositories)


def through(scene: Scene, repositories: Any) -> AccessControl:
    return scene.through(repositories)


def asked(scene: Scene, request: Request, saves: Saves) -> Any:
    return request(through(scene, saves.repositories))


def trail(scene: Scene) -> list[tuple[Any, ...]]:
    return [(each.kind, each.subject, each.structure, each.customer, each.rule) for each in scene.events()]


def what_it_does(name: str) -> tuple[list[tuple[Any, ...]], int]:
    """Return the trail of a change that nobody is in the way of, and how often it saves."""
    scene, request, _ = prepared(name)
    saves = Saves(scene, Stale(), fails=lambda _: False, carried_out=False)
    assert isinstance(asked(scene, request, saves), FINE)
    return trail(scene), saves.calls


def same(actual: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> bool:
    """Tell whether two trails tell the same, of people whose ids were drawn."""
    drawn = {each[1] for each in (*actual, *expected) if len(each[1] or "") >= 22}
    return [tuple("drawn" if part in drawn else part for part in each) for each in actual] == [
        tuple("drawn" if part in drawn else part for part in each) for each in expected
    ]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("carried_out", [False, True], ids=["overtaken", "carried out"])
def test_a_change_that_met_stale_once_is_done_once_whatever_became_of_the_save(*, carried_out: bool, name: str) -> None:
    expected, count = what_it_does(name)
    for failing in range(1, count + 1):
        scene, request, _ = prepared(name)
        saves = Saves(scene, Stale(), fails=lambda call, k=failing: call == k, carried_out=carried_out)
        outcome = asked(scene, request, saves)
        assert isinstance(outcome, FINE)
        assert count + (not carried_out) == saves.calls
        assert same(trail(scene), expected)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "enter"])
def test_a_save_that_was_stored_although_the_store_went_away_is_recognised(name: str) -> None:
    expected, count = what_it_does(name)
    for failing in range(1, count + 1):
        scene, request, _ = prepared(name)
        saves = Saves(scene, OSError("gone"), fails=lambda call, k=failing: call == k, carried_out=True)
        outcome = asked(scene, request, saves)
        assert isinstance(outcome, FINE)
        assert count == saves.calls
        assert same(trail(scene), expected)
        if isinstance(outcome, Done):
            assert outcome.event == next(each for each in scene.events() if each.id == outcome.record.written_by)


def test_nobody_has_entered_where_the_store_went_away_although_it_was_stored() -> None:
    scene, request, _ = prepared("enter")
    saves = Saves(scene, OSError("gone"), fails=lambda _: True, carried_out=True)
    with pytest.raises(StoreUnavailable):
        asked(scene, request, saves)


@pytest.mark.parametrize("name", CHANGES)
def test_a_save_that_was_not_stored_is_unavailable_and_changes_nothing(name: str) -> None:
    scene, request, before = prepared(name)
    saves = Saves(scene, OSError("gone"), fails=lambda _: True, carried_out=False)
    with pytest.raises(StoreUnavailable):
        asked(scene, request, saves)
    assert (1, before) == (saves.calls, everything(scene.repositories))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_others_keep_overtaking_is_busy_and_changes_nothing(name: str) -> None:
    scene, request, before = prepared(name)
    saves = Saves(scene, Stale(), fails=lambda _: True, carried_out=False)
    outcome = asked(scene, request, saves)
    expected = ResetRequested() if name == "request_password_reset" else Busy(BusyBecause.RECORD_CHANGED)
    assert expected == outcome  # a reset's answer must not tell who exists
    assert before == everything(scene.repositories)
    assert saves.calls > 3


@pytest.mark.parametrize("name", CHANGES)
def test_in_the_hosts_own_transaction_stale_is_raised_at_once_and_nothing_is_asked_again(name: str) -> None:
    scene, request, before = prepared(name)
    saves = Saves(scene, Stale(joined=True), fails=lambda _: True, carried_out=False)
    loads: list[Any] = []
    get = scene.repositories.users.get
    saves.repositories.users.get = lambda user_id: loads.append(saves.calls) or get(user_id)
    with pytest.raises(Stale) as raised:
        asked(scene, request, saves)
    assert (True, 1, before) == (raised.value.joined, saves.calls, everything(scene.repositories))
    assert 1 not in loads  # a database has ended the transaction by then


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_the_same_behind_both_doors(name: str) -> None:
    scene, request, _ = prepared(name)
    asynchronous, request_there, _ = prepared(name)
    assert type(request(scene.access)) is type(run(request_there(door(asynchronous))))
    assert same(trail(scene), trail(asynchronous))


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ANEW])
def test_what_is_so_already_is_done_and_stores_nothing(name: str) -> None:
    scene, request, _ = prepared(name)
    assert isinstance(request(scene.access), FINE)
    before = everything(scene.repositories)
    outcome = request(scene.access)
    assert isinstance(outcome, Done | ResetRequested)
    assert () == outcome.messages
    assert before == everything(scene.repositories)


def test_a3_a_name_that_somebody_takes_meanwhile_is_taken() -> None:
    for error, expected in ((Taken("name"), Reason.NAME_TAKEN), (Taken("sso"), Reason.ALREADY_THERE)):
        scene = Scene()
        access = through(scene, replacing(scene, users_save=raising(error)))
        assert expected is access.add_user(ROOT, LYON, NEWCOMER).reason
        assert [] == scene.events()


def test_a_change_is_decided_again_by_what_the_actor_is_now() -> None:
    scene = Scene()
    proof, save = scene.proof("deputy"), scene.repositories.users.save

    def overtaken(*arguments: Any) -> int:
        if scene.user("deputy").role == "administrator":  # is demoted while their change is under way
            scene.change("deputy", role="collector")
            raise Stale
        return save(*arguments)

    access = through(scene, replacing(scene, users_save=overtaken))
    outcome = access.change_role(proof, "id-anna", "credit_manager")
    assert isinstance(outcome, Refused)
    assert (Reason.NOT_ALLOWED, "collector") == (outcome.reason, scene.user("anna").role)


def test_d10_a_change_is_saved_later_than_the_record_was_whatever_the_clock_reads() -> None:
    scene = Scene()
    ahead = scene.user("anna").saved_at.replace(year=2030)
    scene.change("anna", saved_at=ahead, email=Email("anna@example.com"))
    done = scene.access.disable_user(ROOT, "id-anna")
    assert isinstance(done, Done)
    assert ahead < done.record.saved_at == done.record.login.since == done.record.valid_from  # type: ignore[union-attr]
    assert A_MONDAY.year == scene.clock.now().year
    assert PARIS == scene.structure(PARIS).structure
