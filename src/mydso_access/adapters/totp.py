"""Time-based codes through pyotp (RFC 4226, RFC 6238; S26)."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, final

from mydso_access.model.secret import Secret
from mydso_access.policy.fixed import CODE_DIGITS, TOTP_PERIOD
from mydso_access.policy.second_factor import Algorithm

DIGESTS: Mapping[Algorithm, Callable[..., Any]] = {Algorithm.SHA1: hashlib.sha1, Algorithm.SHA256: hashlib.sha256}


@final
class Totp:
    """Computes codes; which of them count, and whether one was used, is for the decisions to say."""

    def code(self, seed: Secret[bytes], step: int, algorithm: Algorithm, /) -> Secret[str]:
        """Return the code of one step."""
        return Secret(_generator(seed, algorithm).generate_otp(step))

    def uri(self, seed: Secret[bytes], algorithm: Algorithm, name: str, issuer: str, /) -> Secret[str]:
        """Return the provisioning URI; a colon would end the issuer's part of its label."""
        plain = issuer.replace(":", " ").strip() or None
        return Secret(_generator(seed, algorithm).provisioning_uri(name=name, issuer_name=plain))


def _generator(seed: Secret[bytes], algorithm: Algorithm) -> Any:
    from pyotp import TOTP  # noqa: PLC0415  # on first use only

    encoded = base64.b32encode(seed.reveal()).decode().rstrip("=")  # apps expect no padding
    return TOTP(encoded, digits=CODE_DIGITS, digest=DIGESTS[algorithm], interval=int(TOTP_PERIOD.total_seconds()))
