"""Signing in to the console: every step, and what becomes of forms that come late, twice, or from an older page."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from attrs import evolve

from examples.console.seed import HOST, LYON, PASSWORD
from mydso_access import Secret, SecurityPolicy, Structure
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.policy import HashingPolicy, Networks
from tests.console.conftest import opened

WRONG = "The name or the password is not right."
OFFICE, CAFE = "192.0.2.10", "203.0.113.7"


def asks(console, structure: Structure, **settings: object) -> None:
    """Let a structure ask for something, besides what it asks for already."""
    record = console.console.repositories.structures.get(structure)
    policy = record.policy
    for name, value in settings.items():
        policy = policy.asking(name.replace("__", "."), value)
    console.console.access.change_settings(HOST, structure, policy)


def app_of(page: str) -> pyotp.TOTP:
    """Scan the page that sets up an app."""
    return pyotp.TOTP(re.search(r'id="seed">([A-Z2-7]+)<', page)[1])


def step_of(page: str) -> str:
    return re.search(r'name="step" value="([0-9a-f]+)"', page)[1]


def take(browser, kind: str, **fields: str):
    return browser.submit(f"/step/{kind}", step=step_of(browser.page), **fields)


def test_a_right_password_leads_home(console):
    page = console.browser().sign_in("anna.petit", PASSWORD).text
    assert "Hello, Anna Petit" in page
    assert "You are in <strong>Lyon</strong>" in page


def test_whoever_came_for_a_page_is_led_there_after_signing_in(console):
    browser = console.browser()
    browser.get("/account")
    assert 'name="next" value="/account"' in browser.page
    assert "My account" in browser.submit("/sign-in", name="carl.long", password=PASSWORD, next="/account").text


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_no_sign_in_leads_to_another_site(console, elsewhere):
    browser = console.browser()
    browser.get("/sign-in")
    answer = browser.post("/sign-in", name="carl.long", password=PASSWORD, next=elsewhere)
    assert "/" == answer.headers["location"]


def test_unknown_wrong_invited_disabled_and_blocked_names_read_the_same(console):
    answers = set()
    for number, name in enumerate(("nobody.here", "carl.long", "ivan.invited", "dora.gone", "bob.blocked")):
        browser = console.browser(f"203.0.113.{number}")
        browser.get("/sign-in")
        answer = browser.post("/sign-in", name=name, password="a wrong guess")
        text = answer.text.replace(name, "").replace(browser.client.cookies["__Host-console"], "")
        answers.add((answer.status_code, re.sub(r"[0-9a-f]{64}", "", text)))
    assert 1 == len(answers)
    ((status, text),) = answers
    assert (403, True) == (status, WRONG in text)


def test_five_wrong_passwords_block_and_the_right_one_reads_like_a_wrong_one(console):
    browser = console.browser()
    for _ in range(5):
        browser.sign_in("carl.long", "a wrong guess")
    assert WRONG in browser.sign_in("carl.long", PASSWORD).text
    console.clock.move(timedelta(hours=1, seconds=1))
    assert "Hello, Carl Long" in browser.sign_in("carl.long", PASSWORD).text


def test_a_blocked_address_is_told(console):
    browser = console.browser()
    for number in range(10):
        browser.sign_in(f"nobody.{number}", "a wrong guess")
    answer = browser.sign_in("carl.long", PASSWORD)
    assert (403, True) == (answer.status_code, "Too many failed sign-ins from your network address." in answer.text)


def test_whoever_needs_an_app_sets_one_up_and_is_offered_recovery_codes(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    page = browser.sign_in("carl.long", PASSWORD).text
    assert "Set up an app" in page
    assert "<svg" in page
    app = app_of(page)
    assert "The code is not right." in take(browser, "enrolment", code="000000").text
    assert "ten codes on paper" in take(browser, "enrolment", code=app.at(console.clock.now())).text
    browser.submit("/account/recovery-codes")
    codes = re.findall(r'<li class="code">([^<]+)</li>', browser.page)
    assert 10 == len(codes)

    again = console.browser()
    assert "Your second factor" in again.sign_in("carl.long", PASSWORD).text
    assert "Hello, Carl Long" in take(again, "second-factor", code=codes[0]).text


def owing_an_app_and_a_password(console):
    asks(console, LYON, second_factor__required=True)
    console.console.access.mark_compromised(HOST, "carl.long")
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    return browser


def test_recovery_codes_are_offered_though_a_new_password_comes_after_the_app(console):
    browser = owing_an_app_and_a_password(console)
    take(browser, "enrolment", code=app_of(browser.page).at(console.clock.now()))
    assert "ten codes on paper" in take(browser, "new-password", password="Better-Horse-10").text


def test_a_step_that_another_tab_has_taken_at_that_very_moment_leads_to_where_that_has_led(console, monkeypatch):
    browser = owing_an_app_and_a_password(console)
    sessions, page = console.console.sessions, browser.page
    read_before = sessions.find(browser.client.cookies["__Host-console"])
    code = app_of(page).at(console.clock.now())
    assert "A new password" in take(browser, "enrolment", code=code).text

    find, earlier = type(sessions).find, iter([read_before])
    with monkeypatch.context() as late:
        late.setattr(type(sessions), "find", lambda self, key: next(earlier, None) or find(self, key))
        browser.page = page
        told = take(browser, "enrolment", code=code).text
    assert "This page was out of date; nothing was changed." in told
    assert "A new password" in told


def test_a_code_of_the_app_is_asked_for_and_counts_once(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    app = app_of(browser.sign_in("carl.long", PASSWORD).text)
    code = app.at(console.clock.now())
    take(browser, "enrolment", code=code)
    browser.submit("/sign-out")
    browser.sign_in("carl.long", PASSWORD)
    assert "This code was used already." in take(browser, "second-factor", code=code).text
    console.clock.move(timedelta(seconds=30))
    assert "Hello, Carl Long" in take(browser, "second-factor", code=app.at(console.clock.now())).text


def test_a_new_address_asks_for_the_code_that_the_mailbox_shows(console):
    asks(console, LYON, addresses__networks=Networks("192.0.2.0/24"))
    browser = console.browser(CAFE)
    page = browser.sign_in("carl.long", PASSWORD).text
    assert "your administrator, who can tell you" in page

    first = sms_code(console)
    page = browser.submit("/step/address-code/again", step=step_of(browser.page)).text
    assert "Another code is on its way" in page
    assert "The code is not right." in take(browser, "address-code", code=first).text
    assert "Hello, Carl Long" in take(browser, "address-code", code=sms_code(console)).text
    assert "Hello, Carl Long" in console.browser(CAFE).sign_in("carl.long", PASSWORD).text
    assert "Hello, Carl Long" in console.browser(OFFICE).sign_in("carl.long", PASSWORD).text


def sms_code(console) -> str:
    page = console.browser().get("/mailbox", **{"HX-Request": "true"}).text
    return re.search(r"Code (\d{6}): carl.long", page)[1]


def test_a_compromised_password_must_be_replaced_and_advice_stands_at_the_field(console):
    console.console.access.mark_compromised(HOST, "carl.long")
    browser = console.browser()
    assert "Somebody else may know your password." in browser.sign_in("carl.long", PASSWORD).text
    answer = take(browser, "new-password", password="short")
    assert 422 == answer.status_code
    assert 'id="password-error"' in answer.text
    assert "Hello, Carl Long" in take(browser, "new-password", password="Better-Horse-10").text
    letters = console.console.mailbox.letters("carl.long@")
    assert "Your password has been changed." in letters[0].body


def test_a_half_finished_sign_in_that_took_too_long_begins_again(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    app = app_of(browser.sign_in("carl.long", PASSWORD).text)
    console.clock.move(timedelta(minutes=16))
    assert (
        "This sign-in is over. Please sign in again."
        in take(browser, "enrolment", code=app.at(console.clock.now())).text
    )
    assert "/sign-in" == browser.client.get("/step/enrolment", follow_redirects=False).headers["location"]
    browser.sign_in("carl.long", PASSWORD)
    console.clock.move(timedelta(minutes=16))
    assert "This took too long. Please begin again." in browser.get("/step/enrolment").text


def test_the_back_button_leads_to_where_the_sign_in_stands(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    app = app_of(browser.sign_in("carl.long", PASSWORD).text)
    assert "Set up an app" in browser.get("/sign-in").text
    assert "Set up an app" in browser.get("/step/second-factor").text
    take(browser, "enrolment", code=app.at(console.clock.now()))
    assert "Hello, Carl Long" in browser.get("/step/enrolment").text
    assert "Hello, Carl Long" in browser.get("/sign-in").text


def test_a_form_of_another_sign_in_in_another_tab_changes_nothing(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    app, older = app_of(browser.sign_in("carl.long", PASSWORD).text), step_of(browser.page)
    browser.submit("/step/cancel")
    browser.sign_in("mark.credit", PASSWORD)
    page = browser.submit("/step/enrolment", step=older, code=app.at(console.clock.now())).text
    assert "This page was out of date; nothing was changed." in page
    assert "Set up an app" in page


def test_a_step_that_is_sent_twice_is_told_and_nothing_is_lost(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    app, step = app_of(browser.sign_in("carl.long", PASSWORD).text), step_of(browser.page)
    code, before = app.at(console.clock.now()), browser.page
    browser.submit("/step/enrolment", step=step, code=code)
    browser.page = before
    page = browser.submit("/step/enrolment", step=step, code=code).text
    assert "This page was out of date; nothing was changed." in page
    assert "Hello, Carl Long" in page


def test_a_multi_entity_user_enters_an_entity_which_may_ask_for_more(console):
    asks(console, LYON, second_factor__required=True)
    browser = console.browser()
    page = browser.sign_in("mia.multi", PASSWORD).text
    assert "The group" in page
    assert "Madrid" not in browser.get("/entities").text
    assert "You are in Paris now." in browser.submit("/entities/paris").text
    browser.get("/entities")
    page = browser.submit("/entities/lyon").text
    assert "Set up an app" in page
    take(browser, "enrolment", code=app_of(page).at(console.clock.now()))
    assert "You are in <strong>Lyon</strong>" in browser.get("/").text
    browser.get("/entities")
    assert "the platform that groups the entities" in browser.submit("/entities/leave").text


def test_an_entity_that_somebody_is_not_authorised_in_is_not_entered(console):
    browser = console.browser()
    browser.sign_in("mia.multi", PASSWORD)
    browser.get("/entities")
    assert "You are not authorised in this entity." in browser.submit("/entities/madrid").text


def test_whoever_is_withdrawn_from_an_entity_is_led_out_of_it(console):
    browser = console.browser()
    browser.sign_in("mia.multi", PASSWORD)
    browser.get("/entities")
    browser.submit("/entities/paris")
    console.console.access.withdraw(HOST, "mia.multi", "paris")
    page = browser.get("/").text
    assert "You are not authorised any more in the entity that you were in." in page
    assert "the platform that groups the entities" in page


class SlowHasher:
    """Hashes when it is told to, and says when somebody waits for it."""

    def __init__(self) -> None:
        self.asked, self.told = threading.Event(), threading.Event()
        self.hasher = Argon2Hasher(HashingPolicy.cheapest_for_tests())
        self.hash, self.verify, self.needs_rehash = self.hasher.hash, self.hasher.verify, self.hasher.needs_rehash

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        self.asked.set()
        assert self.told.wait(30)
        self.hasher.verify_dummy(password)


def test_when_too_many_sign_in_at_once_somebody_is_asked_to_come_again(tmp_path):
    hasher, cheap = SlowHasher(), HashingPolicy.cheapest_for_tests()
    one_at_a_time = evolve(cheap, max_parallel=1, slot_wait=timedelta(milliseconds=1))
    policy = evolve(SecurityPolicy.my_dso_manager(), hashing=one_at_a_time)
    with opened(tmp_path, policy=policy, hasher=hasher) as console, ThreadPoolExecutor(1) as other:
        waiting = other.submit(console.browser("192.0.2.1").sign_in, "nobody.here", "a guess")
        assert hasher.asked.wait(30)
        answer = console.browser().sign_in("somebody.else", "a guess")
        hasher.told.set()
        assert (503, True) == (answer.status_code, int(answer.headers["retry-after"]) > 0)
        assert "Too many sign-ins at this moment. Please try again." in answer.text
        assert WRONG in waiting.result().text


def test_whoever_is_disabled_has_no_session_any_more(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    console.console.access.disable_user(HOST, "carl.long")
    assert "Your session is over. Please sign in again." in browser.get("/account").text
