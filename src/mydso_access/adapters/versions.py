"""Versions of records: never used twice for one key, even if a save was taken back or the key was forgotten."""

import secrets

from mydso_access.policy.fixed import FIRST_VERSION_BITS, NEXT_VERSION_BITS


def next_version(version: int) -> int:
    """Return the version that a save stores a record under: larger than the one before, and drawn at random.

    A record that was forgotten and comes back must not begin where it once began, and a save that a rollback or a
    restart took back must not lend its version to the next one: whoever still holds it would overwrite what they never
    saw.

    Args:
        version: the version it was loaded with; 0 for a new record.
    """
    if version == 0:
        return 1 + secrets.randbits(FIRST_VERSION_BITS)
    return version + 1 + secrets.randbits(NEXT_VERSION_BITS)
