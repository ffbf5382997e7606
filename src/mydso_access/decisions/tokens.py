"""Tokens as they are sent and as they are kept: bound to one purpose and one record, compared in constant time."""

import base64
import hashlib
import hmac
from binascii import Error
from enum import Enum

from attrs import frozen

from mydso_access.errors import InvalidValue
from mydso_access.model.secret import Secret, wrapped
from mydso_access.policy.fixed import TOKEN_LENGTH_CAP

NOTHING = "0" * 64


class TokenPurpose(Enum):
    """What a token is good for."""

    INVITATION = "invitation"
    RESET = "reset"
    EMAIL = "email"
    SIGN_IN = "sign_in"
    LINK = "link"


@frozen
class GivenToken:
    """A token as somebody gave it back.

    Attributes:
        record_id: the record that it claims to be of.
        secret: its other half.
    """

    record_id: str
    secret: Secret[str]


def token_text(record_id: str, secret: Secret[str]) -> Secret[str]:
    """Return the token to send: `id.secret`, of letters that any address of a web page may hold."""
    encoded = base64.urlsafe_b64encode(record_id.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return Secret(f"{encoded}.{secret.reveal()}")


def read_token(text: str | Secret[str]) -> GivenToken | None:
    """Return the halves of a token; `None` if it is none, or is spelled otherwise than `token_text` spells it.

    Raises:
        InvalidValue: it is no text; the message names its type only.
    """
    token = wrapped(text)
    kind = type(token.reveal())
    if kind is not str:  # before the value has a name that a traceback could show
        raise InvalidValue("token", kind.__name__, "text (str)")
    encoded, _, secret = token.reveal().partition(".")
    length = len(token.reveal())
    if not (encoded and secret and token.reveal().isascii() and length <= TOKEN_LENGTH_CAP):
        return None
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        record_id = base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8", "surrogatepass")
    except (Error, UnicodeDecodeError):
        return None
    given = GivenToken(record_id, Secret(secret))
    return given if token_text(record_id, given.secret) == token else None  # base64 has several spellings


def token_digest(purpose: TokenPurpose, record_id: str, secret: Secret[str], *bound_to: str) -> Secret[str]:
    """Return what is stored of a token: of no use in another row, or for another purpose.

    Args:
        purpose: what it is good for.
        record_id: the record that it is of.
        secret: its secret half.
        bound_to: what else of the record it is good for only.
    """
    return Secret(hashlib.sha256(joined(purpose.value, record_id, secret.reveal(), *bound_to)).hexdigest())


def joined(*parts: str) -> bytes:
    """Return several texts as one to be digested: no other texts become the same, wherever they are cut."""
    return "\0".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")


def session_digest(session: str | None) -> str | None:
    """Return what is stored of the host's id of a session.

    Raises:
        InvalidValue: it is no text; the message names its type only.
    """
    if session is None:
        return None
    if type(session) is not str:
        raise InvalidValue("session", type(session).__name__, "text (str), or None")
    return hashlib.sha256(f"session\0{session}".encode("utf-8", "surrogatepass")).hexdigest()


def code_digest(secret: Secret[str], bound_to: tuple[str, ...], code: Secret[str]) -> Secret[str]:
    """Return what is stored of a short code: of no use without the secret half of a token that is not stored.

    Args:
        secret: that half.
        bound_to: what else it is good for only: the sign-in, the structure, the address.
        code: the code itself.
    """
    key = secret.reveal().encode("utf-8", "surrogatepass")
    return Secret(hmac.digest(key, joined(*bound_to, code.reveal()), "sha256").hex())


def opens(given: GivenToken, purpose: TokenPurpose, kept: Secret[str] | None, *bound_to: str) -> bool:
    """Tell whether a token is the one that is kept; where none is, it is compared with one that nobody has."""
    digest = token_digest(purpose, given.record_id, given.secret, *bound_to)
    stored = NOTHING if kept is None else kept.reveal()
    return hmac.compare_digest(digest.reveal().encode(), stored.encode()) and kept is not None
