"""Who may change whom: proofs, powers, and which of them each administration asks for (S3, S4, S6, S18; A13, D12, D17)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from mydso_access.decisions.administration import (
    Actor,
    ActorFacts,
    MainAdministratorOf,
    MemberOf,
    System,
    Unknown,
    actor_of_event,
    actor_powers,
    is_main_administrator,
    judge_main_administration,
    judge_management,
    judge_powers,
    judge_proof,
    judge_right,
    judge_step_up,
    judge_whole_account,
    powers,
    read_actor,
    read_proof,
)
from mydso_access.decisions.dormancy import months_later
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sessions import SensitiveAction
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Appointment,
    Disabled,
    DisabledBecause,
    Factor,
    Reason,
    Right,
    StructureRecord,
    User,
)
from mydso_access.policy import Level, StructurePolicy
from tests.decisions.people import (
    BOSS,
    CHIEF,
    GROUP,
    GROUP_OF_CHIEF,
    LONG_AGO,
    LYON,
    LYON_OF_BOSS,
    NOON,
    PARIS,
    ROLES,
    TICK,
    anna,
    contact,
    facts_of,
    invited_anna,
    proven,
    refused,
)

LAST_DAY = months_later(LONG_AGO, 1)
HOST = facts_of(System("host"))

# --- who asks


def test_an_actor_is_a_proof_or_the_system() -> None:
    for actor in (System("x"), Proof("u", ())):
        assert read_actor(actor) is actor


@pytest.mark.parametrize("wrong", [None, "system", BOSS, HOST, System, True], ids=lambda x: type(x).__name__)
def test_anything_else_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue, match="System"):
        read_actor(wrong)


@pytest.mark.parametrize("wrong", [None, "u-anna", System("x"), Proof], ids=lambda x: type(x).__name__)
def test_where_a_proof_is_asked_for_nothing_else_will_do(wrong: Any) -> None:
    proof = Proof("u", ())
    assert read_proof(proof) is proof
    with pytest.raises(InvalidValue, match="proof"):
        read_proof(wrong)


def test_an_event_says_which_user_or_which_part_of_the_host_asked() -> None:
    assert actor_of_event(Proof("u", ())) == {"actor": "u", "system": None}
    assert actor_of_event(System("sweep")) == {"actor": None, "system": "sweep"}
    assert actor_of_event(None) == {"actor": None, "system": None}


def test_a_subclass_of_an_actor_is_none() -> None:
    class Sly(System):
        """Would pass for the host's own code."""

    with pytest.raises(InvalidValue):
        read_actor(Sly("x"))


# --- whether their proof still stands


@pytest.mark.parametrize(
    ("proven_at", "stands"),
    [(NOON - TICK, False), (NOON, True), (NOON + TICK, True), (NOON + timedelta(days=400), True)],
)
def test_d12_what_was_proven_before_valid_from_is_dead(proven_at: Any, stands: bool) -> None:
    user = anna(valid_from=NOON)
    expected = user if stands else refused(Reason.OUTDATED_PROOF, "D12", user)
    assert expected == judge_proof(proven(user, at=proven_at))


def test_d12_the_oldest_factor_decides() -> None:
    user = anna(valid_from=NOON)
    factors = ((Factor.PASSWORD, NOON - TICK), (Factor.PASSWORD, NOON + TICK))
    assert judge_proof(facts_of(Proof(user.id, factors), user, LYON)) == refused(Reason.OUTDATED_PROOF, "D12", user)


@pytest.mark.parametrize(
    "user",
    [invited_anna(), contact(), *(anna(login=Disabled(because, NOON)) for because in DisabledBecause)],
    ids=lambda user: str(user.login)[:40],
)
def test_d12_a_login_that_is_not_enabled_proves_nothing(user: User) -> None:
    assert judge_proof(proven(user)) == refused(Reason.OUTDATED_PROOF, "D12", user)


def test_d12_nobody_a_proof_of_nothing_and_the_system_prove_nobody() -> None:
    assert judge_proof(facts_of(Proof("gone", ((Factor.PASSWORD, NOON),)))) == refused(Reason.OUTDATED_PROOF, "D12")
    assert judge_proof(facts_of(Proof("u-anna", ()), anna())) == refused(Reason.OUTDATED_PROOF, "D12", anna())
    assert judge_proof(facts_of(None, anna())) == refused(Reason.OUTDATED_PROOF, "D12")
    assert judge_proof(HOST) == refused(Reason.OUTDATED_PROOF, "D12")


@pytest.mark.parametrize("home", [None, PARIS, GROUP, type(GROUP)(id="lyon", title="")])
def test_s3_who_has_no_structure_has_no_proof(home: StructureRecord | None) -> None:
    facts = attrs.evolve(proven(anna()), home=home)
    assert judge_proof(facts) == refused(Reason.NO_HOME, "S3", anna())


def test_s25_a_session_does_not_outlive_a_login_that_went_dormant() -> None:
    asking = attrs.evolve(LYON, policy=StructurePolicy({"dormancy.months": 1}))
    facts = proven(anna(), asking)
    dormant = attrs.evolve(refused(Reason.DORMANT, "S25", anna()), levels=frozenset({Level.ENTITY}))
    for now, answer in ((LAST_DAY - TICK, anna()), (LAST_DAY, dormant)):
        assert answer == judge_proof(attrs.evolve(facts, now=now))
    assert judge_proof(attrs.evolve(proven(anna()), now=LAST_DAY)) == anna()  # where nobody asks for it


JUDGES: dict[str, Callable[[ActorFacts], Refused | None]] = {
    "management": lambda facts: judge_management(facts, ROLES, contact()),
    "powers": lambda facts: judge_powers(facts, ROLES, contact()),
    "right": lambda facts: judge_right(facts, ROLES, Right.REPORTS, LYON.structure),
    "main administration": lambda facts: judge_main_administration(facts, ROLES, LYON.structure),
    "whole account": lambda facts: judge_whole_account(facts, ROLES),
    "step-up": lambda facts: judge_step_up(facts, SensitiveAction.CHANGE_EMAIL),
}


@pytest.mark.parametrize("judge", JUDGES)
def test_d12_every_judge_refuses_an_outdated_proof_and_one_of_nobody(judge: str) -> None:
    for user, home in ((BOSS, LYON_OF_BOSS), (CHIEF, GROUP_OF_CHIEF)):
        late = attrs.evolve(user, valid_from=NOON + TICK)
        assert JUDGES[judge](proven(late, home)) == refused(Reason.OUTDATED_PROOF, "D12", user)
    assert JUDGES[judge](facts_of(None)) == refused(Reason.OUTDATED_PROOF, "D12")


@pytest.mark.parametrize("judge", JUDGES)
def test_no_right_binds_the_hosts_own_code(judge: str) -> None:
    assert JUDGES[judge](HOST) is None


# --- what they may do


def test_a_users_powers_are_rights_memberships_and_main_administration() -> None:
    rights = ROLES.role("administrator").rights(may_import=False)
    assert powers(BOSS, ROLES) == rights | {MemberOf(LYON.structure), MainAdministratorOf(LYON.structure)}
    memberships = {MemberOf(GROUP.structure), MemberOf(LYON.structure), MemberOf(PARIS.structure)}
    everywhere = {MainAdministratorOf(each.structure) for each in memberships}
    assert powers(CHIEF, ROLES) == rights | memberships | everywhere


def test_the_import_flag_is_a_power_where_the_role_leaves_it_to_the_flag() -> None:
    flagged = powers(anna(may_import=True), ROLES) - powers(anna(), ROLES)
    assert flagged == {Right.IMPORT_DATA}
    assert powers(contact(role="guest", may_import=True), ROLES) == powers(contact(role="guest"), ROLES)


def test_a_role_that_is_not_in_the_table_is_a_power_that_nobody_has() -> None:
    stranger = anna(role="astronaut")
    assert powers(stranger, ROLES) == {MemberOf(LYON.structure), Unknown.ROLE}
    assert actor_powers(stranger, LYON, ROLES) == {MemberOf(LYON.structure)}


@pytest.mark.parametrize(
    ("user", "record", "expected"),
    [
        (BOSS, LYON_OF_BOSS, True),
        (BOSS, None, False),
        (BOSS, LYON, False),  # half appointed: the structure does not say so yet
        (anna(id="u-boss"), LYON_OF_BOSS, False),  # half appointed the other way round
        (anna(appointments=frozenset({"a-1"})), LYON_OF_BOSS, False),  # somebody else's appointment
        (attrs.evolve(BOSS, appointments=frozenset({"a-2"})), LYON_OF_BOSS, False),  # an older one
        (attrs.evolve(BOSS, appointments=frozenset({"a-1", "a-2"})), LYON_OF_BOSS, True),
    ],
)
def test_a13_only_an_appointment_that_both_hold_makes_a_main_administrator(
    user: User, record: StructureRecord | None, expected: bool
) -> None:
    assert expected is is_main_administrator(user, record)


@pytest.mark.parametrize(
    ("home", "counts"),
    [
        (LYON_OF_BOSS, True),
        (LYON, False),
        (None, False),
        (attrs.evolve(LYON_OF_BOSS, id="paris"), False),  # another structure's record
        (type(GROUP)(id="lyon", title="", main_administrators=(Appointment("u-boss", "a-1"),)), False),
    ],
)
def test_a13_an_actors_appointment_counts_only_if_their_structure_confirms_it(
    home: StructureRecord | None, counts: bool
) -> None:
    assert counts is (MainAdministratorOf(LYON.structure) in actor_powers(BOSS, home, ROLES))
    assert MainAdministratorOf(LYON.structure) in powers(BOSS, ROLES)  # nobody edits them as if they were none


def test_actors_and_powers_never_change() -> None:
    actors: list[Actor | Any] = [System("x"), Proof("u", ()), MemberOf(LYON.structure), proven(BOSS)]
    for value in actors:
        for field in attrs.fields(type(value)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(value, field.name, None)
