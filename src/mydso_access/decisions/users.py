"""How a user comes to exist and changes: category, role, login, flags (S2-S5, S14, S16; A3, A4, D12)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.contact import new_name, parse_email, parse_mobile
from mydso_access.decisions.dormancy import is_dormant
from mydso_access.decisions.erasure import is_erased
from mydso_access.decisions.invitation import Invite, invited
from mydso_access.decisions.levels import comes_by
from mydso_access.decisions.outcomes import Refused
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.event import Difference, EventKind
from mydso_access.model.message import Message, SecurityChange, SecurityMessage
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.structure import SignInMode, StructureKind, StructureRecord
from mydso_access.model.user import (
    Category,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    Invited,
    NoLogin,
    SsoIdentity,
    User,
)
from mydso_access.policy.fixed import NAME_CAP
from mydso_access.policy.names import NamePolicy

NONE = type(None)
TYPES: Mapping[str, tuple[set[type], str]] = {
    "email": ({str}, "text"),
    "role": ({str}, "the id of a role"),
    "category": ({Category}, "a Category"),
    "name": ({str, NONE}, "text, or None"),
    "full_name": ({str, NONE}, "text, or None"),
    "mobile": ({str, NONE}, "text, or None"),
    "may_import": ({bool}, "a bool"),
    "sign_in_mode": ({SignInMode, NONE}, "a SignInMode, or None"),
    "sso": ({SsoIdentity, NONE}, "an SsoIdentity, or None"),
}


@frozen(kw_only=True)
class NewUser:
    """What somebody says of a user to be added (S5).

    Attributes:
        email: where messages go; asked of contacts, too (A4).
        role: id of the role.
        category: active, inactive ("Active account: no") or multi-entity.
        name: the login name as given; `None` for a contact.
        full_name: what people call the user.
        mobile: the number for codes.
        may_import: the user's own flag for importing data files.
        sign_in_mode: how the first factor is proven; `None`: as the structure says.
        sso: who the user is for a provider of single sign-on, if that is known already.
    """

    email: str
    role: str
    category: Category = Category.ACTIVE
    name: str | None = field(default=None)
    full_name: str | None = None
    mobile: str | None = None
    may_import: bool = False
    sign_in_mode: SignInMode | None = None
    sso: SsoIdentity | None = None

    def __attrs_post_init__(self) -> None:
        for name, (kinds, expected) in TYPES.items():
            if type(getattr(self, name)) not in kinds:
                raise InvalidValue(name, shown(getattr(self, name)), expected)
        check_full_name(self.full_name)


def check_full_name(full_name: str | None) -> None:
    """Refuse what nobody can be called.

    Raises:
        InvalidValue: it is no text, or not printable, or over-long.
    """
    if full_name is None:
        return
    if type(full_name) is not str or not (full_name.isprintable() and 0 < len(full_name) <= NAME_CAP):
        raise InvalidValue("full_name", shown(full_name), f"printable text of 1 to {NAME_CAP} characters, or None")


def drafted(new: NewUser, user_id: str, home: StructureRecord, roles: RoleTable, names: NamePolicy) -> User | Refused:
    """Return the record of a user to be added, not yet invited.

    Args:
        new: what is said of the user.
        user_id: the record's id.
        home: where the user is added (S4).
        roles: the roles there are.
        names: what a new name may look like.

    Raises:
        InvalidValue: name, e-mail address, mobile number or role is malformed or missing.
    """
    platform = home.structure.kind is StructureKind.PLATFORM
    if platform is not (new.category is Category.MULTI_ENTITY):
        return Refused(Reason.WRONG_CATEGORY, "S2")  # S2 S4
    contact = new.category is Category.INACTIVE
    if contact is not (new.name is None):  # S5 A4
        raise InvalidValue("name", shown(new.name), "a login name, and None for a contact")
    roles.role(new.role)  # S5 S6
    return User(
        id=user_id,
        category=new.category,
        structure=home.structure,
        role=new.role,
        login=NoLogin() if contact else Invited(home.saved_at),
        name=None if new.name is None else new_name(new.name, names),
        full_name=new.full_name,
        email=Email(parse_email(new.email)),
        mobile=None if new.mobile is None else parse_mobile(new.mobile),
        may_import=new.may_import,
        sign_in_mode=new.sign_in_mode,
        sso=new.sso,
    )


def created(user: User, invite: Invite) -> Changed[User]:
    """Return the new user, invited unless it is a contact (S7, S14)."""
    messages: tuple[Message, ...] = ()
    if user.category is not Category.INACTIVE:  # S14: a contact gets no message
        user, messages = invited(user, invite)  # S7
    return Changed(record=user, kind=EventKind.USER_CREATED, rule="S5", messages=messages)


def reinvited(user: User, invite: Invite) -> Changed[User] | Refused:
    """Return the user with a new invitation; the link of the one before dies at once (S13).

    Also whoever let an invitation lapse is invited again (A9); whoever has a password resets it instead.
    """
    lapsed = isinstance(user.login, Disabled) and user.login.reason is DisabledBecause.LAPSED
    if not (isinstance(user.login, Invited) or lapsed):
        return Refused(Reason.WRONG_STATE, "A9", user_id=user.id)  # A9
    record, messages = invited(user, invite)
    return Changed(record=record, kind=EventKind.INVITATION_SENT, rule="S13", messages=messages)


def with_role(user: User, role: str, roles: RoleTable, at: datetime) -> Changed[User] | Done[User] | Refused:
    """Return the user with another role, whose sessions are over; a main administrator's must stay one that administers security (A13).

    Raises:
        InvalidValue: there is no such role.
    """
    rights = roles.role(role).rights(may_import=user.may_import)
    if role == user.role:
        return Done(user)
    if user.appointments and Right.SECURITY_SETTINGS not in rights:
        return Refused(Reason.MAIN_ADMINISTRATOR, "A13", user_id=user.id)  # A13
    change = _changed(user, EventKind.RIGHTS_CHANGED, "S5", "role", role)
    # ASVS 7.4: a session has the rights of its start.
    return evolve(change, record=evolve(change.record, valid_from=at))


def with_import_flag(
    user: User,
    may_import: bool,  # noqa: FBT001  # it is the value
    roles: RoleTable,
) -> Changed[User] | Done[User] | Refused:
    """Return the user who may, or may not, import data files."""
    if may_import is user.may_import:
        return Done(user)
    if user.appointments and Right.SECURITY_SETTINGS not in roles.role(user.role).rights(may_import=may_import):
        # Where a host's role leaves it to the flag.
        return Refused(Reason.MAIN_ADMINISTRATOR, "A13", user_id=user.id)  # A13
    return _changed(user, EventKind.RIGHTS_CHANGED, "S5", "may_import", may_import)


def with_full_name(user: User, full_name: str | None) -> Changed[User] | Done[User]:
    """Return the user whom people call otherwise; what was and is, the trail does not say."""
    if full_name == user.full_name:
        return Done(user)
    return Changed(record=evolve(user, full_name=full_name), kind=EventKind.USER_UPDATED, rule="S5")


def with_mobile(user: User, mobile: str | None, at: datetime) -> Changed[User] | Done[User]:
    """Return the user with another mobile number; their address is told, for codes go to the new one from now on."""
    if mobile == user.mobile:
        return Done(user)
    messages = told(user, SecurityChange.MOBILE_CHANGED, at)
    return Changed(record=evolve(user, mobile=mobile), kind=EventKind.MOBILE_CHANGED, rule="S22", messages=messages)


def with_sign_in(
    user: User, mode: SignInMode | None, sso: SsoIdentity | None, invite: Invite
) -> Changed[User] | Done[User]:
    """Return the user with another way to prove the first factor; proofs made the old way die (A24).

    Whoever was invited needs no password any more, or one now: the link sent before dies, and another message goes out.
    """
    if (mode, sso) == (user.sign_in_mode, user.sso):
        return Done(user)
    before, after = _mode(user.sign_in_mode), _mode(mode)
    differences = (Difference("sign_in_mode", before, after),) if before != after else ()
    messages: tuple[Message, ...] = ()
    sso_now = comes_by(mode, invite.home_mode)
    record = evolve(user, sign_in_mode=mode, sso=sso, reset=None, new_email=None, valid_from=invite.at)
    # A main administrator stays enabled, and gets a password by a reset: invited, they would not count.
    needs_password = (
        isinstance(user.login, Enabled) and user.credential is None and not sso_now and not user.appointments
    )
    if isinstance(user.login, Invited) or needs_password:
        record, messages = invited(record, evolve(invite, sso=sso_now))
    return Changed(record=record, kind=EventKind.USER_UPDATED, rule="A24", differences=differences, messages=messages)


def made_contact(user: User, at: datetime) -> Changed[User] | Done[User] | Refused:
    """Return an active user as a contact: no login, no name, no password; associations stay (S14)."""
    if user.category is Category.INACTIVE:
        return Done(user)
    if user.category is Category.MULTI_ENTITY:
        return Refused(Reason.WRONG_CATEGORY, "S2", user_id=user.id)  # S2
    if user.appointments:
        return Refused(Reason.MAIN_ADMINISTRATOR, "A13", user_id=user.id)  # A13
    if is_erased(user):
        return Refused(Reason.WRONG_STATE, "D12", user_id=user.id)  # D12: from a contact there is a way back
    ended: dict[str, Any] = {
        "login": NoLogin(),
        "name": None,
        "credential": None,
        "sso": None,
        "approved": (),
        "codes_sent": (),
        "new_email": None,
        "reset": None,
        "notice": None,
        "valid_from": at,
    }
    record = evolve(user, category=Category.INACTIVE, **ended)
    return _differing(record, EventKind.RIGHTS_CHANGED, "S14", "category", user.category.value, "inactive")


def made_active(user: User, name: str, invite: Invite, names: NamePolicy) -> Changed[User] | Done[User] | Refused:
    """Return a contact as an active user, invited (S5).

    Raises:
        InvalidValue: the name cannot be a new one.
    """
    if user.category is Category.MULTI_ENTITY:
        return Refused(Reason.WRONG_CATEGORY, "S2", user_id=user.id)  # S2
    if user.category is Category.ACTIVE:
        return Done(user)
    active = evolve(user, category=Category.ACTIVE, name=new_name(name, names), login=Invited(invite.at))
    record, messages = invited(active, invite)
    change = _differing(record, EventKind.RIGHTS_CHANGED, "S5", "category", "inactive", "active")
    return evolve(change, messages=messages)


def disabled(user: User, reason: DisabledBecause, rule: str, at: datetime) -> Changed[User] | Done[User] | Refused:
    """Return the user whose login is disabled; whatever was proven or sent before is dead."""
    if isinstance(user.login, Disabled):
        return Done(user)
    if isinstance(user.login, NoLogin):
        return Refused(Reason.WRONG_CATEGORY, "S14", user_id=user.id)  # S14
    if user.appointments:
        return Refused(Reason.MAIN_ADMINISTRATOR, "A13", user_id=user.id)  # A13
    record = evolve(user, login=Disabled(reason, at), valid_from=at, reset=None, new_email=None, notice=None)
    was_enabled = isinstance(user.login, Enabled)
    messages = told(user, SecurityChange.LOGIN_DISABLED, at) if was_enabled else ()
    difference = Difference("login", "enabled" if was_enabled else "invited", reason.value)
    return Changed(
        record=record,
        kind=EventKind.USER_DISABLED,
        rule=rule,
        messages=messages,
        differences=(difference,),
        reason=Reason.DORMANT if reason is DisabledBecause.DORMANT else None,
    )


def enabled(user: User, invite: Invite) -> Changed[User] | Done[User] | Refused:
    """Return the user who may sign in again; whoever never had a password is invited anew (A9)."""
    if isinstance(user.login, NoLogin):
        return Refused(Reason.WRONG_CATEGORY, "S14", user_id=user.id)  # S14
    if isinstance(user.login, Invited):
        return Done(user)
    if isinstance(user.login, Enabled) and not is_dormant(user, invite.policy, invite.at):  # S25
        return Done(user)
    if isinstance(user.login, Disabled) and user.login.reason is DisabledBecause.FORGOTTEN:
        return Refused(Reason.WRONG_STATE, "D12", user_id=user.id)  # D12
    if user.credential is None and not invite.sso:
        record, messages = invited(user, invite)
        return Changed(record=record, kind=EventKind.INVITATION_SENT, rule="A9", messages=messages)
    record = evolve(user, login=Enabled(invite.at), valid_from=invite.at, notice=None)
    return Changed(
        record=record,
        kind=EventKind.USER_ENABLED,
        rule="D12",
        messages=told(user, SecurityChange.LOGIN_ENABLED, invite.at),
    )


def told(user: User, change: SecurityChange, at: datetime) -> tuple[Message, ...]:
    """Return the message that tells a user of a change, if there is an address to send it to."""
    if user.email is None or user.name is None:
        return ()
    return (SecurityMessage(to=user.email.address, name=user.name, change=change, at=at),)


def rights_changed(user: User, **changes: Any) -> User:
    """Return the user with other rights; what was sent to prove a reset or an address, asked for before, is dead."""
    return evolve(user, reset=None, new_email=None, **changes)


def _mode(mode: SignInMode | None) -> str:
    return "as the structure" if mode is None else mode.value


def _changed(user: User, kind: EventKind, rule: str, name: str, value: Any) -> Changed[User]:
    before = getattr(user, name)
    return _differing(rights_changed(user, **{name: value}), kind, rule, name, str(before), str(value))


def _differing(record: User, kind: EventKind, rule: str, *difference: str) -> Changed[User]:
    return Changed(record=record, kind=kind, rule=rule, differences=(Difference(*difference),))
