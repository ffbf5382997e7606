"""Administration that overlaps at any call of the store, processes that die there included: what must hold, holds."""

import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from mydso_access import Done, Reason, Refused
from mydso_access.decisions.administration import is_main_administrator
from mydso_access.flows.forgetting import forget_user
from mydso_access.flows.founding import found
from mydso_access.flows.invitations import accept_invitation
from mydso_access.flows.main_administrators import appoint, dismiss
from mydso_access.flows.password_reset import complete_password_reset, request_password_reset
from mydso_access.flows.users import change_role, disable_user, enable_user, make_contact
from mydso_access.installation import Installation
from mydso_access.model import Enabled, Invited, Right, User
from mydso_access.model.role import MY_DSO_MANAGER, RoleTable
from tests.flows.overlapping import installation, overlapped
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, person
from tests.flows.test_founding import BOSS, NICE
from tests.support import add

ROLES = RoleTable(MY_DSO_MANAGER)
Flow = Coroutine[Any, Any, Any]
ADMINISTRATORS = ("id-boss", "id-deputy", "id-second")
OPERATIONS: dict[str, Callable[[Installation, str], Flow]] = {
    "appoint": lambda where, who: appoint(where, ROOT, LYON, who),
    "dismiss": lambda where, who: dismiss(where, ROOT, LYON, who),
    "disable": lambda where, who: disable_user(where, ROOT, who),
    "enable": lambda where, who: enable_user(where, ROOT, who),
    "demote": lambda where, who: change_role(where, ROOT, who, "guest"),
    "promote": lambda where, who: change_role(where, ROOT, who, "administrator"),
    "make contact": lambda where, who: make_contact(where, ROOT, who),
    "forget": lambda where, who: forget_user(where, ROOT, who),
}
# The first three are what the order of saves is for.
WEIGHTS = (8, 8, 3, 1, 3, 1, 1, 1)


def unheld(scene: Scene) -> list[str]:
    """Return whom a structure lists as main administrator who does not hold that appointment, or may not sign in."""
    wrong = []
    for place in (LYON, PARIS, GROUP):
        for each in scene.structure(place).main_administrators:
            user = scene.repositories.users.get(each.user_id)
            if user is None or each.id not in user.appointments or not _may_administer(user):
                wrong.append(each.user_id)
    return wrong


def _may_administer(user: User) -> bool:
    rights = ROLES.role(user.role).rights(may_import=user.may_import)
    return isinstance(user.login, Enabled | Invited) and Right.SECURITY_SETTINGS in rights


def administered(scene: Scene) -> bool:
    """Tell whether every structure has somebody who administers it, by what both records say."""
    users = scene.repositories.users._by_id.values()
    places = map(scene.structure, (LYON, PARIS, GROUP))
    return all(any(is_main_administrator(user, place) for user in users) for place in places)


def round_of(scene: Scene, chance: random.Random, dying: float) -> list[str]:
    where = installation(scene)
    chosen = chance.choices([*OPERATIONS], WEIGHTS, k=chance.randint(2, 5))
    overlapped([OPERATIONS[each](where, chance.choice(ADMINISTRATORS)) for each in chosen], chance, dying=dying)
    return chosen


@pytest.mark.parametrize("dying", [0.0, 0.03], ids=["alive", "dying"])
def test_a13_no_overlap_of_appointing_dismissing_and_disabling_leaves_a_structure_without(dying: float) -> None:
    for seed in range(150):
        chance, scene = random.Random(seed), Scene()
        add(scene.repositories, person("second", "administrator"))
        for _ in range(8):
            chosen = round_of(scene, chance, dying)
            assert ([], True) == (unheld(scene), administered(scene)), (seed, chosen)


def test_a13_an_interrupted_or_overtaken_appointing_leaves_nobody_who_cannot_be_dismissed_and_disabled() -> None:
    for seed in range(100):
        chance, scene = random.Random(seed), Scene()
        where = installation(scene)
        flows = [appoint(where, ROOT, LYON, "id-deputy"), dismiss(where, ROOT, LYON, "id-deputy")]
        overlapped([*flows, appoint(where, ROOT, LYON, "id-deputy")], chance, dying=0.05)
        assert isinstance(scene.access.dismiss(ROOT, LYON, "id-deputy"), Done)
        assert isinstance(scene.access.disable_user(ROOT, "id-deputy"), Done)


def test_invariant_5_of_accepts_that_overlap_anywhere_one_wins() -> None:
    for seed in range(100):
        scene = Scene()
        token = scene.access.renew_invitation(ROOT, "id-invited").messages[0].token
        where = installation(scene)
        flows = [accept_invitation(where, token, f"Another-Horse-{number}") for number in range(4)]
        answers = overlapped(flows, random.Random(seed))
        assert 1 == sum(isinstance(each, Done) for each in answers)
        assert {Reason.DEAD_TOKEN} == {each.reason for each in answers if isinstance(each, Refused)}


def test_invariant_5_of_resets_that_overlap_anywhere_one_wins_and_of_requests_one_is_sent() -> None:
    for seed in range(100):
        scene, chance = Scene(), random.Random(seed)
        where = installation(scene)
        asked = overlapped([request_password_reset(where, "anna") for _ in range(4)], chance)
        ((message,),) = [each.messages for each in asked if each.messages]
        flows = [complete_password_reset(where, message.token, f"Another-Horse-{number}") for number in range(4)]
        assert 1 == sum(isinstance(each, Done) for each in overlapped(flows, chance))


def test_s16_of_foundings_that_overlap_anywhere_one_founds_and_the_others_change_nothing() -> None:
    for seed in range(100):
        scene = Scene()
        where = installation(scene)
        overlapped([found(where, ROOT, NICE, BOSS) for _ in range(3)], random.Random(seed), dying=0.02)
        founded = scene.repositories.structures.get(NICE.structure)
        boss = scene.repositories.users.named("the.boss")
        if founded is not None:
            assert boss is not None
            assert is_main_administrator(boss, founded)
