"""Versions of records: never used twice for one key, even if the key was forgotten in between."""

import secrets

from mydso_access.policy.fixed import FIRST_VERSION_BITS


def next_version(version: int) -> int:
    """Return the version that a save stores a record under.

    A record that was forgotten and comes back must not begin where it once began, or a save that was on its way all
    the time would find the version it expects. So a first version is drawn at random instead of being 1.

    Args:
        version: the version it was loaded with; 0 for a new record.
    """
    return version + 1 if version else 1 + secrets.randbits(FIRST_VERSION_BITS)
