"""Customers: the list and the page show the same to everybody, and say why."""

import csv
import io
import re

import pytest

from examples.console.seed import PASSWORD

PAGE = "/customers"


def signed_in(console, name: str):
    browser = console.browser()
    browser.sign_in(name, PASSWORD)
    return browser


def count_on(page: str) -> int:
    return int(re.search(r'id="count" role="status"[^>]*>(\d+) customer', page)[1])


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("carl.long", 200),
        ("dan.dormant", 0),  # a collector who manages nobody
        ("mark.credit", 2_500),
        ("sara.sales", 2_500),
        ("guy.guest", 2_500),
        ("paul.paris", 1_500),
    ],
)
def test_everybody_sees_what_the_clause_shows(console, name, seen):
    assert seen == count_on(signed_in(console, name).get(PAGE).text)


def test_a_page_has_fifty_customers_and_the_search_keeps_to_what_is_seen(console):
    browser = signed_in(console, "carl.long")
    page = browser.get(PAGE).text
    assert 50 == len(re.findall(r'<th scope="row"', page))
    assert "Page 1 of 4" in page
    last = browser.get(f"{PAGE}?page=4").text
    assert 50 == len(re.findall(r'<th scope="row"', last))
    assert 1 == count_on(browser.get(f"{PAGE}?q=L0200").text)
    assert 0 == count_on(browser.get(f"{PAGE}?q=L0201").text)


def test_a_search_as_one_types_answers_the_same_rows_without_the_page(console):
    browser = signed_in(console, "mark.credit")
    whole = browser.get(f"{PAGE}?q=durand&sort=balance").text
    part = browser.get(f"{PAGE}?q=durand&sort=balance", **{"HX-Request": "true"}).text
    rows = re.compile(r'<th scope="row".*?</tr>', re.DOTALL)
    assert rows.findall(whole) == rows.findall(part)
    assert "<html" not in part
    assert 'name="seen" value="' in part


def test_the_page_of_a_customer_that_is_not_seen_reads_as_of_one_that_is_not_there(console):
    browser = signed_in(console, "carl.long")
    assert 200 == browser.get(f"{PAGE}/L0200").status_code
    hidden, unknown, elsewhere = (browser.get(f"{PAGE}/{each}") for each in ("L0201", "L9999", "P0001"))
    assert {(404, hidden.text)} == {(each.status_code, each.text) for each in (hidden, unknown, elsewhere)}
    assert "There is no such customer." in hidden.text


def test_a_guest_opens_no_card_and_the_list_has_no_way_to_one(console):
    browser = signed_in(console, "guy.guest")
    assert f'href="{PAGE}/L0001"' not in browser.get(PAGE).text
    answer = browser.get(f"{PAGE}/L0001")
    assert 403 == answer.status_code
    assert "You may not do this." in answer.text


def test_the_page_says_in_plain_words_why_somebody_sees_it(console):
    collector = signed_in(console, "carl.long").get(f"{PAGE}/L0001").text
    assert "Lyon shows your role (collector) only the customers that you manage" in collector
    assert "You are this customer’s collector." in collector
    assert "Rule S29, from the entity." in collector
    assert "your role (credit manager) is never restricted" in signed_in(console, "mark.credit").get(PAGE).text
    assert "it does not restrict your role (guest)" in signed_in(console, "guy.guest").get(PAGE).text
    nothing = signed_in(console, "dan.dormant").get(PAGE).text
    assert "Why do I see none?" in nothing
    assert "You see no customers here. Above it says why." in nothing


def test_an_export_holds_what_is_seen_and_only_who_may_export_gets_it(console):
    browser = signed_in(console, "carl.long")
    answer = browser.get(f"{PAGE}/export")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert 200 == len(rows)
    assert {f"L{number:04}" for number in range(1, 201)} == {row["id"] for row in rows}
    assert 'attachment; filename="customers-lyon.csv"' == answer.headers["content-disposition"]
    assert 403 == signed_in(console, "sara.sales").get(f"{PAGE}/export").status_code


def test_a_customer_gets_another_collector_and_the_earlier_one_sees_it_no_more(console):
    manager, collector = signed_in(console, "mark.credit"), signed_in(console, "carl.long")
    manager.get(f"{PAGE}/L0001")
    page = manager.submit(f"{PAGE}/L0001/collector", user="mark.credit", was="carl.long").text
    assert "In charge of the collection: Mark Credit." in page
    assert 404 == collector.get(f"{PAGE}/L0001").status_code
    assert 199 == count_on(collector.get(PAGE).text)

    page = manager.submit(f"{PAGE}/L0001/collector", user="anna.petit", was="carl.long").text
    assert "Somebody else has assigned this customer meanwhile." in page
    assert "<dd>Mark Credit</dd>" in page


def test_colleagues_come_and_go(console):
    manager = signed_in(console, "mark.credit")
    manager.get(f"{PAGE}/L0300")
    assert "Sara Sales is associated now." in manager.submit(f"{PAGE}/L0300/colleagues/add", user="sara.sales").text
    assert "<dd>Sara Sales</dd>" in manager.page
    gone = manager.submit(f"{PAGE}/L0300/colleagues/remove", user="sara.sales").text
    assert "Sara Sales is not associated any more." in gone
    assert "<dd>nobody</dd>" in gone


def test_what_a_search_finds_is_assigned_at_once(console):
    manager, collector = signed_in(console, "mark.credit"), signed_in(console, "carl.long")
    found = count_on(manager.get(f"{PAGE}?q=durand").text)
    page = manager.submit(f"{PAGE}/assign", q="durand", seen=str(found), user="carl.long", **{"as": "collector"}).text
    assert "customers were assigned to Carl Long" in page
    assert found == count_on(collector.get(f"{PAGE}?q=durand").text)


def test_a_search_that_finds_something_else_by_now_assigns_nothing(console):
    manager = signed_in(console, "mark.credit")
    manager.get(PAGE)
    page = manager.submit(f"{PAGE}/assign", q="durand", seen="1", user="carl.long", **{"as": "collector"}).text
    assert "nothing was changed" in page


def test_whoever_assigns_nothing_is_refused(console):
    browser = signed_in(console, "carl.long")
    assert "Search &amp; assign" not in browser.get(PAGE).text
    page = browser.submit(f"{PAGE}/L0001/collector", user="dan.dormant", was="carl.long").text
    assert "You may not do this." in page
    assert 200 == count_on(browser.get(PAGE).text)


@pytest.mark.parametrize("guess", ["mark.credit", "sara.sales", "carl.long"])
def test_whoever_assigns_nothing_is_not_told_who_collects_a_customer(console, guess):
    browser = signed_in(console, "carl.long")
    asked = [
        (f"{PAGE}/L0300/collector", {"was": guess, "user": guess}),
        (f"/users/{guess}/customers/remove", {"customer": "L0300", "as": "collector"}),
    ]
    for path, fields in asked:
        browser.get(PAGE)
        answer = browser.post(path, **fields)
        assert (403, True) == (answer.status_code, "You may not do this." in answer.text)


def test_whoever_assigns_nothing_is_not_told_which_customers_there_are(console):
    browser = signed_in(console, "carl.long")
    answers = set()
    for number in ("L0300", "L9999"):
        browser.get(PAGE)
        answer = browser.post("/users/carl.long/customers/add", customer=number, **{"as": "colleague"})
        answers.add((answer.status_code, answer.text))
    assert [403] == [status for status, _ in answers]


def test_a_page_number_of_any_length_is_a_page(console):
    browser = signed_in(console, "carl.long")
    assert "Page 4 of 4" in browser.get(f"{PAGE}?page={'9' * 40}").text
    assert "Page 1 of 4" in browser.get(f"{PAGE}?page={'9' * 5_000}").text
