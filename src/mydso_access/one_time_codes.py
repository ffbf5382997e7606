"""Looking at a time-based code: its seed is opened, and the codes of every step that counts are compared (S26; D8)."""

from mydso_access.decisions.second_factor import TypedCode, seal_context, step_of, steps_to_try
from mydso_access.decisions.sign_in import SecretVerdict, policy_there
from mydso_access.decisions.steps import Standing
from mydso_access.installation import Installation
from mydso_access.model.secret import Secret
from mydso_access.policy.second_factor import Algorithm


def look_at_code(
    installation: Installation, standing: Standing, typed: TypedCode, sealed: tuple[Secret[str], Algorithm]
) -> tuple[SecretVerdict, int | None]:
    """Compare a code with those of every step that counts now; return the step that it is of. Call it behind the gate."""
    seed = installation.box().open(sealed[0], seal_context(standing.user.id))
    if seed is None:  # damaged, moved from another row, or sealed with a key that is gone
        return SecretVerdict.UNUSABLE, None
    steps = steps_to_try(standing.now, policy_there(standing.user, standing.place).policy.second_factor)
    codes = {step: installation.one_time_codes.code(seed, step, sealed[1]) for step in steps}
    step = step_of(typed, codes)
    return (SecretVerdict.WRONG if step is None else SecretVerdict.RIGHT), step
