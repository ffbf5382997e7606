"""Manage users: the list, adding, one user with every change, blocks as administrators see them, customers of a user."""

import re
from datetime import timedelta

import pytest
from attrs import evolve

from examples.console.people import CATEGORIES, STATES
from examples.console.seed import PASSWORD
from mydso_access import ApprovedAddress, Category, Event, EventKind, SecondFactor, Secret, UserState
from mydso_access.policy import Algorithm

SEEN = re.compile(r'name="seen" value="([0-9a-f]{32})"')
DRAWN = re.compile(r'name="id" value="([0-9a-f]{32})"')
NEW = {"active": "yes", "name": "nora.new", "full_name": "Nora New", "email": "nora@example.com", "role": "collector"}


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


def user_of(console, name):
    return console.console.repositories.users.named(name)


def changed(browser, user_id, what, **fields):
    """Send one form of a user's page, as the page holds it."""
    browser.get(f"/users/{user_id}")
    return browser.submit(f"/users/{user_id}/{what}", seen=SEEN.search(browser.page)[1], **fields)


def added(browser, **fields):
    browser.get(f"/users/new?active={fields['active']}")
    return browser.submit("/users/new", id=DRAWN.search(browser.page)[1], **fields)


# The list


def test_the_list_shows_a_structures_users_with_their_states(anna):
    page = anna.get("/users").text
    for told in ("Carl Long", "Zoé Contact", "Invitation lapsed", "Blocked", "Disabled", "Multi-entity"):
        assert told in page, told
    assert "Paul Paris" not in page


def test_the_list_is_filtered_by_text_and_state(anna):
    page = anna.get("/users?q=lara&state=lapsed").text
    assert "Lara Lapsed" in page
    assert "Carl Long" not in page
    assert "Nobody here is what you asked for." in anna.get("/users?q=lara&state=enabled").text


def test_a_part_of_the_list_is_answered_to_a_part_of_the_page(anna):
    part = anna.get("/users?q=carl", **{"hx-request": "true"}).text
    assert "Carl Long" in part
    assert "<html" not in part


def test_the_list_goes_on_page_by_page(anna, monkeypatch):
    monkeypatch.setattr("examples.console.pages.users.SHOWN", 10)
    first = anna.get("/users").text
    second = anna.get(re.search(r'href="(/users\?[^"]*after=[^"]+)"', first)[1].replace("&amp;", "&")).text
    assert "The first 10 are shown." in first
    assert "Zoé Contact" not in first
    assert "Zoé Contact" in second


@pytest.mark.parametrize("path", ["/users", "/users/new", "/users/bob.blocked", "/users/bob.blocked/forget"])
def test_whoever_manages_nobody_reads_no_page_of_others(console, path):
    browser = console.browser()
    browser.sign_in("carl.long", PASSWORD)
    assert 403 == browser.get(path).status_code


def test_from_inside_an_entity_a_multi_entity_user_is_read_only(anna):
    page = anna.get("/users/mia.multi").text
    assert "they are changed there, and not from here" in page
    assert "Give this role" not in page


def test_nobody_of_this_id_is_not_found(anna):
    assert 404 == anna.get("/users/nobody").status_code


# Adding


def test_adding_begins_with_the_category(anna, grace):
    assert "Active account?" in anna.get("/users/new").text
    assert "Login name" in grace.get("/users/new").text


def test_an_active_user_is_added_and_invited(console, anna):
    page = added(anna, **NEW).text
    assert "The invitation went to nora@example.com." in page
    assert user_of(console, "nora.new").role == "collector"
    assert "nora@example.com" in [letter.recipient for letter in console.console.mailbox.letters()]


def test_a_contact_is_added_without_a_login(console, anna):
    page = added(anna, active="no", full_name="Karl Contact", email="karl@example.com", role="guest").text
    assert "Karl Contact was added." in page
    assert "karl@example.com" not in [letter.recipient for letter in console.console.mailbox.letters()]


def test_a_multi_entity_user_is_added_on_the_platform(console, grace):
    added(grace, **NEW)
    assert "multi_entity" == user_of(console, "nora.new").category.value


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "short"}, "Please give at least 6 characters."),
        ({"email": "nobody"}, "Please give an e-mail address"),
        ({"mobile": "0612"}, "Please give a number in international form"),
        ({"role": "emperor"}, "Please give one of"),
        ({"name": "Carl.Long"}, "This login name is taken."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_the_rest_stays(anna, wrong, told):
    answer = added(anna, **NEW | wrong)
    assert 422 == answer.status_code
    assert told in re.search(rf'id="{next(iter(wrong))}-error">(.*?)</div>', answer.text, re.DOTALL)[1]
    assert "Nora New" in answer.text


def test_adding_twice_adds_nobody_twice(console, anna):
    anna.get("/users/new?active=no")
    contact = {"id": DRAWN.search(anna.page)[1], "active": "no", "email": "karl@example.com", "role": "guest"}
    anna.post("/users/new", full_name="Karl Contact", **contact)
    page = anna.submit("/users/new", full_name="Karl Contact", **contact).text
    assert "had been added already, and was not added twice" in page
    assert 1 == anna.get("/users?q=karl").text.count(">Karl Contact<")


# A block as an administrator sees it


def test_a_block_is_explained_and_ended(console, anna):
    page = anna.get("/users/bob.blocked").text
    for told in ("Too many wrong passwords", "S36", "the installation", "in 60 minutes", "account_blocked"):
        assert told in page, told
    assert "The name or the password is not right." in console.browser().sign_in("bob.blocked", PASSWORD).text
    assert "they may sign in" in changed(anna, "bob.blocked", "unblock").text
    assert "Hello, Bob Blocked" in console.browser().sign_in("bob.blocked", PASSWORD).text


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("ivan.invited", "The password has not been created yet."),
        ("lara.lapsed", "The invitation was not accepted in time."),
        ("dora.gone", "The login is disabled."),
    ],
)
def test_what_keeps_somebody_out_is_told_in_plain_words(anna, who, told):
    assert told in anna.get(f"/users/{who}").text


def test_the_platforms_main_administrator_ends_an_addresss_block(console, anna, grace):
    stranger = console.browser("192.0.2.66")
    for guess in range(10):
        stranger.sign_in(f"somebody.{guess}", "a wrong guess")
    assert "Too many failed sign-ins" in stranger.sign_in("carl.long", PASSWORD).text
    assert 403 == anna.get("/users/address-block").status_code
    grace.get("/users/address-block")
    assert "Please give an IPv4 or IPv6 address" in grace.submit("/users/address-block", address="here").text
    assert "192.0.2.66" in grace.submit("/users/address-block", address="192.0.2.66").text
    assert "Hello, Carl Long" in stranger.sign_in("carl.long", PASSWORD).text


# Changes


def test_everything_of_a_user_is_changed_from_their_page(console, anna):
    who = "carl.long"
    assert "has another role now" in changed(anna, who, "role", role="guest").text
    assert "flag of Carl Long is changed" in changed(anna, who, "import-flag", may_import="yes").text
    assert "They are called Carlo" in changed(anna, who, "full-name", full_name="Carlo").text
    assert "counts once it is confirmed" in changed(anna, who, "email", email="carlo@example.com").text
    assert "The mobile of Carlo is changed." in changed(anna, who, "mobile", mobile="+33 6 12 34 56 78").text
    assert "is disabled; their sessions are over" in changed(anna, who, "disable").text
    assert "may sign in again" in changed(anna, who, "enable").text
    assert "is a contact now" in changed(anna, who, "contact").text
    assert "This login name is taken." in changed(anna, who, "active", name="mark.credit").text
    assert "is an active user now, and invited" in changed(anna, who, "active", name="carlo.long").text
    assert "was sent a new invitation" in changed(anna, who, "invite").text
    assert "guest" == user_of(console, "carlo.long").role


def test_the_message_beside_an_address_leads_back_to_the_list(anna):
    page = changed(anna, "ivan.invited", "invite", back="/users").text
    assert "Users of Lyon" in page
    assert "was sent a new invitation" in page


def test_the_list_and_the_users_page_agree_on_what_was_seen(anna):
    anna.get("/users?state=lapsed")
    answer = anna.submit("/users/lara.lapsed/invite", seen=SEEN.search(anna.page)[1], back="/users")
    assert "Lara Lapsed was sent a new invitation" in answer.text


def test_a_wrong_value_is_told_at_its_field_and_kept(anna):
    answer = changed(anna, "carl.long", "email", email="nobody")
    assert 422 == answer.status_code
    assert 'value="nobody"' in answer.text
    assert "Please give an e-mail address" in answer.text


def test_a_stale_form_is_told_who_changed_what_and_keeps_what_was_typed(console, anna):
    anna.get("/users/carl.long")
    seen = SEEN.search(anna.page)[1]
    other = console.browser()
    other.sign_in("mark.credit", PASSWORD)
    changed(other, "carl.long", "role", role="guest")
    answer = anna.submit("/users/carl.long/full-name", seen=seen, full_name="Carlo")
    assert 409 == answer.status_code
    assert "rights changed, by Mark Credit" in answer.text
    assert 'value="Carlo"' in answer.text
    assert "Carl Long" == user_of(console, "carl.long").full_name


def test_a_form_sent_twice_is_told(anna):
    anna.get("/users/carl.long")
    seen = SEEN.search(anna.page)[1]
    anna.post("/users/carl.long/role", seen=seen, role="guest")
    assert "rights changed, by you" in anna.submit("/users/carl.long/role", seen=seen, role="guest").text


def test_a_sign_in_meanwhile_makes_no_form_out_of_date(console, anna):
    anna.get("/users/carl.long")
    seen = SEEN.search(anna.page)[1]
    console.clock.move(timedelta(minutes=1))
    console.browser().sign_in("carl.long", PASSWORD)
    assert "They are called Carlo" in anna.submit("/users/carl.long/full-name", seen=seen, full_name="Carlo").text


def test_what_was_so_already_is_told(anna):
    assert "It was so already" in changed(anna, "carl.long", "full-name", full_name="Carl Long").text


def test_an_old_proof_is_renewed_and_the_form_sent_once_more(console, anna):
    console.clock.move(timedelta(minutes=20))
    page = changed(anna, "carl.long", "mobile", mobile="+33612345678").text
    assert "To go on (change the mobile)" in page
    page = anna.submit("/prove", password=PASSWORD).text
    fields = dict(re.findall(r'type="hidden" name="(seen|mobile)" value="([^"]+)"', page))
    assert "The mobile of Carl Long is changed." in anna.submit("/users/carl.long/mobile", **fields).text
    assert "+33612345678" == user_of(console, "carl.long").mobile


def test_who_has_more_rights_is_not_changed(console, anna):
    mark = console.browser()
    mark.sign_in("mark.credit", PASSWORD)
    answer = changed(mark, user_of(console, "anna.petit").id, "full-name", full_name="Anne")
    assert 403 == answer.status_code
    assert "This user has rights that you do not have." in answer.text


# Main administrators, entities, second factor


def test_main_administrators_are_appointed_and_dismissed(console, anna):
    changed(anna, "mark.credit", "role", role="administrator")
    assert "is main administrator now" in changed(anna, "mark.credit", "appoint").text
    assert "cannot be disabled" in anna.page
    assert "is main administrator no longer" in changed(anna, "mark.credit", "dismiss").text
    last = changed(anna, user_of(console, "anna.petit").id, "dismiss")
    assert "Please appoint another one first." in last.text


def test_entities_are_authorised_and_withdrawn_on_the_platform(console, grace):
    assert "may enter that entity" in changed(grace, "mia.multi", "authorise", entity="madrid").text
    assert "Lyon, Madrid, Paris" in grace.page
    assert "may not enter that entity" in changed(grace, "mia.multi", "withdraw", entity="paris").text
    assert {"lyon", "madrid"} == user_of(console, "mia.multi").memberships


def test_a_main_administrator_resets_a_second_factor(console, anna):
    users, who = console.console.repositories.users, user_of(console, "carl.long")
    factor = SecondFactor(
        seed=Secret("sealed"), algorithm=Algorithm.SHA1, enrolled_at=console.clock.now(), last_step=0, recovery=()
    )
    event = Event(id="enrolled", kind=EventKind.SECOND_FACTOR_ENROLLED, at=console.clock.now(), subject=who.id)
    users.save(evolve(who, second_factor=factor, written_by=event.id), event)
    assert "set up 2026-03-02 09:00 UTC, 0 recovery codes left" in anna.get("/users/carl.long").text
    assert "has no second factor any more" in changed(anna, "carl.long", "second-factor").text
    assert user_of(console, "carl.long").second_factor is None


def test_an_address_that_a_user_let_in_is_revoked(console, anna):
    users, who = console.console.repositories.users, user_of(console, "carl.long")
    approved = ApprovedAddress("192.0.2.9", who.structure, console.clock.now())
    event = Event(id="approved", kind=EventKind.ADDRESS_APPROVED, at=console.clock.now(), subject=who.id)
    users.save(evolve(who, approved=(approved,), written_by=event.id), event)
    assert "192.0.2.9" in anna.get("/users/carl.long").text
    assert "needs a code again" in changed(anna, "carl.long", "revoke-address", address="192.0.2.9").text
    assert () == user_of(console, "carl.long").approved


# Forgetting


def test_forgetting_asks_first_and_is_for_good(console, anna):
    page = anna.get("/users/dora.gone/forget").text
    assert "Nobody can undo this." in page
    told = anna.submit("/users/dora.gone/forget", seen=SEEN.search(page)[1]).text
    assert "The user is forgotten." in told
    assert user_of(console, "dora.gone") is None
    assert 404 == anna.get("/users/dora.gone").status_code


# Customers of a user


def test_customers_of_a_user_are_listed_added_and_removed(console, anna):
    path = "/users/sara.sales/customers"
    anna.get(path)
    assert "There is no customer of this number here." in anna.submit(f"{path}/add", customer="X1").text
    assert "Customer L0300 is added." in anna.submit(f"{path}/add", customer="L0300", **{"as": "colleague"}).text
    assert "It was so already" in anna.submit(f"{path}/add", customer="L0300", **{"as": "colleague"}).text
    refused = anna.submit(f"{path}/add", customer="L0301", **{"as": "collector"})
    assert 403 == refused.status_code  # a sales manager collects from nobody
    gone = anna.submit(f"{path}/remove", customer="L0300", **{"as": "colleague"}).text
    assert "Customer L0300 is removed." in gone


def test_a_collector_who_was_replaced_is_not_removed_instead_of_the_new_one(console, anna):
    anna.get("/users/carl.long/customers")
    anna.post("/users/bob.blocked/customers/add", customer="L0001", **{"as": "collector"})
    told = anna.submit("/users/carl.long/customers/remove", customer="L0001", **{"as": "collector"}).text
    assert "another collector meanwhile" in told
    assert "bob.blocked" == console.console.repositories.customers.get("lyon", "L0001").collector


def test_states_and_categories_have_names():
    assert (set(UserState), set(Category)) == (set(STATES), set(CATEGORIES))
