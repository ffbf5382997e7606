"""The second factor at a sign-in: a code of the user's app, or one of their recovery codes (S26; A20, D8)."""

from datetime import datetime
from typing import Any

from attrs import define

from mydso_access.answering import answer, coming_back
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.second_factor import (
    TypedCode,
    TypedRecoveryCode,
    accepted,
    drift,
    is_used,
    judge_app_code,
    judge_recovery_code,
    read_code,
    recovery_code,
    seal_context,
    spent,
)
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.decisions.steps import (
    SecondFactorCode,
    Standing,
    having_proven,
)
from mydso_access.decisions.tokens import session_digest
from mydso_access.decisions.users import told
from mydso_access.gate import Check, Granted
from mydso_access.installation import Installation
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.message import SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.model.second_factor import RecoveryCode
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import Factor
from mydso_access.model.user import User
from mydso_access.one_time_codes import look_at_code
from mydso_access.stepping import Effect, StepOutcome, Turn, proceed


async def enter_second_factor(
    installation: Installation,
    /,
    sign_in: str | Secret[str],
    code: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> StepOutcome:
    """Go on with a sign-in by a code of the user's app, or by one of their recovery codes; each counts once.

    Args:
        sign_in: the token of `SecondFactorRequired`.
        code: six digits, or a recovery code such as `3-ABCD-EFGH-IJKL`, as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session, if the sign-in was begun with one.

    Returns:
        What the sign-in leads to, or its next step; `Refused`: a wrong or used code is a failed attempt; `Busy`.

    Raises:
        InvalidValue: an argument is malformed, the address is none or a proxy's, or the host gave no `secret_box`.
        StoreError: a repository failed; nobody is signed in.
        VerifierFailed: hasher or box raised; nobody is signed in.
    """
    sign_in, code, session = wrapped(sign_in), wrapped(code), session_digest(session)  # no traceback shows them now
    back, typed = coming_back(installation, sign_in, address, session), read_code(code)
    match typed:
        case TypedCode():
            installation.box()  # misuse is told before anything is charged
            return await answer(installation, back, _Code(installation, typed))
        case TypedRecoveryCode():
            return await answer(installation, back, _RecoveryCode(installation, typed))
        case None:
            return Refused(Reason.MALFORMED, "D11", first_factor_proven=True)  # D11


@define(eq=False, repr=False)
class _Code:
    """A right code of the user's app, of a step that none was accepted of."""

    installation: Installation
    typed: TypedCode
    step: int | None = None
    answers = SecondFactorCode
    is_guess = True
    hashed = None

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:
        return judge_app_code(standing.user, self.step, secret)

    def look(self, standing: Standing, check: Check) -> SecretVerdict:  # noqa: ARG002
        factor = standing.user.second_factor
        if factor is None:
            return SecretVerdict.WRONG
        verdict, self.step = look_at_code(self.installation, standing, self.typed, (factor.seed, factor.algorithm))
        return SecretVerdict.USED if verdict is SecretVerdict.RIGHT and is_used(factor, self.step) else verdict

    async def early(self, standing: Standing) -> None:
        """Say nothing."""

    def prepare(self, standing: Standing, check: Check) -> Secret[str] | None:  # noqa: ARG002
        """Seal the seed anew, if its key has changed."""
        factor, box, context = standing.user.second_factor, self.installation.box(), seal_context(standing.user.id)
        if factor is None or box.is_current(factor.seed):
            return None
        opened = box.open(factor.seed, context)
        return None if opened is None else box.seal(opened, context)

    async def take(self, standing: Standing, granted: Granted) -> StepOutcome:
        step, sealed = self.step, granted.made
        if step is None:
            return Refused(Reason.WRONG_CODE, "S26", user_id=standing.user.id)  # S26

        def change(user: User, _: datetime) -> dict[str, Any]:
            factor = user.second_factor
            return {} if factor is None else {"second_factor": accepted(factor, step, sealed or factor.seed)}

        seen = Difference("drift", "0", str(drift(step, standing.now)))
        effect = Effect(change, (seen,), EventKind.STEP_PROVEN)
        proven = having_proven(standing, Factor.TOTP)
        return await proceed(Turn(self.installation, proven, granted.saver, effect))


@define(eq=False, repr=False)
class _RecoveryCode:
    """An unused recovery code."""

    installation: Installation
    typed: TypedRecoveryCode
    seen: RecoveryCode | None = None
    answers = SecondFactorCode
    is_guess = True

    @property
    def hashed(self) -> Secret[bytes]:
        return self.typed.secret

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:
        return judge_recovery_code(standing.user, self.typed.place, self.seen, secret)

    def look(self, standing: Standing, check: Check) -> SecretVerdict:
        self.seen = recovery_code(standing.user.second_factor, self.typed.place)
        return check(None if self.seen is None else self.seen.hash, self.typed.secret)

    async def early(self, standing: Standing) -> None:
        """Say nothing."""

    def prepare(self, standing: Standing, check: Check) -> None:
        """Make nothing."""

    async def take(self, standing: Standing, granted: Granted) -> StepOutcome:
        def change(user: User, _: datetime) -> dict[str, Any]:
            factor = user.second_factor
            return {} if factor is None else {"second_factor": spent(factor, self.typed.place)}

        used = Difference("recovery_code", str(self.typed.place), "")
        messages = told(standing.user, SecurityChange.RECOVERY_CODE_USED, standing.now)
        effect = Effect(change, (used,), EventKind.STEP_PROVEN, messages)
        proven = having_proven(standing, Factor.RECOVERY_CODE)
        return await proceed(Turn(self.installation, proven, granted.saver, effect))
