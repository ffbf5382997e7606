"""An oracle not ours: the rules written once for Cedar, and asked the same questions (S3-S6, S28-S32; A10, A22, A31)."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from cedarpy import AuthzResult, Entities, PolicySet, is_authorized_batch

from mydso_access.decisions import permissions, visibility
from mydso_access.decisions.visibility import DEFAULT_ROLES, AccessDecision, Denied, ManagedBy, Nothing, Scope
from mydso_access.model import (
    MY_DSO_MANAGER,
    Allowed,
    Category,
    Cell,
    Certainty,
    Customer,
    Disabled,
    Enabled,
    Entity,
    Invited,
    NoLogin,
    Right,
    Role,
    RoleTable,
    User,
)
from mydso_access.policy import SecurityPolicy
from mydso_access.policy.dotted import value_of
from tests.decisions.cedar.worlds import Question, World, as_cedar, asked, questions_of, world_of

RULES = (Path(__file__).parent / "cedar" / "visibility.cedar").read_text("utf-8")
WORLDS, QUESTIONS = 40, 1_000
COVERS, MAY = visibility.covers, permissions.may  # as they are


@cache
def world(number: int) -> tuple[World, list[Question], list[AuthzResult]]:
    """Return a world, the questions about it, and what Cedar answers."""
    chance = Random(number)
    made = world_of(chance)
    questions = questions_of(made, chance, QUESTIONS)
    facts = Entities.from_json_str(json.dumps(as_cedar(made)))
    answers = is_authorized_batch([asked(made, each) for each in questions], PolicySet.from_str(RULES), facts)
    return made, questions, answers


def ours(made: World, question: Question) -> AccessDecision:
    user, entity, customer = question.user, question.entity, question.customer
    if question.action is not None:
        return permissions.may(user, entity, question.action, customer, policy=made.policy)
    assert isinstance(customer, Customer)
    return visibility.can_see(visibility.visibility(user, entity, policy=made.policy), customer)


def because(answer: AuthzResult) -> set[str]:
    """Return the rules that settled an answer: every `forbid` that applies, or what permits it."""
    return set(answer.diagnostics.id_annotations_by_reason.values())


def disagreements() -> Iterator[str]:
    """Yield every question on which Cedar and we do not agree."""
    for number in range(WORLDS):
        made, questions, answers = world(number)
        for question, answer in zip(questions, answers, strict=True):
            decision = ours(made, question)
            if bool(decision) is not answer.allowed:
                yield f"world {number}: {question}; Cedar: {because(answer)}; ours: {decision}"


def test_s28_a22_cedar_and_we_agree_on_every_one_of_40_000_questions() -> None:
    assert WORLDS * QUESTIONS == sum(len(world(number)[2]) for number in range(WORLDS))
    assert list(disagreements()) == []


def test_whoever_does_not_see_a_customer_is_told_one_of_the_rules_by_which_cedar_hides_it() -> None:
    told: Counter[str] = Counter()
    for number in range(WORLDS):
        made, questions, answers = world(number)
        for question, answer in zip(questions, answers, strict=True):
            decision = ours(made, question)
            if question.action is None and isinstance(decision, Denied):
                nothing_permits = set() if question.user.role in DEFAULT_ROLES.roles else {"S6"}
                assert decision.rule in because(answer) | nothing_permits
                told[decision.rule] += 1
    assert {"S3", "S6", "S12", "S14", "S16", "S29", "S30", "S31", "S32", "D12", "A10"} == set(told)
    assert min(told.values()) >= 10


def test_the_questions_reach_every_rule_and_no_rule_fails_to_be_understood() -> None:
    fired: Counter[str] = Counter()
    for number in range(WORLDS):
        for answer in world(number)[2]:
            assert answer.diagnostics.errors == []  # Cedar passes over a rule that it cannot evaluate
            fired.update(because(answer))
            fired["allowed" if answer.allowed else "denied"] += 1
    rules = re.findall(r'^@id\("(.+)"\)$', RULES, re.MULTILINE)
    assert len(rules) == RULES.count("@id") == len(re.findall(r"^(?:permit|forbid)\b", RULES, re.MULTILINE))
    assert {"allowed", "denied", *rules} == set(fired)
    assert min(fired.values()) >= 30
    assert 0.2 < fired["allowed"] / (WORLDS * QUESTIONS) < 0.8


def test_the_rules_for_cedar_know_every_right_by_its_name() -> None:
    named = set(re.findall(r'Action::"([^"]+)"', RULES))
    assert {"see", *(right.value for right in Right)} == named


def test_the_worlds_hold_everybody_whom_the_rules_speak_of() -> None:
    users = [user for number in range(WORLDS) for user in world(number)[0].users]
    assert {role.id for role in MY_DSO_MANAGER} < {user.role for user in users}
    logins = (Invited, Enabled, Disabled)
    expected = {(Category.INACTIVE, NoLogin), *product((Category.ACTIVE, Category.MULTI_ENTITY), logins)}
    assert expected == {(user.category, type(user.login)) for user in users}


# --- faults that it would find


def associated_is_enough(scope: Scope, customer: Customer) -> bool:
    return COVERS(scope, customer) or (isinstance(scope, ManagedBy) and scope.user_id in customer.colleagues)


def nobodys_is_everybodys(scope: Scope, customer: Customer) -> bool:
    nobodys = customer.collector is None and not customer.colleagues
    return COVERS(scope, customer) or (nobodys and not isinstance(scope, Nothing))


def any_case_will_do(scope: Scope, customer: Customer) -> bool:
    return COVERS(scope, attrs.evolve(customer, colleagues=frozenset(map(str.casefold, customer.colleagues))))


def managers_see_all(scope: Scope, customer: Customer) -> bool:
    return isinstance(scope, ManagedBy) or COVERS(scope, customer)


def installation_alone(_: Entity, policy: SecurityPolicy, name: str) -> object:
    return value_of(policy, name)


def entity_alone(entity: Entity, _: SecurityPolicy, name: str) -> object:
    return dict(entity.policy.asks).get(name, False)


def guests_open_cards(user: User, entity: Entity, action: Right, *rest: Any, **given: Any) -> AccessDecision:
    yes, roles = Cell(Allowed.YES, Certainty.STATED), {role.id: role for role in MY_DSO_MANAGER}
    guest = roles["guest"]
    roles["guest"] = Role(guest.id, guest.title, {**guest.cells, Right.OPEN_CARD: yes}, guest.restriction)
    return MAY(user, entity, action, *rest, roles=RoleTable(roles.values()), **given)


FAULTS: dict[str, tuple[str, object]] = {
    "S29: to be associated is enough for a collector": ("covers", associated_is_enough),
    "S29-S32: a customer without anybody is everybody's": ("covers", nobodys_is_everybodys),
    "S30-S32: an id that is almost the user's is theirs": ("covers", any_case_will_do),
    "S29: the collectors' switch does nothing": ("covers", managers_see_all),
    "S20: what the entity asks for does not count": ("value_at", installation_alone),
    "D6: what the installation asks for does not count": ("value_at", entity_alone),
    "S12 S14 D12: the state of a login does not count": ("judge_login", lambda _: None),
    "S3 S16: anybody may be anywhere": ("judge_there", lambda user, _: user),
    "A10: another entity's customer is shown": ("elsewhere", visibility.shown_by),
    "A22: a guest opens a card": ("may", guests_open_cards),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_our_decision_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, broken = FAULTS[fault]
    for module in (visibility, permissions):
        monkeypatch.setattr(module, name, broken, raising=False)
    assert next(disagreements(), None) is not None
