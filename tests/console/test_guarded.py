"""What guards the console: forms of another place, of another site, too long ones, and sessions that end meanwhile."""

import asyncio
import logging
import re
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from starlette.datastructures import FormData
from starlette.requests import Request

from examples.console.rendering import linked
from examples.console.seed import HOST, PASSWORD
from examples.console.sessions import SESSIONS, Session
from examples.console.visit import Visit
from mydso_access import Proof, UnreadableRecord
from mydso_access.adapters import codec
from mydso_access.adapters.argon2 import Argon2Hasher
from tests.console.conftest import HERE, Browser, TestClient, a_policy, opened

OUT_OF_DATE = "This page was out of date; nothing was changed."
COOKIE = "__Host-console"


def rows(console) -> int:
    with console.console.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(SESSIONS))


def stranger(console, host: str = HERE) -> TestClient:
    return TestClient(console.app, base_url=host, client=("198.51.100.1", 1))


def tab_of(browser: Browser) -> Browser:
    """Another tab: the same cookies, a page of its own."""
    return Browser(browser.client)


def grace_in_lyon(console) -> Browser:
    browser = console.browser()
    browser.sign_in("grace.head", PASSWORD)
    browser.get("/entities")
    browser.submit("/entities/lyon")
    return browser


def half_filled(browser: Browser) -> dict[str, str]:
    """The form that adds a user, opened and not sent yet."""
    drawn = re.search(r'name="id" value="([0-9a-f]{32})"', browser.get("/users/new?active=yes").text)[1]
    return {"active": "yes", "id": drawn, "name": "new.person", "email": "new@example.com", "role": "collector"}


# Where a form was opened


def test_a_form_of_an_entity_that_was_left_in_another_tab_adds_nobody_to_the_platform(console):
    browser = grace_in_lyon(console)
    form, tab = half_filled(browser), tab_of(browser)
    tab.get("/entities")
    tab.submit("/entities/leave")
    assert OUT_OF_DATE in browser.submit("/users/new", **form).text
    assert console.console.repositories.users.get(form["id"]) is None


@pytest.mark.parametrize("looks_first", [False, True])
def test_a_form_of_an_entity_that_was_withdrawn_meanwhile_adds_nobody_to_the_platform(console, looks_first):
    browser = grace_in_lyon(console)
    form = half_filled(browser)
    grace = console.console.repositories.users.named("grace.head")
    console.console.access.withdraw(HOST, grace.id, "lyon")
    if looks_first:
        assert "You are not authorised any more" in tab_of(browser).get("/users").text
    told = OUT_OF_DATE if looks_first else "You are not authorised any more in the entity that you were in."
    assert told in browser.submit("/users/new", **form).text
    assert console.console.repositories.users.get(form["id"]) is None


@pytest.mark.parametrize("elsewhere", ["/entities/paris", "/entities/leave"])
def test_what_was_begun_in_one_entity_is_not_offered_in_another(console, elsewhere):
    browser = grace_in_lyon(console)
    console.clock.move(timedelta(minutes=25))
    version = re.search(r'name="version" value="(\d+)"', browser.get("/settings").text)[1]
    answer = browser.post("/settings/dormancy.months", value="6", version=version)
    assert "/prove" == answer.headers["location"]
    browser.get("/entities")
    browser.submit(elsewhere)
    browser.get("/prove")
    assert "You have proven who you are." in browser.submit("/prove", password=PASSWORD).text


# Sessions that end, or cannot be read


class Interrupted:
    """Hashes as Argon2id does; something happens meanwhile."""

    def __init__(self) -> None:
        self.hasher = Argon2Hasher(a_policy().hashing)
        self.hash, self.needs_rehash = self.hasher.hash, self.hasher.needs_rehash
        self.verify_dummy = self.hasher.verify_dummy
        self.meanwhile = lambda: None

    def verify(self, stored, password):
        self.meanwhile()
        return self.hasher.verify(stored, password)


def test_a_sign_out_is_not_undone_by_a_request_that_was_under_way(seeded, tmp_path):
    shutil.copytree(seeded, tmp_path, dirs_exist_ok=True)
    hasher = Interrupted()
    with opened(tmp_path, hasher=hasher) as console:
        browser = console.browser()
        browser.sign_in("mark.credit", PASSWORD)
        tab = console.browser()
        tab.client.cookies.set(COOKIE, browser.client.cookies[COOKIE], domain="console.example")
        tab.get("/account")
        browser.get("/prove")
        hasher.meanwhile = lambda: tab.post("/sign-out")
        answer = browser.post("/prove", password=PASSWORD)
        assert (303, "/", None) == (answer.status_code, answer.headers["location"], answer.headers.get("set-cookie"))
        assert "<h1>Sign in</h1>" in browser.get("/").text


def test_a_session_of_another_version_ends_and_its_user_signs_in_again(console, monkeypatch):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)

    def unreadable(kind: type[Proof], text: str) -> Proof:
        raise UnreadableRecord("a proof of another version")

    with monkeypatch.context() as later:
        later.setattr(codec, "read", unreadable)
        assert "<h1>Sign in</h1>" in browser.get("/").text
    assert "Hello, Carl Long" in browser.sign_in("carl.long", PASSWORD).text


def test_sessions_that_are_over_are_purged_now_and_then(console):
    console.browser().sign_in("carl.long", PASSWORD)
    assert 1 == rows(console)
    console.clock.move(timedelta(hours=1))
    console.browser("203.0.113.8").sign_in("anna.petit", PASSWORD)
    assert 1 == rows(console)


def test_what_is_only_to_be_said_on_the_next_page_is_kept_for_a_moment(console):
    browser = console.browser()
    browser.get("/forgotten")
    browser.post("/forgotten", name="nobody.here")
    assert 1 == rows(console)
    console.clock.move(timedelta(minutes=2))
    console.console.sessions.purge()
    assert 0 == rows(console)


def test_sessions_that_are_over_are_purged_at_the_start(tmp_path):
    with opened(tmp_path) as console:
        expired = {"digest": "0" * 64, "body": "", "expires": 0}
        with console.console.engine.begin() as connection:
            connection.execute(SESSIONS.insert().values(expired))
    with opened(tmp_path) as console:
        assert 0 == rows(console)


# What strangers send


def test_a_form_of_another_site_signs_nobody_out(console):
    answer = stranger(console).post("/sign-in", data={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (403, True) == (answer.status_code, "This form was sent by another site." in answer.text)
    assert "set-cookie" not in answer.headers


def test_forms_without_a_cookie_store_nothing_and_are_told_so(console):
    answers = [stranger(console).post("/forgotten", data={"name": "x"}, follow_redirects=False) for _ in range(3)]
    assert {(403, True)} == {(each.status_code, OUT_OF_DATE in each.text) for each in answers}
    assert all("set-cookie" not in each.headers for each in answers)
    assert 0 == rows(console)


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_body_that_is_too_long_is_not_read_to_its_end(console, says_its_length):
    sent, read, long = [], [], b"x" * 16_384
    headers = [(b"host", b"console.example"), *([(b"content-length", b"1048576")] if says_its_length else [])]

    async def receive():
        read.append(long)
        return {"type": "http.request", "body": long, "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/sign-in", "query_string": b"", "headers": headers}
    asyncio.run(console.app(scope, receive, send))
    assert 413 == sent[0]["status"]
    assert b"This is too much" in sent[1]["body"]
    assert len(read) == (0 if says_its_length else 5)


def test_a_body_that_is_as_long_as_any_form_may_be_is_read(console):
    browser = console.browser()
    browser.get("/sign-in")
    answer = browser.post("/sign-in", name="carl.long", password=PASSWORD, more="x" * 60_000)
    assert (303, "/") == (answer.status_code, answer.headers["location"])


def test_asked_for_by_another_name_the_console_shows_nothing(console):
    answer = stranger(console, "https://evil.example").get("/mailbox")
    assert (400, False) == (answer.status_code, "Mailbox" in answer.text)
    assert "nosniff" == answer.headers["x-content-type-options"]


def test_a_path_is_logged_and_kept_as_it_is_written_in_an_address(console, caplog):
    caplog.set_level(logging.INFO, logger="console")
    browser = console.browser()
    browser.sign_in("anna.petit", PASSWORD)
    browser.get("/account")
    browser.submit("/links/x%0AINFO:%20forged/revoke")
    assert "/links/x%0AINFO%3A%20forged/revoke" in caplog.text
    assert "\nINFO: forged" not in caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_a_form_that_waits_is_sent_to_the_address_that_it_was_sent_to_at_first(console):
    request = Request({"type": "http", "method": "POST", "path": "/users/a?b#c/email", "headers": []})
    visit = Visit(request, console.console, Session(id="0" * 43), FormData())
    visit.prove_first("/users", title="Change the e-mail address")
    assert "/users/a%3Fb%23c/email" == visit.session.begun.action


# What pages tell


def test_a_message_links_into_this_console_and_nowhere_else():
    assert f'see <a href="/reset?token=x">{HERE}/reset?token=x</a>' == linked(f"see {HERE}/reset?token=x", HERE)
    for elsewhere in ("//evil.example/x", "/\\evil.example"):
        assert f"see {HERE}{elsewhere}" == linked(f"see {HERE}{elsewhere}", HERE)


def test_no_answer_says_how_long_it_took_unless_the_console_is_told_to(tmp_path):
    with opened(tmp_path, timing=False) as console:
        assert "server-timing" not in console.browser().get("/sign-in").headers


def test_scripts_and_style_sheets_are_kept_for_an_hour_and_pages_never(console):
    browser = console.browser()
    assert "public, max-age=3600" == browser.get("/static/console.css").headers["cache-control"]
    for path in ("/static/none.css", "/sign-in"):
        assert "no-store" == browser.get(path).headers["cache-control"]
