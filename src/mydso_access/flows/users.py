"""Adding, editing, disabling and enabling users (S4, S5, S7, S11, S14; A13)."""

from mydso_access.changing import Case, Decided, actor_facts, change, user_shelf
from mydso_access.decisions.administration import Actor, System, judge_management, judge_right, read_actor
from mydso_access.decisions.changes import Done
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.users import (
    NewUser,
    check_full_name,
    created,
    disabled,
    drafted,
    enabled,
    made_active,
    made_contact,
    with_full_name,
    with_import_flag,
    with_role,
    with_sign_in,
)
from mydso_access.errors import InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.managing import Edit, InvitingEdit, invite_for, is_full, manage, manage_inviting, unless_changed
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right
from mydso_access.model.secret import Secret
from mydso_access.model.structure import SignInMode, Structure
from mydso_access.model.user import DisabledBecause, SsoIdentity, User


async def add_user(
    installation: Installation, /, actor: Actor, structure: Structure, new: NewUser, *, user_id: str | None = None
) -> Done[User] | Refused | Busy:
    """Add a user to a structure: an active user, a contact, or on the platform a multi-entity user.

    Args:
        actor: who asks; may not give more rights than they have.
        structure: where (S4).
        new: what is said of the user.
        user_id: the host's own id for the user; drawn if not given.

    Returns:
        `Done` with the invitation to send (none for a contact); `Refused`; `Busy`.

    Raises:
        InvalidValue: an argument is malformed, or there is no such role.
        StoreError: a repository failed; whether the user was added is unknown only if the save failed.
    """
    if user_id is not None and (type(user_id) is not str or not user_id):
        raise InvalidValue("user_id", shown(user_id), "the host's own id, as text that is not empty, or None")
    facts = await actor_facts(installation, read_actor(actor))
    if refusal := judge_right(facts, installation.roles, Right.MANAGE_USERS, structure):
        return refusal
    home = await installation.store.structure(structure)
    if home is None:
        return Refused(Reason.NO_STRUCTURE, "S4")  # S4
    user = drafted(new, user_id or installation.chance.new_id(), home, installation.roles, installation.policy.names)
    if isinstance(user, Refused):
        return user
    if type(actor) is not System and (new.sign_in_mode is not None or new.sso is not None):
        return Refused(Reason.NOT_ALLOWED, "A24")  # A24: no administrator has a switch for it
    if await is_full(installation):
        return Refused(Reason.TOO_MANY_USERS, "A1")  # A1
    secret = Secret(installation.chance.new_id())

    def decide(case: Case[User]) -> Decided[User]:
        if refusal := judge_management(case.facts, installation.roles, user):
            return refusal
        if case.record is not None:
            return Refused(Reason.ALREADY_THERE, "S5", user_id=case.record.id)  # S5
        return created(user, invite_for(installation, user, home, secret, case.at))

    return await change(installation, actor, user_shelf(installation, user.id), decide)


async def change_role(
    installation: Installation, /, actor: Actor, user_id: str, role: str, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Give a user another role; the same one everywhere (S5).

    Args:
        actor: who asks; needs every right of both roles.
        user_id: whose role.
        role: id of the role.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: there is no such role, or an argument is malformed.
        StoreError: a repository failed.
    """
    roles = installation.roles
    roles.role(role)
    edit: Edit = unless_changed(seen, lambda user, at: with_role(user, role, roles, at))
    return await manage(installation, actor, user_id, edit)


async def change_import_flag(
    installation: Installation, /, actor: Actor, user_id: str, *, may_import: bool, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Say whether a user may import data files, where their role leaves it to this flag (S5).

    Args:
        actor: who asks.
        user_id: whose flag.
        may_import: its value.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    if type(may_import) is not bool:
        raise InvalidValue("may_import", shown(may_import), "a bool")
    roles = installation.roles
    edit: Edit = unless_changed(seen, lambda user, _: with_import_flag(user, may_import, roles))
    return await manage(installation, actor, user_id, edit)


async def rename(
    installation: Installation, /, actor: Actor, user_id: str, full_name: str | None, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Change what people call a user; the login name stays.

    Args:
        actor: who asks.
        user_id: who is renamed.
        full_name: the new name; `None` for none.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    check_full_name(full_name)
    edit: Edit = unless_changed(seen, lambda user, _: with_full_name(user, full_name))
    return await manage(installation, actor, user_id, edit)


async def change_sign_in(
    installation: Installation,
    /,
    actor: System,
    user_id: str,
    *,
    mode: SignInMode | None,
    sso: SsoIdentity | None,
) -> Done[User] | Refused | Busy:
    """Say how a user proves the first factor, and link or unlink who they are for a provider of single sign-on.

    Args:
        actor: the host's own code: no administrator has a switch for it (A24).
        user_id: whose.
        mode: password or SSO; `None`: as the structure says.
        sso: issuer and subject, unique over all users; `None` unlinks what is linked.

    Raises:
        InvalidValue: the actor is not the system.
        StoreError: a repository failed.
    """
    if type(actor) is not System:
        raise InvalidValue("actor", shown(type(actor)), "System(name)")  # A24
    return await manage_inviting(
        installation, actor, user_id, lambda user, invite: with_sign_in(user, mode, sso, invite)
    )


async def make_contact(
    installation: Installation, /, actor: Actor, user_id: str, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Turn an active user into a contact, who may not sign in; associations stay (S14).

    Args:
        actor: who asks.
        user_id: who becomes a contact.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    return await manage(installation, actor, user_id, unless_changed(seen, made_contact))


async def make_active(
    installation: Installation, /, actor: Actor, user_id: str, name: str, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Turn a contact into an active user, who is invited to create a password (S5, S7).

    Args:
        actor: who asks.
        user_id: which contact.
        name: the login name as given.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: the name cannot be a new one.
        StoreError: a repository failed.
    """
    names = installation.policy.names
    edit: InvitingEdit = unless_changed(seen, lambda user, invite: made_active(user, name, invite, names))
    return await manage_inviting(installation, actor, user_id, edit)


async def disable_user(
    installation: Installation, /, actor: Actor, user_id: str, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Disable a login: whatever was proven by it or sent to it is dead.

    Args:
        actor: who asks.
        user_id: whose login; a main administrator's appointments are withdrawn first.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    because = DisabledBecause.ADMINISTRATOR
    edit: Edit = unless_changed(seen, lambda user, at: disabled(user, because, "D12", at))
    return await manage(installation, actor, user_id, edit)


async def enable_user(
    installation: Installation, /, actor: Actor, user_id: str, *, seen: str | None = None
) -> Done[User] | Refused | Busy:
    """Enable a disabled or dormant login; whoever never had a password is invited anew (A9).

    Args:
        actor: who asks.
        user_id: whose login.
        seen: the `mark` of the row that was shown; if the record says something else by now, nothing is changed.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed.
    """
    return await manage_inviting(installation, actor, user_id, unless_changed(seen, enabled))
