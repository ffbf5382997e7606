"""Sign-ins of the Django example, with Django's client: every step, blocks, sessions."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from mydso_access import Busy, BusyBecause, NewUser
from mydso_access.testing import ManualClock
from tests.django_project import (
    LYON,
    TEST,
    WELCOME,
    Session,
    Visitor,
    access,
    accounts_door,
    ask_for,
    boss,
    boss_id,
    clock,
    outbox,
)
from tests.examples.support import AWAY, MOBILE, NEXT, NOT_RIGHT, OFFICE, PASSWORD, Outbox, code_of

from accounts.backend import PROOF  # isort: skip
from accounts.middleware import AccessMiddleware  # isort: skip
import urls  # isort: skip

__all__ = ["access", "boss", "clock", "outbox"]
CODE, APP, ENROL = "A code for this address was sent", "The code of your app, or a recovery code", "Set up an app"


def customers(request: HttpRequest) -> HttpResponse:
    """What a host's own view is given."""
    if request.permissions is None:  # type: ignore[attr-defined]
        return HttpResponse("nobody")
    return HttpResponse(str(request.permissions("lyon").scope))  # type: ignore[attr-defined]


urls.urlpatterns += [path("customers", customers)]


def test_a_right_password_signs_in_and_the_button_signs_out(boss: Visitor) -> None:
    assert WELCOME == boss.sign_in().told
    assert "no-store" in boss.page.headers["Cache-Control"]
    assert WELCOME == boss.get("/").told
    assert "Sign in" == boss.fill_in().heading
    assert "Sign in" == boss.get("/").heading


def test_djangos_row_follows_the_record(access: Any, boss: Visitor, clock: ManualClock) -> None:
    boss.sign_in()
    row = get_user_model().objects.get(username="the.boss")
    record = accounts_door.repositories().users.named("the.boss")
    assert record is not None
    assert ("boss@example.com", True, False) == (row.email, row.is_active, row.has_usable_password())
    assert record.last_access_at == row.last_login

    added = access.add_user(TEST, LYON, NewUser(email="a@example.com", role="collector", name="anna.petit"))
    row = get_user_model().objects.get(username="anna.petit")
    assert (False, None) == (row.is_active, row.last_login)  # invited
    access.accept_invitation(added.messages[0].token, PASSWORD)
    assert get_user_model().objects.get(pk=row.pk).is_active
    access.rename(TEST, added.record.id, "Anna Durand")
    assert "Anna Durand" == get_user_model().objects.get(pk=row.pk).get_full_name()
    access.disable_user(TEST, added.record.id)
    assert not get_user_model().objects.get(pk=row.pk).is_active
    access.forget_user(TEST, added.record.id)
    row = get_user_model().objects.get(pk=row.pk)  # for what points at it
    assert (f" forgotten {row.pk}", "", "", False) == (row.username, row.email, row.last_name, row.is_active)


def test_wrong_passwords_are_told_alike_until_and_after_the_account_is_blocked(boss: Visitor) -> None:
    for name in ("the.boss", "nobody.at.all"):
        for number in range(5):
            visitor = Visitor().sign_in(f"guess {number}", name)
            assert (403, [NOT_RIGHT]) == (visitor.page.status_code, visitor.told)
    boss.address = AWAY
    assert [NOT_RIGHT] == boss.sign_in().told


def test_every_step_is_taken_in_one_sign_in_in_its_order(
    access: Any, boss: Visitor, outbox: Outbox, clock: ManualClock
) -> None:
    access.change_mobile(TEST, boss_id(), MOBILE)
    ask_for(access, addresses__networks=OFFICE, second_factor__required=True)
    access.mark_compromised(TEST, boss_id())
    boss.address = AWAY

    assert CODE == boss.sign_in().heading
    first = outbox.code()
    assert (403, CODE) == (boss.fill_in("0000000").page.status_code, boss.heading)
    assert CODE == boss.fill_in(button=1).heading
    second = outbox.code()
    assert first != second
    assert boss.fill_in(second).heading.startswith(ENROL)
    assert all(part in boss.page.content.decode() for part in ("<svg", "otpauth://"))
    seed = boss.seed
    assert all(seed not in str(each.get_decoded()) for each in Session.objects.all())
    assert "Choose a new password" == boss.fill_in(code_of(seed, clock)).heading
    assert 422 == boss.fill_in("short").page.status_code
    assert "Sign in" == Visitor(boss.client, boss.address).get("/").heading  # three of four steps are no session
    assert 403 == boss.post("/step", {"given": NEXT}).page.status_code  # without the form's own token


def test_the_last_step_signs_in(access: Any, boss: Visitor) -> None:
    access.mark_compromised(TEST, boss_id())
    before = boss.sign_in().client.session.session_key
    assert WELCOME == boss.fill_in(NEXT).told
    assert before != boss.client.session.session_key


def test_a_session_that_somebody_planted_is_left_at_the_first_step(access: Any, boss: Visitor) -> None:
    added = access.add_user(TEST, LYON, NewUser(email="m@example.com", role="guest", name="mallory.m"))
    access.accept_invitation(added.messages[0].token, PASSWORD)
    for each in (boss_id(), added.record.id):
        access.mark_compromised(TEST, each)
    mallory = Visitor().sign_in(name="mallory.m")
    planted = mallory.client.cookies[settings.SESSION_COOKIE_NAME].value
    boss.client.cookies[settings.SESSION_COOKIE_NAME] = planted
    boss.sign_in()
    assert planted != boss.client.cookies[settings.SESSION_COOKIE_NAME].value
    mallory.client.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert (403, "Sign in") == ((taken := mallory.fill_in(NEXT)).page.status_code, taken.heading)
    assert WELCOME == boss.fill_in(NEXT).told


def test_a_step_is_worth_nothing_in_another_browser_even_with_the_session(access: Any, boss: Visitor) -> None:
    access.mark_compromised(TEST, boss_id())
    boss.sign_in()
    thief = Visitor().get("/sign-in")
    thief.client.cookies[settings.SESSION_COOKIE_NAME] = boss.client.session.session_key
    token = re.search(r'csrfmiddlewaretoken" value="(.*?)"', thief.page.content.decode())[1]  # type: ignore[index]
    stolen = thief.post("/step", {"given": NEXT, "csrfmiddlewaretoken": token})
    assert (403, ["This sign-in is over. Please sign in again."]) == (stolen.page.status_code, stolen.told)


def test_a_proof_that_cannot_be_read_is_no_session(boss: Visitor) -> None:
    session = boss.sign_in().client.session
    session[PROOF] = '{"form":99}'
    session.save()
    assert (200, "Sign in") == (boss.get("/").page.status_code, boss.heading)


def test_who_is_busy_is_told_when_to_come_again(access: Any, boss: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(access), "sign_in", lambda *_, **__: Busy(BusyBecause.NO_SLOT))
    boss.sign_in()
    assert (503, "1") == (boss.page.status_code, boss.page.headers["Retry-After"])


def test_pages_run_nothing_and_cookies_are_of_this_host_alone(boss: Visitor) -> None:
    boss.sign_in()
    assert boss.page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for name in ("__Host-sessionid", "__Host-csrftoken"):
        cookie = boss.client.cookies[name]
        assert (True, "/", "") == (cookie["secure"], cookie["path"], cookie["domain"])


def test_the_second_factor_is_a_code_of_the_app_or_a_recovery_code(
    access: Any, boss: Visitor, clock: ManualClock
) -> None:
    ask_for(access, second_factor__required=True)
    seed = boss.sign_in().seed
    assert WELCOME == boss.fill_in(code_of(seed, clock)).told
    request = RequestFactory().get("/")
    request.session = boss.client.session
    AccessMiddleware(lambda _: HttpResponse())(request)
    codes = access.renew_recovery_codes(request.proof).codes
    clock.move(timedelta(minutes=1))
    boss.fill_in()
    assert APP == boss.sign_in().heading
    assert (403, APP) == (boss.fill_in("000000").page.status_code, boss.heading)
    assert WELCOME == boss.fill_in(code_of(seed, clock)).told
    boss.fill_in()
    boss.sign_in()
    assert WELCOME == boss.fill_in(codes[0].reveal()).told


def test_a_session_ends_when_its_user_is_disabled_and_a_view_is_given_what_they_may(access: Any, boss: Visitor) -> None:
    added = access.add_user(TEST, LYON, NewUser(email="a@example.com", role="collector", name="anna.petit"))
    access.accept_invitation(added.messages[0].token, PASSWORD)
    anna = Visitor().sign_in(name="anna.petit")
    assert b"Everything" in anna.get("/customers").page.content
    access.disable_user(TEST, added.record.id)
    assert b"nobody" == anna.get("/customers").page.content
    assert "Sign in" == anna.get("/").heading


@pytest.mark.parametrize("url", ["/step", "/another-code"])
def test_who_owes_no_step_begins_again(boss: Visitor, url: str) -> None:
    boss.client.handler.enforce_csrf_checks = False
    refused = boss.post(url, {"given": "123456"})
    assert (403, ["This sign-in is over. Please sign in again."]) == (refused.page.status_code, refused.told)
    assert "Sign in" == Visitor(boss.client).get("/").heading


def test_another_sites_form_is_refused(boss: Visitor) -> None:
    boss.get("/sign-in")
    form = {"name": "the.boss", "given": PASSWORD}
    assert 403 == boss.client.post("/sign-in", form, secure=True, HTTP_HOST="app.test").status_code
