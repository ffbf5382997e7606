"""Hashing a new password: in a slot, like every hash, so that no number of requests takes the machine."""

from collections.abc import Callable, Sequence

from mydso_access.decisions.outcomes import Busy, BusyBecause
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.errors import VerifierFailed
from mydso_access.installation import Installation
from mydso_access.model.secret import Secret


async def hashed(installation: Installation, password: Secret[bytes]) -> Secret[str] | Busy:
    """Return a new hash, or `Busy` if no slot came free in time.

    Raises:
        VerifierFailed: the hasher raised, or answered no hash.
    """
    several = await all_hashed(installation, (password,))
    return several if isinstance(several, Busy) else several[0]


async def all_hashed(installation: Installation, secrets: Sequence[Secret[bytes]]) -> tuple[Secret[str], ...] | Busy:
    """Return a new hash of each, made one after the other in one slot; `Busy` if none came free in time.

    Raises:
        VerifierFailed: the hasher raised, or answered no hash.
    """
    slot = await installation.bridge.slot(installation.slots, installation.policy.hashing.slot_wait)
    if slot is None:
        return Busy(BusyBecause.NO_SLOT)
    made, failure = None, None
    try:
        made = await installation.bridge.compute(slot, lambda: [new_hash(installation, each) for each in secrets])
    except VerifierFailed as error:
        failure = error.why
    except Exception as error:  # noqa: BLE001  # whatever the hasher raises
        failure = type(error).__name__
    finally:
        slot.close()
    if made is None:
        raise VerifierFailed(failure or "no hash")  # out here, since the frames of the failed call hold the secret
    return tuple(made)


def new_hash(installation: Installation, secret: Secret[bytes]) -> Secret[str]:
    """Return a new hash; call it in a slot.

    Raises:
        VerifierFailed: the hasher answered none: nothing would change, and the event would say that it has.
    """
    made = installation.hasher.hash(secret)
    if not isinstance(made, Secret):
        raise VerifierFailed("hash() answered no Secret")
    return made


def unless_used(
    installation: Installation,
    new: Secret[bytes],
    earlier: Sequence[Secret[str]],
    check: Callable[[Secret[str], Secret[bytes]], SecretVerdict],
) -> Secret[str] | None:
    """Return a new password's hash; `None` if it is one of the earlier ones (S23). Call it in a slot.

    Args:
        installation: where.
        new: the new password.
        earlier: hashes of passwords that may not come back.
        check: compares at the price of one hash.

    Raises:
        VerifierFailed: the hasher answered no hash.
    """
    if any(check(each, new) is SecretVerdict.RIGHT for each in earlier):
        return None
    return new_hash(installation, new)
