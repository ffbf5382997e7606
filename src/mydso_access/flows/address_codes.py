"""The code for a new address: entered, or sent again (S22; A16, A17, D7, D14)."""

from attrs import evolve, frozen

from mydso_access.answering import answer, coming_back
from mydso_access.decisions.naming import Address
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.second_factor import TypedCode, read_code
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.decisions.steps import AddressCode, Standing, bound_to, judge_address_code
from mydso_access.decisions.tokens import GivenToken, code_digest, read_token, session_digest
from mydso_access.gate import Check, Granted
from mydso_access.installation import Installation
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import Approval, Factor
from mydso_access.stepping import StepOutcome, Turn, proceed


async def enter_address_code(
    installation: Installation,
    /,
    sign_in: str | Secret[str],
    code: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> StepOutcome:
    """Go on with a sign-in by the code that let in its address; the address is remembered when the sign-in completes.

    Args:
        sign_in: the token of `AddressCodeRequired`.
        code: the code as typed.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session, if the sign-in was begun with one.

    Returns:
        What the sign-in leads to, or its next step; `Refused`: a wrong code is a failed attempt (A17); `Busy`.

    Raises:
        InvalidValue: an argument is malformed, or the address is none or a proxy's.
        StoreError: a repository failed; nobody is signed in.
    """
    sign_in, code, session = wrapped(sign_in), wrapped(code), session_digest(session)  # no traceback shows them now
    back, given, typed = coming_back(installation, sign_in, address, session), read_token(sign_in), read_code(code)
    if given is None:
        return Refused(Reason.DEAD_SIGN_IN, "D13")  # D13
    if not isinstance(typed, TypedCode):
        return Refused(Reason.MALFORMED, "D11", first_factor_proven=True)  # D11
    return await answer(installation, back, _Entered(installation, given, typed))


async def send_address_code(
    installation: Installation,
    /,
    sign_in: str | Secret[str],
    *,
    address: Address,
    session: str | None = None,
) -> StepOutcome:
    """Send another code for a new address; the one before is dead, and it gives no new tries (D7).

    Args:
        sign_in: the token of `AddressCodeRequired`.
        address: the client's IP address, as `client_address` gives it; never a proxy's.
        session: the host's id of the session, if the sign-in was begun with one.

    Returns:
        `AddressCodeRequired` with another token and another message; `Refused`: `wrong_step` if the address is listed by
        now, and then one signs in anew; `Busy`.

    Raises:
        InvalidValue: an argument is malformed, or the address is none or a proxy's.
        StoreError: a repository failed.
    """
    sign_in, session = wrapped(sign_in), session_digest(session)  # from here on no traceback shows them
    return await answer(installation, coming_back(installation, sign_in, address, session), _SendAgain(installation))


@frozen(eq=False, repr=False)
class _Entered:
    """A right code approves the address that it was sent for."""

    installation: Installation
    given: GivenToken
    typed: TypedCode
    answers = AddressCode
    is_guess = True
    hashed = None

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:
        return judge_address_code(standing, secret)

    def look(self, standing: Standing, check: Check) -> SecretVerdict:  # noqa: ARG002
        sent = standing.sign_in.code
        if sent is None:
            return SecretVerdict.WRONG
        bound = bound_to(standing.sign_in, sent.structure, sent.address)
        right = code_digest(self.given.secret, bound, self.typed.code) == sent.digest
        return SecretVerdict.RIGHT if right else SecretVerdict.WRONG

    async def early(self, standing: Standing) -> None:
        """Say nothing."""

    def prepare(self, standing: Standing, check: Check) -> None:
        """Make nothing."""

    async def take(self, standing: Standing, granted: Granted) -> StepOutcome:
        sign_in, sent = standing.sign_in, standing.sign_in.code
        if sent is None:
            return Refused(Reason.WRONG_STEP, "D7", user_id=standing.user.id)  # D7
        approval = Approval(sent.address, sent.structure, sent.validator)
        proven = evolve(
            sign_in,
            code=None,
            approvals=(*sign_in.approvals, approval),
            factors=(*sign_in.factors, (Factor.ADDRESS_CODE, standing.now)),
        )
        return await proceed(Turn(self.installation, evolve(standing, sign_in=proven), granted.saver))


@frozen(eq=False, repr=False)
class _SendAgain:
    """Nothing is guessed; blocks, and how often a code may be sent, count all the same."""

    installation: Installation
    answers = AddressCode
    is_guess = False
    hashed = None

    def judge(self, standing: Standing, secret: SecretVerdict | None) -> Refused | None:  # noqa: ARG002
        return None

    def look(self, standing: Standing, check: Check) -> SecretVerdict:  # noqa: ARG002
        return SecretVerdict.RIGHT

    async def early(self, standing: Standing) -> None:
        """Say nothing."""

    def prepare(self, standing: Standing, check: Check) -> None:
        """Make nothing."""

    async def take(self, standing: Standing, granted: Granted) -> StepOutcome:
        return await proceed(Turn(self.installation, standing, granted.saver))
