"""What a process does to show how fast it goes: as many sign-ins, or bare hashes, as fit into some seconds."""

import itertools
import time
from multiprocessing.connection import Connection

from mydso_access import AccessControl, SignedIn
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.decisions.password import prepared
from mydso_access.model import Secret
from mydso_access.policy import HashingPolicy
from tests.support import RIGHT

PEOPLE = 32  # whom each process signs in, in turns


def sign_in_for(access: AccessControl, worker: int, seconds: float) -> int:
    """Sign in one after the other for so long, and return how often."""
    end = time.monotonic() + seconds
    for done in itertools.count():
        if time.monotonic() > end:
            return done
        person = done % PEOPLE
        assert isinstance(access.sign_in(f"{worker}-{person}", RIGHT, address=f"10.0.{worker}.{person}"), SignedIn)
    raise AssertionError


def hash_for(connection: Connection, seconds: float) -> None:
    """Verify with the preset's parameters for so long, and tell how often."""
    hasher, password = Argon2Hasher(HashingPolicy()), prepared(Secret(RIGHT))
    assert password is not None
    stored, end = hasher.hash(password), time.monotonic() + seconds
    for done in itertools.count():
        if time.monotonic() > end:
            connection.send(done)
            return
        hasher.verify(stored, password)
