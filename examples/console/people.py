"""What the administration's pages tell of people: states, refusals in plain words, and forms that are out of date."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NoReturn

from attrs import frozen

from examples.console.visit import Answered, Visit
from mydso_access import (
    Category,
    Event,
    InvalidValue,
    ListedUser,
    Reason,
    Refused,
    Structure,
    User,
    UserState,
)
from mydso_access.policy import Level

CATEGORIES: Mapping[Category, str] = {
    Category.ACTIVE: "Active",
    Category.INACTIVE: "Contact",
    Category.MULTI_ENTITY: "Multi-entity",
}
# What a state is called, and the badge that repeats it.
STATES: Mapping[UserState, tuple[str, str]] = {
    UserState.CONTACT: ("Contact", ""),
    UserState.INVITED: ("Invited", "waiting"),
    UserState.LAPSED: ("Invitation lapsed", "bad"),
    UserState.ENABLED: ("Enabled", "good"),
    UserState.BLOCKED: ("Blocked", "bad"),
    UserState.DORMANT: ("Dormant", "bad"),
    UserState.DISABLED: ("Disabled", "bad"),
    UserState.FORGOTTEN: ("Forgotten", ""),
}
# For administrators only: whoever signs in reads the same words for all of these.
WHY: Mapping[Reason, str] = {
    Reason.ADDRESS_BLOCKED: "Too many failed sign-ins came from this network address.",
    Reason.ACCOUNT_BLOCKED: "Too many wrong passwords or codes were given for this account.",
    Reason.ACCOUNT_BUSY: "Other attempts on this account were being looked at.",
    Reason.CODES_BLOCKED: "Too many wrong codes were given for a new network address.",
    Reason.DISABLED: "The login is disabled.",
    Reason.DORMANT: "Nobody has used the login for longer than the settings allow.",
    Reason.INACTIVE: "A contact has no login.",
    Reason.INVITED: "The password has not been created yet.",
    Reason.LAPSED: "The invitation was not accepted in time.",
    Reason.NO_HOME: "The structure that the user belongs to is not there.",
    Reason.NO_PASSWORD: "There is no password.",
    Reason.NO_RECIPIENT: "The network address is new, and nobody has a mobile for a code.",
    Reason.NOT_BY_SSO: "The user signs in with a password, and not with a provider.",
    Reason.SSO_ONLY: "The user signs in with their provider, and not with a password.",
    Reason.UNREADABLE_RECORD: "The stored record is damaged.",
    Reason.UNUSABLE_CREDENTIAL: "The stored password cannot be compared with anything.",
    Reason.USED_CODE: "The code had been used before.",
    Reason.WRONG_CODE: "The code was wrong.",
    Reason.WRONG_SECRET: "The password was wrong.",
}
LEVELS: Mapping[Level, str] = {
    Level.INSTALLATION: "the installation",
    Level.PLATFORM: "the platform",
    Level.ENTITY: "the entity",
}
# What ends it, where time alone does not.
ENDS: Mapping[Reason, str] = {
    Reason.ACCOUNT_BLOCKED: "the password is reset",
    Reason.DISABLED: "an administrator enables the login",
    Reason.DORMANT: "an administrator enables the login",
    Reason.INVITED: "the password is created",
    Reason.LAPSED: "another invitation is sent, and accepted",
}
MINUTE = timedelta(minutes=1)


@frozen(kw_only=True)
class KeptOut:
    """Why a user could not sign in at this moment, in words for administrators."""

    why: str
    rule: str
    asked_by: str
    until: datetime | None
    minutes: int | None
    ends: str
    line: str
    is_block: bool


def kept_out(row: ListedUser, now: datetime) -> KeptOut | None:
    """Return what keeps a user out; `None` for nothing, and for contacts, who have nothing to be kept out of."""
    refused = row.kept_out
    if refused is None or row.state is UserState.CONTACT:
        return None
    reason = Reason.LAPSED if row.state is UserState.LAPSED else refused.reason
    return KeptOut(
        why=why(reason),
        rule=refused.rule,
        asked_by=", ".join(sorted(LEVELS[level] for level in refused.levels)),
        until=refused.until,
        minutes=None if refused.until is None else max(1, round((refused.until - now) / MINUTE)),
        ends=ENDS.get(reason, "somebody changes it"),
        line=refused.explain(),
        is_block=refused.reason is Reason.ACCOUNT_BLOCKED,
    )


def why(reason: Reason) -> str:
    """Return a reason in plain words."""
    return WHY.get(reason, f"{reason.value.replace('_', ' ').capitalize()}.")


def told_stale(visit: Visit, user: User) -> str:
    """Say that a record is another one than the page showed: what became of it, by whom, when."""
    kept = "Nothing was done now; what you typed is still here."
    event = _latest(visit, user)
    if event is None:
        return f"This user was changed meanwhile. {kept}"
    by = "by you" if event.actor == visit.member.id else f"by {called(visit, event.actor)}"
    happened = event.kind.name.replace("_", " ").lower()
    return f"This user was changed meanwhile ({happened}, {by}, {event.at:%H:%M:%S} UTC). {kept}"


def _latest(visit: Visit, user: User) -> Event | None:
    read = visit.access.read_trail(visit.proof, user.id, since=user.saved_at, limit=500)
    events = () if isinstance(read, Refused) else read.rows
    return next((event for event in events if event.id == user.written_by), None)


def called(visit: Visit, user_id: str | None) -> str:
    """Return what people call a user, as far as whoever asks may see them here."""
    if user_id is None:
        return "somebody else"
    row = visit.access.look_at_user(visit.proof, visit.structure, user_id)
    return user_id if isinstance(row, Refused) else row.user.full_name or row.user.name or user_id


def looked_at(visit: Visit, user_id: str) -> ListedUser:
    """Return a user as the structure one is in shows them; whoever may not see them gets another page."""
    row = visit.access.look_at_user(visit.proof, visit.structure, user_id)
    if isinstance(row, Refused):
        turned_away(visit, row)
    return row


def turned_away(visit: Visit, refused: Refused) -> NoReturn:
    """Answer a page that may not be seen, or does not exist."""
    if refused.ends_session:
        visit.leave(refused.public_message)
    missing = refused.reason in (Reason.NO_USER, Reason.NO_STRUCTURE)
    title, status = ("Not found", 404) if missing else ("Not for you", 403)
    raise Answered(visit.page("error.html", status=status, title=title, told=refused.public_message))


def at_field(error: InvalidValue) -> dict[str, str]:
    """Return what is wrong with a form, by the field that it is wrong in."""
    return {error.field: f"Please give {error.expected.removesuffix(', or None')}."}


def title_of(visit: Visit, structure: Structure) -> str:
    """Return what people call a structure."""
    record = visit.console.repositories.structures.get(structure)
    return structure.id if record is None else record.title  # type: ignore[union-attr]
