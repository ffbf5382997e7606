"""What the host must send: tokens and codes stay secret, instants are UTC, nothing changes (S7, S22; invariant 12)."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import (
    AddressCodeMessage,
    EmailConfirmationMessage,
    Ending,
    InvitationMessage,
    Message,
    ResetMessage,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
    WarningMessage,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LOCAL = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
CANARY = Secret("c4nary")


def messages(at: datetime) -> list[Message]:
    who: dict[str, Any] = {"to": "anna@example.com", "name": "anna.petit"}
    return [
        InvitationMessage(**who, structure="Lyon", token=CANARY, until=at),
        ResetMessage(**who, token=CANARY, until=at),
        EmailConfirmationMessage(**who, token=CANARY, until=at),
        SecurityMessage(**who, change=SecurityChange.PASSWORD_RESET, at=at),
        WarningMessage(**who, ending=Ending.LOGIN, due=at, days=7),
        AddressCodeMessage(to="+33612345678", name="anna.petit", address="192.0.2.1", code=CANARY, until=at),
    ]


def instant(message: Any) -> datetime:
    return next(getattr(message, name) for name in ("until", "at", "due") if hasattr(message, name))


def test_these_are_all_the_messages_there_are() -> None:
    assert [type(message) for message in messages(NOON)] == list(get_args(Message))


@pytest.mark.parametrize("message", messages(NOON), ids=lambda each: type(each).__name__)
def test_invariant_12_no_repr_format_json_or_pickle_shows_a_token_or_a_code(message: Message) -> None:
    assert "c4nary" not in f"{message!r} {message} {attrs.asdict(message)}"
    if "***" in repr(message):
        for serialise in (pickle.dumps, lambda value: json.dumps(attrs.asdict(value))):
            with pytest.raises(TypeError):
                serialise(message)


def test_d14_the_message_with_a_code_does_not_show_whose_number_it_goes_to() -> None:
    message = messages(NOON)[-1]
    assert "+33612345678" == message.to
    assert "336" not in f"{message!r} {message}"
    assert "anna.petit" in repr(message)  # whose sign-in it is, and from where, may be shown
    assert "192.0.2.1" in repr(message)


@pytest.mark.parametrize("message", messages(NOON), ids=lambda each: type(each).__name__)
def test_a_message_never_changes(message: Message) -> None:
    for field in attrs.fields(type(message)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(message, field.name, None)


def test_every_instant_is_kept_in_utc() -> None:
    for message in [*messages(LOCAL)]:
        assert instant(message) == NOON
        assert instant(message).tzinfo is UTC
    assert SentToken(CANARY, LOCAL).sent_at.tzinfo is UTC


def test_a_naive_instant_is_refused_in_every_message() -> None:
    naive = NOON.replace(tzinfo=None)
    who: dict[str, Any] = {"to": "a", "name": "b"}
    builds = [
        lambda: InvitationMessage(**who, structure="", token=None, until=naive),
        lambda: ResetMessage(**who, token=CANARY, until=naive),
        lambda: EmailConfirmationMessage(**who, token=CANARY, until=naive),
        lambda: SecurityMessage(**who, change=SecurityChange.EMAIL_CHANGED, at=naive),
        lambda: WarningMessage(**who, ending=Ending.LOGIN, due=naive, days=1),
        lambda: AddressCodeMessage(**who, address="", code=CANARY, until=naive),
        lambda: SentToken(CANARY, naive),
    ]
    for build in builds:
        with pytest.raises(InvalidValue, match="timezone-aware"):
            build()


def test_a24_who_comes_by_sso_is_invited_without_a_token() -> None:
    invitation = InvitationMessage(to="a", name="b", structure="c", token=None, until=None)
    assert (invitation.token, invitation.until) == (None, None)


def test_a_sent_token_shows_no_digest() -> None:
    assert "c4nary" not in repr(SentToken(CANARY, NOON))
