"""Answering a step of a half-finished sign-in: its token is read, everything is judged anew, and the gate evaluates (D7, D13)."""

from typing import Any, Generic, Protocol, TypeVar

from attrs import define, evolve, frozen

from mydso_access.changing import damaged
from mydso_access.decisions.naming import Address, IPAddress, address_key, codes_key
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.settling import UNCOUNTED
from mydso_access.decisions.sign_in import Complete, Place, SecretVerdict, attempt_of
from mydso_access.decisions.steps import AddressCode, Standing, Step, judge_standing, judge_token, next_step, who
from mydso_access.decisions.tokens import GivenToken, read_token
from mydso_access.errors import UnreadableRecord
from mydso_access.gate import Check, Granted, evaluate, place_of
from mydso_access.installation import Installation
from mydso_access.model.event import EventKind
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import Purpose, SignIn
from mydso_access.model.user import User

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@frozen
class Return:
    """Somebody comes back with the token of their sign-in.

    Attributes:
        token: as it was answered by the step before.
        client: where from.
        session: digest of the host's id of the session; `None` without one.
    """

    token: Secret[str]
    client: IPAddress
    session: str | None


class Reply(Protocol[T_co]):
    """What is given for the step that is owed."""

    @property
    def answers(self) -> type[Step]:
        """Which step it is for."""
        ...

    @property
    def is_guess(self) -> bool:
        """Whether something is evaluated that could be guessed."""
        ...

    @property
    def hashed(self) -> Secret[bytes] | None:
        """What a hash is computed of; `None`: nothing."""
        ...

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:
        """Say what is wrong with it; `None`: nothing."""
        ...

    async def early(self, standing: Standing) -> T_co | None:
        """Answer before anything is charged; `None`: it is to be evaluated."""
        ...

    def look(self, standing: Standing, check: Check) -> SecretVerdict:
        """Evaluate it."""
        ...

    def prepare(self, standing: Standing, check: Check) -> Any:
        """Make what the grant needs and costs hashes."""
        ...

    async def take(self, standing: Standing, granted: Granted) -> T_co | Refused | Busy:
        """Go on from it."""
        ...


def coming_back(installation: Installation, token: Secret[str], address: Address, session: str | None) -> Return:
    """Return who comes back; the session's id is digested already.

    Raises:
        InvalidValue: an argument is malformed, or the address is none or a proxy's.
    """
    return Return(token, installation.client(address), session)


async def answer(installation: Installation, back: Return, reply: Reply[T]) -> T | Refused | Busy:
    """Answer the step that is owed; a wrong token or step evaluates and charges nothing.

    Raises:
        InvalidValue: the token is no text.
        StoreError: a repository failed; nobody is signed in.
        VerifierFailed: hasher or box raised; nobody is signed in.
    """
    given = read_token(back.token)
    try:
        sign_in = await _read(installation, back, given)
        if isinstance(sign_in, Refused):
            return sign_in
        user = await installation.store.user(sign_in.user_id)
        place = await place_of(installation, user, sign_in.entity)
    except UnreadableRecord as error:
        return await damaged(installation, error, None, str(back.client))
    claim = _Answer(installation, back, reply, given, sign_in)
    judged = claim.judge(user, place, SecretVerdict.RIGHT)
    if isinstance(judged, Refused) and judged.reason in UNCOUNTED - {Reason.DEAD_SIGN_IN}:
        return judged
    if isinstance(judged, Complete) and (early := await reply.early(claim.standing(judged.user, place))) is not None:
        return early
    name = None if user is None else who(user, sign_in)
    if user is None or name is None:
        return Refused(Reason.DEAD_SIGN_IN, "D13", user_id=sign_in.user_id)  # D13
    codes = codes_key(user.id) if reply.answers is AddressCode and reply.is_guess else None
    attempt = attempt_of(name, back.client, installation.policy, codes=codes)
    outcome = await evaluate(installation, attempt, claim)
    return evolve(outcome, first_factor_proven=True) if isinstance(outcome, Refused) else outcome


async def _read(installation: Installation, back: Return, given: GivenToken | None) -> SignIn | Refused:
    found = None if given is None else await installation.store.sign_in(given.record_id)
    address = address_key(back.client, installation.policy.lockout)
    return judge_token(found, given, address, back.session, installation.now())


@define(eq=False, repr=False)
class _Answer(Generic[T]):
    """A right answer goes on with the sign-in."""

    installation: Installation
    back: Return
    reply: Reply[T]
    given: GivenToken | None
    sign_in: SignIn
    stands_when_late = False

    @property
    def refusal_event(self) -> EventKind:
        return EventKind.STEP_UP_REFUSED if self.sign_in.purpose is Purpose.STEP_UP else EventKind.REFUSED

    @property
    def is_guess(self) -> bool:
        return self.reply.is_guess

    @property
    def hashed(self) -> Secret[bytes] | None:
        return self.reply.hashed

    @property
    def entity(self) -> str | None:
        return self.sign_in.entity

    async def user(self) -> User | None:
        """Load sign-in and user again: between two steps, and while this one waited, everything may have changed."""
        sign_in = await _read(self.installation, self.back, self.given)
        if isinstance(sign_in, Refused):
            return None
        self.sign_in = sign_in
        return await self.installation.store.user(sign_in.user_id)

    def judge(self, user: User | None, place: Place, secret: SecretVerdict | None) -> Complete | Refused:
        if user is None:
            return Refused(Reason.DEAD_SIGN_IN, "D13", user_id=self.sign_in.user_id)  # D13
        judged = judge_standing(user, self.sign_in, place)
        if isinstance(judged, Refused):
            return judged
        standing = self.standing(judged, place)
        step = next_step(standing)
        if isinstance(step, Refused):
            return step
        if not isinstance(step, self.reply.answers):
            return Refused(Reason.WRONG_STEP, "A29", user_id=judged.id)  # A29
        return self.reply.judge(standing, secret) or Complete(judged)

    def again(self, user: User | None, before: User, place: Place) -> Complete | Refused | Busy:  # noqa: ARG002
        return self.judge(user, place, SecretVerdict.RIGHT)

    def look(self, user: User, place: Place, check: Check) -> SecretVerdict:
        return self.reply.look(self.standing(user, place), check)

    def prepare(self, user: User, place: Place, check: Check) -> Any:
        return self.reply.prepare(self.standing(user, place), check)

    async def grant(self, granted: Granted) -> T | Refused | Busy:
        return await self.reply.take(self.standing(granted.user, granted.place), granted)

    def standing(self, user: User, place: Place) -> Standing:
        """Return all that decides what is owed."""
        return Standing(user, self.sign_in, place, self.back.client)
