"""Revoking approved addresses: a user's own, and those an administrator let in for everybody (S22; A17, D14)."""

from typing import Any

import pytest

from mydso_access import AddressCodeRequired, Done, EventKind, InvalidValue, Reason, SignedIn
from mydso_access.model import ApprovedAddress
from mydso_access.testing.clock import A_MONDAY
from tests.flows.scene import GROUP, LYON, PARIS, ROOT, Scene, everything
from tests.flows.steps import begin, listed, reason, texted
from tests.support import ELSEWHERE, HOME, door, run


def approved(scene: Scene, asked: Any) -> None:
    assert isinstance(scene.access.enter_address_code(asked.sign_in, texted(asked), address=HOME), SignedIn)


def shared() -> Scene:
    scene = Scene()
    listed(scene)
    approved(scene, begin(scene))
    return scene


def own() -> Scene:
    scene = Scene()
    listed(scene)
    scene.change(
        "anna", approved=tuple(ApprovedAddress(each, LYON, A_MONDAY) for each in (HOME, ELSEWHERE, "2001:db8::1"))
    )
    return scene


@pytest.mark.parametrize("by", ["boss", "chief", None])
def test_a17_a_shared_address_is_revoked_and_the_next_sign_in_needs_a_code(by: str | None) -> None:
    scene = shared()
    actor = ROOT if by is None else scene.proof(by)
    done = run(door(scene).revoke_shared_address(actor, LYON, HOME))
    assert (isinstance(done, Done), ()) == (True, scene.structure(LYON).approved)
    assert (EventKind.ADDRESS_REVOKED, "S22", LYON) == (done.event.kind, done.event.rule, done.event.structure)
    assert HOME == done.event.address
    assert isinstance(begin(scene, "guest"), AddressCodeRequired)


@pytest.mark.parametrize("by", ["deputy", "manager", "anna", "stranger"])
def test_s18_who_is_no_main_administrator_there_revokes_no_shared_address(by: str) -> None:
    scene = shared()
    before = everything(scene.repositories)
    assert Reason.NOT_ALLOWED is reason(scene.access.revoke_shared_address(scene.proof(by), LYON, HOME))
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("by", ["anna", "manager", "boss", None])
def test_a17_a_users_own_address_is_revoked_by_themselves_or_by_whoever_manages_them(by: str | None) -> None:
    scene = own()
    assert isinstance(begin(scene), SignedIn)
    done = scene.access.revoke_address(ROOT if by is None else scene.proof(by), "id-anna", HOME)
    assert isinstance(done, Done)
    assert [ELSEWHERE, "2001:db8::1"] == [each.address for each in scene.user("anna").approved]
    assert (EventKind.ADDRESS_REVOKED, "id-anna", "S22") == (done.event.kind, done.event.subject, done.event.rule)
    assert HOME == done.event.address
    assert isinstance(begin(scene), AddressCodeRequired)
    assert isinstance(begin(scene, address=ELSEWHERE), SignedIn)


@pytest.mark.parametrize("by", ["guest", "stranger", "disabled"])
def test_nobody_else_revokes_a_users_own(by: str) -> None:
    scene = own()
    before = everything(scene.repositories)
    scene.access.revoke_address(scene.proof(by), "id-anna", HOME)
    assert before == everything(scene.repositories)


def test_an_address_is_the_same_however_it_is_written() -> None:
    scene = own()
    scene.access.revoke_address(ROOT, "id-anna", "::ffff:192.0.2.1")
    scene.access.revoke_address(ROOT, "id-anna", "2001:DB8:0::0:1")
    assert [ELSEWHERE] == [each.address for each in scene.user("anna").approved]


def test_what_is_not_approved_is_revoked_already() -> None:
    scene = shared()
    before = everything(scene.repositories)
    assert isinstance(scene.access.revoke_address(ROOT, "id-anna", ELSEWHERE), Done)
    assert isinstance(scene.access.revoke_shared_address(ROOT, LYON, ELSEWHERE), Done)
    assert isinstance(scene.access.revoke_shared_address(ROOT, GROUP, HOME), Done)
    assert before == everything(scene.repositories)


def test_who_or_what_is_not_there_is_told_so() -> None:
    scene = Scene()
    assert Reason.NO_USER is reason(scene.access.revoke_address(ROOT, "id-nobody", HOME))
    nowhere = type(PARIS).entity("metz")
    assert Reason.NO_STRUCTURE is reason(scene.access.revoke_shared_address(ROOT, nowhere, HOME))


@pytest.mark.parametrize("address", ["nowhere", "", None, 7, "10.0.0.0/8"])
def test_an_address_that_is_none_is_misuse(address: Any) -> None:
    scene = Scene()
    with pytest.raises(InvalidValue, match="address is"):
        scene.access.revoke_address(ROOT, "id-anna", address)
    with pytest.raises(InvalidValue, match="address is"):
        scene.access.revoke_shared_address(ROOT, LYON, address)
