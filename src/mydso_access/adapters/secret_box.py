"""Sealing the seeds of second factors: AES-GCM with named keys, or, asked for by name, not at all (S26; ASVS 5.0, 11.3)."""

import base64
import re
import secrets
from binascii import Error
from collections.abc import Mapping
from typing import final

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.secret import Secret

KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
KEY_BYTES = (16, 24, 32)
NONCE_BYTES = 12


@final
class AesGcmBox:
    """Seals with AES-GCM; the sealed form names its key, so that keys can be changed one after the other.

    Needs the extra `crypto`. To change the key, add the new one, make it current, and keep the old one as long as there
    is something that it sealed; what is used is sealed anew.

    Args:
        keys: every key by its id: 16, 24 or 32 random bytes each (`secrets.token_bytes(32)`), kept outside the database.
        current: id of the key that seals from now on.

    Raises:
        InvalidValue: an id or a key is malformed, or the current one is not there.
    """

    def __init__(self, keys: Mapping[str, bytes], *, current: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # the extra, only where it is used

        for key_id, key in keys.items():
            if type(key_id) is not str or not KEY_ID.fullmatch(key_id):
                raise InvalidValue("keys", shown(key_id), "ids of up to 32 letters, digits, - and _")
            if type(key) is not bytes or len(key) not in KEY_BYTES:
                raise InvalidValue(f"keys[{key_id!r}]", f"a {type(key).__name__}", "16, 24 or 32 bytes")
        if current not in keys:
            raise InvalidValue("current", shown(current), f"one of {', '.join(keys)}")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        """Return the sealed form, bound to a context."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, secret.reveal(), _bound_to(self._current, context))
        return Secret(f"{self._current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}")

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        """Return the secret; `None` if it cannot be opened."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # the extra, only where it is used

        key_id, _, text = sealed.reveal().partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            return None
        try:
            stored = base64.b64decode(text, altchars=b"-_", validate=True)
            return Secret(cipher.decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], _bound_to(key_id, context)))
        except (InvalidTag, Error, ValueError):
            return None

    def is_current(self, sealed: Secret[str], /) -> bool:
        """Tell whether it was sealed with the key that is used now."""
        key_id, _, _ = sealed.reveal().partition(".")
        return key_id == self._current


@final
class UnprotectedBox:
    """Seals nothing: whoever reads the database can compute every user's codes.

    For tests, and for databases that are encrypted by other means.
    """

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        """Return the secret, readable, with its context."""
        encoded = base64.urlsafe_b64encode(secret.reveal()).decode()
        return Secret(
            f"unprotected.{encoded}.{base64.urlsafe_b64encode(context.encode('utf-8', 'surrogatepass')).decode()}"
        )

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        """Return the secret; `None` if it is of another context, or damaged."""
        parts = sealed.reveal().split(".")
        try:
            secret = Secret(base64.b64decode(parts[1], altchars=b"-_", validate=True))
        except (Error, ValueError, IndexError):
            return None
        return secret if self.seal(secret, context) == sealed else None

    def is_current(self, sealed: Secret[str], /) -> bool:
        """Tell whether it is unprotected, too."""
        return sealed.reveal().startswith("unprotected.")


def _bound_to(key_id: str, context: str) -> bytes:
    return f"{key_id}\0{context}".encode("utf-8", "surrogatepass")
