"""The contract of the whole: however many guess at once, no more guesses are evaluated than the policy allows."""

import threading
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import define, evolve, field

from mydso_access.async_control import AsyncAccessControl
from mydso_access.control import AccessControl
from mydso_access.decisions.administration import System
from mydso_access.decisions.outcomes import Busy, Refused, SignedIn, SignInOutcome
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.flows.links import LinkIssued
from mydso_access.flows.opened_links import LinkOpened
from mydso_access.model.assertion import VerifiedAssertion
from mydso_access.model.attempts import CounterKey, KeyKind
from mydso_access.model.event import EventKind
from mydso_access.model.link import LinkPurpose
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.structure import SignInMode
from mydso_access.model.user import Credential, Enabled, SsoIdentity
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.comparing import same
from mydso_access.testing.conformance.contract import answered
from mydso_access.testing.conformance.link_records import target
from mydso_access.testing.conformance.records import ENTITY
from mydso_access.testing.conformance.structure_records import entity, structure_told
from mydso_access.testing.conformance.trails import TrailContract
from mydso_access.testing.conformance.user_records import told, user

GUESSERS, GUESSES, SENDINGS = 8, 10, 3
PEOPLE = 20  # so many that no account's limit is reached before the address's
LIMITS: Final = SecurityPolicy.my_dso_manager().lockout
IDENTITY: Final = SsoIdentity("issuer", "subject")
PASSWORD: Final = "Correct-Horse-9"  # noqa: S105  # one that need not be changed at once
NOBODYS = CounterKey(KeyKind.ACCOUNT, "0" * 64)

Outcome: TypeAlias = SignInOutcome
Opened: TypeAlias = LinkOpened | Refused | Busy
Door: TypeAlias = AccessControl | AsyncAccessControl
Try: TypeAlias = tuple[str | VerifiedAssertion, str]  # a name or an assertion, and the address that it is given from


@define
class CountingHasher:
    """Takes its time over every password and always gives the same verdict; counts how often it was asked for it.

    What a store must hold is counted here: a counter that loses updates ends at exactly the limit, too.

    Attributes:
        verdict: what it says.
        seconds: what one look takes; others load and save meanwhile.
        evaluations: how many stored secrets it looked at.
    """

    verdict: SecretVerdict
    seconds: float = 0.008
    evaluations: int = 0
    _lock: threading.Lock = field(factory=threading.Lock, repr=False)

    def hash(self, password: Secret[bytes], /) -> Secret[str]:  # noqa: ARG002  # a port's method
        """Return what stands for any password."""
        return Secret("hash")

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:  # noqa: ARG002
        """Count, wait, and give the verdict."""
        with self._lock:
            self.evaluations += 1
        time.sleep(self.seconds)
        return self.verdict

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        """Look at nothing, and count nothing."""

    def needs_rehash(self, stored: Secret[str], /) -> bool:  # noqa: ARG002  # a port's method
        """Never."""
        return False


class RaceContract(TrailContract):
    """What repositories promise together. The fixture `repositories` gives all of one empty installation."""

    def test_of_guesses_at_one_account_from_many_addresses_exactly_the_limit_is_evaluated(
        self, repositories: Repositories
    ) -> None:
        """Five, counted at the verifier, never at the counter."""
        self.people(repositories, 1)
        tries: list[list[Try]] = [
            [("person-0", f"10.{n}.{guess}.1") for guess in range(GUESSES)] for n in range(GUESSERS)
        ]
        same(LIMITS.account.failures, self.evaluated(repositories, tries))

    def test_of_guesses_from_one_address_at_many_accounts_exactly_the_limit_is_evaluated(
        self, repositories: Repositories
    ) -> None:
        """Ten, counted at the verifier, never at the counter."""
        self.people(repositories, PEOPLE)
        tries: list[list[Try]] = [
            [(f"person-{(n + guess) % PEOPLE}", "10.0.0.1") for guess in range(GUESSES)] for n in range(GUESSERS)
        ]
        same(LIMITS.address.failures, self.evaluated(repositories, tries))

    def test_failures_of_one_door_block_at_the_next(self, repositories: Repositories) -> None:
        """Another process, or the same after a restart, knows of them: even the right password is refused."""
        self.people(repositories, 1)
        guesses: list[Try] = [("person-0", f"10.0.{guess}.1") for guess in range(LIMITS.account.failures)]
        wrong, right = CountingHasher(SecretVerdict.WRONG), CountingHasher(SecretVerdict.RIGHT)
        reasons = [_reason(outcome) for outcome in self.played(repositories, wrong, [guesses])[0]]
        same([Reason.WRONG_SECRET] * len(guesses), reasons)
        ((blocked,),) = self.played(repositories, right, [[("person-0", "10.1.0.1")]])
        same((Reason.ACCOUNT_BLOCKED, 0), (_reason(blocked), right.evaluations))

    def test_of_people_who_sign_in_at_once_everybody_is_told_of_exactly_once(self, repositories: Repositories) -> None:
        """Each sign-in is one event, and the record says when the last one was."""
        self.people(repositories, GUESSERS)
        tries: list[list[Try]] = [[(f"person-{n % 3}", f"10.{n}.0.1")] * 2 for n in range(GUESSERS)]
        outcomes = self.played(repositories, CountingHasher(SecretVerdict.RIGHT), tries)
        signed_in = [outcome.user for several in outcomes for outcome in several if isinstance(outcome, SignedIn)]
        same([], [each for several in outcomes for each in several if not isinstance(each, SignedIn | Busy)])
        trail = [each for each in self.trail(repositories) if each.kind is EventKind.SIGNED_IN]
        same(sorted((each.id, each.last_access_at) for each in signed_in), sorted((e.subject, e.at) for e in trail))
        for user_id in {each.id for each in signed_in}:
            last = max((each for each in signed_in if each.id == user_id), key=lambda each: each.version)
            same(last, self.ask(repositories.users.get, user_id))

    def test_of_many_who_send_one_assertion_exactly_one_is_signed_in(self, repositories: Repositories) -> None:
        """Whoever has copied it from the line gains nothing by being fast."""
        self.people(repositories, 1, sign_in_mode=SignInMode.SSO, sso=IDENTITY)
        for turn in range(SENDINGS):
            now = datetime.now(UTC)
            sent = VerifiedAssertion(issuer=IDENTITY.issuer, subject=IDENTITY.subject, id=f"{turn}", instant=now)
            tries: list[list[Try]] = [[(sent, f"10.{turn}.{n}.1")] for n in range(GUESSERS)]
            outcomes = self.played(repositories, CountingHasher(SecretVerdict.WRONG), tries)
            reasons = {_reason(outcome) for (outcome,) in outcomes}
            same(1, sum(isinstance(outcome, SignedIn) for (outcome,) in outcomes))
            same(set(), reasons - {"SignedIn", Reason.REPLAYED_ASSERTION, Reason.ACCOUNT_BUSY})

    def test_of_many_who_open_one_link_for_single_use_exactly_one_does(self, repositories: Repositories) -> None:
        """Whoever comes a moment later finds it used, and the trail tells of one."""
        self.people(repositories, 1, role="credit_manager")
        for turn in range(SENDINGS):
            issued = self.door(repositories, CountingHasher(SecretVerdict.WRONG))
            (link,) = self.at_once([partial(_issued, issued)])
            doors = [self.door(repositories, CountingHasher(SecretVerdict.WRONG)) for _ in range(GUESSERS)]
            outcomes = self.at_once([partial(_opened, door, link) for door in doors])
            same(1, sum(isinstance(outcome, LinkOpened) for outcome in outcomes))
            reasons = {outcome.reason for outcome in outcomes if isinstance(outcome, Refused)}
            same(set(), reasons - {Reason.USED_LINK})
            told = [each for each in self.trail(repositories) if each.kind is EventKind.LINK_OPENED]
            same(turn + 1, len(told))

    def people(self, repositories: Repositories, count: int, **changes: Any) -> None:
        """Save so many people who may sign in."""
        now = datetime.now(UTC)
        self.ask(repositories.counters.get, NOBODYS)  # counters may be asynchronous where users are not
        self.ask(repositories.structures.save, entity(ENTITY.id), structure_told(entity(ENTITY.id)))
        for number in range(count):
            credential = Credential(Secret("hash"), now)
            name = f"person-{number}"
            person = user(f"id-{number}", name=name, login=Enabled(now), credential=credential, saved_at=now, **changes)
            self.ask(repositories.users.save, person, told(person))

    def evaluated(self, repositories: Repositories, tries: list[list[Try]]) -> int:
        """Return how many of many wrong guesses were looked at."""
        hasher = CountingHasher(SecretVerdict.WRONG)
        outcomes = self.played(repositories, hasher, tries)
        same([], [each for several in outcomes for each in several if not isinstance(each, Refused | Busy)])
        return hasher.evaluations

    def played(self, repositories: Repositories, hasher: CountingHasher, tries: list[list[Try]]) -> list[list[Outcome]]:
        """Let each of some lists of tries be tried by somebody of their own, all at once, through a new door."""
        door = self.door(repositories, hasher)
        return self.at_once([partial(_tried, door, several) for several in tries])

    def door(self, repositories: Repositories, hasher: CountingHasher) -> Door:
        """Return a new door to the installation."""
        policy = SecurityPolicy.my_dso_manager()
        policy = evolve(policy, hashing=evolve(HashingPolicy.cheapest_for_tests(), max_parallel=4 * GUESSERS))
        made = AsyncAccessControl if self._is_asynchronous else AccessControl
        return made(repositories, policy=policy, hasher=hasher, resource_exists=lambda _: True)


def _reason(outcome: Outcome) -> Reason | str:
    return outcome.reason if isinstance(outcome, Refused) else type(outcome).__name__


async def _tried(door: Door, tries: list[Try]) -> list[Outcome]:
    return [
        await answered(door.sign_in_with_sso, who, address=address)
        if isinstance(who, VerifiedAssertion)
        else await answered(door.sign_in, who, PASSWORD, address=address)
        for who, address in tries
    ]


async def _issued(door: Door) -> LinkIssued:
    """Give out a link for single use, in the name of the first of the people."""
    issued = await answered(
        door.issue_link, System("campaign"), target(entity=ENTITY.id), granter="id-0", single_use=True
    )
    if isinstance(issued, LinkIssued):
        return issued
    raise AssertionError(f"no link was issued: {issued!r}")


async def _opened(door: Door, link: LinkIssued) -> Opened:
    return await answered(door.open_link, link.token, LinkPurpose.EXTERNAL_EMAIL)
