"""Asking for the next step of a sign-in: a code is sent, a seed drawn, and the sign-in stored under a new token (S22, S26)."""

from datetime import datetime, timedelta
from typing import TypedDict, assert_never

from attrs import evolve

from mydso_access.changing import unreadable
from mydso_access.decisions.addresses import code_sent, judge_send, recipient_of
from mydso_access.decisions.outcomes import (
    AddressCodeRequired,
    Busy,
    EnrolmentRequired,
    NewPasswordRequired,
    Refused,
    SecondFactorRequired,
    StepRequired,
)
from mydso_access.decisions.second_factor import new_code, new_seed, seal_context, seed_text
from mydso_access.decisions.sign_in import Complete, policy_there
from mydso_access.decisions.steps import (
    AddressCode,
    Enrolment,
    NewPassword,
    SecondFactorCode,
    Standing,
    Step,
    bound_to,
)
from mydso_access.decisions.tokens import TokenPurpose, code_digest, token_digest, token_text
from mydso_access.errors import Stale, UnreadableRecord, VerifierFailed
from mydso_access.installation import Installation
from mydso_access.model.event import EventKind
from mydso_access.model.instant import next_save
from mydso_access.model.message import AddressCodeMessage
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.sign_in import NewSeed, SentCode, SignIn
from mydso_access.model.structure import StructureRecord
from mydso_access.model.user import User
from mydso_access.retry import pauses, sleep
from mydso_access.saving import Saver


async def ask(
    installation: Installation, standing: Standing, saver: Saver, step: Step
) -> StepRequired | Refused | Busy:
    """Ask for a step.

    Args:
        installation: where.
        standing: what is proven by now.
        saver: saves the user, whose codes are counted.
        step: what is owed next.

    Raises:
        StoreError: a repository failed.
        InvalidValue: somebody is to enrol, and the host gave no `secret_box`.
    """
    standing = evolve(standing, sign_in=evolve(standing.sign_in, code=None, seed=None))
    secret = Secret(installation.chance.new_id())
    match step:
        case AddressCode(structure=record):
            return await _send_code(installation, standing, saver, record, secret)
        case Enrolment():
            return await _enrol(installation, standing, secret)
        case SecondFactorCode():
            asked = await _asked(installation, standing.sign_in, secret)
            return asked if isinstance(asked, Refused) else SecondFactorRequired(**asked)
        case NewPassword(because=because):
            asked = await _asked(installation, standing.sign_in, secret)
            return asked if isinstance(asked, Refused) else NewPasswordRequired(**asked, because=because)
        case _ as never:
            assert_never(never)


async def _send_code(
    installation: Installation, standing: Standing, saver: Saver, record: StructureRecord, secret: Secret[str]
) -> AddressCodeRequired | Refused | Busy:
    """Count the code on the user, store it, and return its message: one that was lost was counted all the same (D14)."""
    user, policy = standing.user, policy_there(standing.user, standing.place).policy.addresses
    to = recipient_of(user, record, await _administrators(installation, record), policy.recipient)
    if isinstance(to, Refused):
        return to
    if refusal := judge_send(user, policy, standing.now):
        return refusal

    def again(stored: User | None) -> Complete | Refused | Busy:
        judged = saver.again(stored)
        return judge_send(judged.user, policy, standing.now) or judged if isinstance(judged, Complete) else judged

    saved = await evolve(saver, again=again).save(
        EventKind.ADDRESS_CODE_SENT,
        lambda stored, at: {"codes_sent": code_sent(stored, policy, at)},
        structure=record.structure,
    )
    if not isinstance(saved, User):
        return saved
    code, at = new_code(installation.chance.new_id()), saved.saved_at
    address = str(standing.client)
    digest = code_digest(secret, bound_to(standing.sign_in, record.structure, address), code)
    sent = SentCode(digest, at, address, record.structure, to.validator)
    asked = await _asked(installation, evolve(standing.sign_in, code=sent), secret)
    if isinstance(asked, Refused):
        return asked
    until = min(at + policy.code, asked["until"])
    message = AddressCodeMessage(to=to.mobile, name=saved.name or "", address=address, code=code, until=until)
    return AddressCodeRequired(sign_in=asked["sign_in"], until=until, validator=to.validator, messages=(message,))


async def _administrators(installation: Installation, record: StructureRecord) -> list[User]:
    found = []
    for each in record.main_administrators:
        try:
            found.append(await installation.store.user(each.user_id))
        except UnreadableRecord as error:  # one damaged row keeps nobody else out
            unreadable(error)
    return [user for user in found if user is not None]


async def _enrol(installation: Installation, standing: Standing, secret: Secret[str]) -> EnrolmentRequired | Refused:
    """Draw a seed, and keep it sealed in the sign-in until its first code confirms it."""
    user, chance = standing.user, installation.chance
    algorithm = installation.policy.second_factor.algorithm
    seed = new_seed(chance.new_id(), chance.new_id())
    issuer = "" if standing.place.home is None else standing.place.home.title
    box, codes, failure = installation.box(), installation.one_time_codes, None
    try:
        sealed = box.seal(seed, seal_context(user.id))
        uri = codes.uri(seed, algorithm, user.name or "", issuer)
    except Exception as error:  # noqa: BLE001  # whatever the host's box raises
        failure = type(error).__name__
    if failure is not None:
        raise VerifierFailed(failure)  # out here, since the frames of the failed call hold the seed
    asked = await _asked(installation, evolve(standing.sign_in, seed=NewSeed(sealed, algorithm)), secret)
    return asked if isinstance(asked, Refused) else EnrolmentRequired(**asked, uri=uri, seed=seed_text(seed))


class _Asked(TypedDict):
    """What every step says: the token to come back with, and until when."""

    sign_in: Secret[str]
    until: datetime


async def _asked(installation: Installation, draft: SignIn, secret: Secret[str]) -> _Asked | Refused:
    """Store a sign-in under a new token; the one before is dead."""
    token = token_digest(TokenPurpose.SIGN_IN, draft.id, secret)
    stored = await save_sign_in(installation, evolve(draft, token=token))
    if stored is None:
        return Refused(Reason.DEAD_SIGN_IN, "D13", user_id=draft.user_id)  # D13
    return {"sign_in": token_text(stored.id, secret), "until": stored.expires_at}


async def save_sign_in(installation: Installation, draft: SignIn) -> SignIn | None:
    """Save a half-finished sign-in, whose token is new; `None` if another request was first.

    One that was never stored takes the place of whatever is stored under its id.

    Raises:
        StoreError: the store failed.
    """
    store, replaces = installation.store, draft.version == 0
    for pause in pauses(installation, installation.policy.lockout.charge_wait):
        await sleep(installation, pause)
        if replaces:
            earlier = await store.sign_in(draft.id)
            draft = evolve(draft, version=0, saved_at=draft.started_at)
            if earlier is not None:
                draft = _after(earlier, draft)
        try:
            return await store.save_sign_in(evolve(draft, saved_at=next_save(draft.saved_at, installation.now())))
        except Stale:
            found = await store.sign_in(draft.id)
            if found is not None and found.token == draft.token:  # it was saved, and reported as if it was not
                return found
            if not replaces:
                return None
    return None


def _after(earlier: SignIn, draft: SignIn) -> SignIn:
    """Return a sign-in that takes the place of an earlier one: later than that, also where the clock has gone back."""
    later = max(earlier.saved_at - draft.started_at, timedelta(0))
    started_at, expires_at = draft.started_at + later, draft.expires_at + later
    return evolve(
        draft, version=earlier.version, saved_at=earlier.saved_at, started_at=started_at, expires_at=expires_at
    )
