"""A row of the sign-in table, played through a real door over repositories in memory."""

import base64
from typing import Any

from attrs import define, evolve, field

from mydso_access import AccessControl, MemoryRepositories
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.naming import account_key, address_key, codes_key
from mydso_access.decisions.outcomes import (
    AddressCodeRequired,
    EnrolmentRequired,
    NewPasswordRequired,
    SecondFactorRequired,
)
from mydso_access.decisions.second_factor import step_at
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.decisions.sso import taken
from mydso_access.decisions.tokens import read_token, token_text
from mydso_access.model import AttemptCounter, Entity, Event, EventKind, Failure, Platform, Reservation, Secret, User
from mydso_access.model.attempts import CounterKey, KeyKind
from mydso_access.policy.second_factor import Algorithm
from mydso_access.testing import ManualClock
from tests.decisions.table import Answer, Row
from tests.decisions.table_driver import HOUR, TAKEN
from tests.decisions.table_words import Asked, in_words
from tests.decisions.table_world import (
    BOSS,
    CLIENT,
    GOOD,
    IDENTITY,
    NAME,
    NOW,
    OTHER_CLIENT,
    TICK,
    UNUSABLE,
    WEAK,
    World,
    assertion_of,
    changed_meanwhile,
    proof_of,
    world_of,
)
from tests.support import RIGHT, CountingHasher, add, settle

SEED = Secret(b"a seed of twenty byte")
WAITS = {"address code old": 600, "too late": 900}  # seconds, and the shortest instant more
RECOVERY = {
    "recovery right": "3-ABCD-EFGH-IJKL",
    "recovery wrong": "3-ZZZZ-ZZZZ-ZZZZ",
    "recovery used": "9-ABCD-EFGH-IJKL",
    "recovery unusable": "5-ABCD-EFGH-IJKL",
}


class Hasher(CountingHasher):
    """Knows a hash that no verifier can read."""

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        verdict = super().verify(stored, password)
        return SecretVerdict.UNUSABLE if stored.reveal() == UNUSABLE else verdict


@define
class Box:
    """Seals nothing, and can break."""

    is_broken: bool = False

    def seal(self, secret: Secret[bytes], context: str, /) -> Secret[str]:
        return Secret(secret.reveal().hex())

    def open(self, sealed: Secret[str], context: str, /) -> Secret[bytes] | None:
        if self.is_broken or sealed.reveal() == UNUSABLE:
            return None
        return SEED if sealed.reveal() == "unsealed" else Secret(bytes.fromhex(sealed.reveal()))

    def is_current(self, sealed: Secret[str], /) -> bool:
        return True


def can_be_stored(row: Row) -> bool:
    """Tell whether repositories that work find what the row says: no other structure, nobody of another name."""
    return row["home"] in ("own", "gone") and row["who"] != "looser name"


def played_at_the_door(row: Row) -> Answer:
    """Return what a door makes of a row."""
    return Visit(row, world_of(row)).told()


@define
class Visit:
    """Somebody at the door."""

    row: Row
    world: World
    repositories: MemoryRepositories = field(factory=MemoryRepositories)
    clock: ManualClock = field(factory=lambda: ManualClock(NOW))
    hasher: Hasher = field(factory=Hasher)
    box: Box = field(factory=Box)
    before: dict[CounterKey, AttemptCounter] = field(factory=dict)
    looks: tuple[int, int] = (0, 0)
    outcome: Any = None
    is_new_password: bool = False

    def __attrs_post_init__(self) -> None:
        places: list[Entity | Platform] = [Entity(id="paris", title="Paris")]
        places += [each for each in (self.world.home, self.world.entity) if each is not None]
        settle(self.repositories, *{each.structure: each for each in places}.values())
        add(self.repositories, BOSS, *([] if self.world.user is None else [self.world.user]))
        for kind in KeyKind:
            self._plant(kind, "admits")

    @property
    def door(self) -> AccessControl:
        return AccessControl(
            self.repositories, policy=self.world.policy, hasher=self.hasher, clock=self.clock, secret_box=self.box
        )

    def told(self) -> Answer:
        """Play the row, and return its end in the table's words."""
        has_last = self.row["then"] != "nothing"
        self._count(self.row if not has_last else None)
        self._first()
        for _ in range(TAKEN[self.row["taken"]]):
            if not hasattr(self.outcome, "sign_in"):
                break
            self._count(None)
            self._take()
        if has_last:
            self._meanwhile()
            self._count(self.row)
            self._last()
        words = in_words(_asked(self.outcome), self._charges(), None)
        return words._replace(remembered=self._remembered()) if words.outcome in ("signed in", "entered") else words

    def _first(self) -> None:
        row, door = self.row, self.door
        if row["by"] == "enter":
            entity = {"own or authorised": "lyon", "another": "paris", "gone": "nowhere"}[row["entity"]]
            self.outcome = door.enter(proof_of(row), entity, address=CLIENT)
        elif row["by"] == "sso":
            if row["assertion"] == "replayed":
                self.repositories.assertions.add(taken(assertion_of(row), self.world.policy.sso, NOW))
            self.outcome = door.sign_in_with_sso(assertion_of(row), address=CLIENT)
        else:
            self.outcome = door.sign_in(NAME, self.world.password, address=CLIENT)

    def _take(self) -> None:
        """Take the step that is asked for."""
        door, asked, token = self.door, self.outcome, self.outcome.sign_in
        self.is_new_password = isinstance(asked, NewPasswordRequired)
        if isinstance(asked, AddressCodeRequired):
            self.outcome = door.enter_address_code(token, asked.messages[0].code, address=CLIENT)
        elif isinstance(asked, SecondFactorRequired):
            self.outcome = door.enter_second_factor(token, self._code(SEED), address=CLIENT)
        elif isinstance(asked, EnrolmentRequired):
            self.outcome = door.confirm_second_factor(token, self._code(_seed(asked)), address=CLIENT)
        else:
            self.outcome = door.set_new_password(token, GOOD, address=CLIENT)

    def _last(self) -> None:
        """Try what comes at the end."""
        then, meanwhile, door, asked = self.row["then"], self.row["meanwhile"], self.door, self.outcome
        token, at = asked.sign_in, {"address": OTHER_CLIENT if meanwhile == "other address" else CLIENT}
        session: Any = {"session": "another"} if meanwhile == "other session" else {}
        if meanwhile == "earlier token":
            given = read_token(token)
            assert given is not None
            token = token_text(given.record_id, Secret("the earlier token's"))
        sent = asked.messages[0].code if isinstance(asked, AddressCodeRequired) else Secret("123456")
        wrong = Secret(f"{(int(sent.reveal()) + 1) % 10**6:06}")
        seed = _seed(asked) if isinstance(asked, EnrolmentRequired) else SEED
        self.is_new_password = then.startswith("new password")
        if then == "send again":
            self.outcome = door.send_address_code(token, **at, **session)
        elif then.startswith("address code"):
            self.outcome = door.enter_address_code(token, wrong if then.endswith("wrong") else sent, **at, **session)
        elif self.is_new_password:
            chosen = {"new password good": GOOD, "new password weak": WEAK}.get(then, RIGHT)
            self.outcome = door.set_new_password(token, chosen, **at, **session)
        elif then.startswith("first"):
            code = self._code(seed, wrong=then.endswith("wrong"))
            self.outcome = door.confirm_second_factor(token, code, **at, **session)
        else:
            code = RECOVERY.get(then, then if then == "no code" else "")
            code = code or self._code(SEED, wrong=then.endswith("wrong")).reveal()
            self.outcome = door.enter_second_factor(token, code, **at, **session)

    def _code(self, seed: Secret[bytes], *, wrong: bool = False) -> Secret[str]:
        """Return the present code, or one that no step counting now has."""
        present = step_at(self.clock.now())
        codes = [Totp().code(seed, step, Algorithm.SHA1).reveal() for step in (present, present - 1)]
        if not wrong:
            return Secret(codes[0])
        return Secret(next(code for code in map("{:06}".format, range(3)) if code not in codes))

    def _meanwhile(self) -> None:
        row, users, structures = self.row, self.repositories.users, self.repositories.structures
        waits = WAITS.get(row["then"], 60) if row["meanwhile"] != "too late" else WAITS["too late"]
        self.clock.sleep(waits)
        self.clock.move(TICK)
        self.box.is_broken = row["then"] == "first seed unusable"
        stored, home = users.get("u-anna"), self.world.home
        assert stored is not None
        assert home is not None
        home = structures.get(home.structure)
        assert home is not None
        user, changed = changed_meanwhile(row, stored, home)
        if user != stored:
            at = self.clock.now()
            event = Event(id="add-change", kind=EventKind.USER_UPDATED, at=at)
            users.save(
                evolve(user, saved_at=at, valid_from=at if user.valid_from != stored.valid_from else user.valid_from),
                event,
            )
        if changed is None:
            structures._entities.clear()
            structures._platform = None
        elif changed != home:
            settle(self.repositories, changed)
        if row["meanwhile"] == "used":
            (sign_in,) = self.repositories.sign_ins._by_id.values()
            self.repositories.sign_ins.save(evolve(sign_in, used_at=self.clock.now(), saved_at=self.clock.now()))

    def _plant(self, kind: KeyKind, said: str) -> None:
        """Save a counter that says so, with a failure from before where it admits."""
        lockout, now, key = self.world.policy.lockout, self.clock.now(), self._key(kind)
        limit = {KeyKind.ACCOUNT: lockout.account, KeyKind.ADDRESS: lockout.address, KeyKind.CODES: lockout.codes}[kind]
        stored = self.repositories.counters.get(key)
        counter = AttemptCounter(key, 0 if stored is None else stored.version, now, (Failure("f", now - 60 * TICK),))
        if said == "full":
            many = tuple(Reservation(f"r-{each}", now, now, each) for each in range(limit.failures - 1))
            counter = evolve(counter, reservations=many)
        elif said == "hard cap":
            counter = evolve(counter, failed=lockout.hard_cap or 0)
        elif said.startswith("blocked"):
            counter = evolve(counter, failures=(), blocked_until=max(HOUR, now))
        self.repositories.counters.save(counter)

    def _key(self, kind: KeyKind) -> CounterKey:
        if kind is KeyKind.ADDRESS:
            return address_key(CLIENT, self.world.policy.lockout)
        if kind is KeyKind.CODES:
            return codes_key("u-anna")
        by_sso = self.row["by"] == "sso" or (self.row["by"] == "enter" and "sso" in self.row["proved"])
        return account_key(IDENTITY if by_sso else NAME)

    def _count(self, keys: Row | None) -> None:
        """Begin to look at what one try costs; the row's keys are those of its last."""
        self.is_new_password = False
        for kind in KeyKind:
            if keys is not None:
                self._plant(kind, keys[f"{kind.value} key"])
        self.before = {each.key: each for each in self.repositories.counters.all()}
        self.looks = (self.hasher.evaluations, self.hasher.dummies)

    def _charges(self) -> dict[str, str]:
        charges = {kind.value: self._charge(kind) for kind in KeyKind}
        stored, dummy = self.hasher.evaluations - self.looks[0], self.hasher.dummies - self.looks[1]
        looked = "–" if self.is_new_password else "stored" if stored else "dummy" if dummy else "–"
        assert self.is_new_password or stored + dummy <= 1
        return charges | {"hash": looked}

    def _charge(self, kind: KeyKind) -> str:
        key = self._key(kind)
        before, after = self.before[key], self.repositories.counters.get(key)
        assert after is not None
        assert len(after.reservations) == len(before.reservations)
        if after.version == before.version or not before.failures or before.reservations:
            return "–"
        return {0: "cleared", 1: "given back", 2: "counted"}[len(after.failures)]

    def _remembered(self) -> str:
        user: User | None = self.repositories.users.get("u-anna")
        assert user is not None
        assert self.world.user is not None
        lists = [each.approved for each in (self.world.home, self.world.entity) if each is not None]
        stored = [
            self.repositories.structures.get(each.structure) for each in (self.world.home, self.world.entity) if each
        ]
        shared = any(each is not None and each.approved != known for each, known in zip(stored, lists, strict=True))
        personal = user.approved != self.world.user.approved
        return ", ".join(["personal"] * personal + ["shared"] * shared)


def _seed(asked: EnrolmentRequired) -> Secret[bytes]:
    return Secret(base64.b32decode(asked.seed.reveal()))


def _asked(outcome: Any) -> Any:
    match outcome:
        case AddressCodeRequired(validator=validator):
            return Asked(f"address code, {validator.value}")
        case SecondFactorRequired():
            return Asked("second factor")
        case EnrolmentRequired():
            return Asked("enrolment")
        case NewPasswordRequired(because=because):
            return Asked(f"new password, {because.value}")
        case _:
            return outcome
