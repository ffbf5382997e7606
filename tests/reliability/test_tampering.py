"""Rows that somebody changed behind the library's back: denied with an event, never an exception, never a grant."""

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field
from sqlalchemy import Table, select, update

from mydso_access import AccessControl, EnrolmentRequired, Refused, SecondFactorRequired, SignedIn, StoreError
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.adapters.sqlalchemy.tables import TABLES, row_key, structure_key
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.decisions.second_factor import hashable, new_recovery_codes, seal_context, step_at
from mydso_access.decisions.tokens import read_token
from mydso_access.model import Entity, Event, EventKind, EventQuery, Reason, Secret, Structure
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.policy import Networks, StructurePolicy
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.second_factor import Algorithm
from mydso_access.testing import ManualClock, enabled_user
from mydso_access.testing.clock import A_MONDAY
from tests.reliability import databases
from tests.reliability.databases import Opened, opened
from tests.support import RIGHT, argon2, policy, settle

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
RECOVERY = new_recovery_codes([f"paper {number}" for number in range(10)])
HASHER = argon2()
HASHES = tuple(
    RecoveryCode(place, HASHER.hash(hashable(code))) for place, code in enumerate(RECOVERY, start=1)
)  # made once
POLICY = evolve(policy(), addresses=evolve(policy().addresses, recipient=Recipient.USER))
PLACES = (
    Entity(id="listed", title="Nice", policy=StructurePolicy({"addresses.networks": Networks("127.0.0.0/8")})),
    Entity(id="factors", title="Paris", policy=StructurePolicy({"second_factor.required": True})),
)


@define
class Victim:
    """Somebody of whom no other test knows, and where they come from."""

    name: str
    address: str
    seed: Secret[bytes]

    @property
    def id(self) -> str:
        return f"user-{self.name}"


@define(eq=False)
class Site:
    """A database in which rows can be changed by hand."""

    world: Opened
    box: AesGcmBox = field(factory=lambda: AesGcmBox({"k1": KEY}, current="k1"))
    clock: ManualClock = field(factory=ManualClock)
    numbers: Iterator[int] = field(factory=itertools.count)

    @property
    def access(self) -> AccessControl:
        return AccessControl(
            self.world.repositories, policy=POLICY, hasher=HASHER, clock=self.clock, secret_box=self.box
        )

    def victim(self, home: str = "e1", *, enrolled: bool = True) -> Victim:
        number = next(self.numbers)
        victim = Victim(f"victim-{number}", f"10.{number >> 8}.{number & 255}.1", Secret(f"{number:020d}".encode()))
        user = enabled_user(victim.name, RIGHT, hasher=HASHER, structure=Structure.entity(home))
        sealed = self.box.seal(victim.seed, seal_context(user.id))
        factor = SecondFactor(sealed, Algorithm.SHA1, A_MONDAY, 0, HASHES) if enrolled else None
        event = Event(id=f"added-{number}", kind=EventKind.USER_CREATED, at=user.saved_at, subject=user.id)
        self.world.repositories.users.save(evolve(user, second_factor=factor, mobile="+33612345678"), event)
        return victim

    def code(self, of: Victim) -> str:
        return Totp().code(of.seed, step_at(self.clock.now()), Algorithm.SHA1).reveal()

    def signs_in(self, victim: Victim) -> Any:
        return self.access.sign_in(victim.name, RIGHT, address=victim.address)

    def asked(self, victim: Victim) -> Any:
        asked = self.signs_in(victim)
        assert not isinstance(asked, Refused | SignedIn)
        return asked

    def gives(self, victim: Victim, token: Secret[str], code: Any) -> Any:
        return self.access.enter_second_factor(token, code, address=victim.address)

    def form(self, table: Table, key: str) -> Any:
        with self.world.engine.connect() as connection:
            return json.loads(connection.scalar(select(table.c.body).where(table.c.key == key)) or "")

    def write(self, table: Table, key: str, **columns: Any) -> None:
        with self.world.engine.begin() as connection:
            assert 1 == connection.execute(update(table).where(table.c.key == key).values(**columns)).rowcount

    def change(self, victim: Victim, edit: Callable[[Any], None]) -> None:
        """Change the stored form of a user by hand."""
        form = self.form(TABLES.users, row_key("user", victim.id))
        edit(form)
        self.write(TABLES.users, row_key("user", victim.id), body=json.dumps(form))

    def trail(self, victim: Victim) -> list[Event]:
        page = self.world.repositories.events.page(EventQuery(since=A_MONDAY), None, 10_000)
        return [event for event in page if event.address == victim.address]

    def failures(self, victim: Victim) -> tuple[int, int]:
        keys = account_key(victim.name), address_key(parse_address(victim.address), POLICY.lockout)
        counters = [self.world.repositories.counters.get(key) for key in keys]
        return tuple(0 if counter is None else len(counter.failures) for counter in counters)  # type: ignore[return-value]

    def is_denied(self, victim: Victim, outcome: Any, *reasons: Reason, counted: int) -> None:
        """Check that an outcome is a refusal with its event, and how many failures it left."""
        assert isinstance(outcome, Refused)
        assert outcome.reason in reasons
        refusals = [event.reason for event in self.trail(victim) if event.kind is EventKind.REFUSED]
        assert outcome.reason in refusals
        assert not [event for event in self.trail(victim) if event.kind is EventKind.SIGNED_IN]
        assert (counted, counted) == self.failures(victim)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("tampering")
    with databases.fresh("sqlite", None, folder) as database, opened(database) as world:
        settle(world.repositories, *PLACES)
        yield Site(world)


def paths_of(form: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Return the way to every field of a stored form."""
    inner = form.items() if isinstance(form, dict) else enumerate(form) if isinstance(form, list) else ()
    for name, value in inner:
        if isinstance(form, dict):
            yield (*before, name)
        yield from paths_of(value, (*before, name))


def without(form: Any, path: tuple[str | int, ...]) -> Any:
    left = copy.deepcopy(form)
    inner = left
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return left


def test_the_right_answers_get_in_as_long_as_nobody_changed_anything(site: Site) -> None:
    victim = site.victim()
    assert isinstance(site.gives(victim, site.asked(victim).sign_in, site.code(victim)), SignedIn)
    assert isinstance(site.gives(victim, site.asked(victim).sign_in, RECOVERY[1]), SignedIn)


def test_s26_two_users_seeds_that_were_swapped_open_for_neither(site: Site) -> None:
    one, two = site.victim(), site.victim()
    forms = [site.form(TABLES.users, row_key("user", each.id)) for each in (one, two)]
    sealed = [form["second_factor"]["seed"] for form in forms]
    for victim, other in ((one, sealed[1]), (two, sealed[0])):
        site.change(victim, lambda form, other=other: form["second_factor"].update(seed=other))
    for victim, other in ((one, two), (two, one)):
        token = site.asked(victim).sign_in
        site.is_denied(victim, site.gives(victim, token, site.code(other)), Reason.UNUSABLE_CREDENTIAL, counted=1)
        site.is_denied(victim, site.gives(victim, token, site.code(victim)), Reason.UNUSABLE_CREDENTIAL, counted=2)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 20, 40, 60, -1])
def test_a_password_hash_that_was_truncated_lets_nobody_in_and_counts(site: Site, length: int) -> None:
    victim = site.victim(enrolled=False)
    site.change(victim, lambda form: form["credential"].update(hash=form["credential"]["hash"][:length]))
    denied = Reason.UNUSABLE_CREDENTIAL, Reason.WRONG_SECRET
    site.is_denied(victim, site.signs_in(victim), *denied, counted=1)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 20, 40, 60, -1])
def test_a_recovery_hash_that_was_truncated_opens_nothing_and_counts(site: Site, length: int) -> None:
    victim = site.victim()

    def truncate(form: Any) -> None:
        code = form["second_factor"]["recovery"][3]
        code.update(hash=code["hash"][:length])

    site.change(victim, truncate)
    denied = Reason.UNUSABLE_CREDENTIAL, Reason.WRONG_CODE
    site.is_denied(victim, site.gives(victim, site.asked(victim).sign_in, RECOVERY[3]), *denied, counted=1)


@pytest.mark.parametrize("position", [0, 1, 2, 3, 10, 40, -1])
@pytest.mark.parametrize("by", ["", "A", "%", "\x00", "é"])
def test_a_seed_that_was_damaged_opens_nothing_and_counts(site: Site, position: int, by: str) -> None:
    victim = site.victim()

    def damage(form: Any) -> None:
        seed = form["second_factor"]["seed"]
        at = position % len(seed)
        by_other = "B" if seed[at] == by else by
        form["second_factor"].update(seed=seed[:at] + by_other + seed[at + 1 :])

    site.change(victim, damage)
    code = site.code(victim)
    site.is_denied(victim, site.gives(victim, site.asked(victim).sign_in, code), Reason.UNUSABLE_CREDENTIAL, counted=1)


def test_a_seed_whose_key_is_gone_from_the_box_opens_nothing_and_counts(site: Site) -> None:
    victim = site.victim()
    token = site.asked(victim).sign_in
    without_key = Site(site.world, AesGcmBox({"k2": OTHER_KEY}, current="k2"), site.clock)
    same_name = Site(site.world, AesGcmBox({"k1": OTHER_KEY}, current="k1"), site.clock)
    for counted, other in enumerate((without_key, same_name), start=1):
        outcome = other.gives(victim, token, site.code(victim))
        site.is_denied(victim, outcome, Reason.UNUSABLE_CREDENTIAL, counted=counted)
    assert isinstance(site.gives(victim, token, site.code(victim)), SignedIn)


def test_an_unconfirmed_seed_that_was_damaged_enrols_nobody_and_counts(site: Site) -> None:
    victim = site.victim("factors", enrolled=False)
    asked = site.asked(victim)
    assert isinstance(asked, EnrolmentRequired)
    key = row_key("sign_in", read_token(asked.sign_in).record_id)  # type: ignore[union-attr]
    form = site.form(TABLES.sign_ins, key)
    form["seed"]["sealed"] = form["seed"]["sealed"][:-4] + "AAAA"
    site.write(TABLES.sign_ins, key, body=json.dumps(form))
    outcome = site.access.confirm_second_factor(asked.sign_in, "123456", address=victim.address)
    site.is_denied(victim, outcome, Reason.UNUSABLE_CREDENTIAL, counted=1)


def test_a_code_for_an_address_whose_digest_was_damaged_is_wrong_and_counts(site: Site) -> None:
    victim = site.victim("listed", enrolled=False)
    asked = site.asked(victim)
    key = row_key("sign_in", read_token(asked.sign_in).record_id)  # type: ignore[union-attr]
    form = site.form(TABLES.sign_ins, key)
    form["code"]["digest"] = form["code"]["digest"][:-1]
    site.write(TABLES.sign_ins, key, body=json.dumps(form))
    outcome = site.access.enter_address_code(asked.sign_in, asked.messages[0].code, address=victim.address)
    site.is_denied(victim, outcome, Reason.WRONG_CODE, counted=1)


def test_every_field_of_a_stored_user_that_was_dropped_denies_sign_in_and_step(site: Site) -> None:
    paths = [*paths_of(site.form(TABLES.users, row_key("user", site.victim().id)))]
    assert len(paths) >= 60
    for path in paths:
        victim, stepping = site.victim(), site.victim()
        token = site.asked(stepping).sign_in
        for each in (victim, stepping):
            key = row_key("user", each.id)
            site.write(TABLES.users, key, body=json.dumps(without(site.form(TABLES.users, key), path)))
        site.is_denied(victim, site.signs_in(victim), Reason.UNREADABLE_RECORD, counted=1)
        step = site.gives(stepping, token, site.code(stepping))  # nothing is guessed: there is nothing to look at
        site.is_denied(stepping, step, Reason.UNREADABLE_RECORD, counted=0)


def test_every_field_of_a_stored_sign_in_that_was_dropped_denies_the_step(site: Site) -> None:
    token = site.asked(site.victim("listed", enrolled=False)).sign_in
    key = row_key("sign_in", read_token(token).record_id)  # type: ignore[union-attr]
    paths = [*paths_of(site.form(TABLES.sign_ins, key))]
    assert len(paths) > 20
    for path in paths:
        victim = site.victim("listed", enrolled=False)
        asked = site.asked(victim)
        key = row_key("sign_in", read_token(asked.sign_in).record_id)  # type: ignore[union-attr]
        site.write(TABLES.sign_ins, key, body=json.dumps(without(site.form(TABLES.sign_ins, key), path)))
        outcome = site.access.enter_address_code(asked.sign_in, asked.messages[0].code, address=victim.address)
        site.is_denied(victim, outcome, Reason.UNREADABLE_RECORD, counted=0)


def test_a_damaged_sign_in_denies_the_next_one_that_would_take_its_place(site: Site) -> None:
    victim = site.victim()
    key = row_key("sign_in", read_token(site.asked(victim).sign_in).record_id)  # type: ignore[union-attr]
    site.write(TABLES.sign_ins, key, body="{}")
    site.is_denied(victim, site.signs_in(victim), Reason.UNREADABLE_RECORD, counted=1)
    site.clock.move(timedelta(minutes=16))
    site.access.purge()
    assert isinstance(site.asked(victim), SecondFactorRequired)


def test_every_field_of_a_stored_structure_that_was_dropped_denies_sign_in_and_step(site: Site) -> None:
    home = Entity(id="damaged", title="Brest")
    settle(site.world.repositories, home)
    key = structure_key(home.structure)
    whole = site.form(TABLES.structures, key)
    for path in paths_of(whole):
        victim, stepping = site.victim("damaged"), site.victim("damaged")
        token = site.asked(stepping).sign_in
        site.write(TABLES.structures, key, body=json.dumps(without(whole, path)))
        site.is_denied(victim, site.signs_in(victim), Reason.UNREADABLE_RECORD, counted=1)
        step = site.gives(stepping, token, site.code(stepping))
        site.is_denied(stepping, step, Reason.UNREADABLE_RECORD, counted=0)
        site.write(TABLES.structures, key, body=json.dumps(whole))
        assert isinstance(site.asked(victim), SecondFactorRequired)


@pytest.mark.parametrize("column", ["body", "name_key"])
@pytest.mark.parametrize("value", ["", "{", "null", "[]", "0"])
def test_a_column_that_was_overwritten_denies_the_sign_in(site: Site, column: str, value: str) -> None:
    victim = site.victim()
    unique = f"{value}{victim.name}" if column == "name_key" else value
    site.write(TABLES.users, row_key("user", victim.id), **{column: unique})
    site.is_denied(victim, site.signs_in(victim), Reason.UNREADABLE_RECORD, Reason.UNKNOWN, counted=1)


def test_a_row_that_answers_to_another_name_lets_nobody_in_under_it(site: Site) -> None:
    victim, thief = site.victim(), site.victim()
    name_of_victim = site.world.repositories.users.get(victim.id)
    key = row_key("user", victim.id)
    site.write(TABLES.users, key, name_key=None)
    site.write(TABLES.users, row_key("user", thief.id), name_key=row_key("name", victim.name))
    assert name_of_victim is not None
    site.is_denied(victim, site.signs_in(victim), Reason.UNKNOWN, counted=1)


def test_a_counter_that_was_damaged_grants_nothing(site: Site) -> None:
    victim = site.victim(enrolled=False)
    assert isinstance(site.access.sign_in(victim.name, "Wrong-Guess-1", address=victim.address), Refused)
    key = account_key(victim.name)
    row = row_key(key.kind.value, key.digest)
    whole = site.form(TABLES.counters, row)
    for path in paths_of(whole):
        site.write(TABLES.counters, row, body=json.dumps(without(whole, path)))
        try:
            assert isinstance(site.signs_in(victim), Refused)
        except StoreError:
            continue
