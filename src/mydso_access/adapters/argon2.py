"""Argon2id through argon2-cffi: parameters bounded from both sides, exactly one hash per look, nothing cut."""

import base64
import secrets
from typing import final

from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.errors import VerifierFailed
from mydso_access.model.secret import Secret
from mydso_access.policy.fixed import (
    HASH_LANES_CAP,
    HASH_MEMORY_CAP,
    HASH_SALT_BYTES,
    HASH_TAG_BYTES,
    HASH_WORK_CAP,
    STORED_SALT_BYTES,
    STORED_TAG_BYTES,
)
from mydso_access.policy.hashing import HashingPolicy

VERSION = 19
# What Argon2 says when the machine is at fault, and not the hash.
OUT_OF_RESOURCES = ("Memory allocation error", "Threading failure")


@final
class Argon2Hasher:
    """Hashes and verifies passwords with Argon2id.

    A stored hash whose parameters are hostile, or which is no Argon2id hash at all, is `UNUSABLE` before any work is
    done for it. A weaker one than the policy asks for is verified, and replaced at the next sign-in.

    Args:
        policy: memory, passes and lanes of new hashes.
    """

    def __init__(self, policy: HashingPolicy) -> None:
        self._policy = policy
        self._hasher = PasswordHasher(
            time_cost=policy.time_cost,
            memory_cost=policy.memory_kib,
            parallelism=policy.lanes,
            hash_len=HASH_TAG_BYTES,
            salt_len=HASH_SALT_BYTES,
            type=Type.ID,
        )
        self._dummy = _impossible_hash(policy)
        self._parameters = self._dummy[: self._dummy.index("p=")] + f"p={policy.lanes}$"

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        """Return a new hash, with a salt of its own."""
        failure = None
        try:
            return Secret(self._hasher.hash(password.reveal()))
        except HashingError as error:
            failure = str(error)
        raise VerifierFailed(failure)  # out here, since the frames of the failed call hold the password

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        """Compare the whole password with a stored hash."""
        if self._looks_like_ours(stored) or _bounded_parameters(stored) is not None:
            verdict = self._verified(stored.reveal(), password)
        else:
            verdict = SecretVerdict.UNUSABLE
        if verdict is SecretVerdict.UNUSABLE:
            self.verify_dummy(password)
        return verdict

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        """Spend what a look at a hash of the present parameters costs."""
        self._verified(self._dummy, password)

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        """Tell whether a hash made now would use more memory or more passes, and not less of both together."""
        found = None if self._looks_like_ours(stored) else _bounded_parameters(stored)
        if found is None:
            return False
        wanted = self._policy
        grown = wanted.memory_kib > found.memory_cost or wanted.time_cost > found.time_cost
        return grown and wanted.memory_kib * wanted.time_cost >= found.memory_cost * found.time_cost

    def _verified(self, stored: str, password: Secret[bytes]) -> SecretVerdict:
        try:
            self._hasher.verify(stored, password.reveal())
        except VerifyMismatchError:
            return SecretVerdict.WRONG
        except VerificationError as error:
            failure = str(error)
        else:
            return SecretVerdict.RIGHT
        if failure not in OUT_OF_RESOURCES:
            return SecretVerdict.UNUSABLE
        raise VerifierFailed(failure)  # out here, since the frames of the failed call hold the password

    def _looks_like_ours(self, stored: Secret[str]) -> bool:
        """Tell, without parsing, whether a hash has the present parameters and sizes."""
        text = stored.reveal()
        return text.startswith(self._parameters) and len(text) == len(self._dummy) and text.isascii()


def _bounded_parameters(stored: Secret[str]) -> Parameters | None:
    """Return the parameters of a stored hash, or `None` if it must not be touched."""
    if not stored.reveal().isascii():  # digits of other scripts would pass for numbers
        return None
    try:
        found = extract_parameters(stored.reveal())
    except (InvalidHashError, ValueError):
        return None
    harmless = (
        found.type is Type.ID
        and found.version == VERSION
        and 1 <= found.memory_cost <= HASH_MEMORY_CAP
        and found.time_cost >= 1
        and found.memory_cost * found.time_cost <= HASH_WORK_CAP
        and 1 <= found.parallelism <= HASH_LANES_CAP
        and found.salt_len in STORED_SALT_BYTES
        and found.hash_len in STORED_TAG_BYTES
    )
    return found if harmless else None


def _impossible_hash(policy: HashingPolicy) -> str:
    """Return a hash of the policy's parameters with a random tag: it costs what any costs, and no password has it."""
    salt, tag = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (HASH_SALT_BYTES, HASH_TAG_BYTES)
    )
    return f"$argon2id$v={VERSION}$m={policy.memory_kib},t={policy.time_cost},p={policy.lanes}${salt}${tag}"
