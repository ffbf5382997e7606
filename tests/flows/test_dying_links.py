"""What ends a link at once: its granter may not open that customer any more, or the host has it no more (A23; S28)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    Done,
    LinkOpened,
    LinkShown,
    Nothing,
    PasswordChanged,
    Reason,
    StructurePolicy,
)
from mydso_access.model import Structure
from tests.flows.scene import GROUP, LYON, NEW, ROOT, Scene, revealed
from tests.flows.sending import (
    ANNA,
    DAY,
    EXTERNAL,
    opened,
    page,
    refused,
    sent,
)
from tests.support import HOME, RIGHT

Act = Callable[[Scene], Any]
LOST = Reason.GRANTER_LOST_RIGHT


def _collected(scene: Scene) -> None:
    """Make Anna the collector of the link's customer, and collectors see only theirs."""
    scene.access.assign_collector(ROOT, "lyon", "c1", ANNA)
    scene.ask(LYON, visibility__collectors=True)


def _asks(structure: Structure, **settings: Any) -> Act:
    policy = StructurePolicy({name.replace("__", "."): value for name, value in settings.items()})
    return lambda scene: scene.access.change_settings(ROOT, structure, policy)


def _given_to(user_id: str | None) -> Act:
    return lambda scene: scene.access.assign_collector(ROOT, "lyon", "c1", user_id)


def _is_there(there: bool) -> Act:
    def act(scene: Scene) -> None:
        scene.resource_exists = lambda _: there

    return act


def _months_pass(scene: Scene) -> None:
    scene.clock.move(100 * DAY)


def _months_pass_and_the_sweep_comes(scene: Scene) -> None:
    _months_pass(scene)
    assert 1 <= scene.access.sweep(send=lambda _: None).dormant


def _active_again(scene: Scene) -> None:
    made = scene.access.make_active(ROOT, ANNA, "anna.again")
    assert isinstance(made, Done)
    assert isinstance(scene.access.accept_invitation(revealed(made.messages[0].token), NEW), Done)


def _enable(scene: Scene) -> None:
    assert isinstance(scene.access.enable_user(ROOT, ANNA), Done)


# How a link dies, by what right, and how it lives again: before it is issued, the end, reason and rule, the way back.
ENDINGS: dict[str, tuple[Act, Act, tuple[Reason, str], Act]] = {
    "granter disabled": (
        lambda _: None,
        lambda scene: scene.access.disable_user(ROOT, ANNA),
        (LOST, "D12"),
        _enable,
    ),
    "granter dormant": (_asks(LYON, dormancy__months=3), _months_pass, (LOST, "S25"), _asks(LYON)),
    "granter dormant, and swept": (
        _asks(LYON, dormancy__months=3),
        _months_pass_and_the_sweep_comes,
        (LOST, "D12"),
        _enable,
    ),
    "granter a contact": (
        lambda _: None,
        lambda scene: scene.access.make_contact(ROOT, ANNA),
        (LOST, "S14"),
        _active_again,
    ),
    "granter a guest": (
        lambda _: None,
        lambda scene: scene.access.change_role(ROOT, ANNA, "guest"),
        (LOST, "S6"),
        lambda scene: scene.access.change_role(ROOT, ANNA, "collector"),
    ),
    "customer given to another collector": (_collected, _given_to("id-manager"), (LOST, "S29"), _given_to(ANNA)),
    "customer given to nobody": (_collected, _given_to(None), (LOST, "S29"), _given_to(ANNA)),
    "switch turned on": (
        lambda _: None,
        _asks(LYON, visibility__collectors=True),
        (LOST, "S29"),
        _asks(LYON, visibility__collectors=False),
    ),
    "host has it no more": (lambda _: None, _is_there(False), (Reason.NO_RESOURCE, "A23"), _is_there(True)),
}


@pytest.mark.parametrize("single_use", [False, True], ids=["often", "once"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a23_what_its_granter_may_not_open_now_no_link_opens_and_it_opens_again_once_they_may(
    ending: str, single_use: bool
) -> None:
    prepare, end, expected, back = ENDINGS[ending]
    scene = Scene()
    prepare(scene)
    issued = sent(scene, single_use=single_use)
    assert isinstance(scene.access.look_at_link(issued.token, EXTERNAL), LinkShown)
    end(scene)
    assert (*expected, 1) == refused(scene, issued)
    assert (*expected, 1) == refused(scene, issued)  # and it was not used up by that
    back(scene)
    assert isinstance(opened(scene, issued), LinkOpened)


def test_s16_the_link_of_somebody_who_is_withdrawn_from_the_entity_is_dead_until_they_are_authorised() -> None:
    scene = Scene()
    issued = sent(scene, granter="id-multi")
    scene.access.withdraw(ROOT, "id-multi", "lyon")
    assert (LOST, "S16", 1) == refused(scene, issued)
    scene.access.authorise(ROOT, "id-multi", "lyon")
    assert isinstance(opened(scene, issued), LinkOpened)


def test_s25_the_dormancy_of_the_platform_counts_for_who_belongs_to_it() -> None:
    scene = Scene()
    issued = {name: sent(scene, granter=f"id-{name}") for name in ("anna", "multi")}
    scene.ask(GROUP, dormancy__months=3)
    _months_pass(scene)
    assert isinstance(opened(scene, issued["anna"]), LinkOpened)
    assert (LOST, "S25", 1) == refused(scene, issued["multi"])


def test_the_links_of_somebody_who_is_forgotten_are_forgotten_with_them() -> None:
    scene = Scene()
    issued = [sent(scene, page(resource=f"statement-{number}")) for number in range(3)]
    others = sent(scene, granter="id-manager")
    scene.access.forget_user(ROOT, ANNA)
    assert [others.link.id] == [*scene.repositories.links._by_id]
    assert [(Reason.DEAD_TOKEN, "A23", 0)] * 3 == [refused(scene, each) for each in issued]
    assert isinstance(opened(scene, others), LinkOpened)


def test_a_link_whose_granter_is_gone_although_it_was_left_opens_nothing() -> None:
    scene = Scene()
    issued = sent(scene)
    del scene.repositories.users._by_id[ANNA]
    assert (LOST, "A23", 1) == refused(scene, issued)


def test_a_link_whose_entity_is_gone_opens_nothing() -> None:
    scene = Scene()
    issued = sent(scene, granter="id-multi")
    del scene.repositories.structures._entities["lyon"]
    assert (Reason.NO_STRUCTURE, "A10", 1) == refused(scene, issued)


# --- what does not end it


LIVES: dict[str, Act] = {
    "granter locked out": lambda scene: [scene.access.sign_in("anna", "wrong", address=HOME) for _ in range(7)],
    "address blocked": lambda scene: [scene.access.sign_in(f"no-{n}", "wrong", address=HOME) for n in range(12)],
    "another password": lambda scene: scene.access.change_password(scene.proof("anna"), RIGHT, NEW, address=HOME),
    "a password reset": lambda scene: scene.access.complete_password_reset(
        scene.access.request_password_reset("anna").messages[0].token, NEW
    ),
    "password compromised": lambda scene: scene.access.mark_compromised(ROOT, ANNA),
    "another e-mail address": lambda scene: scene.access.change_email(ROOT, ANNA, "a@example.com"),
    "a second factor is asked for": _asks(LYON, second_factor__required=True),
    "another name": lambda scene: scene.access.rename(ROOT, ANNA, "Anna Grand"),
    "promoted": lambda scene: scene.access.change_role(ROOT, ANNA, "credit_manager"),
    "another colleague": lambda scene: scene.access.associate(ROOT, "lyon", "c1", "id-guest"),
    "a switch of another role": _asks(LYON, visibility__sales=True, visibility__guests=True),
    "purged": lambda scene: scene.access.purge(),
    "swept": lambda scene: scene.access.sweep(send=lambda _: None),
}


@pytest.mark.parametrize("what", LIVES)
def test_a23_what_takes_no_right_away_from_its_granter_ends_no_link(what: str) -> None:
    scene = Scene()
    issued = sent(scene, single_use=True)
    before = len(scene.events())
    outcome = LIVES[what](scene)
    assert outcome is not None
    assert before < len(scene.events()) or what in ("purged", "swept")
    assert isinstance(opened(scene, issued), LinkOpened)


def test_s36_a_lock_out_that_lasts_kills_no_link_and_the_granter_is_out_indeed() -> None:
    scene = Scene()
    issued = sent(scene)
    LIVES["granter locked out"](scene)
    assert Reason.ACCOUNT_BLOCKED is scene.access.sign_in("anna", RIGHT, address="192.0.2.99").reason
    assert isinstance(opened(scene, issued), LinkOpened)


def test_d12_a_password_that_was_changed_ends_the_sessions_and_not_the_links() -> None:
    scene = Scene()
    issued, proof = sent(scene), scene.proof("anna")
    scene.clock.move(timedelta(minutes=1))
    assert isinstance(LIVES["another password"](scene), PasswordChanged)
    assert isinstance(scene.access.permissions(proof, "lyon").scope, Nothing)
    assert isinstance(opened(scene, issued), LinkOpened)
