"""A stolen database signs nobody in: every string that is stored anywhere is tried, as a name and as a password.

Everything that can be stored is stored first, with the real Argon2id. Then whatever text can be read out of it is
collected: every column of every table, the raw bytes of an SQLite file, every key and field of Valkey, each leaf of the
JSON, each part of a hash; and what a thief would make of it by decoding and trimming. Each is tried at a fresh door.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from mydso_access import AccessControl, MemoryRepositories, PasswordChanged, Refused, SignedIn
from mydso_access.decisions.naming import address_key, parse_address
from mydso_access.model import Event, EventKind, Factor, Purpose, Secret, SignIn, User
from mydso_access.testing import enabled_user
from tests.reliability.databases import Database, Opened, opened
from tests.support import HOME, argon2, policy, with_parts

POLICY = policy()
PASSWORDS = {"anna": "Correct-Horse-9", "bert": "Battery-Staple-7", "carla": "Yellow-Bicycle-5"}
NEW = "Purple-Elephant-3"  # what Bert's becomes
CODE, TOKEN = "493817", "an-id.and-a-secret"
SEPARATORS = (r"[$,=]", r"\s+", r"[\s\"'`:;,=<>()\[\]{}|]+", r"[^0-9A-Za-z]+")  # of hashes, of words, of anything else
READABLE = re.compile(rb"[\x20-\x7e]{4,}")


def everything_happens(world: Opened) -> None:
    """Let people sign in and fail to, change passwords, be blocked, and begin sign-ins that they do not finish."""
    people = [enabled_user(name, password, hasher=argon2()) for name, password in PASSWORDS.items()]
    world.repositories.users.add_all(people, Event(id="added", kind=EventKind.USER_CREATED, at=people[0].saved_at))
    access = AccessControl(world.repositories, policy=POLICY)
    for name, password in PASSWORDS.items():
        assert isinstance(access.sign_in(name, "Wrong-Guess-1", address=HOME), Refused)
        assert isinstance(access.sign_in(name, password, address=HOME), SignedIn)
    assert isinstance(access.change_password("user-bert", PASSWORDS["bert"], NEW, address=HOME), PasswordChanged)
    for number in range(6):
        access.sign_in("carla", f"Wrong-Guess-{number}", address="192.0.2.7")
        access.sign_in("nobody", PASSWORDS["anna"], address="192.0.2.8")
    now = datetime.now(UTC)
    world.repositories.sign_ins.save(
        SignIn(
            id="an-id",
            user_id="user-anna",
            address=address_key(parse_address(HOME), POLICY.lockout),
            purpose=Purpose.SIGN_IN,
            token=Secret(
                binascii.hexlify(TOKEN.encode()).decode()
            ),  # as weak as can be: it is no password all the same
            started_at=now,
            expires_at=now + timedelta(minutes=10),
            factors=((Factor.PASSWORD, now),),
            code=Secret(CODE),
            seed=Secret("JBSWY3DPEHPK3PXP"),
            session="a-session",
            saved_at=now,
        )
    )


def dumped(database: Database, world: Opened) -> Iterator[str]:
    """Read everything, as somebody does who has the files."""
    tables = MetaData()
    with world.engine.connect() as connection:
        tables.reflect(connection)
        for table in tables.tables.values():
            yield table.name
            for row in connection.execute(table.select()):
                yield from (str(value) for value in row)
    if database.sql.startswith("sqlite"):
        file = Path(database.sql.removeprefix("sqlite:///"))
        for each in (file, Path(f"{file}-wal")):
            raw = each.read_bytes() if each.exists() else b""
            yield from (found.decode() for found in READABLE.findall(raw))
    if world.client is not None:
        for key in world.client.scan_iter():
            yield key.decode()
            for name, value in world.client.hgetall(key).items():
                yield from (name.decode(), value.decode())


def leaves(text: str) -> Iterator[str]:
    """Return a text, and if it is JSON every name and value in it."""
    yield text
    with suppress(ValueError):
        yield from _leaves(json.loads(text))


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from value
            for each in value.values():
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case _:
            yield str(value)


def variations(text: str) -> Iterator[str]:
    """Return what a thief makes of a text: its parts, and what it decodes to."""
    yield text
    for between in SEPARATORS:
        yield from re.split(between, text)
    yield text.removeprefix("$argon2id")
    yield from (text.upper(), text.lower(), text.strip(), f"$argon2id{text}")
    for decode in (base64.b64decode, bytes.fromhex):
        with suppress(ValueError):
            decoded = decode(text + "=" * (-len(text) % 4) if decode is base64.b64decode else text)
            yield from (decoded.decode("latin-1"), decoded.decode("utf-8", "replace"))


def guesses(texts: Iterable[str]) -> set[str]:
    return {str(guess) for text in texts for leaf in leaves(text) for guess in variations(leaf) if guess}


def signs_in(world: Opened, users: Iterable[User], found: set[str]) -> list[tuple[str, str]]:
    """Return which guesses sign in: each as everybody's password, and as a name with itself and with a known text."""
    names = [user.name or "" for user in users]
    tried = [(name, guess) for guess in found for name in names]
    tried += [pair for guess in found for pair in ((guess, guess), (guess, ""), (guess, "user-anna"))]
    return [pair for pair in tried if isinstance(_at_a_fresh_door(world, *pair), SignedIn)]


def _at_a_fresh_door(world: Opened, name: str, password: str) -> Any:
    """Try once, at a door that has never seen an attempt, so that no limit helps."""
    memory = MemoryRepositories()
    fresh = with_parts(world.repositories, counters=memory.counters, sign_ins=memory.sign_ins, events=memory.events)
    return AccessControl(fresh, policy=POLICY, hasher=HASHER).sign_in(name, password, address=HOME)


HASHER = argon2()


def test_no_string_that_is_stored_anywhere_signs_anybody_in(database: Database) -> None:
    with opened(database) as world:
        everything_happens(world)
        users = [world.repositories.users.named(name) for name in PASSWORDS]
        found = guesses(dumped(database, world))
        assert {user.credential.hash.reveal() for user in users} <= found  # it has looked where they are
        assert [] == signs_in(world, users, found)
        # And it would have noticed a password.
        assert [("bert", NEW)] == signs_in(world, users, {NEW})
