"""What users and main administrators do about second factors: recovery codes renewed, a lost factor reset (S26; D8)."""

from attrs import evolve, frozen

from mydso_access.changing import Case, Decided, actor_facts, change, user_shelf
from mydso_access.decisions.administration import (
    Actor,
    judge_main_administration,
    judge_powers,
    judge_proof,
    judge_step_up,
    read_actor,
    read_proof,
)
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.lockout import rebound
from mydso_access.decisions.naming import account_key
from mydso_access.decisions.outcomes import Busy, Proof, Refused
from mydso_access.decisions.second_factor import (
    hashable,
    new_recovery_codes,
    with_recovery_codes,
    without_second_factor,
)
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.hashing import all_hashed
from mydso_access.installation import Installation
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.secret import Secret
from mydso_access.model.user import User
from mydso_access.unblocking import change_counter


@frozen
class RecoveryCodes:
    """Codes on paper, for the day that the telephone is lost; all earlier ones are dead.

    Attributes:
        codes: to be shown now and never again.
        messages: what the host must send now.
    """

    codes: tuple[Secret[str], ...]
    messages: tuple[Message, ...] = ()


async def renew_recovery_codes(installation: Installation, /, proof: Proof) -> RecoveryCodes | Refused | Busy:
    """Give the user of a session new recovery codes in place of all earlier ones.

    Args:
        proof: what the session's sign-in proved, just now and with the second factor.

    Returns:
        `RecoveryCodes`; `Refused`: there is no second factor yet, or `step_up_needed` asks for `step_up` first; `Busy`.

    Raises:
        InvalidValue: the proof is none.
        StoreError: a repository failed; the earlier codes count unless the save of the user failed.
        VerifierFailed: the hasher raised; the earlier codes count.
    """
    facts = await actor_facts(installation, read_proof(proof))
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    if refusal := judge_step_up(facts, SensitiveAction.CHANGE_SECOND_FACTOR):
        return refusal
    if user.second_factor is None:
        return Refused(Reason.WRONG_STATE, "D8", user_id=user.id)  # D8
    count = installation.policy.second_factor.recovery_codes
    codes = new_recovery_codes([installation.chance.new_id() for _ in range(count)])  # no traceback shows the ids
    hashes = await all_hashed(installation, [hashable(code) for code in codes])
    if isinstance(hashes, Busy):
        return hashes

    def decide(case: Case[User]) -> Decided[User]:
        if case.record is None:
            return Refused(Reason.NO_USER, "S11")  # S11
        refusal = judge_step_up(evolve(case.facts, user=case.record), SensitiveAction.CHANGE_SECOND_FACTOR)
        renewed = with_recovery_codes(case.record, hashes, case.at)
        return refusal or renewed or Refused(Reason.WRONG_STATE, "D8", user_id=case.record.id)  # D8

    done = await change(installation, proof, user_shelf(installation, user.id), decide)
    return RecoveryCodes(codes, done.messages) if isinstance(done, Done) else done


async def reset_second_factor(installation: Installation, /, actor: Actor, user_id: str) -> Done[User] | Refused | Busy:
    """Take away a second factor that its user has lost; if one is required, their next sign-in enrols another.

    Args:
        actor: a main administrator of the user's structure, other than the user, freshly proven; or the system.
        user_id: whose.

    Returns:
        `Done`; `Refused`; `Busy`.

    Raises:
        InvalidValue: the actor is none.
        StoreError: a repository failed.
    """

    def decide(case: Case[User]) -> Decided[User]:
        if isinstance(actor, Proof) and actor.user_id == user_id:
            return Refused(Reason.NOT_ALLOWED, "S26", user_id=user_id)  # S26: somebody else looks at who asks
        proven = judge_proof(case.facts) if isinstance(actor, Proof) else None
        if isinstance(proven, Refused):
            return proven
        if case.record is None:
            return Refused(Reason.NO_USER, "S11")  # S11
        refusal = (
            judge_main_administration(case.facts, installation.roles, case.record.structure)
            or judge_powers(case.facts, installation.roles, case.record)
            or judge_step_up(case.facts, SensitiveAction.RESET_SECOND_FACTOR)
        )
        return refusal or without_second_factor(case.record, case.at)

    read_actor(actor)
    user = await installation.store.user(user_id)
    early = decide(Case(await actor_facts(installation, actor), user, installation.now()))
    if isinstance(early, Changed) and user is not None and user.sso is not None:
        # Whoever comes by single sign-on has no password whose reset would lift a `hard_cap` (D4). First, since it could
        # not be caught up on.
        lifted = await change_counter(installation, account_key(user.sso), rebound)
        if isinstance(lifted, Busy):
            return lifted
    return await change(installation, actor, user_shelf(installation, user_id), decide)
