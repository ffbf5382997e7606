"""Five wrong passwords, and what comes after: for the user, for the administrator, and by keyboard alone."""

from datetime import timedelta
from typing import Any

import pytest

from examples.console.seed import PASSWORD
from tests.browser.visitor import Visitor

WRONG = ["The name or the password is not right."]


def test_five_wrong_passwords_block_in_the_words_of_a_wrong_one_and_an_administrator_ends_it(somebody):
    carl, anna = somebody(), somebody("192.0.2.10")
    for _ in range(5):
        assert (403, WRONG) == ((carl.sign_in("carl.long", "a guess")).status, carl.told)
    assert (403, WRONG) == (carl.sign_in("carl.long").status, carl.told)  # the right one now
    assert "carl.long" == carl.value("Login name")

    anna.sign_in("anna.petit").open("/users").follow("Carl Long")
    assert "Too many wrong passwords or codes were given for this account." == anna.fact("Why")
    assert ("S36", "the installation") == (anna.fact("Rule"), anna.fact("Asked for by"))
    assert "2026-03-02 10:00 UTC, in 60 minutes" == anna.fact("Until")
    assert "account_blocked (S36, installation); free again at 2026-03-02T10:00" in anna.text
    anna.press("Unblock")
    assert ["Nothing is counted against Carl Long any more: they may sign in."] == anna.told
    assert 0 == anna.page.get_by_role("button", name="Unblock").count()

    assert "Hello, Carl Long" == carl.sign_in("carl.long").heading
    ended = anna.follow("Trail").choose("Kind", "Block ended").press("Show").page.locator("tbody tr")
    assert (1, "Anna Petit") == (ended.count(), ended.locator("td[data-label=By]").inner_text())


def test_a_block_ends_by_itself_after_an_hour(somebody, served):
    bob = somebody()
    assert WRONG == bob.sign_in("bob.blocked").told
    served.clock.move(timedelta(minutes=59))
    assert WRONG == bob.sign_in("bob.blocked").told
    served.clock.move(timedelta(minutes=2))
    assert "Hello, Bob Blocked" == bob.sign_in("bob.blocked").heading


@pytest.fixture
def keys(somebody: Any) -> Visitor:
    """A window whose mouse nobody touches."""
    return somebody("192.0.2.10")


def test_by_keyboard_alone_one_signs_in_finds_a_blocked_user_and_unblocks(keys):
    keys.open("/sign-in")
    keys.write("anna.petit").tab_to("Password").write(PASSWORD).tab_to("Sign in").enter()
    assert "Hello, Anna Petit" == keys.heading

    keys.tab_to("Skip to the content").enter(leads_elsewhere=False)
    assert "main" == keys.page.evaluate("document.activeElement.id")
    keys.tab_to("Users", backwards=True).enter()
    keys.tab_to("Bob Blocked").enter()
    assert "This account is blocked" == keys.page.locator("#kept-out").inner_text()
    keys.tab_to("Unblock").enter()
    assert ["Nothing is counted against Bob Blocked any more: they may sign in."] == keys.told
    keys.tab_to("Disable the login").enter()
    assert "Disabled" in keys.page.locator("#facts").inner_text()


def test_where_the_keyboard_is_can_always_be_seen(keys):
    keys.sign_in("anna.petit").open("/users")
    reached = set()
    for _ in range(25):
        keys.page.keyboard.press("Tab")
        reached.add(keys.page.evaluate("document.activeElement.outerHTML"))
        shown = keys.page.evaluate("""() => { const at = getComputedStyle(document.activeElement);
            return document.activeElement === document.body || parseFloat(at.outlineWidth) >= 2 && at.outlineStyle !== 'none'; }""")
        assert shown, keys.page.evaluate("document.activeElement.outerHTML")
    assert len(reached) >= 20
