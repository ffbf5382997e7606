"""Soon deactivated: who, what ends, when, and how to prevent it."""

import re

import pytest

from examples.console.seed import PASSWORD


@pytest.fixture
def anna(console):
    browser = console.browser()
    browser.sign_in("anna.petit", PASSWORD)
    return browser


def test_what_ends_is_listed_for_so_many_days(anna):
    month, year = anna.get("/soon").text, anna.get("/soon?days=365").text
    assert "Dan Dormant" in month
    assert "Ivan Invited" in month
    assert "Carl Long" not in month
    assert "Carl Long" in year


def test_another_number_of_days_is_taken_for_the_least(anna):
    assert "Ending within 30 days" in anna.get("/soon?days=100000").text


def test_an_invitation_is_sent_again_from_here(console, anna):
    anna.get("/soon")
    form = re.search(r'action="(/users/ivan.invited/invite)".*?name="seen" value="([0-9a-f]+)"', anna.page, re.DOTALL)
    page = anna.submit(form[1], seen=form[2], back="/soon").text
    assert "Ivan Invited was sent a new invitation" in page
    assert "Soon deactivated in Lyon" in page
    assert "ivan.invited@example.com" == console.console.mailbox.letters()[0].recipient


def test_whoever_manages_nobody_sees_nothing(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    assert 403 == browser.get("/soon").status_code
