"""Time-based codes and recovery codes: what was typed, which step it is of, what is accepted once (S26; A20, D8)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import evolve, frozen

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.decisions.users import rights_changed, told
from mydso_access.errors import InvalidValue
from mydso_access.model.event import EventKind
from mydso_access.model.message import SecurityChange
from mydso_access.model.reason import Reason
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.model.secret import Secret, wrapped
from mydso_access.model.sign_in import NewSeed
from mydso_access.model.user import User
from mydso_access.policy.fixed import CODE_DIGITS, EARLIEST, RECOVERY_GROUP, RECOVERY_LETTERS, SEED_BYTES, TOTP_PERIOD
from mydso_access.policy.second_factor import SecondFactorPolicy

CODE = re.compile(f"[0-9]{{{CODE_DIGITS}}}", re.ASCII)
RECOVERY = re.compile(f"([0-9]{{1,2}})([A-Z2-7]{{{RECOVERY_LETTERS}}})", re.ASCII)
BETWEEN = re.compile(r"[ -]")


@frozen
class TypedCode:
    """Six digits, as an app or a message shows them."""

    code: Secret[str]


@frozen
class TypedRecoveryCode:
    """A recovery code.

    Attributes:
        place: which of the user's it claims to be.
        secret: the whole code, in the form that is hashed.
    """

    place: int
    secret: Secret[bytes]


Typed: TypeAlias = TypedCode | TypedRecoveryCode


def read_code(text: str | Secret[str]) -> Typed | None:
    """Read what was typed: blanks and hyphens are for people, digits are those of ASCII; `None`: it is no code.

    Raises:
        InvalidValue: it is no text; the message names its type only.
    """
    typed = wrapped(text)
    kind = type(typed.reveal())
    if kind is not str:  # before the value has a name that a traceback could show
        raise InvalidValue("code", kind.__name__, "text (str)")
    length = len(typed.reveal())
    if not typed.reveal().isascii() or length > 2 * RECOVERY_LETTERS:
        return None
    plain = Secret(BETWEEN.sub("", typed.reveal().strip()).upper())
    if CODE.fullmatch(plain.reveal()):
        return TypedCode(plain)
    recovery = RECOVERY.fullmatch(plain.reveal())
    return None if recovery is None else TypedRecoveryCode(int(recovery[1]), Secret(plain.reveal().encode()))


def step_at(now: datetime) -> int:
    """Return the number of the 30 seconds that an instant lies in (RFC 6238)."""
    return (now - EARLIEST) // TOTP_PERIOD


def steps_to_try(now: datetime, policy: SecondFactorPolicy) -> range:
    """Return the steps whose codes count at an instant (D8)."""
    present = step_at(now)
    return range(max(0, present - policy.steps_back), present + policy.steps_ahead + 1)


def step_of(typed: TypedCode, codes: Mapping[int, Secret[str]]) -> int | None:
    """Return the latest step whose code was typed; all of them are compared, in constant time."""
    given = typed.code.reveal().encode()
    found = [step for step, code in codes.items() if hmac.compare_digest(code.reveal().encode(), given)]
    return max(found, default=None)


def drift(step: int, now: datetime) -> int:
    """Return how many steps a code is ahead of the clock; negative: behind."""
    return step - step_at(now)


def new_seed(*ids: str) -> Secret[bytes]:
    """Return a seed made of ids that were drawn for it, of at least 128 random bits each."""
    return Secret(_digest("seed", *ids)[:SEED_BYTES])


def new_code(drawn: str) -> Secret[str]:
    """Return a code of six digits made of an id that was drawn for it."""
    number = int.from_bytes(_digest("code", drawn)) % 10**CODE_DIGITS
    return Secret(f"{number:0{CODE_DIGITS}}")


def new_recovery_codes(ids: Sequence[str]) -> tuple[Secret[str], ...]:
    """Return recovery codes, each made of an id that was drawn for it: its place, then letters in groups."""
    return tuple(Secret(f"{place}-{_letters(drawn)}") for place, drawn in enumerate(ids, start=1))


def hashable(code: Secret[str]) -> Secret[bytes]:
    """Return a recovery code in the form that is hashed, however it was typed."""
    return Secret(BETWEEN.sub("", code.reveal()).encode())


def seed_text(seed: Secret[bytes]) -> Secret[str]:
    """Return a seed as people type it into an app: base 32."""
    return Secret(base64.b32encode(seed.reveal()).decode())


def _letters(drawn: str) -> str:
    text = base64.b32encode(_digest("recovery", drawn)).decode()[:RECOVERY_LETTERS]
    return "-".join(text[start : start + RECOVERY_GROUP] for start in range(0, RECOVERY_LETTERS, RECOVERY_GROUP))


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def seal_context(user_id: str) -> str:
    """Return what a sealed seed is bound to: moved to another user's row it opens no more."""
    return f"second factor\0{user_id}"


def recovery_code(factor: SecondFactor | None, place: int) -> RecoveryCode | None:
    """Return the unused recovery code at a place."""
    codes = () if factor is None else factor.recovery
    return next((code for code in codes if code.place == place), None)


def is_used(factor: SecondFactor, step: int | None) -> bool:
    """Tell whether a code of this step, or of a later one, was accepted before (D8)."""
    return step is not None and step <= factor.last_step


def judge_app_code(user: User, step: int | None, secret: SecretVerdict | None) -> Refused | None:
    """Say what is wrong with a code of a user's app; `None`: nothing.

    Args:
        user: the record.
        step: the step that it is of; `None` as long as nobody looked.
        secret: the verifier's verdict.
    """
    if user.second_factor is None:
        return Refused(Reason.WRONG_STEP, "S26", user_id=user.id)  # S26
    if secret is SecretVerdict.RIGHT and is_used(user.second_factor, step):
        return Refused(Reason.USED_CODE, "D8", user_id=user.id)  # D8: strictly increasing
    return _judge_verdict(user, secret, "S26")


def judge_recovery_code(
    user: User, place: int, seen: RecoveryCode | None, secret: SecretVerdict | None
) -> Refused | None:
    """Say what is wrong with a recovery code; `None`: nothing.

    Args:
        user: the record.
        place: which of theirs it claims to be.
        seen: the one that it was compared with; `None` as long as nobody looked.
        secret: the verifier's verdict.
    """
    kept = recovery_code(user.second_factor, place)
    if kept is None or (seen is not None and kept != seen):
        return Refused(Reason.WRONG_CODE, "D8", user_id=user.id)  # D8: used, replaced, or never given
    return _judge_verdict(user, secret, "D8")


def judge_first_code(user: User, seed: NewSeed | None, secret: SecretVerdict | None) -> Refused | None:
    """Say what is wrong with the first code of a new app; `None`: nothing.

    Args:
        user: the record.
        seed: what waits in the sign-in to be confirmed.
        secret: the verifier's verdict.
    """
    if seed is None:
        return Refused(Reason.WRONG_STEP, "S26", user_id=user.id)  # S26
    return _judge_verdict(user, secret, "S26")


def _judge_verdict(user: User, secret: SecretVerdict | None, rule: str) -> Refused | None:
    match secret:
        case SecretVerdict.RIGHT:
            return None
        case SecretVerdict.USED:
            return Refused(Reason.USED_CODE, "D8", user_id=user.id)  # D8
        case SecretVerdict.UNUSABLE:
            return Refused(Reason.UNUSABLE_CREDENTIAL, rule, user_id=user.id)  # S26 D8: counted like a wrong one
        case SecretVerdict.WRONG | None:
            return Refused(Reason.WRONG_CODE, rule, user_id=user.id)  # S26 D8
        case _ as never:
            assert_never(never)


def accepted(factor: SecondFactor, step: int, seed: Secret[str]) -> SecondFactor:
    """Return the second factor that accepts no step up to this one any more.

    Args:
        factor: as stored.
        step: whose code was right.
        seed: the seed, sealed anew if its key has changed.
    """
    return evolve(factor, last_step=max(step, factor.last_step), seed=seed)


def spent(factor: SecondFactor, place: int) -> SecondFactor:
    """Return the second factor without a recovery code that was used."""
    return evolve(factor, recovery=tuple(code for code in factor.recovery if code.place != place))


def without_second_factor(user: User, at: datetime) -> Changed[User] | Done[User]:
    """Return a user who has none any more: what was proven before is dead, the next sign-in enrols if it must."""
    if user.second_factor is None:
        return Done(user)
    return Changed(
        record=rights_changed(user, second_factor=None, valid_from=at),
        kind=EventKind.SECOND_FACTOR_RESET,
        rule="S26",
        messages=told(user, SecurityChange.SECOND_FACTOR_RESET, at),
    )


def with_recovery_codes(user: User, hashes: Sequence[Secret[str]], at: datetime) -> Changed[User] | None:
    """Return a user with new recovery codes, all earlier ones dead; `None` if they have no second factor."""
    if user.second_factor is None:
        return None
    codes = tuple(RecoveryCode(place, hashed) for place, hashed in enumerate(hashes, start=1))
    return Changed(
        record=evolve(user, second_factor=evolve(user.second_factor, recovery=codes)),
        kind=EventKind.RECOVERY_CODES_RENEWED,
        rule="D8",
        messages=told(user, SecurityChange.RECOVERY_CODES_RENEWED, at),
    )
