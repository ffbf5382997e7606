"""What a stolen session must not be enough for: the console asks for the password, then offers the same again."""

from datetime import timedelta

import pytest

from examples.console.seed import PASSWORD
from tests.console.test_users import NEW, added, changed

PROVE = "Prove again who you are"


@pytest.fixture
def browser(console):
    """Whoever has been signed in for long: in Lyon, or on the platform."""

    def signed_in(name):
        made = console.browser("198.51.100.9")
        made.sign_in(name, PASSWORD)
        console.clock.move(timedelta(minutes=20))
        return made

    return signed_in


def test_ending_a_block_asks_for_the_password_and_tells_whose_it_was(console, browser):
    anna = browser("anna.petit")
    assert PROVE in changed(anna, "bob.blocked", "unblock").text
    assert 'action="/users/bob.blocked/unblock"' in anna.submit("/prove", password=PASSWORD).text
    assert "they may sign in" in changed(anna, "bob.blocked", "unblock").text
    assert "ended the block of your login" in anna.get("/mailbox").text


def test_ending_an_addresss_block_asks_for_the_password(browser):
    grace = browser("grace.head")
    grace.get("/users/address-block")
    assert PROVE in grace.submit("/users/address-block", address="192.0.2.66").text
    assert 'value="192.0.2.66"' in grace.submit("/prove", password=PASSWORD).text
    assert "192.0.2.66" in grace.submit("/users/address-block", address="192.0.2.66").text


def test_adding_who_administers_asks_for_the_password_and_anybody_else_does_not(console, browser):
    anna = browser("anna.petit")
    assert "Nora New was added." in added(anna, **NEW).text
    other = NEW | {"name": "ada.new", "email": "ada@example.com", "role": "administrator"}
    assert PROVE in added(anna, **other).text
    assert 'value="ada.new"' in anna.submit("/prove", password=PASSWORD).text
    assert console.console.repositories.users.named("ada.new") is None
    assert "was added." in added(anna, **other).text


@pytest.mark.parametrize("what", ["appoint", "disable"])
def test_changing_who_administers_asks_for_the_password(browser, what):
    assert PROVE in changed(browser("anna.petit"), "mark.credit", what).text


def test_forgetting_somebody_asks_for_the_password(browser):
    anna = browser("anna.petit")
    assert PROVE in changed(anna, "carl.long", "forget").text
