"""The trail: of a user, of the whole account, filtered, page by page, and as CSV."""

import csv
import io
import re

import pytest

from examples.console.seed import PASSWORD


@pytest.fixture
def anna(console):
    browser = console.browser()
    browser.sign_in("anna.petit", PASSWORD)
    return browser


@pytest.fixture
def grace(console):
    browser = console.browser("198.51.100.9")
    browser.sign_in("grace.head", PASSWORD)
    return browser


def test_a_users_trail_says_what_happened_why_and_by_which_rule(anna):
    page = anna.get("/trail?user=bob.blocked").text
    assert 5 == page.count("The password was wrong.")
    for told in ("Block started", "S36, the installation", "198.51.100.66", "until 2026-03-02 10:00 UTC"):
        assert told in page, told


def test_it_says_who_did_it_by_the_name(anna):
    anna.get("/users/bob.blocked")
    seen = re.search(r'name="seen" value="([0-9a-f]{32})"', anna.page)[1]
    anna.post("/users/bob.blocked/unblock", seen=seen)
    page = anna.get("/trail?user=bob.blocked&kind=authn_login_unlock").text
    assert "Block ended" in page
    assert "Anna Petit" in page.split("<tbody>")[1]


def test_what_a_user_did_is_another_question(anna):
    page = anna.get("/trail?user=carl.long&by=yes").text
    assert "Nothing of this kind happened" in page


def test_all_of_it_is_for_the_platforms_main_administrator(anna, grace):
    assert "Choose one of" in anna.get("/trail").text
    assert 403 == anna.get("/trail.csv").status_code
    assert "Trail of the whole account" in grace.get("/trail").text


def test_names_of_the_whole_account_are_told_to_whoever_reads_all_of_it(grace):
    assert "Paul Paris" in grace.get("/trail?since=&kind=user_created").text


def test_it_is_filtered_by_kind_and_day(grace):
    page = grace.get("/trail?kind=user_disabled").text
    assert 1 == page.count(">User disabled</td>")
    assert "Nothing of this kind happened" in grace.get("/trail?since=2026-03-03").text


def test_a_day_that_is_none_is_told_at_the_field(grace):
    answer = grace.get("/trail?since=yesterday")
    assert 422 == answer.status_code
    assert "Please give a day" in answer.text


@pytest.mark.parametrize("kind", ["", "&kind=authn_login_fail"])
def test_the_latest_comes_first(anna, kind):
    anna.submit("/sign-out")
    for guess in ("a guess", "another"):
        anna.sign_in("carl.long", guess)
    anna.sign_in("anna.petit", PASSWORD)
    page = anna.get(f"/trail?user=carl.long&since={kind}").text
    instants = re.findall(r'<td data-label="When">([^<]+) UTC</td>', page)
    assert 2 <= len(instants)
    assert sorted(instants, reverse=True) == instants
    assert "User created" not in page.split("<tbody>")[1].split("</tr>")[0]


@pytest.mark.parametrize("kind", ["", "&kind=user_created"])
def test_it_goes_on_page_by_page_and_repeats_nothing(grace, monkeypatch, kind):
    monkeypatch.setattr("examples.console.pages.trail.SHOWN", 5)
    first = grace.get(f"/trail?since={kind}").text
    second = grace.get(re.search(r'href="(/trail\?[^"]*after=[^"]+)"', first)[1].replace("&amp;", "&")).text
    rows = [page.split("<tbody>")[1].split("</tbody>")[0].count("<tr>") for page in (first, second)]
    assert [5, 5] == rows
    assert first.split("<tbody>")[1] != second.split("<tbody>")[1]


def test_a_cursor_that_is_none_begins_anew(grace):
    assert grace.get("/trail?after=nonsense~x").status_code == 200


def test_csv_holds_the_same_events(anna):
    answer = anna.get("/trail.csv?user=bob.blocked&kind=authn_login_fail")
    rows = [*csv.DictReader(io.StringIO(answer.text))]
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'attachment; filename="trail.csv"' == answer.headers["content-disposition"]
    assert ["wrong_secret"] * 5 == [row["reason"] for row in rows]


def test_whoever_manages_nobody_reads_nothing(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    assert 403 == browser.get("/trail").status_code
    assert 403 == browser.get("/trail.csv?user=carl.long").status_code
