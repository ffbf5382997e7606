"""Worlds in Django's models, for `test_django_visibility`: what the recipe finds, against `can_see`."""

from collections import Counter
from importlib import import_module
from typing import Any

import django  # type: ignore[import-untyped]
from django.apps import AppConfig  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from mydso_access import Customer, Scope, can_see
from tests.adapters.sqlalchemy.visible_world import World, worlds

IDS = st.sampled_from(["7", "07", "anna", "Anna", "anna ", "é", "e\u0301", "%", "_", "\\", "'", "\u202e7", "x" * 64])
PLACES = st.sampled_from(["lyon", "Lyon", "paris", "é"])


class App(AppConfig):  # type: ignore[misc]  # Django has no types
    """The app that the recipe is put into."""

    name, label = "tests", "visible_customers"


def set_up(engine: str, name: str, host: str, user: str) -> None:
    database = {"ENGINE": engine, "NAME": name, "HOST": host, "USER": user}
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["tests.django_worlds.App"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def store(recipe: Any, world: World) -> list[tuple[int, Customer]]:
    """Store a world's customers, and return each row with its customer."""
    recipe.Customer.objects.all().delete()
    rows = []
    for each in world.customers:
        row = recipe.Customer.objects.create(entity=each.entity, number=each.id, name="x", collector=each.collector)
        for user in each.colleagues:
            recipe.Colleague.objects.create(customer=row, user=user)
        rows.append((row.pk, each))
    return rows


def check(recipe: Any, scope: Scope, rows: list[tuple[int, Customer]]) -> int:
    """Check list, count, export through a join, negation and update of one scope; return how many customers it shows."""
    expected = sorted(pk for pk, customer in rows if can_see(scope, customer))
    seen = recipe.visible(scope)
    customers = recipe.Customer.objects
    assert expected == sorted(customers.filter(seen).values_list("pk", flat=True))
    assert len(expected) == customers.filter(seen).count()
    assert sorted({pk for pk, _ in rows} - set(expected)) == sorted(
        customers.exclude(seen).values_list("pk", flat=True)
    )
    colleagues = sum(len(customer.colleagues) for pk, customer in rows if pk in expected)
    joined = customers.filter(seen, colleagues__user__isnull=False).values_list("pk", "colleagues__user")
    assert colleagues == joined.count()  # a join of the host's beside it finds all of a customer's colleagues
    assert len(expected) == customers.filter(seen).update(name="y")
    assert expected == sorted(customers.filter(name="y").values_list("pk", flat=True))
    customers.update(name="x")
    return len(expected)


def main(arguments: list[str]) -> None:
    """Compare on worlds, and print how many customers each kind of scope showed."""
    set_up(*arguments)
    recipe = import_module("django_visibility")  # its models want Django to be set up
    connection = import_module("django.db").connection

    with connection.schema_editor() as editor:
        editor.create_model(recipe.Customer)
        editor.create_model(recipe.Colleague)
    shown: Counter[str] = Counter()

    @hypothesis(
        max_examples=60, deadline=None, database=None, derandomize=True
    )  # or one day nobody would manage anybody
    @given(worlds(PLACES, IDS, IDS))
    def compare(world: World) -> None:
        rows = store(recipe, world)
        for scope in world.scopes():
            shown[type(scope).__name__] += check(recipe, scope, rows)

    compare()
    connection.close()
    for scope, count in shown.items():
        print(f"{scope}: {count}")
