"""What a link leads to is the host's to know: one that does not say so clearly opens nothing (A23; invariant 2)."""

from collections.abc import Callable
from typing import Any

import pytest

from mydso_access import (
    AsynchronousStore,
    BrokenStore,
    InvalidValue,
    LinkOpened,
    LinkTarget,
    Secret,
    StoreError,
)
from tests.flows.scene import ROOT, Scene, everything
from tests.flows.sending import (
    ANNA,
    DOORS,
    EXTERNAL,
    INTERNAL,
    PAGE,
    opened,
    sent,
    stranger_token,
)
from tests.support import door, run


@pytest.fixture(params=DOORS)
def through(request: pytest.FixtureRequest) -> Callable[[Scene], Any]:
    return DOORS[request.param]


def _raises(_: LinkTarget) -> bool:
    raise OSError("gone")


async def _later(_: LinkTarget) -> bool:
    return True


HOSTS: dict[str, Any] = {
    "raises": _raises,
    "answers None": lambda _: None,
    "answers 1": lambda _: 1,
    "answers text": lambda _: "yes",
    "answers the target": lambda target: target,
}


@pytest.mark.parametrize("host", HOSTS)
def test_invariant_2_a_host_that_does_not_say_true_or_false_opens_nothing(
    host: str, through: Callable[[Scene], Any]
) -> None:
    scene = Scene()
    issued = sent(scene, single_use=True)
    before = everything(scene.repositories)
    scene.resource_exists = HOSTS[host]
    for name in ("look_at_link", "open_link"):
        with pytest.raises(StoreError) as raised:
            getattr(through(scene), name)(issued.token, EXTERNAL)
        assert (host != "raises") is isinstance(raised.value, BrokenStore)
    assert before == everything(scene.repositories)
    scene.resource_exists = lambda _: True
    assert isinstance(opened(scene, issued), LinkOpened)


def test_invariant_2_a_host_that_would_answer_later_opens_nothing_behind_the_synchronous_door() -> None:
    scene = Scene()
    issued = sent(scene)
    scene.resource_exists = _later
    for call in (scene.access.look_at_link, scene.access.open_link):
        with pytest.raises(AsynchronousStore, match="AsyncAccessControl"):
            call(issued.token, EXTERNAL)
    assert isinstance(run(door(scene).open_link(issued.token, EXTERNAL)), LinkOpened)


def test_a23_the_host_is_asked_about_what_the_link_was_issued_for_and_only_if_it_would_open() -> None:
    asked: list[LinkTarget] = []

    def exists(target: LinkTarget) -> bool:
        asked.append(target)
        return True

    scene = Scene(resource_exists=exists)
    issued = sent(scene)
    assert [] == asked
    scene.access.look_at_link(issued.token, EXTERNAL)
    scene.access.look_at_link(stranger_token(), EXTERNAL)
    scene.access.look_at_link(issued.token, INTERNAL)
    scene.access.revoke_link(ROOT, issued.link.id)
    scene.access.open_link(issued.token, EXTERNAL)
    assert [PAGE] == asked


def test_without_somebody_who_knows_what_is_there_no_link_is_given_out_or_opened(
    through: Callable[[Scene], Any],
) -> None:
    scene = Scene()
    issued = sent(scene)
    scene.resource_exists = None
    before = everything(scene.repositories)
    for call in (
        lambda: through(scene).issue_link(ROOT, PAGE, granter=ANNA),
        lambda: through(scene).look_at_link(issued.token, EXTERNAL),
        lambda: through(scene).open_link(issued.token, EXTERNAL),
    ):
        with pytest.raises(InvalidValue, match="resource_exists is None"):
            call()
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("purpose", [None, "EDM document", True], ids=repr)
def test_a_purpose_that_is_none_is_misuse(purpose: Any) -> None:
    scene = Scene()
    with pytest.raises(InvalidValue, match="purpose"):
        scene.access.open_link(sent(scene).token, purpose)


@pytest.mark.parametrize("token", [None, 5, b"x.y", ["x.y"], Secret(b"x.y"), Secret(None)])
def test_a_token_that_is_no_text_is_misuse_and_is_not_shown(token: Any) -> None:
    scene = Scene()
    for call in (scene.access.look_at_link, scene.access.open_link):
        with pytest.raises(InvalidValue, match=r"token is .*: expected text") as raised:
            call(token, EXTERNAL)
        assert "x.y" not in str(raised.value)
