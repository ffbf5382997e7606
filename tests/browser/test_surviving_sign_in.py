"""What happens to a sign-in in a browser's hands: back buttons, tabs, double clicks, and too long a break."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from examples.console.seed import PASSWORD
from examples.console.tables import SESSIONS
from examples.console.visit import OUT_OF_DATE
from mydso_access.policy import Networks
from tests.browser.serving import HOST
from tests.browser.test_signing_in import CAFE, NEW_PASSWORD, OFFICE, set_up
from tests.browser.visitor import send_at_once


@pytest.fixture
def demanding(served: Any) -> Any:
    """A console where Lyon asks for a code at each new address, for an app, and for a new password of Anna's."""
    served.settle("addresses.networks", Networks(f"{OFFICE}/32"))
    served.settle("second_factor.required", True)
    served.console.access.mark_compromised(HOST, served.console.repositories.users.named("anna.petit").id)
    return served


def test_the_back_button_leads_to_where_the_sign_in_stands_after_each_step(somebody, demanding):
    anna = somebody(CAFE).sign_in("anna.petit")
    assert "/step/address-code" == anna.path == anna.back().path
    anna.fill(code=anna.code_to("+33600000002")).press("Go on")
    assert "/step/enrolment" == anna.path == anna.back().path
    set_up(anna)
    assert "/step/new-password" == anna.path == anna.back().path
    anna.fill(password=NEW_PASSWORD).press("Set the password")
    there = anna.path
    assert there not in {"/sign-in", "/step/new-password"}
    assert anna.back().path in {"/", there}
    assert "Anna Petit" in anna.page.locator(".who").inner_text()


def test_a_page_of_an_earlier_step_in_another_tab_changes_nothing(somebody, demanding):
    anna = somebody(CAFE).sign_in("anna.petit")
    tab = anna.another_tab().open("/step/address-code")
    code = anna.code_to("+33600000002")
    anna.fill(code=code).press("Go on")
    assert ("/step/enrolment", [OUT_OF_DATE]) == ((tab.fill(code=code).press("Go on")).path, tab.told)
    set_up(anna)
    assert "A new password" == anna.heading


def test_a_sign_in_page_left_open_in_another_tab_is_out_of_date_and_ends_no_session(somebody):
    anna = somebody().open("/sign-in")
    tab = anna.another_tab().open("/sign-in")
    anna.sign_in("anna.petit")
    tab.fill(name="carl.long", password="whatever").press("Sign in")
    assert ("/", "Hello, Anna Petit", [OUT_OF_DATE]) == (tab.path, tab.heading, tab.told)


def test_a_sign_in_that_was_left_half_finished_begins_again(somebody, demanding):
    anna = somebody(CAFE).sign_in("anna.petit")
    code = anna.code_to("+33600000002")
    demanding.clock.move(timedelta(minutes=16))
    anna.fill(code=code).press("Go on")
    assert ("/sign-in", 1) == (anna.path, len(anna.told))
    assert "A new network address" == anna.sign_in("anna.petit").heading

    demanding.clock.move(timedelta(minutes=16))
    assert ("/sign-in", 1) == (anna.open("/step/address-code").path, len(anna.told))

    anna.sign_in("anna.petit").press("Begin again")
    assert ("/sign-in", []) == (anna.path, anna.told)


def test_a_step_that_two_tabs_send_at_once_is_taken_once_and_both_go_on(somebody, demanding):
    anna = somebody(CAFE).sign_in("anna.petit")
    tab = anna.another_tab().open("/step/address-code")
    code = anna.code_to("+33600000002")
    send_at_once(anna.fill(code=code), tab.fill(code=code), buttons=["Go on"] * 2)
    assert {"/step/enrolment"} == {anna.path, tab.path}
    set_up(anna)
    assert "A new password" == anna.heading


def test_a_double_click_on_the_way_in_signs_in_once(somebody, served):
    anna = somebody().open("/sign-in").fill(name="anna.petit", password=PASSWORD).press_twice("Sign in")
    assert ("/", "Hello, Anna Petit") == (anna.path, anna.heading)
    assert 1 == served.rows(select(SESSIONS))


def test_two_tabs_that_sign_in_at_once_are_both_in(somebody):
    anna = somebody().open("/sign-in")
    tab = anna.another_tab().open("/sign-in")
    tabs = (each.fill(name="anna.petit", password=PASSWORD) for each in (anna, tab))
    send_at_once(*tabs, buttons=["Sign in"] * 2)
    assert {"Hello, Anna Petit"} == {anna.open("/").heading, tab.open("/").heading}


def test_a_session_that_ends_while_a_page_is_open_leads_to_the_sign_in_and_back(somebody, served):
    carl = somebody().sign_in("carl.long").open("/account")
    served.console.access.disable_user(HOST, "carl.long")
    carl.fill(mobile="+33611111111").press("Change the number")
    assert ("/sign-in", ["Your session is over. Please sign in again."]) == (carl.path, carl.told)
    served.console.access.enable_user(HOST, "carl.long")
    carl.sign_in("carl.long")
    assert "+33611111111" not in carl.open("/account").text


def test_a_session_without_use_is_over_after_half_an_hour(somebody, served):
    anna = somebody().sign_in("anna.petit")
    served.clock.move(timedelta(minutes=29))
    assert "/account" == anna.open("/account").path
    served.clock.move(timedelta(minutes=29))
    assert "/account" == anna.open("/account").path
    served.clock.move(timedelta(minutes=31))
    assert "/sign-in?next=/account" == anna.open("/account").path


def test_whoever_signed_out_does_not_come_back_by_the_back_button(somebody):
    anna = somebody().sign_in("anna.petit").open("/account").press("Sign out")
    assert ("/sign-in", ["You are signed out."]) == (anna.path, anna.told)
    assert "/sign-in?next=/account" == anna.back().path
