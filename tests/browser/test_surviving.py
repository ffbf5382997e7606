"""Two tabs with the same form, forms that are sent twice, and sessions that end while a page is open."""

from tests.browser.serving import HOST, LYON
from tests.browser.visitor import send_at_once

MONTHS, LENGTH = "Months without access", "Least length of a password"


def asks(served, name):
    return dict(served.console.repositories.structures.get(LYON).policy.asks).get(name)


def test_of_two_tabs_with_the_same_settings_the_second_is_told_and_keeps_what_was_typed(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/settings")
    tab = anna.another_tab().open("/settings")
    anna.type(MONTHS, "6").press(f"Save: {MONTHS}")
    tab.type(MONTHS, "4").press(f"Save: {MONTHS}")
    assert (409, "4", 6) == (tab.status, tab.value(MONTHS), asks(served, "dormancy.months"))
    assert "What you typed is still here; save it again." in tab.told[0]
    assert "Lyon asks for 6" in " ".join(tab.page.locator("form", has_text=MONTHS).inner_text().split())
    tab.press(f"Save: {MONTHS}")
    assert ([f"Saved: {MONTHS}."], 4) == (tab.told, asks(served, "dormancy.months"))


def test_two_tabs_that_save_settings_at_the_same_instant_lose_nothing_in_silence(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/settings")
    tab = anna.another_tab().open("/settings")
    send_at_once(anna.type(MONTHS, "6"), tab.type(LENGTH, "12"), buttons=[f"Save: {MONTHS}", f"Save: {LENGTH}"])
    done = [asks(served, "dormancy.months") == 6, asks(served, "passwords.min_length") == 12]
    assert any(done)
    assert done == [each.status == 200 for each in (anna, tab)]
    assert ["6", "12"] == [anna.value(MONTHS), tab.value(LENGTH)]


def test_of_two_tabs_with_the_same_user_the_second_is_told_and_keeps_what_was_typed(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/users/carl.long")
    tab = anna.another_tab().open("/users/carl.long")
    anna.type("Full name", "Carl the First").press("Change the name")
    assert "Carl the First" == anna.heading
    tab.type("Full name", "Carl the Second").press("Change the name")
    assert (409, "Carl the First", "Carl the Second") == (tab.status, tab.heading, tab.value("Full name"))
    assert tab.told[0].startswith("This user was changed meanwhile")
    assert "Carl the Second" == tab.press("Change the name").heading


def test_somebody_who_is_added_twice_is_there_once(somebody, served):
    def typed(page):
        page.type("Login name", "nina.new").type("E-mail address", "nina@example.com").choose("Role", "Collector")
        return page

    anna = typed(somebody().sign_in("anna.petit").open("/users/new?active=yes")).press_twice("Add and invite")
    assert "nina.new" == anna.heading
    typed(anna.back()).press("Add and invite")
    assert (422, "nina@example.com") == (anna.status, anna.value("E-mail address"))
    assert "name" in anna.page.locator("#name-error").inner_text()
    assert 1 == anna.open("/users?q=nina.new").page.locator("tbody tr").count()
    assert 1 == len(served.console.mailbox.letters("nina@example.com"))


def test_two_tabs_that_add_the_same_person_at_once_add_them_once(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/users/new?active=yes")
    tab = anna.another_tab().open("/users/new?active=yes")
    for each in (anna, tab):
        each.type("Login name", "nina.new").type("E-mail address", "nina@example.com").choose("Role", "Collector")
    send_at_once(anna, tab, buttons=["Add and invite"] * 2)
    assert {200, 422} == {anna.status, tab.status}
    assert 1 == anna.open("/users?q=nina.new").page.locator("tbody tr").count()


def test_a_block_that_is_ended_twice_is_ended_once(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/users/bob.blocked")
    tab = anna.another_tab().open("/users/bob.blocked")
    send_at_once(anna, tab, buttons=["Unblock"] * 2)
    assert [200, 200] == [anna.status, tab.status]
    assert "Enabled" in tab.open("/users/bob.blocked").page.locator("#facts").inner_text()


def test_a_session_that_an_administrator_ends_leads_to_the_sign_in_and_changes_nothing(somebody, served):
    anna, carl = somebody("192.0.2.10").sign_in("anna.petit"), somebody().sign_in("carl.long").open("/account")
    anna.open("/users/carl.long").press("Disable the login")
    carl.type("Mobile number", "+33611111111").press("Change the number")
    assert ("/sign-in", ["Your session is over. Please sign in again."]) == (carl.path, carl.told)
    assert ["The name or the password is not right."] == carl.sign_in("carl.long").told
    assert served.console.repositories.users.get("carl.long").mobile is None


def test_a_list_that_somebody_searches_after_their_session_has_ended_leads_to_the_sign_in(somebody, served):
    carl = somebody().sign_in("carl.long").open("/customers")
    served.console.access.disable_user(HOST, "carl.long")
    with carl.page.expect_navigation():
        carl.page.locator("#q").press_sequentially("L00")
    assert "/sign-in" == carl.path


def test_a_page_of_a_user_who_was_forgotten_meanwhile_is_told_so(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/users/guy.guest")
    served.console.access.forget_user(HOST, "guy.guest")
    anna.type("Full name", "Nobody").press("Change the name")
    assert 404 == anna.status


def test_a_customer_whom_somebody_else_assigned_meanwhile_is_not_assigned_over_it(somebody, served):
    anna = somebody().sign_in("anna.petit").open("/customers/L0300")
    served.console.access.assign_collector(HOST, "lyon", "L0300", "carl.long")
    anna.choose("In charge of the collection", "Nobody").press("Assign")
    assert anna.told[0].startswith("Somebody else has assigned this customer meanwhile.")
    assert "Carl Long" == anna.fact("Collector")


def test_a_link_that_is_sent_twice_by_a_double_click_is_sent_once(somebody, served):
    carl = somebody().sign_in("carl.long").open("/customers/L0001")
    carl.type("Recipient’s e-mail address", "buyer@durand.example").press_twice("Send the link")
    assert ["A link was sent to buyer@durand.example."] == carl.told
    assert 1 == len(served.console.mailbox.letters("buyer@durand.example"))
