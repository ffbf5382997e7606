"""A stolen database signs nobody in: every string that is stored anywhere is tried, as a name, a password,
a code and a token.

Everything that can be stored is stored first, with the real Argon2id. Then whatever text can be read out of it is
collected: every column of every table, the raw bytes of an SQLite file, every key and field of Valkey, each leaf of the
JSON, each part of a hash; and what a thief would make of it by decoding and trimming. Each is tried at a fresh door.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, evolve
from pyotp import TOTP
from sqlalchemy import MetaData

from mydso_access import AccessControl, Enrolled, MemoryRepositories, PasswordChanged, Refused
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.model import Entity, Event, EventKind, Reason, Secret, Structure
from mydso_access.policy import Networks, StructurePolicy
from mydso_access.policy.addresses import Recipient
from mydso_access.testing import enabled_user
from tests.reliability.databases import Database, Opened, opened
from tests.support import HOME, argon2, policy, settle, with_parts

POLICY = evolve(policy(), addresses=evolve(policy().addresses, recipient=Recipient.USER))
PASSWORDS = {
    "anna": "Correct-Horse-9",
    "bert": "Battery-Staple-7",
    "carla": "Yellow-Bicycle-5",
    "dora": "Silver-Kettle-4",
    "emil": "Green-Umbrella-6",
}
NEW = "Purple-Elephant-3"  # what Bert's becomes
LISTED = {"addresses.networks": Networks("10.0.0.0/8")}
BOX = AesGcmBox({"k1": b"32 bytes that are kept elsewhere"}, current="k1")
HASHER = argon2()
SEPARATORS = (r"[$,=]", r"\s+", r"[\s\"'`:;,=<>()\[\]{}|]+", r"[^0-9A-Za-z]+")  # of hashes, of words, of anything else
READABLE = re.compile(rb"[\x20-\x7e]{4,}")


@define(eq=False)
class Stolen:
    """A database in which everything has happened, and what a thief may know besides: names, passwords, tokens.

    Attributes:
        world: the database.
        dora: the token of a sign-in that waits for a second factor.
        emil: the token of a sign-in that waits for the code for its address.
        enrolling: the token of a sign-in that waits for the first code of an app.
        secrets: what was handed out and opens something.
    """

    world: Opened
    dora: Secret[str]
    emil: Secret[str]
    enrolling: Secret[str]
    secrets: set[str]

    def door(self) -> AccessControl:
        """Return a door that has never seen an attempt, so that no limit helps."""
        memory = MemoryRepositories()
        fresh = with_parts(self.world.repositories, counters=memory.counters, events=memory.events)
        return AccessControl(fresh, policy=POLICY, hasher=HASHER, secret_box=BOX)


def everything_happens(world: Opened) -> Stolen:
    """Let people sign in and fail to, change passwords, be blocked, enrol, and begin sign-ins that they do not finish."""
    settle(world.repositories, Entity(id="listed", title="Nice", policy=StructurePolicy(LISTED)))
    people = [enabled_user(name, password, hasher=HASHER) for name, password in PASSWORDS.items()]
    people[4] = evolve(people[4], structure=Structure.entity("listed"), mobile="+33612345678")
    world.repositories.users.add_all(people, Event(id="added", kind=EventKind.USER_CREATED, at=people[0].saved_at))
    access = AccessControl(world.repositories, policy=POLICY, hasher=HASHER, secret_box=BOX)
    signed_in = {}
    for name, password in [*PASSWORDS.items()][:4]:
        assert isinstance(access.sign_in(name, "Wrong-Guess-1", address=HOME), Refused)
        signed_in[name] = access.sign_in(name, password, address=HOME)
    changed = access.change_password(signed_in["bert"].proof, PASSWORDS["bert"], NEW, address=HOME)
    assert isinstance(changed, PasswordChanged)
    for number in range(6):
        access.sign_in("carla", f"Wrong-Guess-{number}", address="192.0.2.7")
        access.sign_in("nobody", PASSWORDS["anna"], address="192.0.2.8")
    begun = access.begin_enrolment(signed_in["dora"].proof, address=HOME)
    enrolled = access.confirm_second_factor(begun.sign_in, TOTP(begun.seed.reveal()).now(), address=HOME)
    assert isinstance(enrolled, Enrolled)
    codes = access.renew_recovery_codes(enrolled.proof).codes
    waiting = access.sign_in("dora", PASSWORDS["dora"], address=HOME)
    sent = access.sign_in("emil", PASSWORDS["emil"], address=HOME)
    another = access.begin_enrolment(access.sign_in("anna", PASSWORDS["anna"], address=HOME).proof, address=HOME)
    secrets = {each.reveal() for each in (*codes, sent.messages[0].code, begun.seed, another.seed)}
    return Stolen(world, waiting.sign_in, sent.sign_in, another.sign_in, secrets)


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


def signs_in(stolen: Stolen, found: set[str]) -> list[tuple[str, str]]:
    """Return which guesses sign in: each as everybody's password, and as a name with itself and with a known text."""
    tried = [(name, guess) for guess in found for name in PASSWORDS]
    tried += [pair for guess in found for pair in ((guess, guess), (guess, ""), (guess, "user-anna"))]
    return [pair for pair in tried if not isinstance(stolen.door().sign_in(*pair, address=HOME), Refused)]


def leads_on(stolen: Stolen, found: set[str]) -> list[str]:
    """Return which guesses lead on as a code, for who knows password and token; or as a token, for who has a code."""
    leading = []
    for guess in found:
        answers = [
            stolen.door().enter_second_factor(stolen.dora, guess, address=HOME),
            stolen.door().confirm_second_factor(stolen.enrolling, guess, address=HOME),
            stolen.door().enter_address_code(stolen.emil, guess, address=HOME),
        ]
        opened_by = [stolen.door().enter_second_factor(guess, "000000", address=HOME)]
        opened_by += [stolen.door().enter_address_code(guess, "000000", address=HOME)]
        dead = all(answer.reason in {Reason.DEAD_SIGN_IN, Reason.MALFORMED} for answer in opened_by)
        if not (dead and all(isinstance(answer, Refused) for answer in answers)):
            leading.append(guess)
    return leading


def test_no_string_that_is_stored_anywhere_signs_anybody_in_or_leads_on(database: Database) -> None:
    with opened(database) as world:
        stolen = everything_happens(world)
        users = [world.repositories.users.named(name) for name in PASSWORDS]
        found = guesses(dumped(database, world))
        assert {user.credential.hash.reveal() for user in users} <= found  # it has looked where they are
        assert users[3].second_factor.seed.reveal() in found
        assert set() == stolen.secrets & found
        assert [] == signs_in(stolen, found)
        assert [] == leads_on(stolen, found)
        # And it would have noticed a password, and a code on paper.
        assert [("bert", NEW)] == signs_in(stolen, {NEW})
        (code,) = [secret for secret in stolen.secrets if secret.startswith("3-")]
        assert [code] == leads_on(stolen, {code})
