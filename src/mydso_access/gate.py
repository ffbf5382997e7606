"""Charge, verify, settle: the only way to a verifier (S36, S37; D2).

Both keys are charged, and both charges saved, before a secret is evaluated; an attempt that dies in between stays
charged. The order is always the address first and the account last.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, evolve

from mydso_access.decisions.lockout import Settlement, block_of
from mydso_access.decisions.outcomes import Busy, BusyBecause, Refused
from mydso_access.decisions.sign_in import (
    Attempt,
    Complete,
    Place,
    SecretVerdict,
    SignInFacts,
    address_settlement,
    evaluates,
    is_recorded,
    judge,
    judge_keys,
    known_user_id,
)
from mydso_access.errors import AccessError, VerifierFailed
from mydso_access.installation import Installation
from mydso_access.ledger import Ledger
from mydso_access.model.event import Event, EventKind
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure
from mydso_access.model.user import User
from mydso_access.saving import Save, save_proven
from mydso_access.slots import Slot

A = TypeVar("A")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
NOWHERE = Structure.entity("")  # where nobody belongs


class Claim(Protocol[T_co]):
    """What a right password is asked for."""

    @property
    def settlement(self) -> Settlement:
        """How the account's charge is settled once the claim is granted."""
        ...

    @property
    def stands_when_late(self) -> bool:
        """Whether what was written in time counts although it was settled too late."""
        ...

    @property
    def refusal_event(self) -> EventKind:
        """The event of a refusal."""
        ...

    async def user(self) -> User | None:
        """Load whom the password would prove."""
        ...

    def hash_to_store(self, user: User) -> Secret[str] | None:
        """Make the hash that the grant will store, if it stores one; costly, so the gate calls it in its slot."""
        ...

    async def grant(self, save: Save, hashed: Secret[str] | None) -> T_co | Refused | Busy:
        """Write what the right password entitles to; the charges are settled after it."""
        ...


async def evaluate(installation: Installation, attempt: Attempt, claim: Claim[T]) -> T | Refused | Busy:
    """Evaluate one secret, paid for beforehand.

    Args:
        installation: where it happens.
        attempt: who tries what, from where.
        claim: what a right password is asked for.

    Raises:
        StoreError: a repository failed; nobody is signed in, and what was charged lapses to a failure or was given
            back before anything was evaluated.
        VerifierFailed: the hasher raised; the attempt counts as wrong.
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
        user, place = await self._load_user()
        facts = SignInFacts(self.attempt.name, address, account, user, place=place)
        self.subject = known_user_id(facts)
        verdict = await self._verify(facts)
        if isinstance(verdict, Busy):
            await self.ledger.report(self.subject)
            return verdict
        match judge(evolve(facts, secret=verdict)):
            case Complete(user=proven):
                return await self._prove(proven, place)
            case refusal:
                counted = address_settlement(facts, self.installation.policy.lockout)
                return await self._finish(self._settle(refusal, counted, Settlement.WRONG))

    async def _load_user(self) -> tuple[User | None, Place]:
        """Load whom the secret would prove, and their structure; one read more or less would tell who exists."""
        try:
            user = await self.claim.user()
            home = await self.installation.store.structure(NOWHERE if user is None else user.structure)
            return user, Place(home, self.installation.policy, self.installation.now())
        except AccessError:
            await self.ledger.undo()
            raise

    async def _verify(self, facts: SignInFacts) -> SecretVerdict | Busy | None:
        """Evaluate the stored secret, or a dummy where the right one would change nothing: one hash either way."""
        return await self._compute(partial(self._look, facts), Settlement.WRONG)

    async def _compute(self, work: Callable[[], A], if_it_fails: Settlement) -> A:
        try:
            return await self.installation.bridge.compute(self.slot, work)
        except Exception as error:
            await self._finish(self._settle(None, if_it_fails, if_it_fails))
            if isinstance(error, VerifierFailed):
                raise
            raise VerifierFailed(type(error).__name__) from error

    def _look(self, facts: SignInFacts) -> SecretVerdict | Busy | None:
        if self.ledger.has_lapsed():  # read again just before: past the lease nothing is evaluated
            return Busy(BusyBecause.LAPSED)
        hasher, user = self.installation.hasher, facts.user
        if evaluates(facts) and user is not None and user.credential is not None:
            return SecretVerdict(hasher.verify(user.credential.hash, self.attempt.password))  # a bool is no verdict
        hasher.verify_dummy(self.attempt.password)
        return None

    async def _prove(self, user: User, place: Place) -> T | Refused | Busy:
        hashed = await self._compute(partial(self.claim.hash_to_store, user), Settlement.GIVEN_BACK)
        return await self._finish(self._grant(user, place, hashed))

    async def _grant(self, user: User, place: Place, hashed: Secret[str] | None) -> T | Refused | Busy:
        try:
            outcome = await self.claim.grant(partial(save_proven, self.ledger, user, place), hashed)
        except AccessError:  # the password was right, but nobody knows whether what it entitles to was written
            await self._settle(None, Settlement.GIVEN_BACK, Settlement.GIVEN_BACK)
            raise
        match outcome:
            case Refused():
                return await self._settle(outcome, Settlement.WRONG, Settlement.WRONG)
            case Busy():
                return await self._settle(outcome, Settlement.GIVEN_BACK, Settlement.GIVEN_BACK)
            case _:
                return await self._settle(outcome, Settlement.GIVEN_BACK, self.claim.settlement)

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
        return Busy(BusyBecause.LAPSED)  # right or wrong, a late verdict grants nothing

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
