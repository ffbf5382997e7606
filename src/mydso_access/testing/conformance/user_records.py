"""Users to try a store with: every case of every field, instants at both ends, and states told apart by a number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from mydso_access.model.event import Event, EventKind
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.model.secret import Secret
from mydso_access.model.structure import ApprovedAddress, SignInMode, Structure
from mydso_access.model.token import SentToken
from mydso_access.model.user import (
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    Invited,
    NewEmail,
    NoLogin,
    Notice,
    SsoIdentity,
    User,
)
from mydso_access.policy.second_factor import Algorithm
from mydso_access.testing.clock import A_MONDAY
from mydso_access.testing.conformance.records import ENTITY, PLATFORM, TEXTS, later

SHORT = 200  # code points of a text that a store may well keep in a column of its own


def user(user_id: str, **changes: Any) -> User:
    """Return a new user who may sign in."""
    fields: dict[str, Any] = {
        "id": user_id,
        "category": Category.ACTIVE,
        "structure": ENTITY,
        "role": "collector",
        "login": Enabled(A_MONDAY),
        "name": f"name of {user_id}",
        "saved_at": A_MONDAY,
    }
    return User(**fields | changes)


def contact(user_id: str, **changes: Any) -> User:
    """Return a new user without login and name."""
    return user(user_id, category=Category.INACTIVE, login=NoLogin(), name=None, **changes)


def multi_entity(user_id: str, *entities: str, **changes: Any) -> User:
    """Return a new user of the platform who is authorised in entities."""
    platform = {"category": Category.MULTI_ENTITY, "structure": PLATFORM, "memberships": frozenset(entities)}
    return user(user_id, **platform | changes)


def told(saved: User) -> Event:
    """Return the event that a user is saved with."""
    event_id = saved.written_by or f"event of {saved.id}"
    return Event(id=event_id, kind=EventKind.USER_CREATED, at=saved.saved_at, subject=saved.id)


def numbered_user(before: User, number: int) -> User:
    """Return the user with everything changed that a save may change, and written by an event of this number."""
    at = later(number)
    changes: dict[str, Any] = {
        "structure": Structure(before.structure.kind, f"structure-{number}"),
        "approved": (ApprovedAddress(f"2001:db8::{number:x}", ENTITY, at),),
        "codes_sent": (at,) * (1 + number % 3),
        "role": f"role-{number}",
        "full_name": f"Full Name {number}",
        "email": Email(f"user-{number}@example.com", at),
        "new_email": NewEmail(f"new-{number}@example.com", SentToken(Secret(f"new-{number}"), at)),
        "mobile": f"+49{number:011}",
        "may_import": number % 2 == 1,
        "sign_in_mode": tuple(SignInMode)[number % len(SignInMode)],
        "sso": SsoIdentity("issuer", f"subject-{number}"),
        "reset": SentToken(Secret(f"reset-{number}"), at),
        "resets_sent": (at,) * (1 + number % 3),
        "notice": Notice(at, number),
        "valid_from": at,
        "last_access_at": at,
        "saved_at": at,
        "written_by": f"event-{number}",
    }
    if before.category is Category.MULTI_ENTITY:
        changes["memberships"] = frozenset({"entity-1", f"entity-{number}"})
    if before.category is not Category.INACTIVE:
        changes |= {
            "login": Enabled(at),
            "name": f"name-{number}",
            "credential": Credential(Secret(f"hash-{number}"), at, number % 2 == 1, (Secret(f"before-{number}"),)),
            "second_factor": SecondFactor(
                Secret(f"seed-{number}"),
                Algorithm.SHA256,
                at,
                number,
                (RecoveryCode(number, Secret(f"code-{number}")),),
            ),
        }
        changes["appointments"] = frozenset({f"appointment-{number}"})
    return evolve(before, **changes)


def every_user() -> Mapping[str, User]:
    """Return users who between them hold every case of every field."""
    secrets = {f"secret {n}": _with_secrets(f"s{n}", text, later(n)) for n, text in enumerate(TEXTS)}
    texts = {f"text {n}": _with_texts(f"t{n}", text[:SHORT]) for n, text in enumerate(TEXTS)}
    disabled = {f"disabled {each.value}": user(each.value, login=Disabled(each, later(1))) for each in DisabledBecause}
    modes = {f"signs in by {mode.value}": user(mode.value, sign_in_mode=mode) for mode in SignInMode}
    many = [f"entity-{number}" for number in range(300)]
    hashes = tuple(Secret(f"hash {number}") for number in range(300))
    codes = tuple(RecoveryCode(place, each) for place, each in enumerate(hashes))
    factors = {
        f"second factor of {each.value}": user(each.value, second_factor=SecondFactor(Secret("s"), each, later(1), 0))
        for each in Algorithm
    }
    approved = tuple(ApprovedAddress(f"2001:db8::{number:x}", PLATFORM, later(number)) for number in range(200))
    return {
        "plain": user("plain"),
        "contact": contact("contact"),
        "contact with a second factor": contact(
            "kept", second_factor=SecondFactor(Secret("s"), Algorithm.SHA1, later(1), 0)
        ),
        "contact with an address": contact("reached", full_name="Zoë", email=Email("zoe@example.com"), mobile="+491"),
        "invited": user("invited", login=Invited(later(2))),
        "invited by a token": user("token", login=Invited(later(2), Secret("digest")), appointments=frozenset({"a-1"})),
        "multi-entity": multi_entity("multi", structure=Structure.platform("Zoë's 'platform'")),
        "authorised": multi_entity("authorised", "entity-1", "Zoë's 'entity'"),
        "authorised in many": multi_entity("in many", *many, appointments=frozenset(many)),
        "seen and written": user("seen", last_access_at=later(3), written_by="event", saved_at=later(4)),
        "reminded": user("reminded", resets_sent=tuple(map(later, range(300))), notice=Notice(later(9), 14)),
        "imports": user("imports", may_import=True, valid_from=later(5)),
        "compromised": user("compromised", credential=Credential(Secret("hash"), later(6), compromised=True)),
        "with passwords before": user("before", credential=Credential(Secret("hash"), later(6), before=hashes)),
        "with recovery codes": user(
            "codes", second_factor=SecondFactor(Secret("seed"), Algorithm.SHA1, later(7), 2**53 + 1, codes)
        ),
        "approved addresses": user("approved", approved=approved, codes_sent=tuple(map(later, range(300)))),
        **factors,
        **disabled,
        **modes,
        **secrets,
        **texts,
    }


def dated_user(number: int, instant: datetime) -> User:
    """Return a user whose instants are all this one."""
    sent = SentToken(Secret("digest"), instant)
    return user(
        f"user-{number}",
        login=Enabled(instant),
        credential=Credential(Secret("hash"), instant),
        second_factor=SecondFactor(Secret("seed"), Algorithm.SHA1, instant, 1),
        approved=(ApprovedAddress("192.0.2.1", ENTITY, instant),),
        codes_sent=(instant,),
        email=Email("user@example.com", instant),
        new_email=NewEmail("new@example.com", sent),
        reset=sent,
        resets_sent=(instant,),
        notice=Notice(instant, 7),
        valid_from=instant,
        last_access_at=instant,
        saved_at=instant,
    )


def _with_secrets(user_id: str, text: str, at: datetime) -> User:
    sent = SentToken(Secret(text), at)
    return user(
        user_id,
        credential=Credential(Secret(text), at, before=(Secret(text), Secret(text))),
        second_factor=SecondFactor(Secret(text), Algorithm.SHA1, at, 1, (RecoveryCode(1, Secret(text)),)),
        reset=sent,
        new_email=NewEmail("a@example.com", sent),
    )


def _with_texts(user_id: str, text: str) -> User:
    return multi_entity(
        user_id,
        text,
        role=text,
        approved=(ApprovedAddress(text, Structure.entity(text), A_MONDAY),),
        full_name=text,
        email=Email(text),
        mobile=text,
        sso=SsoIdentity(text, text),
        appointments=frozenset({text}),
    )
