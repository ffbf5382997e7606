"""The frame of the console: headers, cookies, forms that belong to their session, and a database that is away."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from examples.console.seed import PASSWORD, customer_ids, seed
from examples.console.sessions import SESSIONS
from examples.console.tables import CUSTOMERS
from mydso_access.adapters.sqlalchemy import visible
from tests.console.conftest import opened

ROOT = Path(__file__).parents[2] / "examples" / "console"
OUT_OF_DATE = "This page was out of date; nothing was changed."
PUBLIC = (
    "/sign-in",
    "/forgotten",
    "/mailbox",
    "/invitation?token=x",
    "/reset?token=x",
    "/email?token=x",
    "/no-such-page",
)
SIGNED_IN = ("/", "/account", "/account/recovery-codes", "/entities", "/prove", "/no-such-page")


def refused_by_browsers(page: str) -> list[str]:
    """What a page holds that its Content-Security-Policy forbids: scripts and styles within it."""
    return re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:|hx-on", page)


def rows_of_sessions(console) -> int:
    with console.console.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(SESSIONS))


@pytest.mark.parametrize(
    ("path", "name"), [(each, None) for each in PUBLIC] + [(each, "anna.petit") for each in SIGNED_IN]
)
def test_every_page_has_the_headers_and_no_script_or_style_within_it(console, path, name):
    browser = console.browser()
    if name:
        browser.sign_in(name, PASSWORD)
    answer = browser.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
    expected = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
    }
    assert expected == {each: answer.headers[each] for each in expected}
    assert re.fullmatch(r"app;dur=[\d.]+, hash;dur=[\d.]+", answer.headers["server-timing"])
    assert [] == refused_by_browsers(answer.text)


def test_no_template_has_a_script_or_style_within_it():
    assert {} == {
        each.name: found
        for each in ROOT.glob("templates/**/*.html")
        if (found := refused_by_browsers(each.read_text()))
    }


def test_hashing_is_measured_apart(console):
    browser = console.browser()
    browser.get("/sign-in")
    answer = browser.post("/sign-in", name="carl.long", password=PASSWORD)
    assert float(re.search(r"hash;dur=([\d.]+)", answer.headers["server-timing"])[1]) > 0


def test_the_cookie_is_the_browsers_alone_and_new_after_signing_in(console):
    browser = console.browser()
    before = browser.get("/sign-in").headers["set-cookie"]
    assert re.fullmatch(r"__Host-console=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", before)
    after = browser.post("/sign-in", name="carl.long", password=PASSWORD).headers["set-cookie"]
    assert before != after
    assert "set-cookie" not in browser.get("/").headers


def test_a_stranger_who_only_looks_costs_no_row_and_the_database_holds_no_session_in_clear(console):
    browser = console.browser()
    browser.get("/sign-in")
    browser.get("/mailbox")
    assert 0 == rows_of_sessions(console)
    browser.sign_in("carl.long", PASSWORD)
    with console.console.engine.connect() as connection:
        (row,) = connection.execute(select(SESSIONS)).all()
    assert browser.client.cookies["__Host-console"] not in str(row)
    assert "carl.long" not in row.body


def test_signing_out_ends_the_session_on_the_server(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    old = browser.client.cookies["__Host-console"]
    assert "You are signed out." in browser.submit("/sign-out").text
    stolen = console.browser()
    stolen.client.cookies.set("__Host-console", old, domain="console.example")
    assert "/sign-in" == stolen.client.get("/", follow_redirects=False).headers["location"]


def test_an_idle_session_ends_and_a_used_one_goes_on(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    for _ in range(3):
        console.clock.move(timedelta(minutes=25))
        assert "Hello, Carl Long" in browser.get("/").text
    console.clock.move(timedelta(minutes=31))
    assert "<h1>Sign in</h1>" in browser.get("/").text


def test_no_session_is_longer_than_a_day_of_work(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    for _ in range(36):
        console.clock.move(timedelta(minutes=20))
        browser.get("/")
    assert "<h1>Sign in</h1>" in browser.get("/").text


def test_the_library_is_told_that_a_session_is_alive(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    for _ in range(4):
        console.clock.move(timedelta(minutes=20))
        browser.get("/")
    assert console.clock.now() == console.console.repositories.users.get("carl.long").last_access_at


def test_a_form_without_its_sessions_token_changes_nothing(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    answer = browser.client.post("/sign-out", data={"csrf": "0" * 64})
    assert OUT_OF_DATE in answer.text
    assert "Hello, Carl Long" in answer.text


def test_a_form_from_before_signing_in_says_that_it_is_out_of_date(console):
    browser = console.browser()
    browser.get("/sign-in")
    old = browser.page
    browser.sign_in("carl.long", PASSWORD)
    browser.page = old
    page = browser.submit("/sign-in", name="anna.petit", password=PASSWORD).text
    assert OUT_OF_DATE in page
    assert "Hello, Carl Long" in page


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://console.example"}, 303),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_form_that_another_site_sends_is_refused(console, headers, status):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    token = re.search(r'name="csrf" value="(\w+)"', browser.page)[1]
    answer = browser.client.post("/sign-out", data={"csrf": token}, headers=headers, follow_redirects=False)
    assert status == answer.status_code


def test_htmx_is_sent_to_another_page_as_a_whole(console):
    answer = console.browser().get("/account", **{"HX-Request": "true"})
    assert (200, "/sign-in?next=/account") == (answer.status_code, answer.headers["hx-redirect"])


def test_a_database_that_is_away_is_told_in_plain_words_until_it_is_back(console, monkeypatch):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    engine = console.console.engine

    def gone(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    with monkeypatch.context() as away:
        away.setattr(engine.pool, "connect", gone)
        answer = browser.get("/account")
        assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
        assert "The database cannot be reached at this moment." in answer.text
    assert "My account" in browser.get("/account").text


def test_a_fault_of_the_console_is_a_page_with_the_headers(console, monkeypatch):
    browser = console.browser()
    browser.client = browser.client.__class__(
        console.app, base_url="https://console.example", client=("203.0.113.7", 1), raise_server_exceptions=False
    )
    monkeypatch.setattr(type(console.console.sessions), "find", lambda *_: 1 // 0)
    answer = browser.get("/")
    assert (500, True) == (answer.status_code, "Something went wrong" in answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("trusted", "told"), [(("192.0.2.1",), False), ((), True)])
def test_only_a_declared_proxy_is_believed_whose_client_it_is(seeded, tmp_path, trusted, told):
    shutil.copytree(seeded, tmp_path, dirs_exist_ok=True)
    with opened(tmp_path, trusted_proxies=trusted) as console:
        browser = console.browser("192.0.2.1")
        browser.client.headers["X-Forwarded-For"] = "203.0.113.9"
        for number in range(10):
            browser.sign_in(f"nobody.{number}", "a wrong guess")
        browser.client.headers["X-Forwarded-For"] = "203.0.113.10"
        page = browser.sign_in("carl.long", PASSWORD).text
    assert told == ("Too many failed sign-ins from your network address." in page)


def test_seeding_twice_changes_nothing_and_there_are_5000_customers(console):
    seed(console.console)
    with console.console.engine.connect() as connection:
        assert 5_000 == connection.scalar(select(func.count()).select_from(CUSTOMERS))
    access = console.console.access
    proof = access.sign_in("carl.long", PASSWORD, address="203.0.113.7").proof
    scope = access.permissions(proof, "lyon").scope
    mine = select(CUSTOMERS.c.id).where(visible(scope, id=CUSTOMERS.c.id, entity=CUSTOMERS.c.entity_id))
    with console.console.engine.connect() as connection:
        assert customer_ids("lyon")[:200] == sorted(connection.scalars(mine))
