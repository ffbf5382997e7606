"""Signing in, by every step that a page may ask for on the way."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest

from examples.console.seed import PASSWORD
from mydso_access.policy import Networks
from tests.browser.serving import HOST

OFFICE, CAFE = "192.0.2.10", "203.0.113.7"
NEW_PASSWORD = "A-Better-Horse-10"
PERIOD = timedelta(seconds=30)


def app_of(visitor: Any) -> pyotp.TOTP:
    """Type the seed that the page shows into an app."""
    visitor.page.get_by_text("You cannot scan it?").click()
    return pyotp.TOTP(visitor.page.locator("#seed").inner_text())


def set_up(visitor: Any) -> pyotp.TOTP:
    app = app_of(visitor)
    visitor.fill(code=app.at(visitor.served.clock.now())).press("Set up")
    return app


@pytest.fixture
def demanding(served: Any) -> Any:
    """A console where Lyon asks for everything."""
    served.settle("addresses.networks", Networks(f"{OFFICE}/32"))
    served.settle("second_factor.required", True)
    served.console.access.mark_compromised(HOST, anna_id(served))
    return served


def anna_id(served: Any) -> str:
    return served.console.repositories.users.named("anna.petit").id


def test_a_right_password_leads_home(somebody):
    anna = somebody().sign_in("anna.petit")
    assert ("/", "Hello, Anna Petit") == (anna.path, anna.heading)


def test_whoever_asked_for_a_page_gets_it_after_the_sign_in(somebody):
    anna = somebody().open("/account")
    assert "/sign-in?next=/account" == anna.path
    assert "My account" == anna.fill(name="anna.petit", password=PASSWORD).press("Sign in").heading


def test_all_steps_in_their_order_then_recovery_codes_then_the_code_next_time(somebody, demanding):
    anna = somebody(CAFE).sign_in(" Anna.PETIT ")
    assert ("/step/address-code", "A new network address") == (anna.path, anna.heading)
    anna.fill(code="000000").press("Go on")
    assert (["The code is not right."], 403) == (anna.told, anna.status)
    anna.fill(code=anna.code_to("+33600000002")).press("Go on")

    assert ("/step/enrolment", "Set up an app") == (anna.path, anna.heading)
    assert 150 < anna.page.locator(".qr svg").bounding_box()["width"]
    app = set_up(anna)

    assert ("/step/new-password", "A new password") == (anna.path, anna.heading)
    assert "Somebody else may know your password" in anna.text
    anna.fill(password="short").press("Set the password")
    assert 422 == anna.status
    assert "at least" in anna.page.locator(".error").inner_text()
    anna.fill(password=NEW_PASSWORD).press("Set the password")

    assert ("/account/recovery-codes", "Recovery codes") == (anna.path, anna.heading)
    codes = anna.press("Show me ten codes").page.locator(".codes li").all_inner_texts()
    assert 10 == len(set(codes))
    assert "My account" == anna.follow("I have them").heading

    anna.press("Sign out").sign_in("anna.petit", NEW_PASSWORD)
    assert "Your second factor" == anna.heading  # the address is known by now, and the password is new
    anna.fill(code=app.at(demanding.clock.now())).press("Go on")
    assert ["This code was used already. Please wait for the next one."] == anna.told
    demanding.clock.move(PERIOD)
    assert "Hello, Anna Petit" == anna.fill(code=app.at(demanding.clock.now())).press("Go on").heading

    anna.press("Sign out").sign_in("anna.petit", NEW_PASSWORD)
    assert "Hello, Anna Petit" == anna.fill(code=codes[3].lower()).press("Go on").heading
    assert "recovery code" in anna.letter("anna.petit@example.com")
    anna.press("Sign out").sign_in("anna.petit", NEW_PASSWORD).fill(code=codes[3]).press("Go on")
    assert ["The code is not right."] == anna.told


def test_another_code_by_sms_and_the_one_before_is_dead(somebody, demanding):
    anna = somebody(CAFE).sign_in("anna.petit")
    first = anna.code_to("+33600000002")
    demanding.clock.move(timedelta(minutes=1))
    anna.press("Send another code")
    assert ["Another code is on its way; the one before is dead."] == anna.told
    second = anna.code_to("+33600000002")
    assert ["The code is not right."] == anna.fill(code=first).press("Go on").told
    assert "Set up an app" == anna.fill(code=second).press("Go on").heading


def test_every_name_that_does_not_get_in_is_told_the_same(somebody):
    guests = [somebody().sign_in(name, "a guess") for name in ("anna.petit", "nobody", "dora.gone", "bob.blocked")]
    assert {(403, ("The name or the password is not right.",))} == {(each.status, tuple(each.told)) for each in guests}


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(somebody):
    carl = somebody().open("/sign-in").follow("Forgotten your password?").fill(name="carl.long").press("Send me a link")
    assert ("/sign-in", 1) == (carl.path, len(carl.told))
    link = carl.link_to("carl.long@example.com")
    other = somebody().open(link)
    carl.open(link).fill(password="short").press("Replace the password")
    assert 422 == carl.status
    carl.fill(password=NEW_PASSWORD).press("Replace the password")
    assert ("/sign-in", ["Your password is replaced. You can sign in with the new one now."]) == (carl.path, carl.told)
    assert "Hello, Carl Long" == carl.sign_in("carl.long", NEW_PASSWORD).heading
    assert "The link cannot be used" == somebody().open(link).heading
    assert "The link cannot be used" == other.fill(password="Another-Horse-11").press("Replace the password").heading


def test_an_app_set_up_from_the_session_ends_the_other_sessions(somebody, served):
    anna, elsewhere = somebody(), somebody(CAFE)
    elsewhere.sign_in("anna.petit")
    served.clock.move(PERIOD)
    anna.sign_in("anna.petit").open("/account").press("Set up an app")
    set_up(anna)
    assert ("Recovery codes", ["Your app is set up. Every other session of yours is over."]) == (
        anna.heading,
        anna.told,
    )
    assert "/sign-in" == elsewhere.open("/account").path
    assert ["Your session is over. Please sign in again."] == elsewhere.told


def test_what_needs_a_fresh_proof_is_offered_again_once_proven(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/account")
    served.clock.move(timedelta(minutes=16))
    anna.fill(email="anna@new.example").press("Change the address")
    assert "Prove again who you are" == anna.heading
    anna.fill(password="a wrong one").press("Go on")
    assert 403 == anna.status
    anna.fill(password=PASSWORD).press("Go on")
    assert "Thank you" == anna.heading
    assert ["Please follow the link that was sent to the new address."] == anna.press("Go on").told
    anna.open(anna.link_to("anna@new.example")).press("Yes, confirm it")
    assert ["Your e-mail address is confirmed."] == anna.told
    assert "anna@new.example" in anna.open("/account").text


def test_an_address_that_failed_too_often_is_told_so(somebody):
    guest = somebody(CAFE)
    for number in range(10):
        guest.served.console.access.sign_in(f"nobody{number}", "a guess", address=CAFE)
    guest.sign_in("anna.petit")
    assert 403 == guest.status
    assert "/sign-in" == guest.path
    assert ["The name or the password is not right."] != guest.told
