"""Links: sent, followed by people who are not signed in, shortened, renewed, revoked."""

import re
from concurrent.futures import ThreadPoolExecutor

from examples.console.seed import HOST, PASSWORD

A_LINK = re.compile(r"https://console\.example(/open/(\w+)\?token=(\S+))")


def signed_in(console, name: str):
    browser = console.browser()
    browser.sign_in(name, PASSWORD)
    return browser


def send(browser, customer: str = "L0001", **fields: str) -> str:
    browser.get(f"/customers/{customer}")
    given = {"purpose": "external", "recipient": "buyer@durand.example"} | fields
    return browser.submit(f"/customers/{customer}/links", **given).text


def latest_link(console) -> tuple[str, str, str]:
    """Path, kind and token of the link in the latest message."""
    body = next(each.body for each in console.console.mailbox.letters() if "/open/" in each.body)
    return A_LINK.search(body).groups()


def open_it(stranger, kind: str, token: str):
    stranger.get(f"/open/{kind}?token={token}")
    return stranger.post(f"/open/{kind}", token=token)


def test_a_link_goes_into_the_mailbox_and_opens_for_somebody_without_an_account(console):
    page = send(signed_in(console, "carl.long"))
    assert "A link was sent to buyer@durand.example." in page
    path, kind, token = latest_link(console)
    stranger = console.browser("198.51.100.7")
    looked = stranger.get(path)
    assert 200 == looked.status_code
    assert "Your account statement" in looked.text
    opened = stranger.post(f"/open/{kind}", token=token)
    assert 200 == opened.status_code
    assert "Statement of" in opened.text


def links_in(console) -> int:
    return len(console.console.access.list_links(HOST, "lyon", limit=500).rows)


def test_a_document_of_an_interactive_page_opens_once_by_a_link_that_is_given_out_when_it_is_asked_for(console):
    send(signed_in(console, "carl.long"))
    _, kind, token = latest_link(console)
    stranger = console.browser("198.51.100.7")
    given_out = links_in(console)
    for _ in range(3):
        assert "invoice-L0001-1.pdf" in open_it(stranger, kind, token).text
    assert given_out == links_in(console)

    answer = stranger.post(f"/open/{kind}/document", token=token, resource="invoice-L0001-1.pdf")
    path, document = re.fullmatch(r"(/open/document\?token=(\S+))", answer.headers["location"]).groups()
    assert given_out + 1 == links_in(console)
    stranger.get(path)
    assert "<h1>invoice-L0001-1.pdf</h1>" in stranger.post("/open/document", token=document).text
    assert 403 == stranger.get(path).status_code
    assert 403 == stranger.get(f"/open/document?token={token}").status_code
    open_it(stranger, kind, token)
    assert 404 == stranger.post(f"/open/{kind}/document", token=token, resource="invoice-L0002-1.pdf").status_code


def test_a_link_that_was_used_or_revoked_gives_out_no_document(console):
    collector, stranger = signed_in(console, "carl.long"), console.browser("198.51.100.7")
    send(collector, once="yes")
    _, kind, token = latest_link(console)
    given_out = links_in(console)
    assert "invoice-" not in open_it(stranger, kind, token).text
    asked = {"token": token, "resource": "invoice-L0001-1.pdf"}
    stranger.get("/forgotten")  # whose form brings the session's token
    assert 403 == stranger.post(f"/open/{kind}/document", **asked).status_code
    assert given_out == links_in(console)

    send(collector)
    _, kind, token = latest_link(console)
    open_it(stranger, kind, token)
    link = next(each.link.id for each in console.console.access.list_links(HOST, "lyon").rows if not each.kept_shut)
    console.console.access.revoke_link(HOST, link)
    assert 403 == stranger.post(f"/open/{kind}/document", **asked | {"token": token}).status_code


def test_a_link_for_single_use_is_looked_at_often_and_opens_once(console):
    send(signed_in(console, "carl.long"), once="yes")
    path, kind, token = latest_link(console)
    stranger = console.browser("198.51.100.7")
    assert [200] * 3 == [stranger.get(path).status_code for _ in range(3)]
    assert 200 == open_it(stranger, kind, token).status_code
    again = stranger.get(path)
    assert 403 == again.status_code
    assert "This link was used already. Please ask for a new one." in again.text


def test_shortening_the_period_kills_a_link_that_was_sent_before(console):
    from datetime import timedelta  # noqa: PLC0415

    collector, administrator = signed_in(console, "carl.long"), signed_in(console, "anna.petit")
    send(collector)
    path, _, _ = latest_link(console)
    console.clock.move(timedelta(days=10))
    stranger = console.browser("198.51.100.7")
    assert 200 == stranger.get(path).status_code

    administrator = signed_in(console, "anna.petit")
    version = re.search(r'name="version" value="(\d+)"', administrator.get("/settings").text)[1]
    administrator.submit("/settings/links.interactive", value="7", version=version)
    dead = stranger.get(path)
    assert 403 == dead.status_code
    assert "This link is too old. Please ask for a new one." in dead.text
    assert "too old: its period is over" in administrator.get("/links").text


def test_a_granter_sees_their_own_links_and_who_manages_users_sees_all(console):
    collector, manager = signed_in(console, "carl.long"), signed_in(console, "mark.credit")
    send(collector, recipient="one@durand.example")
    send(manager, recipient="two@durand.example")
    own, every = collector.get("/links").text, manager.get("/links").text
    assert "one@durand.example" in own
    assert "two@durand.example" not in own
    assert "one@durand.example" in every
    assert "two@durand.example" in every


def test_a_form_that_is_sent_twice_sends_one_link(console):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    browser.get("/customers/L0001")
    given = {"purpose": "external", "recipient": "buyer@durand.example"}
    hidden = {name: re.search(f'name="{name}" value="([0-9a-f]+)"', browser.page)[1] for name in ("csrf", "drawn")}
    with ThreadPoolExecutor(4) as threads:
        answers = [*threads.map(lambda _: browser.client.post("/customers/L0001/links", data=hidden | given), range(4))]
    assert {200} == {answer.status_code for answer in answers}
    assert 1 == len(console.console.mailbox.letters("buyer@durand.example"))
    told = browser.submit("/customers/L0001/links", **given)
    assert "was not sent twice" in told.text
    assert "A link was sent to buyer@durand.example." in browser.submit("/customers/L0001/links", **given).text


def test_renewed_and_revoked_links_are_dead(console):
    collector = signed_in(console, "carl.long")
    send(collector)
    first, _, _ = latest_link(console)
    link_id = re.search(r'action="/links/([^/"]+)/renew"', collector.get("/links").text)[1]
    assert "A new link was sent to buyer@durand.example" in collector.submit(f"/links/{link_id}/renew").text
    second, _, _ = latest_link(console)
    stranger = console.browser("198.51.100.7")
    assert (403, 200) == (stranger.get(first).status_code, stranger.get(second).status_code)

    assert "Revoked: the link to buyer@durand.example." in collector.submit(f"/links/{link_id}/revoke").text
    assert "It was revoked already." in collector.submit(f"/links/{link_id}/revoke").text
    assert 403 == stranger.get(second).status_code
    assert "revoked on" in collector.get("/links").text


def test_a_link_is_dead_once_its_sender_may_not_open_the_customer(console):
    collector, manager = signed_in(console, "carl.long"), signed_in(console, "mark.credit")
    send(collector)
    path, _, _ = latest_link(console)
    manager.get("/customers/L0001")
    manager.submit("/customers/L0001/collector", user="mark.credit", was="carl.long")
    answer = console.browser("198.51.100.7").get(path)
    assert 403 == answer.status_code
    assert "This link is not valid any more." in answer.text
    assert "its sender may not open this customer any more" in manager.get("/links").text


def test_nobody_sends_a_link_to_a_customer_that_they_do_not_see(console):
    collector = signed_in(console, "carl.long")
    collector.get("/customers/L0001")
    page = collector.submit("/customers/L0201/links", purpose="external", recipient="buyer@durand.example").text
    assert "There is no such customer." in page


def test_a_wrong_address_is_told_at_its_field_and_kept(console):
    collector = signed_in(console, "carl.long")
    collector.get("/customers/L0001")
    answer = collector.submit("/customers/L0001/links", purpose="external", recipient="nowhere")
    assert 422 == answer.status_code
    assert "Please give one e-mail address." in answer.text
    assert 'value="nowhere"' in answer.text


def test_a_token_that_is_nobodys_and_a_guest_are_refused(console):
    answer = console.browser().get("/open/external?token=nonsense")
    assert 403 == answer.status_code
    assert "This link is not valid any more." in answer.text
    assert 404 == console.browser().get("/open/elsewhere?token=nonsense").status_code
    assert 403 == signed_in(console, "guy.guest").get("/links").status_code
