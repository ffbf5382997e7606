"""A change of a user that was made from what a page showed: not made if somebody changed the user since."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mydso_access import Done, InvalidValue, Reason, Refused, SignedIn
from tests.flows.scene import GROUP, LYON, ROOT, Scene, everything
from tests.support import HOME, RIGHT, door, run

ANNA = "id-anna"
CHANGES: dict[str, tuple[str, Callable[..., Any]]] = {
    "role": (ANNA, lambda access, actor, **seen: access.change_role(actor, ANNA, "guest", **seen)),
    "import flag": (
        "id-manager",
        lambda access, actor, **seen: access.change_import_flag(actor, "id-manager", may_import=True, **seen),
    ),
    "name": (ANNA, lambda access, actor, **seen: access.rename(actor, ANNA, "Anne", **seen)),
    "e-mail": (ANNA, lambda access, actor, **seen: access.change_email(actor, ANNA, "anne@example.org", **seen)),
    "mobile": (ANNA, lambda access, actor, **seen: access.change_mobile(actor, ANNA, "+33612345670", **seen)),
    "contact": (ANNA, lambda access, actor, **seen: access.make_contact(actor, ANNA, **seen)),
    "active": (
        "id-contact",
        lambda access, actor, **seen: access.make_active(actor, "id-contact", "carla.new", **seen),
    ),
    "disabled": (ANNA, lambda access, actor, **seen: access.disable_user(actor, ANNA, **seen)),
    "enabled": ("id-disabled", lambda access, actor, **seen: access.enable_user(actor, "id-disabled", **seen)),
}


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> tuple[str, Callable[..., Any]]:
    return CHANGES[request.param]


def mark(scene: Scene, user_id: str) -> str:
    return str(scene.access.look_at_user(ROOT, LYON, user_id).mark)


def test_who_changes_a_user_as_they_were_seen_changes_them(change: tuple[str, Callable[..., Any]]) -> None:
    user_id, ask = change
    for through in (lambda scene: scene.access, door):
        scene = Scene()
        done = ask(through(scene), scene.proof("boss"), seen=mark(scene, user_id))
        assert isinstance(run(done) if hasattr(done, "__await__") else done, Done)


def test_who_changes_a_user_whom_somebody_has_changed_since_is_told_and_nothing_is_changed(
    change: tuple[str, Callable[..., Any]],
) -> None:
    user_id, ask = change
    scene = Scene()
    seen = mark(scene, user_id)
    scene.access.rename(ROOT, user_id, "Somebody Else")
    before = everything(scene.repositories)
    refused = ask(scene.access, scene.proof("boss"), seen=seen)
    assert isinstance(refused, Refused)
    assert (Reason.CHANGED_MEANWHILE, user_id) == (refused.reason, refused.user_id)
    assert before == everything(scene.repositories)
    assert isinstance(ask(scene.access, scene.proof("boss"), seen=mark(scene, user_id)), Done)


def test_what_was_seen_tells_nobody_anything_who_may_not_change_the_user(
    change: tuple[str, Callable[..., Any]],
) -> None:
    _, ask = change
    scene = Scene()
    refused = ask(scene.access, scene.proof("stranger"), seen="another")
    assert Reason.CHANGED_MEANWHILE is not refused.reason


def test_d16_a_multi_entity_user_is_changed_as_the_platforms_list_or_an_entitys_showed_them() -> None:
    for place in (GROUP, LYON):
        scene = Scene()
        scene.change("multi", memberships=frozenset({"lyon", "paris"}), resets_sent=(scene.clock.now(),))
        chief = scene.proof("chief")
        (row,) = (each for each in scene.access.list_users(chief, place).rows if each.user.id == "id-multi")
        assert isinstance(scene.access.rename(chief, "id-multi", "Mia", seen=row.mark), Done)
        refused = scene.access.rename(chief, "id-multi", "Mia Grand", seen=row.mark)
        assert Reason.CHANGED_MEANWHILE is refused.reason


def test_a_sign_in_meanwhile_makes_no_page_out_of_date() -> None:
    scene = Scene()
    seen = mark(scene, ANNA)
    assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)
    scene.access.accessed(scene.proof("anna"))
    assert seen == mark(scene, ANNA)


def test_of_many_who_change_what_they_saw_at_once_one_does() -> None:
    scene = Scene()
    seen, boss = mark(scene, ANNA), scene.proof("boss")
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda n: scene.access.rename(boss, ANNA, f"Anna {n}", seen=seen), range(8)))
    assert 1 == sum(isinstance(outcome, Done) for outcome in outcomes)
    refused = {outcome.reason for outcome in outcomes if isinstance(outcome, Refused)}
    assert refused <= {Reason.CHANGED_MEANWHILE}


@pytest.mark.parametrize("seen", [1, b"", True, ["a"]], ids=repr)
def test_what_is_no_mark_is_misuse(seen: Any) -> None:
    with pytest.raises(InvalidValue, match="seen"):
        Scene().access.rename(ROOT, ANNA, "Anne", seen=seen)
