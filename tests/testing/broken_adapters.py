"""What pytest collects of the broken stores. Run by test_conformance_bites.py only, in a process of its own."""

from tests.testing.broken import (
    adding,
    assertions,
    comparing,
    customers,
    erasing,
    identities,
    inviting,
    keys,
    lagging,
    listing,
    naming,
    purging,
    removing,
    searching,
    structures,
    trail,
    whole,
)
from tests.testing.broken.under_test import CLASSES

__all__ = [
    "adding",
    "assertions",
    "comparing",
    "customers",
    "erasing",
    "identities",
    "inviting",
    "keys",
    "lagging",
    "listing",
    "naming",
    "purging",
    "removing",
    "searching",
    "structures",
    "trail",
    "whole",
]
globals().update(CLASSES)
