"""Who may change whom: nobody gives, edits or takes away more than they have themselves (S18; A13, D16, D17)."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias, TypedDict

from attrs import frozen

from mydso_access.decisions.dormancy import judge_dormancy
from mydso_access.decisions.levels import comes_by_sso, policy_at_home
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sessions import SensitiveAction, lacks_second_factor, requires_step_up
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.reason import Reason
from mydso_access.model.role import Right, RoleTable
from mydso_access.model.sign_in import FIRST_FACTORS, Factor
from mydso_access.model.structure import Structure, StructureKind, StructureRecord, check_structure
from mydso_access.model.user import Enabled, User
from mydso_access.policy.security_policy import SecurityPolicy


@frozen
class System:
    """The host's own code, which no right binds; what must hold for all binds it, too.

    Attributes:
        name: which part of the host, for the trail.

    Raises:
        InvalidValue: the name is no printable text, or empty: the trail would not say who it was.
    """

    name: str

    def __attrs_post_init__(self) -> None:
        if type(self.name) is not str or not self.name or not self.name.isprintable():
            raise InvalidValue("System.name", shown(self.name), "printable text (str) that is not empty")


Actor: TypeAlias = Proof | System


@frozen
class MemberOf:
    """Belongs to a structure, or is authorised in it."""

    structure: Structure


@frozen
class MainAdministratorOf:
    """May change a structure's settings, and appoint who else may."""

    structure: Structure


class Unknown(Enum):
    """The power of a role that the table does not hold: nobody has it, so nobody can be shown to have as much."""

    ROLE = "a role that is not in the table"


Power: TypeAlias = Right | MemberOf | MainAdministratorOf | Unknown
# Whoever has one of these could do to others what a session must be fresh for.
ADMINISTERING: frozenset[Power] = frozenset({Right.MANAGE_USERS, Right.SECURITY_SETTINGS})


@frozen
class ActorFacts:
    """Whoever asks for a change, as stored at this moment.

    Attributes:
        actor: who they say they are; `None` for whoever brings a token instead.
        user: their record; `None` for the system, or if there is none.
        home: the structure they belong to.
        policy: the installation's policy.
        now: the present instant.
        unproven: the entities that ask a multi-entity user for a second factor which the proof lacks.
    """

    actor: Actor | None
    policy: SecurityPolicy
    now: datetime
    user: User | None = None
    home: StructureRecord | None = None
    unproven: frozenset[Structure] = frozenset()


def read_actor(actor: Actor) -> Actor:
    """Return the actor.

    Raises:
        InvalidValue: it is neither a proof nor the system.
    """
    if type(actor) not in (Proof, System):
        expected = "the Proof of a sign-in, or System(name); SignedIn.proof is one"
        raise InvalidValue("actor", shown(type(actor)), expected)
    return actor


def read_proof(proof: Proof) -> Proof:
    """Return the proof.

    Raises:
        InvalidValue: it is none.
    """
    if type(proof) is not Proof:
        raise InvalidValue("proof", shown(type(proof)), "the Proof of a sign-in; SignedIn.proof is one")
    return proof


class Asker(TypedDict):
    """The fields of an event that say who asked."""

    actor: str | None
    system: str | None


def actor_of_event(actor: Actor | None) -> Asker:
    """Return what an event says of whoever asked."""
    return {
        "actor": actor.user_id if isinstance(actor, Proof) else None,
        "system": actor.name if isinstance(actor, System) else None,
    }


def judge_proof(facts: ActorFacts) -> User | Refused:
    """Say whether a proof still stands for somebody who may sign in."""
    user = facts.user
    if not isinstance(facts.actor, Proof) or user is None:
        return Refused(Reason.OUTDATED_PROOF, "D12")  # D12
    if not isinstance(user.login, Enabled):
        return Refused(Reason.OUTDATED_PROOF, "D12", user_id=user.id)  # D12
    proven = any(factor in FIRST_FACTORS for factor, _ in facts.actor.factors)
    if not proven or facts.actor.issued_at < user.valid_from:
        return Refused(Reason.OUTDATED_PROOF, "D12", user_id=user.id)  # what was proven before valid_from is dead
    return _judge_home(facts, facts.actor, user) or user


def _judge_home(facts: ActorFacts, proof: Proof, user: User) -> Refused | None:
    """Say what of their structure ends a user's proof; `None`: nothing."""
    if facts.home is None or facts.home.structure != user.structure:
        return Refused(Reason.NO_HOME, "S3", user_id=user.id)  # S3 S16
    right = Factor.SSO if comes_by_sso(user, facts.home) else Factor.PASSWORD
    if any(factor in FIRST_FACTORS and factor is not right for factor, _ in proof.factors):
        return Refused(Reason.OUTDATED_PROOF, "A24", user_id=user.id)  # A24: proven the old way
    return judge_dormancy(user, facts.home, facts.policy, facts.now)  # a session does not outlive its login


def powers(user: User, roles: RoleTable) -> frozenset[Power]:
    """Return everything that a user's record entitles to, once they may sign in.

    The platform's main administrators are those of every entity that they are authorised in, too (A13). An appointment
    counts as soon as the record holds its id, so nobody edits a main administrator who is just being appointed.
    """
    places = {user.structure, *map(Structure.entity, user.memberships)}
    held: set[Power] = {MemberOf(place) for place in places}
    if user.role in roles.roles:
        held |= roles.role(user.role).rights(may_import=user.may_import)
    else:
        held.add(Unknown.ROLE)
    if user.appointments:
        held |= {MainAdministratorOf(place) for place in places}  # A13
    return frozenset(held)


def is_main_administrator(user: User, record: StructureRecord | None) -> bool:
    """Tell whether user and structure both hold one appointment (A13)."""
    if record is None:
        return False
    return any(each.user_id == user.id and each.id in user.appointments for each in record.main_administrators)


def actor_powers(user: User, home: StructureRecord | None, roles: RoleTable) -> frozenset[Power]:
    """Return what an actor may do: an appointment counts only if their structure confirms it."""
    held = powers(user, roles) - {Unknown.ROLE}
    if home is not None and home.structure == user.structure and is_main_administrator(user, home):
        return held
    return frozenset(power for power in held if not isinstance(power, MainAdministratorOf))


def judge_management(facts: ActorFacts, roles: RoleTable, *states: User) -> Refused | None:
    """Say what forbids an actor to change a user; `None`: nothing.

    Args:
        facts: who asks.
        roles: what each role may do.
        states: the user before and after the change, as far as there is one: the actor needs every power of both.
    """
    if isinstance(facts.actor, System):
        return None
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    if Right.MANAGE_USERS not in actor_powers(user, facts.home, roles):
        return Refused(Reason.NOT_ALLOWED, "S4", user_id=user.id)  # S4
    if refusal := judge_powers(facts, roles, *states):
        return refusal
    if any(powers(state, roles) & ADMINISTERING for state in states):  # or a stolen session would make itself another
        return judge_step_up(facts, SensitiveAction.CHANGE_ADMINISTRATOR)
    return None


def judge_powers(facts: ActorFacts, roles: RoleTable, *states: User) -> Refused | None:
    """Say which state of a user has a power that the actor lacks; `None`: none has."""
    if isinstance(facts.actor, System):
        return None
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    held = actor_powers(user, facts.home, roles)
    if any(not powers(state, roles) <= held for state in states):
        return Refused(Reason.MORE_RIGHTS, "A13", user_id=user.id)  # A13
    places = {state.structure for state in states}.union(
        *(map(Structure.entity, state.memberships) for state in states)
    )
    return _judge_second_factor(facts, *places)


def judge_right(facts: ActorFacts, roles: RoleTable, right: Right, structure: Structure) -> Refused | None:
    """Say what forbids an actor to use a right in a structure; `None`: nothing.

    Raises:
        InvalidValue: it is no structure.
    """
    check_structure(structure)
    if isinstance(facts.actor, System):
        return None
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    held = actor_powers(user, facts.home, roles)
    if MemberOf(structure) not in held:
        return Refused(Reason.OTHER_STRUCTURE, "S3", user_id=user.id)  # S3 S16
    if right not in held:
        return Refused(Reason.NOT_ALLOWED, "S6", user_id=user.id)  # S6
    return _judge_second_factor(facts, structure)


def judge_main_administration(facts: ActorFacts, roles: RoleTable, structure: Structure) -> Refused | None:
    """Say what forbids an actor to change a structure's settings or main administrators; `None`: nothing.

    An entity's main administrators have that entity; the platform's have the platform and the entities that they are
    authorised in (A13).

    Raises:
        InvalidValue: it is no structure.
    """
    check_structure(structure)
    if isinstance(facts.actor, System):
        return None
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    held = actor_powers(user, facts.home, roles)
    if MainAdministratorOf(structure) not in held or Right.SECURITY_SETTINGS not in held:
        return Refused(Reason.NOT_ALLOWED, "S18", user_id=user.id)  # S18
    return _judge_second_factor(facts, structure)


def _judge_second_factor(facts: ActorFacts, *places: Structure) -> Refused | None:
    """Say whether one of the structures asks for a second factor that was not proven: `enter` asks for it."""
    if facts.user is not None and facts.unproven.intersection(places):
        return Refused(Reason.SECOND_FACTOR_OWED, "S26", user_id=facts.user.id)  # S26
    return None


def judge_whole_account(facts: ActorFacts, roles: RoleTable) -> Refused | None:
    """Say what forbids an actor what concerns the whole account: an address's block, all of the trail (D17)."""
    if isinstance(facts.actor, System):
        return None
    user = judge_proof(facts)
    if isinstance(user, Refused):
        return user
    if user.structure.kind is not StructureKind.PLATFORM:
        return Refused(Reason.NOT_ALLOWED, "D17", user_id=user.id)  # D17
    return judge_main_administration(facts, roles, user.structure)


def judge_unblocking(facts: ActorFacts, user_id: str | None = None) -> Refused | None:
    """Say what forbids an actor, who may manage whom it is about, to end a block; `None`: nothing.

    Nobody ends their own: whoever holds a session, and guesses at its password, would never be blocked (S36).

    Args:
        facts: who asks.
        user_id: whose account; `None` for an address.
    """
    if isinstance(facts.actor, Proof) and facts.actor.user_id == user_id:
        return Refused(Reason.NOT_ALLOWED, "D17", user_id=user_id)  # D17
    return judge_step_up(facts, SensitiveAction.UNBLOCK)


def judge_step_up(facts: ActorFacts, action: SensitiveAction) -> Refused | None:
    """Say whether an actor must prove themselves again before an action; `None`: their proof is fresh.

    Whoever has a second factor must have proven that, too.
    """
    if isinstance(facts.actor, System):
        return None
    user, proof = judge_proof(facts), facts.actor
    if isinstance(user, Refused) or proof is None:
        return user if isinstance(user, Refused) else Refused(Reason.OUTDATED_PROOF, "D12")  # D12
    now = max(facts.now, user.saved_at)  # D10: a clock that goes back makes no proof fresh
    if requires_step_up(action, proof, now, facts.policy) or _lacks_second_factor(user, proof, facts, action):
        return Refused(Reason.STEP_UP_NEEDED, "ASVS 7.5.1", user_id=user.id)
    return None


def _lacks_second_factor(user: User, proof: Proof, facts: ActorFacts, action: SensitiveAction) -> bool:
    if user.second_factor is None:
        return False  # one that is only required is owed where they sign in, and not by a session (S26)
    if action is SensitiveAction.REQUIRE_SECOND_FACTOR and any(factor is Factor.SSO for factor, _ in proof.factors):
        return False  # S26
    if action is SensitiveAction.CHANGE_SECOND_FACTOR and facts.unproven:
        return True  # S26: single sign-on alone must not replace what an entity asks for besides; `enter` asks for it
    return lacks_second_factor(user, proof.factors, policy_at_home(user, facts.home, facts.policy).policy.second_factor)
