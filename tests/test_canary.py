"""Invariant 12: no password, seed, code, token or key in any text or copy of what the doors answer and stores hold."""

from typing import Any, get_args, get_type_hints

import attrs
import pytest

import mydso_access
from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    Event,
    EventKind,
    NewUser,
    PasswordChanged,
    Reason,
    Refused,
    Secret,
    Sender,
    SenderBecause,
    Unblocked,
)
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.secret_box import AesGcmBox, UnprotectedBox
from mydso_access.answering import Return
from mydso_access.decisions.naming import parse_address
from mydso_access.decisions.second_factor import TypedCode, TypedRecoveryCode, new_seed, read_code
from mydso_access.decisions.sign_in import TypedAttempt, read_attempt
from mydso_access.decisions.tokens import GivenToken, read_token
from mydso_access.model import Invited, SignIn, Structure, User
from mydso_access.model.message import AddressCodeMessage, ResetMessage
from tests.canaries import REFUSALS, WAYS, reached, secrets_in, shown
from tests.step_flows import FLOWS
from tests.steps import AWAY, HOST, NEW, Stage
from tests.support import RIGHT, argon2

KEY = b"a key of 32 bytes, nobody's else"
CANARY = "Canary-In-The-Cage-7"


def answers() -> dict[str, Any]:
    """Return what every flow of steps answers, and what is stored after it."""
    found: dict[str, Any] = {}
    for name, flow in FLOWS.items():
        stage = Stage()
        found[name] = flow.prepare(stage)(stage.access)
        user = stage.user(flow.who)
        found[f"{name}: the user"] = user
        for number, left in enumerate(stage.repositories.sign_ins._by_id.values()):
            found[f"{name}: sign-in {number}"] = left
    return found


def administered() -> dict[str, Any]:
    """Return what else is answered and stored with a secret in it."""
    stage = Stage()
    new = NewUser(email="new@example.com", role="collector", name="newcomer")
    added = stage.access.add_user(HOST, Structure.entity("e1"), new)
    reset = stage.access.request_password_reset("plain")
    asked = stage.access.change_email(HOST, "id-plain", "other@example.com")
    changed = stage.access.change_password(stage.proof("enrolled"), RIGHT, NEW, address=AWAY)
    assert isinstance(changed, PasswordChanged)
    return {
        "added": added,
        "reset": reset,
        "e-mail asked": asked,
        "password changed": changed,
        "plain": stage.user("plain"),
    }


def internal() -> dict[str, Any]:
    """Return what carries a secret inside the library."""
    client, password = parse_address(AWAY), Secret(CANARY)
    policy = Stage().policy
    token = read_token(f"YWJj.{CANARY}")
    assert token is not None
    code = Secret(CANARY)
    sent = AddressCodeMessage(to="+33612345678", name="anna", address=AWAY, code=code, until=Stage().clock.now())
    return {
        "unblocked, with a message": Unblocked(
            Event(id="e", kind=EventKind.BLOCK_ENDED, at=Stage().clock.now()), (sent,)
        ),
        "refused, with a message": Refused(Reason.DEAD_SIGN_IN, "D13", messages=(sent,)),
        "busy, with a message": Busy(BusyBecause.LAPSED, messages=(sent,)),
        "a typed attempt": read_attempt("anna", password, client, policy),
        "a typed code": read_code("493817"),
        "a typed recovery code": read_code("3-ABCD-EFGH-IJKL"),
        "a given token": token,
        "a return": Return(Secret(CANARY), client, None),
        "a secret": password,
        "secret bytes": Secret(CANARY.encode()),
        "a seed": new_seed("one", "two"),
        "a sender": Sender(user=Stage().user("plain"), because=SenderBecause.COLLECTOR),
    }


ANSWERS = answers() | administered() | internal()


@pytest.mark.parametrize("way", WAYS)
def test_invariant_12_no_answer_and_no_record_shows_a_secret(way: str) -> None:
    seen, held = [], 0
    for name, value in ANSWERS.items():
        canaries = {*secrets_in(value)}
        held += len(canaries)
        try:
            text = WAYS[way](value)
        except REFUSALS:
            continue  # it raises, and shows nothing
        seen += [(name, each) for each in shown(canaries, text)]
    assert held > 100
    assert [] == seen


@pytest.mark.parametrize("way", [way for way in WAYS if way.startswith(("pickle", "deepcopy"))])
def test_what_holds_a_secret_cannot_be_copied_whole_or_pickled(way: str) -> None:
    copied = []
    for name, value in ANSWERS.items():
        if not [*secrets_in(value)]:
            continue
        try:
            WAYS[way](value)
        except TypeError:
            continue
        copied.append(name)
    assert [] == copied


def holds_secrets(kind: type, seen: frozenset[type] = frozenset()) -> bool:
    """Tell whether a class can hold a `Secret`, in itself or in what it holds."""
    if kind in seen or not attrs.has(kind):
        return False
    hints = [hint for name, hint in get_type_hints(kind).items() if name in attrs.fields_dict(kind)]
    return any(_holds(hint, seen | {kind}) for hint in hints)


def _holds(hint: Any, seen: frozenset[type]) -> bool:
    arguments = get_args(hint)
    if arguments:
        return getattr(hint, "__origin__", None) is Secret or any(_holds(each, seen) for each in arguments)
    return hint is Secret or (isinstance(hint, type) and holds_secrets(hint, seen))


PUBLIC = [value for name in mydso_access.__all__ if isinstance(value := getattr(mydso_access, name), type)]


@pytest.mark.parametrize("kind", [kind for kind in PUBLIC if holds_secrets(kind)], ids=lambda kind: kind.__name__)
def test_every_public_class_that_can_hold_a_secret_is_among_what_was_looked_at(kind: type) -> None:
    found = {type(each) for value in ANSWERS.values() for each in reached(value)}
    assert kind in found | NOT_ANSWERED


# Made by flows of other parts, which their own tests look at; none of them is answered by a flow of steps.
NOT_ANSWERED = {
    getattr(mydso_access, name) for name in ("Founded", "Page", "Due", "ListedUser") if hasattr(mydso_access, name)
}


def test_the_looking_finds_a_secret_that_is_shown() -> None:
    sign_in = next(value for value in ANSWERS.values() if isinstance(value, SignIn))
    user = next(value for value in ANSWERS.values() if isinstance(value, User) and value.credential is not None)
    assert {SignIn, User, Invited, ResetMessage, AddressCodeMessage} <= {
        type(each) for value in ANSWERS.values() for each in reached(value)
    }
    assert {TypedAttempt, TypedCode, TypedRecoveryCode, GivenToken} <= {type(value) for value in ANSWERS.values()}
    for value in (sign_in, user):
        (canary, *_) = secrets_in(value)
        assert [canary] == shown([canary], f"token={canary};") or shown([canary], f" {canary} ")
    assert ["493817"] == shown(["493817"], "the code 493817 was wrong")
    assert [] == shown(["493817"], "2026-03-02 09:00:00.1493817")


def doors() -> dict[str, Any]:
    stage = Stage()
    box = AesGcmBox({"k1": KEY}, current="k1")
    access = AccessControl(stage.repositories, hasher=argon2(), secret_box=box)
    access.sign_in("plain", CANARY, address=AWAY)
    return {
        "AesGcmBox": box,
        "UnprotectedBox": UnprotectedBox(),
        "AccessControl": access,
        "Installation": access._installation,
        "Store": access._installation.store,
        "MemoryRepositories": stage.repositories,
        "Argon2Hasher": Argon2Hasher(access.policy.hashing),
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", doors())
def test_no_door_box_or_repository_shows_a_key_or_a_secret(name: str, way: str) -> None:
    value = doors()[name]
    try:
        text = WAYS[way](value)
    except REFUSALS:
        return
    assert [] == shown([KEY, CANARY, RIGHT], text)
    assert repr(KEY) not in str(text)
