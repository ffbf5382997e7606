"""Founding an account: a platform or an entity, each with its first main administrator (S1, S2; A1, A13)."""

from attrs import evolve, frozen

from mydso_access.changing import Case, Decided, change, structure_shelf, user_shelf
from mydso_access.decisions.administration import System
from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Busy, Refused
from mydso_access.decisions.settings import check_title, with_policy
from mydso_access.decisions.users import NewUser, created, drafted
from mydso_access.errors import InvalidValue, shown
from mydso_access.installation import Installation
from mydso_access.managing import invite_for, is_full, release_unlisted
from mydso_access.model.event import Event, EventKind
from mydso_access.model.message import Message
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Appointment, Entity, Platform, SignInMode, Structure, StructureRecord
from mydso_access.model.user import Invited, User
from mydso_access.policy.levels import StructurePolicy


@frozen
class Founded:
    """A structure exists, and somebody is invited to administer it.

    Attributes:
        structure: the platform or entity as stored.
        administrator: the first main administrator as stored.
        messages: what the host must send now.
        events: what the trail says of both, in their order.
    """

    structure: StructureRecord
    administrator: User
    messages: tuple[Message, ...]
    events: tuple[Event, ...]


async def found(
    installation: Installation, /, actor: System, structure: StructureRecord, administrator: NewUser
) -> Founded | Refused | Busy:
    """Found the account's platform or an entity, and invite its first main administrator.

    An account has at most one platform; without one it has one entity.

    Args:
        actor: the host's own code; nobody else founds.
        structure: `Platform(id="group", title="The group")` or `Entity(id="lyon", title="Lyon")`, with the mode of
            sign-in if it is not the password.
        administrator: who administers it first: multi-entity on a platform, active in an entity, and of a role that
            administers security.

    Returns:
        `Founded`; `Refused` if it exists, there is no room for it, or the administrator's name is taken; `Busy`.

    Raises:
        InvalidValue: an argument is malformed.
        StoreError: a repository failed; founding it again goes on where this ended.
    """
    if type(actor) is not System:
        raise InvalidValue("actor", shown(type(actor)), "System(name)")
    _check(structure)
    if refusal := await _no_room(installation, structure):
        return refusal
    asked = with_policy(evolve(structure, policy=StructurePolicy()), structure.policy)
    if isinstance(asked, Refused):
        return asked
    if dict(structure.policy.asks).get("second_factor.required"):
        installation.box()  # or nobody could sign in
    return await _found(installation, actor, structure, administrator)


def _check(structure: StructureRecord) -> None:
    if type(structure) not in (Entity, Platform) or structure.version or structure.main_administrators:
        raise InvalidValue("structure", shown(structure), "a new Entity or Platform, and no administrator in it yet")
    if type(structure.id) is not str or not structure.id.isprintable() or not structure.id:
        raise InvalidValue("structure.id", shown(structure.id), "printable text that is not empty")
    check_title(structure.title)
    if type(structure.sign_in_mode) is not SignInMode:
        raise InvalidValue("structure.sign_in_mode", shown(structure.sign_in_mode), "a SignInMode")


async def _no_room(installation: Installation, structure: StructureRecord) -> Refused | None:
    platform = await installation.store.platform()
    if isinstance(structure, Platform):
        return None if platform is None else Refused(Reason.ALREADY_THERE, "S2")  # S2: at most one
    if await installation.store.structure(structure.structure) is not None:
        return Refused(Reason.ALREADY_THERE, "S16")  # S16
    if platform is None and await installation.store.entities(None, 1):
        return Refused(Reason.NO_STRUCTURE, "S16")  # S16: only a platform groups entities
    return None


async def _found(
    installation: Installation, actor: System, record: StructureRecord, new: NewUser
) -> Founded | Refused | Busy:
    """Save the user first: nobody is left out who would be named by a structure; a user without one signs in nowhere."""
    rights = installation.roles.role(new.role).rights(may_import=new.may_import)
    if Right.SECURITY_SETTINGS not in rights:  # A13
        raise InvalidValue("administrator.role", shown(new.role), "a role that administers security settings")
    user = drafted(new, installation.chance.new_id(), record, installation.roles, installation.policy.names)
    if isinstance(user, Refused):
        return user
    before = await installation.store.user_named(user.name or "")
    if before is not None and not _is_left_over(before, record.structure):
        return Refused(Reason.NAME_TAKEN, "A3")  # A3
    if before is None and await is_full(installation):
        return Refused(Reason.TOO_MANY_USERS, "A1")  # A1
    user = evolve(user, id=user.id if before is None else before.id)
    saved = await _first_administrator(installation, actor, record, user)
    if not isinstance(saved, Done):
        return saved
    still = await installation.store.user(user.id)  # the system may have dismissed them meanwhile
    appointments = tuple(Appointment(user.id, each) for each in sorted(still.appointments if still else ()))

    def named(case: Case[StructureRecord]) -> Decided[StructureRecord]:
        if case.record is not None or not appointments:
            return Refused(Reason.ALREADY_THERE, "S16")  # S16: somebody else was faster
        founded = evolve(record, main_administrators=appointments)
        return Changed(record=founded, kind=EventKind.STRUCTURE_CREATED, rule="S16")

    structure = await change(installation, actor, structure_shelf(installation, record.structure), named)
    if isinstance(structure, Done):
        events = tuple(each for each in (saved.event, structure.event) if each is not None)
        return Founded(structure.record, saved.record, saved.messages, events)
    if isinstance(structure, Refused):  # nobody lists the appointment, so it must not keep the user for ever
        await release_unlisted(installation, actor, record.structure, user.id, saved.record.appointments)
    return structure


async def _first_administrator(
    installation: Installation, actor: System, record: StructureRecord, user: User
) -> Done[User] | Refused | Busy:
    """Save the first main administrator; what an interrupted founding left of them is written anew."""
    secret, appointment = Secret(installation.chance.new_id()), installation.chance.new_id()

    def decide(case: Case[User]) -> Decided[User]:
        left = case.record
        if left is not None and not _is_left_over(left, record.structure):
            return Refused(Reason.NAME_TAKEN, "A3")  # A3
        held = frozenset({appointment}) if left is None else left.appointments
        again = evolve(user, appointments=held, version=0 if left is None else left.version)
        return created(again, invite_for(installation, again, record, secret, case.at))

    return await change(installation, actor, user_shelf(installation, user.id), decide)


def _is_left_over(user: User, structure: Structure) -> bool:
    """Tell whether a user is the first main administrator of a founding that was interrupted."""
    return user.structure == structure and isinstance(user.login, Invited) and bool(user.appointments)
