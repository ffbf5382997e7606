"""Who heard every acknowledgement, and says what of it a database has lost, or holds only half of."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from attrs import define, field

from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.model import CounterKey
from tests.reliability.crash_work import Answered, Begun, Doing, Said
from tests.reliability.databases import Opened
from tests.reliability.race_work import Tally
from tests.support import policy

LOCKOUT = policy().lockout
CLOSED = {"Refused account_blocked", "Refused account_busy"}


@define
class Heard:
    """What was acknowledged of one key: the ids of its failures, and how many charges were begun at most."""

    failures: list[str] = field(factory=list)
    begun: int = 0


@define
class Witness:
    """What all lives have said so far."""

    keys: defaultdict[CounterKey, Heard] = field(factory=lambda: defaultdict(Heard))
    versions: dict[str, int] = field(factory=dict)
    sign_ins: dict[str, int] = field(factory=dict)
    added: list[str] = field(factory=list)
    rights_begun: Counter[str] = field(factory=Counter)
    closed: set[str] = field(factory=set)
    outcomes: Counter[str] = field(factory=Counter)

    def hear(self, said: Iterable[Said]) -> None:
        """Remember what one life said, in its order."""
        for each in said:
            if isinstance(each, Begun):
                self._begun(each)
            else:
                self._answered(each)

    def _begun(self, begun: Begun) -> None:
        if begun.what in {Doing.WRONG, Doing.RIGHT}:
            self.keys[account_key(begun.whom)].begun += 1
        if begun.what is Doing.RIGHT:
            self.rights_begun[begun.whom] += 1
            self.keys[account_key(begun.whom)].failures.clear()  # it may clear them, whether it is answered or not

    def _answered(self, answered: Answered) -> None:
        self.outcomes[f"{answered.what.value}: {answered.outcome}"] += 1
        if answered.outcome in CLOSED:
            self.closed.add(answered.whom)
        match answered:
            case Answered(outcome="Refused wrong_secret", whom=name, charges=(on_address, on_account), address=address):
                self.keys[account_key(name)].failures.append(on_account)
                self.keys[key_of(address)].failures.append(on_address)
            case Answered(outcome="Refused account_blocked", charges=(on_address, _), address=address):  # D2
                self.keys[key_of(address)].failures.append(on_address)
            case Answered(what=Doing.EDIT, whom=name) | Answered(whom=name, outcome="SignedIn"):
                self.versions[name] = answered.version
            case Answered(what=Doing.ADD, whom=event_id):
                self.added.append(event_id)
            case Answered(what=Doing.SIGN_IN, whom=sign_in_id):
                self.sign_ins[sign_in_id] = answered.version

    def acknowledged(self) -> int:
        """Return how many charges were acknowledged, counting both keys."""
        return sum(
            count * (2 if kind.endswith("wrong_secret") else 1)
            for kind, count in self.outcomes.items()
            if kind.endswith(("wrong_secret", "account_blocked"))
        )

    def lost(self, world: Opened, said: Iterable[Said] | None = None) -> list[str]:
        """Return what is missing of what one life heard, or of everything."""
        return list(self._lost(world, None if said is None else list(said)))

    def _lost(self, world: Opened, said: list[Said] | None) -> Iterator[str]:
        keys, names, sign_ins = set(self.keys), set(self.versions), set(self.sign_ins)
        if said is not None:
            answers = [each for each in said if isinstance(each, Answered)]
            names &= {each.whom for each in answers}
            sign_ins &= {each.whom for each in answers}
            touched = {account_key(each.whom) for each in said if each.what in {Doing.WRONG, Doing.RIGHT}}
            keys &= touched | {key_of(each.address) for each in answers if each.address}
        for key in keys:
            yield from self._lost_charges(world, key)
        for name in names:
            user = world.repositories.users.named(name)
            if user is None or user.version < self.versions[name]:
                yield f"{name} was saved as version {self.versions[name]}, and is {user}"
        for sign_in_id in sign_ins:
            sign_in = world.repositories.sign_ins.get(sign_in_id)
            if sign_in is None or sign_in.used_at is None or sign_in.version < self.sign_ins[sign_in_id]:
                yield f"sign-in {sign_in_id} was used, and is {sign_in}"

    def _lost_charges(self, world: Opened, key: CounterKey) -> Iterator[str]:
        heard, counter = self.keys[key], world.repositories.counters.get(key)
        if counter is None:
            if heard.failures:
                yield f"{key} has no counter, but {heard.failures}"
            return
        held = [each.id for each in (*counter.failures, *counter.reservations)]
        if len(set(held)) < len(held):
            yield f"{key} holds a charge twice: {held}"
        if counter.blocked_until is None and (missing := set(heard.failures) - set(held)):  # else they are spent
            yield f"{key} lost {sorted(missing)} and holds {held}"

    def too_many(self, tally: Tally) -> list[str]:
        """Return the accounts of which more wrong passwords were evaluated than their limit."""
        wrong = Counter(line.split()[0] for line in tally.lines() if line.endswith(" wrong"))
        limit = LOCKOUT.account.failures
        return [f"{name}: {count}" for name, count in wrong.items() if count > limit * (1 + self.rights_begun[name])]


def key_of(address: str) -> CounterKey:
    return address_key(parse_address(address), LOCKOUT)
