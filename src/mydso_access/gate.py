"""Charge, verify, settle: the only way to a verifier (S36, S37; D2).

Both keys are charged, and both charges saved, before a secret is evaluated; an attempt that dies in between stays
charged. The order is always the address first and the account last.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from attrs import define, frozen

from mydso_access.changing import unreadable
from mydso_access.decisions.lockout import Admission, Admitted, Settlement, block_of
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.settling import address_settlement, is_recorded, settlement_of
from mydso_access.decisions.sign_in import (
    Attempt,
    Complete,
    Judge,
    Place,
    SecretVerdict,
    SignInFacts,
    evaluates,
    judge_by,
    judge_keys,
    known_user_id,
)
from mydso_access.errors import AccessError, UnreadableRecord, VerifierFailed
from mydso_access.installation import Installation
from mydso_access.ledger import Ledger
from mydso_access.model.event import Event, EventKind
from mydso_access.model.message import SecurityMessage
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Entity, Structure
from mydso_access.model.user import User
from mydso_access.saving import Saver
from mydso_access.slots import Slot

A = TypeVar("A")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
NOWHERE = Structure.entity("")  # where nobody belongs


# Compares a secret with a stored hash, at the price of one hash; with none, of one that nobody has.
Check: TypeAlias = Callable[[Secret[str] | None, Secret[bytes]], SecretVerdict]


@frozen(eq=False, repr=False)
class Granted:
    """A secret was right.

    Attributes:
        user: whose.
        place: where they are, or would be.
        made: what `prepare` made of it.
        saver: saves the user.
    """

    user: User
    place: Place
    made: Any
    saver: Saver


class Claim(Protocol[T_co]):
    """What is evaluated, and what it is asked for if it is right."""

    @property
    def is_guess(self) -> bool:
        """Whether something is evaluated that could be guessed; otherwise a refusal costs no failure."""
        ...

    @property
    def stands_when_late(self) -> bool:
        """Whether what was written in time counts although it was settled too late."""
        ...

    @property
    def refusal_event(self) -> EventKind:
        """The event of a refusal."""
        ...

    @property
    def hashed(self) -> Secret[bytes] | None:
        """The secret that a dummy is hashed with where nothing stored is worth a look; `None`: it costs no hash."""
        ...

    @property
    def entity(self) -> str | None:
        """The entity that it would lead to; `None` at home."""
        ...

    async def user(self) -> User | None:
        """Load whom the secret would prove."""
        ...

    def judge(self, user: User | None, place: Place, secret: SecretVerdict | None) -> Complete | Refused:
        """Judge everything but the keys."""
        ...

    def again(self, user: User | None, before: User, place: Place) -> Complete | Refused | Busy:
        """Judge a record that others changed after the secret was found right."""
        ...

    def look(self, user: User, place: Place, check: Check) -> SecretVerdict:
        """Evaluate the secret: called once it is paid for, in a slot, and never past the lease."""
        ...

    def prepare(self, user: User, place: Place, check: Check) -> Any:
        """Make what the grant needs and costs hashes, in the same slot."""
        ...

    async def grant(self, granted: Granted) -> T_co | Refused | Busy:
        """Write what the right secret entitles to; the charges are settled after it."""
        ...


async def evaluate(installation: Installation, attempt: Attempt, claim: Claim[T]) -> T | Refused | Busy:
    """Evaluate one secret, paid for beforehand.

    Args:
        installation: where it happens.
        attempt: who tries what, from where.
        claim: what is evaluated, and what it is asked for.

    Raises:
        StoreError: a repository failed; nobody is signed in, and what was charged lapses to a failure or was given
            back before anything was evaluated.
        VerifierFailed: hasher or box raised; while it evaluated, the attempt counts as wrong.
    """
    counter = await installation.store.counter(attempt.address)
    now, lockout = installation.now(), installation.policy.lockout
    block = block_of(counter, lockout, now)  # a read may refuse, never admit; what only time shows, the charge notices
    if block and (refusal := judge_keys(SignInFacts(attempt.name, block))):
        return refusal
    slot = await installation.bridge.slot(installation.slots, installation.policy.hashing.slot_wait)
    if slot is None:
        return Busy(BusyBecause.NO_SLOT)
    try:
        ledger = Ledger(installation, attempt.client, known={attempt.address: counter})
        return await _Passage(installation, attempt, claim, slot, ledger).run()
    finally:
        slot.close()


@define(eq=False, repr=False)
class _Passage(Generic[T]):
    """One attempt on its way through the gate, with a hashing slot in hand."""

    installation: Installation
    attempt: Attempt
    claim: Claim[T]
    slot: Slot
    ledger: Ledger
    subject: str | None = None

    async def run(self) -> T | Refused | Busy:
        try:
            return await self._run()
        except GeneratorExit:  # nobody drives this any more
            raise
        except BaseException:  # a client that hangs up, too: what was saved is told of
            if self.ledger.block_changes:
                await self.installation.bridge.shielded(self.ledger.report(self.subject))
            raise

    async def _run(self) -> T | Refused | Busy:
        address = await self.ledger.charge(self.attempt.address)
        if refusal := judge_keys(SignInFacts(self.attempt.name, address)):
            await self.ledger.report(None)
            return refusal
        account = await self.ledger.charge(self.attempt.account)
        codes = await self._charge_codes(account)
        user, place, damage = await self._load_user()
        facts = SignInFacts(self.attempt.name, address, account, codes, user, place=place)
        self.subject = known_user_id(facts)
        judged = partial(self.claim.judge, user, place) if damage is None else lambda _: damage
        verdict = await self._compute(partial(self._look, facts, judged), Settlement.WRONG)
        if isinstance(verdict, Busy):
            await self.ledger.report(self.subject)
            return verdict
        match judge_by(facts, judged, verdict):
            case Complete(user=proven):
                return await self._prove(proven, place)
            case refusal:
                return await self._finish(self._settle(refusal, *self._price(refusal, facts)))

    async def _charge_codes(self, account: Admission) -> Admission | None:
        if self.attempt.codes is None or not isinstance(account, Admitted):
            return None
        return await self.ledger.charge(self.attempt.codes)

    def _price(self, refusal: Refused | Busy, facts: SignInFacts) -> tuple[Settlement, Settlement]:
        """Return how the charges of address and account are settled after a refusal."""
        if not self.claim.is_guess or settlement_of(refusal) is not Settlement.WRONG:
            return Settlement.GIVEN_BACK, Settlement.GIVEN_BACK
        return address_settlement(facts, self.installation.policy.lockout), Settlement.WRONG

    async def _load_user(self) -> tuple[User | None, Place, Refused | None]:
        """Load whom the secret would prove, and where they are; one read more or less would tell who exists."""
        try:
            user = await self.claim.user()
            return user, await place_of(self.installation, user, self.claim.entity), None
        except UnreadableRecord as error:  # a damaged row is one more reason to refuse, not to fail
            return None, Place(None, self.installation.policy, self.installation.now()), unreadable(error)
        except AccessError:
            await self.ledger.undo()
            raise

    async def _compute(self, work: Callable[[], A], if_it_fails: Settlement) -> A:
        failure = None
        try:
            return await self.installation.bridge.compute(self.slot, work)
        except VerifierFailed as error:
            failure = error.why
        except Exception as error:  # noqa: BLE001  # whatever hasher or box raise
            failure = type(error).__name__
        await self._finish(self._settle(None, if_it_fails, if_it_fails))
        raise VerifierFailed(failure)  # out here, since the frames of the failed call may hold the secret

    def _look(self, facts: SignInFacts, judged: Judge) -> SecretVerdict | Busy | None:
        """Evaluate the secret, or a dummy where the right one would change nothing: one hash either way."""
        if self.ledger.has_lapsed():  # read again just before: past the lease nothing is evaluated
            return Busy(BusyBecause.LAPSED)
        if evaluates(facts, judged) and facts.user is not None and facts.place is not None:
            return self.claim.look(facts.user, facts.place, self._check)
        if self.claim.hashed is not None:
            self._check(None, self.claim.hashed)
        return None

    def _check(self, stored: Secret[str] | None, secret: Secret[bytes]) -> SecretVerdict:
        if stored is None:
            self.installation.hasher.verify_dummy(secret)
            return SecretVerdict.WRONG
        return SecretVerdict(self.installation.hasher.verify(stored, secret))  # a bool is no verdict

    async def _prove(self, user: User, place: Place) -> T | Refused | Busy:
        prepare = partial(self.claim.prepare, user, place, self._check)
        made = await self._compute(prepare, Settlement.GIVEN_BACK)
        return await self._finish(self._grant(user, place, made))

    async def _grant(self, user: User, place: Place, made: Any) -> T | Refused | Busy:
        def again(stored: User | None) -> Complete | Refused | Busy:
            return self.claim.again(stored, user, place)

        saver = Saver(self.installation, self.attempt.client, user, again, self.ledger.has_lapsed)
        try:
            outcome: T | Refused | Busy = await self.claim.grant(Granted(user, place, made, saver))
        except UnreadableRecord as error:
            outcome = unreadable(error)
        except Exception:  # the secret was right, but nobody knows whether what it entitles to was written
            await self._settle(None, Settlement.GIVEN_BACK, Settlement.GIVEN_BACK)
            raise
        settlement = settlement_of(outcome) if self.claim.is_guess else _unguessed(outcome)
        wrong = settlement is Settlement.WRONG
        return await self._settle(outcome, Settlement.WRONG if wrong else Settlement.GIVEN_BACK, settlement)

    async def _finish(self, work: Coroutine[Any, Any, A]) -> A:
        """Save and settle, then answer: with the slot free again, and to the end even if the client hangs up."""
        self.slot.close()
        return await self.installation.bridge.shielded(work)

    async def _settle(self, outcome: A, address: Settlement, account: Settlement) -> A | Busy:
        looked_at = self.installation.now()  # before the block that this failure may start
        in_time = await self.ledger.settle(address, account)
        lockout = self.installation.policy.lockout
        if isinstance(outcome, Refused) and in_time and is_recorded(outcome, lockout):
            await self._record(outcome, looked_at)
        await self.ledger.report(self.subject)
        if in_time:
            return outcome
        if outcome is not None and not isinstance(outcome, Refused | Busy) and self.claim.stands_when_late:
            return outcome
        # Right or wrong, a late verdict grants nothing; who must know of a change is told all the same.
        notices = tuple(each for each in getattr(outcome, "messages", ()) if isinstance(each, SecurityMessage))
        return Busy(BusyBecause.LAPSED, messages=notices)

    async def _record(self, refused: Refused, at: datetime) -> None:
        event = Event(
            id=self.installation.chance.new_id(),
            kind=self.claim.refusal_event,
            at=at,
            subject=refused.user_id,
            address=str(self.attempt.client),
            reason=refused.reason,
            rule=refused.rule,
            levels=refused.levels,
            until=refused.until,
        )
        await self.installation.store.append(event)


def _unguessed(outcome: object) -> Settlement:
    """Say how the account's charge is settled where nothing was guessed."""
    settlement = settlement_of(outcome)
    return Settlement.GIVEN_BACK if settlement is Settlement.WRONG else settlement


async def place_of(installation: Installation, user: User | None, entity_id: str | None = None) -> Place:
    """Load where a user is at home, and the entity that they are in or would enter."""
    store = installation.store
    home = await store.structure(NOWHERE if user is None else user.structure)
    entity = None if entity_id is None else await store.structure(Structure.entity(entity_id))
    found = entity if isinstance(entity, Entity) else None
    return Place(home, installation.policy, installation.now(), found)
