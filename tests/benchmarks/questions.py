"""One question about one customer, as ratios in one run: against a dict of ready-made decisions, and other libraries' answers."""

import json
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from attrs import define

from mydso_access import Customer, Entity, Permissions, Right, Structure, StructurePolicy, permissions_of
from tests.benchmarks.measure import best_of
from tests.support import active

RULES = 1_000
ASKED = 1_000  # questions in a row, each about another customer
SWITCHES = {"visibility.collectors": True, "visibility.guests": True, "visibility.sales": True}
LYON = Entity(id="lyon", title="Lyon", policy=StructurePolicy(SWITCHES))
CASBIN = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
"""
CEDAR = """
permit (principal, action == Action::"open", resource)
when { resource.entity == "lyon" && resource has collector && resource.collector == principal };
"""
POLAR = """
allow(user, "open", customer: Asked) if customer.entity = "lyon" and customer.collector = user;
"""


def permissions(role: str) -> Permissions:
    return permissions_of(active("user-7", id="user-7", role=role, structure=Structure.entity("lyon")), LYON)


def customers(count: int, colleagues: int) -> list[Customer]:
    """Return customers of user-7, each with so many colleagues."""
    others = frozenset(f"user-{n}" for n in range(colleagues)) | {"user-7"}
    return [Customer(entity="lyon", id=f"customer-{n}", collector="user-7", colleagues=others) for n in range(count)]


def our_answers(role: str, asked: list[Customer]) -> Callable[[], object]:
    may = permissions(role).may
    assert all(may(Right.OPEN_CARD, customer) for customer in asked)

    def ask() -> None:
        for customer in asked:
            may(Right.OPEN_CARD, customer)

    return ask


def ready_made(asked: list[Customer]) -> Callable[[], object]:
    allowed = permissions("collector")
    # By entity, too: the same id in another one is another customer.
    decisions = {(each.entity, each.id): allowed.may(Right.OPEN_CARD, each) for each in asked}

    def look_up() -> None:
        for customer in asked:
            decisions[customer.entity, customer.id]

    return look_up


def questions() -> None:
    """Measure one question."""
    asked = customers(ASKED, 10)
    ours, ready = best_of(our_answers("collector", asked), ready_made(asked), calls=5, rounds=60)
    print(f"may(OPEN_CARD, customer): {ours:.0f} ns; a dict's ready-made decision: {ready:.0f} ns; ", end="")
    print(f"ratio {ours / ready:.1f} (goal: 6)")
    for what, sizes in (
        ("customers with", [(ASKED, n) for n in (10, 1_000, 100_000)]),
        ("assignments of", [(n, 3) for n in (10, 1_000, 100_000)]),
    ):
        works = [our_answers("sales_manager", customers(count, colleagues)[:ASKED]) for count, colleagues in sizes]
        divided = [min(count, ASKED) for count, _ in sizes]
        times = [1000 * whole / many for whole, many in zip(best_of(*works, calls=5, rounds=60), divided, strict=True)]
        named = ", ".join(f"{time:.0f} ns" for time in times)
        print(f"  {what} 10, 1,000 and 100,000: {named}; {times[-1] / times[0]:.2f} times (flat)")
    beside(ours / 1000)


def beside(ours: float) -> None:
    """Measure other libraries' answers to the same question, each with what it keeps from question to question."""
    made = {"casbin": casbin, "cedarpy": cedar, "oso": oso}
    for name, make in made.items():
        if find_spec(name) is None:
            print(f"  {name}: not installed")
            continue
        answer, of_user, of_nobody = make(), f"customer-{RULES // 2}", f"customer-{RULES}"
        assert [True, False] == [answer(of_user), answer(of_nobody)]
        (theirs,) = best_of(partial(answer, of_user), calls=20, rounds=10)
        print(f"  {name}: {theirs:,.0f} µs, {theirs / ours:,.0f} times as long{' (goal: 300)' * (name == 'casbin')}")


def casbin() -> Callable[[str], bool]:
    """Return pycasbin's answer, among a thousand rules."""
    library = import_module("casbin")
    model = library.Enforcer.new_model(text=CASBIN)
    enforcer = library.Enforcer(model)
    enforcer.add_policies([["user-7", f"customer-{n}", "open"] for n in range(RULES)])
    return lambda customer: bool(enforcer.enforce("user-7", customer, "open"))


def cedar() -> Callable[[str], bool]:
    """Return cedarpy's answer, its policies and a thousand customers read once."""
    library = import_module("cedarpy")
    user = {"type": "User", "id": "user-7"}
    facts: list[dict[str, Any]] = [{"uid": user, "attrs": {}, "parents": []}]
    for n in range(RULES + 1):
        attributes = {"entity": "lyon"} | ({"collector": {"__entity": user}} if n < RULES else {})
        facts.append({"uid": {"type": "Customer", "id": f"customer-{n}"}, "attrs": attributes, "parents": []})
    policies, entities = library.PolicySet.from_str(CEDAR), library.Entities.from_json_str(json.dumps(facts))

    def answer(customer: str) -> bool:
        request = {
            "principal": 'User::"user-7"',
            "action": 'Action::"open"',
            "resource": f'Customer::"{customer}"',
            "context": {},
        }
        return bool(library.is_authorized(request, policies, entities).allowed)

    return answer


@define
class Asked:
    """A customer as oso asks about it."""

    entity: str
    collector: str | None


def oso() -> Callable[[str], bool]:
    """Return oso's answer: a rule over Python's own objects."""
    library = import_module("oso")
    made = library.Oso()
    made.register_class(Asked)
    made.load_str(POLAR)
    facts = {f"customer-{n}": Asked("lyon", "user-7" if n < RULES else None) for n in range(RULES + 1)}
    return lambda customer: bool(made.is_allowed("user-7", "open", facts[customer]))
