"""How charges are settled, and which refusals leave an event: by what an attempt came to (S36, S37; D2, D3)."""

from mydso_access.decisions.lockout import Blocked, Full, Settlement
from mydso_access.decisions.outcomes import Refused, SignedIn
from mydso_access.decisions.sign_in import SignInFacts
from mydso_access.model.reason import Reason
from mydso_access.model.sign_in import SECOND_FACTORS
from mydso_access.policy.lockout import LockoutPolicy

# Refusals that cost no failure, or are no more than "come again".
UNRECORDED = frozenset({Reason.MALFORMED, Reason.ADDRESS_BLOCKED, Reason.ACCOUNT_BUSY, Reason.CODES_BUSY})
# Refusals of somebody who guessed nothing wrong.
UNCOUNTED = frozenset(
    {
        *(Reason.CODES_BLOCKED, Reason.CODES_BUSY, Reason.DEAD_SIGN_IN, Reason.NO_RECIPIENT, Reason.OLD_CODE),
        *(Reason.OUTDATED_PROOF, Reason.PASSWORD_DUE, Reason.STEP_UP_NEEDED, Reason.TOO_MANY_CODES, Reason.WRONG_STEP),
    }
)


def address_settlement(facts: SignInFacts, lockout: LockoutPolicy) -> Settlement:
    """Say how the address's charge is settled when the attempt is refused."""
    if isinstance(facts.account, Full):
        return Settlement.GIVEN_BACK
    if isinstance(facts.account, Blocked) and not lockout.blocked_attempts_count:  # D2
        return Settlement.GIVEN_BACK
    return Settlement.WRONG  # S37


def settlement_of(outcome: object) -> Settlement:
    """Say how charges are settled after a right secret, by what it led to: only a complete sign-in clears (S36, D3)."""
    match outcome:
        case SignedIn(user=user, proof=proof):
            # An enrolled factor that single sign-on was spared must not be guessed at elsewhere for free.
            proven = user.second_factor is None or any(factor in SECOND_FACTORS for factor, _ in proof.factors)
            return Settlement.COMPLETE if proven else Settlement.GIVEN_BACK
        case Refused(reason=reason) if reason not in UNCOUNTED:
            return Settlement.WRONG
        case _:
            return Settlement.GIVEN_BACK


def is_recorded(refusal: Refused, lockout: LockoutPolicy) -> bool:
    """Tell whether a refusal leaves an event: what costs no failure would let strangers fill the trail."""
    if refusal.reason is Reason.ACCOUNT_BLOCKED:
        return lockout.blocked_attempts_count  # D2
    return refusal.reason not in UNRECORDED
