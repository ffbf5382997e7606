"""What the processes of a race for codes do: they know the password, and guess at a code, or send the right one at once.

Each evaluation is told where it happens: by the hasher for a code on paper, by the box that opens a seed for the code of
an app, and by what digests a code for a new address.
"""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from attrs import evolve, field, frozen

from mydso_access import AccessControl, Event, EventKind, VerifiedAssertion
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.second_factor import hashable, new_recovery_codes, seal_context, step_at
from mydso_access.decisions.tokens import code_digest
from mydso_access.flows import address_codes
from mydso_access.model import Email, Entity, Secret, SignInMode, Structure, User
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.model.user import SsoIdentity
from mydso_access.policy import Networks, StructurePolicy
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.second_factor import Algorithm
from mydso_access.testing.clock import A_MONDAY
from tests.reliability.databases import Database, opened, people
from tests.reliability.race_work import Flaw, Outcomes, Tally, TellingHasher, kind_of
from tests.support import policy, settle

SEED = Secret(b"twenty bytes of seed")
RECOVERY = new_recovery_codes([f"paper {number}" for number in range(10)])
IDP = "https://idp.example"
# As many sends as there are processes, so that each has a code of its own to guess at.
POLICY = evolve(policy(), addresses=evolve(policy().addresses, recipient=Recipient.USER, sends=20))
PLACES = (
    Entity(id="listed", title="Nice", policy=StructurePolicy({"addresses.networks": Networks("127.0.0.0/8")})),
    Entity(id="factors", title="Paris", policy=StructurePolicy({"second_factor.required": True})),
    Entity(id="sso", title="Lille", sign_in_mode=SignInMode.SSO),
)
HOMES = {"app": "e1", "paper": "e1", "sms": "listed", "enrolment": "factors", "sso": "sso"}


@frozen
class TellingBox:
    """Seals nothing, and tells the tally whose seed it opens."""

    tally: Tally
    seconds: float = 0.0
    box: UnprotectedBox = field(factory=UnprotectedBox)

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        return self.box.seal(secret, context)

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        self.tally.add(f"seed {context.partition(chr(0))[2]}")
        time.sleep(self.seconds)
        return self.box.open(sealed, context)

    def is_current(self, sealed: Secret[str], /) -> bool:
        return self.box.is_current(sealed)


def work_on_codes(
    connection: Connection, database: Database, tally: Tally, seconds: float, flaw: Flaw | None = None
) -> None:
    """Work whenever told to, and tell each look at a code."""

    def digested(secret: Secret[str], bound_to: tuple[str, ...], code: Secret[str]) -> Secret[str]:
        tally.add(f"sms {bound_to[0]}")
        time.sleep(seconds)
        return code_digest(secret, bound_to, code)

    address_codes.code_digest = digested
    with opened(database) as world:
        access = door(world.repositories if flaw is None else flaw(world), tally, seconds)
        world.engine.connect().close()
        connection.send("ready")
        while True:
            start, job, arguments = connection.recv()
            time.sleep(max(0.0, start - time.monotonic()))
            connection.send(job(access, *arguments))


def door(repositories: Any, tally: Tally, seconds: float = 0.0) -> AccessControl:
    hasher, box = TellingHasher(tally, seconds), TellingBox(tally, seconds)
    return AccessControl(repositories, policy=POLICY, hasher=hasher, secret_box=box)


def give(access: AccessControl, call: str, token: str, codes: Iterable[str], address: str) -> Outcomes:
    """Give codes for one step, one after the other."""
    return Counter(kind_of(getattr(access, call)(token, code, address=address)) for code in codes)


def assert_sso(access: AccessControl, subject: str, assertion_id: str, instant: datetime, address: str) -> Outcomes:
    """Say that a provider has said something."""
    said = VerifiedAssertion(issuer=IDP, subject=subject, id=assertion_id, instant=instant)
    return Counter([kind_of(access.sign_in_with_sso(said, address=address))])


def settle_in(database: Database, kind: str, names: list[str]) -> None:
    """Store people who owe one kind of code."""
    with opened(database) as world:
        if world.repositories.structures.get(PLACES[0].structure) is None:
            settle(world.repositories, *PLACES)
        users = [_owing(kind, user) for user in people(names)]
        event = Event(id=f"settled-in-{names[0]}", kind=EventKind.USER_CREATED, at=users[0].saved_at)
        world.repositories.users.add_all(users, event)


def _owing(kind: str, user: User) -> User:
    home = Structure.entity(HOMES[kind])
    placed = evolve(user, structure=home, mobile="+33612345678", email=Email(f"{user.name}@example.com", A_MONDAY))
    if kind == "sso":
        return evolve(placed, sso=SsoIdentity(IDP, user.name or ""), credential=None)
    if kind not in {"app", "paper"}:
        return placed
    paper = [
        RecoveryCode(place, Secret(f"{user.name} {hashable(code).reveal().decode()}"))
        for place, code in enumerate(RECOVERY, start=1)
    ]
    sealed = UnprotectedBox().seal(SEED, seal_context(user.id))
    return evolve(placed, second_factor=SecondFactor(sealed, Algorithm.SHA1, user.saved_at, 0, tuple(paper)))


def app_code(seed: Secret[bytes] = SEED) -> str:
    """Return what an app shows now."""
    return Totp().code(seed, step_at(datetime.now(UTC)), Algorithm.SHA1).reveal()
