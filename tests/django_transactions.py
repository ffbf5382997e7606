"""The Django example under ATOMIC_REQUESTS, and doors that others might open beside it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import aauthenticate, authenticate, get_user_model, login
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from mydso_access import NewUser, OpenTransaction, Reason, Refused
from mydso_access.testing import ManualClock
from tests.django_project import (
    ALIAS,
    LYON,
    TEST,
    WELCOME,
    Account,
    Visitor,
    access,
    accounts_door,
    ask_for,
    boss,
    clock,
    outbox,
)
from tests.examples.support import AWAY, HOME, NOT_RIGHT, PASSWORD, code_of

import urls  # isort: skip

__all__ = ["access", "boss", "clock", "outbox"]


def fails_after(request: HttpRequest) -> HttpResponse:
    """Sign in within the request's transaction, and then fail: all that `default` was told is taken back."""
    assert connection.in_atomic_block
    get_user_model().objects.create(username=f" {request.POST['name']} {len(get_user_model().objects.all())}")
    user = authenticate(request, username=request.POST["name"], password=request.POST["given"])
    if user is not None:
        login(request, user)
    raise RuntimeError("something else of the view went wrong")


def reads_and_fails(request: HttpRequest) -> HttpResponse:
    """The same where the view has read, and written nothing."""
    assert connection.in_atomic_block
    get_user_model().objects.count()
    authenticate(request, username=request.POST["name"], password=request.POST["given"])
    raise RuntimeError("something else of the view went wrong")


urls.urlpatterns += [
    path("fails-after", fails_after),
    path("reads-and-fails", reads_and_fails),
]


# --- the request's transaction


@pytest.fixture
def failing(boss: Visitor) -> Callable[[str, str], int]:
    """Sign in through a view of the host's that fails afterwards."""
    boss.client.handler.enforce_csrf_checks = False
    return lambda view, password: boss.post(view, {"name": "the.boss", "given": password}).page.status_code


def views() -> list[str]:
    """Return views that may sign in; on SQLite there is one writer, so whoever writes before waits for themselves."""
    return ["/reads-and-fails"] if connection.vendor == "sqlite" else ["/reads-and-fails", "/fails-after"]


@pytest.mark.parametrize("view", views())
def test_five_wrong_passwords_in_requests_that_are_rolled_back_block_the_account(
    access: Any, failing: Callable[[str, str], int], view: str
) -> None:
    users = get_user_model().objects.count()
    assert [500] * 5 == [failing(view, f"guess {number}") for number in range(5)]
    assert users == get_user_model().objects.count()  # they were rolled back
    kept_out = access.sign_in("the.boss", PASSWORD, address=AWAY)
    assert isinstance(kept_out, Refused)
    assert Reason.ACCOUNT_BLOCKED is kept_out.reason


@pytest.mark.parametrize("view", views())
def test_a_view_that_fails_after_a_sign_in_takes_nothing_of_it_back_and_begins_no_session(
    access: Any, boss: Visitor, failing: Callable[[str, str], int], view: str, clock: ManualClock
) -> None:
    assert 500 == failing(view, "a guess")
    clock.move(timedelta(minutes=1))
    assert 500 == failing(view, PASSWORD)
    signed_in = accounts_door.repositories().users.named("the.boss")
    assert signed_in is not None
    assert signed_in.last_access_at is not None
    assert signed_in.last_access_at >= clock.now()
    assert signed_in.last_access_at == get_user_model().objects.get(username="the.boss").last_login
    trail = [event.kind.value for event in access.read_trail(TEST, signed_in.id).rows]
    assert {"authn_login_fail", "authn_login_success"} <= set(trail)
    assert "Sign in" == boss.get("/").heading


def test_a_code_that_was_used_in_a_request_that_is_rolled_back_is_used(
    access: Any, boss: Visitor, clock: ManualClock
) -> None:
    ask_for(access, second_factor__required=True)
    seed = boss.sign_in().seed
    code = code_of(seed, clock)
    request = RequestFactory().post("/step", REMOTE_ADDR=HOME)
    request.session = boss.client.session
    request.META["CSRF_COOKIE"] = boss.client.cookies[settings.CSRF_COOKIE_NAME].value
    with transaction.atomic():
        assert authenticate(request, step_secret=code) is not None
        transaction.set_rollback(True)
    owed = access.sign_in("the.boss", PASSWORD, address=HOME)
    again = access.enter_second_factor(owed.sign_in, code, address=HOME)
    assert isinstance(again, Refused)
    assert Reason.USED_CODE is again.reason


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers: see above")
def test_on_sqlite_no_password_is_looked_at_in_a_request_that_holds_the_only_lock(
    access: Any, boss: Visitor, failing: Callable[[str, str], int]
) -> None:
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 10")  # milliseconds
    assert [500] * 2 == [failing("/fails-after", PASSWORD) for _ in range(2)]
    boss_record = accounts_door.repositories().users.named("the.boss")
    assert boss_record is not None
    assert boss_record.last_access_at is None
    assert WELCOME == boss.sign_in().told


def test_nobody_signs_in_within_a_transaction_on_the_alias_itself(access: Any, boss: Visitor) -> None:
    request = RequestFactory().post("/sign-in", REMOTE_ADDR=HOME)
    request.session = boss.client.session
    with transaction.atomic(using=ALIAS), pytest.raises(OpenTransaction):
        authenticate(request, username="the.boss", password=PASSWORD)


# --- back doors


def test_a_password_that_django_stores_opens_nothing_and_does_not_last(access: Any, boss: Visitor) -> None:
    row = get_user_model().objects.get(username="the.boss")
    row.set_password("Back-Door-11")  # what `changepassword` and the admin do
    row.save()
    boss.sign_in("Back-Door-11")
    assert (403, [NOT_RIGHT]) == (boss.page.status_code, boss.told)

    request = RequestFactory().post("/sign-in", REMOTE_ADDR=HOME)
    request.session = boss.client.session
    credentials = {"username": "the.boss", "password": "Back-Door-11"}
    assert asyncio.run(aauthenticate(request, **credentials)) is None
    assert boss.sign_in().told == WELCOME
    assert not get_user_model().objects.get(username="the.boss").has_usable_password()


def test_a_user_without_a_record_signs_in_nowhere(access: Any, boss: Visitor) -> None:
    get_user_model().objects.create_superuser("root.of.django", password=PASSWORD)
    assert [NOT_RIGHT] == Visitor().sign_in(name="root.of.django").told


def test_a_session_that_django_began_without_the_library_is_ended(access: Any, boss: Visitor) -> None:
    boss.client.force_login(get_user_model().objects.get(username="the.boss"))
    assert "Sign in" == boss.get("/").heading


def test_only_its_id_makes_a_row_that_is_there_the_librarys(access: Any, boss: Visitor) -> None:
    there = get_user_model().objects.create_superuser("zoe.before", email="z@example.com")
    new = NewUser(email="z@example.com", role="collector", name="zoe.before")
    taken = access.add_user(TEST, LYON, new)
    assert isinstance(taken, Refused)
    assert Reason.NAME_TAKEN is taken.reason
    added = access.add_user(TEST, LYON, new, user_id=str(there.pk))
    assert there.pk == Account.objects.get(user__username="zoe.before").user_id
    assert str(there.pk) == added.record.id
