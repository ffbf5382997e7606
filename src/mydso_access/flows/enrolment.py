"""Enrolling a second factor, confirmed by its first code (S26; A20, D8)."""

from datetime import datetime
from typing import Any

from attrs import define, evolve

from mydso_access.answering import answer, coming_back
from mydso_access.asking import ask
from mydso_access.changing import actor_facts
from mydso_access.decisions.addresses import remembered
from mydso_access.decisions.administration import judge_proof, judge_step_up, read_proof
from mydso_access.decisions.naming import Address, address_key
from mydso_access.decisions.outcomes import Busy, Proof, Refused, StepRequired
from mydso_access.decisions.second_factor import TypedCode, drift, judge_first_code, read_code
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.decisions.steps import Enrolment, Standing, begun, next_step
from mydso_access.decisions.tokens import session_digest
from mydso_access.decisions.users import told
from mydso_access.gate import Check, Granted, place_of
from mydso_access.installation import Installation
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.message import SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.model.second_factor import SecondFactor
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import SECOND_FACTORS, Factor, Purpose
from mydso_access.model.user import User
from mydso_access.one_time_codes import look_at_code
from mydso_access.policy.addresses import Recipient
from mydso_access.saving import Saver
from mydso_access.stepping import StepOutcome, Turn, complete, moved, proceed, still


async def begin_enrolment(
    installation: Installation, /, proof: Proof, *, address: Address, session: str | None = None
) -> StepRequired | Refused | Busy:
    """Begin to enrol a second factor, or another one in place of the present one, for the user of a session.

    Args:
        proof: what the session's sign-in proved, just now: the first factor, and the present second one if there is one.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session; given once, every further step must come with it.

    Returns:
        `EnrolmentRequired` with a seed to scan, to be confirmed by `confirm_second_factor`; `AddressCodeRequired` where
        the address is new; `Refused`: `step_up_needed` asks for `step_up` first; `Busy`.

    Raises:
        InvalidValue: an argument is malformed, the address is none or a proxy's, or the host gave no `secret_box`.
        StoreError: a repository failed.
        VerifierFailed: the box raised.
    """
    session = session_digest(session)  # from here on no traceback shows it
    facts, client = await actor_facts(installation, read_proof(proof)), installation.client(address)
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    if refusal := judge_step_up(facts, SensitiveAction.CHANGE_SECOND_FACTOR):
        return refusal
    place, at = await place_of(installation, user), max(facts.now, user.saved_at)
    draft = begun(
        user,
        Purpose.ENROL,
        proof.factors,
        address=address_key(client, installation.policy.lockout),
        at=at,
        lasts=installation.policy.tokens.sign_in,
        session=session,
    )
    standing = Standing(user, draft, place, client)
    step = next_step(standing)
    if step is None or isinstance(step, Refused):  # an enrolment is always owed here, and nothing refuses it
        return step or Refused(Reason.WRONG_STEP, "S26", user_id=user.id)  # S26
    return await ask(installation, standing, Saver(installation, client, user, still(standing)), step)


async def confirm_second_factor(
    installation: Installation,
    /,
    sign_in: str | Secret[str],
    code: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> StepOutcome:
    """Enrol the second factor whose first code this is; the code counts as used, and other sessions are over.

    Args:
        sign_in: the token of `EnrolmentRequired`.
        code: the six digits that the app shows, as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session, if the sign-in was begun with one.

    Returns:
        What the sign-in leads to, or its next step; `Refused`: a wrong code is a failed attempt, and it is over if the
        user has enrolled meanwhile; `Busy`.

    Raises:
        InvalidValue: an argument is malformed, the address is none or a proxy's, or the host gave no `secret_box`.
        StoreError: a repository failed; nobody is signed in.
        VerifierFailed: the box raised; nobody is signed in.
    """
    sign_in, code, session = wrapped(sign_in), wrapped(code), session_digest(session)  # no traceback shows them now
    back, typed = coming_back(installation, sign_in, address, session), read_code(code)
    if not isinstance(typed, TypedCode):
        return Refused(Reason.MALFORMED, "D11", first_factor_proven=True)  # D11
    installation.box()  # misuse is told before anything is charged
    return await answer(installation, back, _Confirmation(installation, typed))


@define(eq=False, repr=False)
class _Confirmation:
    """The first code of a seed that waits in the sign-in."""

    installation: Installation
    typed: TypedCode
    step: int | None = None
    answers = Enrolment
    is_guess = True
    hashed = None

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:
        return judge_first_code(standing.user, standing.sign_in.seed, secret)

    def look(self, standing: Standing, check: Check) -> SecretVerdict:  # noqa: ARG002
        new = standing.sign_in.seed
        if new is None:
            return SecretVerdict.WRONG
        verdict, self.step = look_at_code(self.installation, standing, self.typed, (new.sealed, new.algorithm))
        return verdict

    async def early(self, standing: Standing) -> None:
        """Say nothing."""

    def prepare(self, standing: Standing, check: Check) -> None:
        """Make nothing."""

    async def take(self, standing: Standing, granted: Granted) -> StepOutcome:
        new, step = standing.sign_in.seed, self.step
        if new is None or step is None:
            return Refused(Reason.WRONG_CODE, "S26", user_id=standing.user.id)  # S26

        sign_in = standing.sign_in

        def change(user: User, at: datetime) -> dict[str, Any]:
            enrolled = SecondFactor(new.sealed, new.algorithm, at, step)
            changed = {"second_factor": enrolled, "reset": None, "new_email": None, "valid_from": at}
            if sign_in.purpose is not Purpose.ENROL:  # what was let in is remembered once the sign-in completes (A17)
                return changed
            return {**changed, "approved": remembered(user.approved, sign_in.approvals, Recipient.USER, at)}

        seen = Difference("drift", "0", str(drift(step, standing.now)))
        saved = await granted.saver.save(EventKind.SECOND_FACTOR_ENROLLED, change, (seen,))
        if not isinstance(saved, User):
            return saved
        first = tuple(each for each in sign_in.factors if each[0] not in SECOND_FACTORS)
        proven = evolve(
            standing,
            sign_in=evolve(sign_in, seed=None, factors=(*first, (Factor.TOTP, standing.now)), since=saved.saved_at),
        )
        messages = told(saved, SecurityChange.SECOND_FACTOR_ENROLLED, saved.saved_at)
        saver = evolve(granted.saver, again=still(proven))
        turn = moved(Turn(self.installation, proven, saver, messages=messages), saved)
        return await (complete(turn) if sign_in.purpose is Purpose.ENROL else proceed(turn))
