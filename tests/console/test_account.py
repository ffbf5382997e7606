"""One's own account, and what links in messages lead to."""

import re
from datetime import timedelta

import pyotp

from examples.console.seed import PASSWORD


def letter(console, recipient: str) -> str:
    """The newest message to somebody, as the mailbox page shows it."""
    page = console.browser().get(f"/mailbox?find={recipient}").text
    return re.search(r'<p class="letter">(.*?)</p>', page, re.DOTALL)[1]


def link_in(body: str) -> str:
    return re.search(r'href="([^"]+)"', body)[1]


def test_an_invitation_is_looked_at_and_accepted(console):
    browser, link = console.browser(), link_in(letter(console, "ivan.invited@"))
    assert 'value="ivan.invited"' in browser.get(link).text
    token = re.search(r'name="token" value="([^"]+)"', browser.page)[1]
    weak = browser.post("/invitation", token=token, password="short")
    assert (422, True) == (weak.status_code, 'id="password-error"' in weak.text)
    assert "Your password is created." in browser.submit("/invitation", token=token, password="Another-Horse-8").text
    assert "Hello, Ivan Invited" in browser.sign_in("ivan.invited", "Another-Horse-8").text
    assert "This link is not valid any more." in browser.get(link).text


def test_a_forgotten_password_is_replaced_and_nobody_learns_who_exists(console):
    browser, told = console.browser(), set()
    for name in ("nobody.here", "carl.long"):
        browser.get("/forgotten")
        told.add(re.search(r'role="status">([^<]+)<', browser.submit("/forgotten", name=name).text)[1])
    assert {"If this name may reset its password, a message is on its way."} == told
    browser.get(link_in(letter(console, "carl.long@")))
    token = re.search(r'name="token" value="([^"]+)"', browser.page)[1]
    assert "Your password is replaced." in browser.submit("/reset", token=token, password="Another-Horse-8").text
    assert "The link cannot be used" in browser.get(f"/reset?token={token}").text
    browser.get("/sign-in")
    assert "The link cannot be used" in browser.submit("/reset", token=token, password="Third-Horse-77").text
    assert "Hello, Carl Long" in browser.sign_in("carl.long", "Another-Horse-8").text


def test_a_changed_password_ends_every_other_session(console):
    here, there = console.browser(), console.browser()
    here.sign_in("carl.long", PASSWORD)
    there.sign_in("carl.long", PASSWORD)
    here.get("/account")
    wrong = here.post("/account/password", old_password="a guess", new_password="Another-Horse-8")
    assert (403, True) == (wrong.status_code, 'id="old_password-error"' in wrong.text)
    weak = here.post("/account/password", old_password=PASSWORD, new_password="short")
    assert (422, True) == (weak.status_code, 'id="new_password-error"' in weak.text)
    done = here.submit("/account/password", old_password=PASSWORD, new_password="Another-Horse-8")
    assert "Every other session of yours is over." in done.text
    assert "Your session is over." in there.get("/").text


def test_whoever_must_prove_themselves_again_loses_nothing_of_what_they_typed(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    console.clock.move(timedelta(minutes=20))
    browser.get("/account")
    assert "Prove again who you are" in browser.submit("/account/email", email="carl@example.org").text
    assert "The name or the password is not right." in browser.submit("/prove", password="a guess").text
    assert 'value="carl@example.org"' in browser.submit("/prove", password=PASSWORD).text
    assert "Please follow the link" in browser.submit("/account/email", email="carl@example.org").text
    assert "Waiting for a confirmation: carl@example.org" in browser.page

    browser.get(link_in(letter(console, "carl@example.org")))
    token = re.search(r'name="token" value="([^"]+)"', browser.page)[1]
    assert "Your e-mail address is confirmed." in browser.submit("/email", token=token).text
    assert "<dd>carl@example.org</dd>" in browser.get("/account").text


def test_what_is_typed_wrongly_is_told_at_its_field_and_kept(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    for field, typed in (("email", "no address"), ("mobile", "12")):
        browser.get("/account")
        answer = browser.post(f"/account/{field}", **{field: typed})
        assert (422, True) == (answer.status_code, f'id="{field}-error"' in answer.text)
        assert f'value="{typed}"' in answer.text


def test_an_app_is_set_up_from_the_session_and_asked_for_when_proving_oneself_again(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    browser.get("/account")
    page = browser.submit("/account/app").text
    app, step = pyotp.TOTP(re.search(r'id="seed">(\w+)<', page)[1]), re.search(r'name="step" value="(\w+)"', page)[1]
    page = browser.submit("/step/enrolment", step=step, code=app.at(console.clock.now())).text
    assert "Your app is set up." in page
    assert "ten codes on paper" in page

    console.clock.move(timedelta(minutes=20))
    browser.get("/account/recovery-codes")
    assert "Prove again who you are" in browser.submit("/account/recovery-codes").text
    page = browser.submit("/prove", password=PASSWORD).text
    step = re.search(r'name="step" value="(\w+)"', page)[1]
    page = browser.submit("/step/second-factor", step=step, code=app.at(console.clock.now())).text
    assert "Go on with what you began: Draw new recovery codes?" in page
    page = browser.submit("/account/recovery-codes").text
    assert 10 == len(re.findall('<li class="code">', page))


def test_a_mobile_is_changed_and_taken_away(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    browser.get("/account")
    assert "<dd>+33612345678</dd>" in browser.submit("/account/mobile", mobile="+33 6 12 34 56 78").text
    assert "<dt>Mobile</dt><dd>–</dd>" in browser.submit("/account/mobile", mobile="").text


def test_the_mailbox_finds_and_its_links_lead_into_this_console(console):
    browser = console.browser()
    assert "anybody may read it" in browser.get("/mailbox").text
    assert link_in(letter(console, "ivan.invited@")).startswith("/invitation?token=")
    found = browser.get("/mailbox?find=no-such-word", **{"HX-Request": "true"}).text
    assert '<p class="empty">No message yet.</p>' == found.strip()
