"""Hashing a new password: in a slot, like every hash, so that no number of requests takes the machine."""

from mydso_access.decisions.outcomes import Busy, BusyBecause
from mydso_access.errors import VerifierFailed
from mydso_access.installation import Installation
from mydso_access.model.secret import Secret


async def hashed(installation: Installation, password: Secret[bytes]) -> Secret[str] | Busy:
    """Return a new hash, or `Busy` if no slot came free in time.

    Raises:
        VerifierFailed: the hasher raised, or answered no hash.
    """
    slot = await installation.bridge.slot(installation.slots, installation.policy.hashing.slot_wait)
    if slot is None:
        return Busy(BusyBecause.NO_SLOT)
    try:
        made = await installation.bridge.compute(slot, lambda: installation.hasher.hash(password))
    except VerifierFailed:
        raise
    except Exception as error:
        raise VerifierFailed(type(error).__name__) from error
    finally:
        slot.close()
    if not isinstance(made, Secret):
        raise VerifierFailed("hash() answered no Secret")
    return made
