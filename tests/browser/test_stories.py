"""Both help pages' stories in a browser, and what the people in them see of customers and links."""

import re
from datetime import timedelta

from examples.console.seed import PASSWORD
from tests.browser.serving import HOST

NEW_PASSWORD = "A-Better-Horse-10"


def test_the_story_of_a_user_of_one_entity(somebody, served):
    anna, nina = somebody("192.0.2.10"), somebody()
    anna.sign_in("anna.petit").open("/users").follow("Add a user").follow("Yes, a login")
    anna.type("Login name", "Nina.New").type("Full name", "Nina New").type("E-mail address", "nina@example.com")
    anna.choose("Role", "Collector").press("Add and invite")
    assert ("Nina New", ["Nina New was added. The invitation went to nina@example.com."]) == (anna.heading, anna.told)
    assert "Invited" in anna.page.locator("#facts").inner_text()
    assert ["The name or the password is not right."] == nina.sign_in("nina.new").told

    # The invitation, sent again: the first is dead. A weak password is refused at its field.
    first = nina.link_to("nina@example.com")
    anna.press("Send the invitation again")
    assert "The invitation cannot be used" == nina.open(first).heading
    nina.open(nina.link_to("nina@example.com"))
    assert "nina.new" == nina.value("Your login name")
    nina.fill(password="short").press("Create the password")
    assert (422, "Create your password") == (nina.status, nina.heading)
    nina.fill(password=NEW_PASSWORD).press("Create the password")
    assert ["Your password is created. You can sign in with it now."] == nina.told

    # Signed in, and where a collector may go: nowhere near the administration.
    assert "Hello, Nina New" == nina.sign_in("nina.new", NEW_PASSWORD).heading
    assert ["Home", "Customers", "Links", "Mailbox"] == nina.page.locator("nav[aria-label=Main] a").all_inner_texts()
    for path in ("/users", "/users/carl.long", "/settings", "/trail", "/soon", "/users/new"):
        assert nina.open(path).status in {403, 404}, path

    # Dormant after three months, and enabled again.
    served.clock.move(timedelta(days=93))
    assert ["The name or the password is not right."] == nina.open("/sign-in").sign_in("nina.new", NEW_PASSWORD).told
    served.console.access.enable_user(HOST, served.console.repositories.users.named("anna.petit").id)
    anna.sign_in("anna.petit").open("/users").follow("Nina New")
    assert "Nobody has used the login for longer than the settings allow." == anna.fact("Why")
    anna.press("Enable the login")
    assert "Hello, Nina New" == nina.sign_in("nina.new", NEW_PASSWORD).heading

    # A contact in the end, whose session is over.
    anna.press("No: make them a contact")
    assert "none" == anna.fact("Login name")
    assert ["Your session is over. Please sign in again."] == nina.open("/customers").told


def test_the_story_of_a_user_of_several_entities(somebody):
    grace, max_ = somebody("192.0.2.10"), somebody()
    grace.sign_in("grace.head").open("/users/new")
    grace.type("Login name", "max.multi").type("Full name", "Max Multi").type("E-mail address", "max@example.com")
    grace.choose("Role", "Collector").press("Add and invite")
    max_.open(max_.link_to("max@example.com")).fill(password=PASSWORD).press("Create the password")
    max_.sign_in("max.multi").open("/entities")
    assert "You are authorised in no entity yet." in max_.text

    # Authorised in two of three, once the page knows that the invitation was accepted since it was loaded.
    grace.choose("Entity", "Lyon").press("Authorise")
    assert (409, "Lyon") == (grace.status, grace.chosen("Entity"))
    assert grace.told[0].startswith("This user was changed meanwhile")
    for entity in ("Lyon", "Paris"):
        grace.choose("Entity", entity).press("Authorise")
    assert "Lyon, Paris" == grace.fact("Authorised in")
    max_.open("/entities").press("Enter Lyon")
    assert (["You are in Lyon now."], "Lyon") == (max_.told, max_.page.locator(".place").inner_text())
    max_.open("/entities").press("Enter Paris")
    assert "Paris" == max_.page.locator(".place").inner_text()
    assert 0 == max_.open("/entities").page.get_by_role("button", name="Enter Madrid").count()

    # Paris shows them, changed on the platform only; withdrawn, they are out at the next page that asks.
    paul = somebody("192.0.2.20").sign_in("paul.paris").open("/users")
    paul.follow("Max Multi")
    assert "They belong to The group: they are changed there, and not from here." in paul.text
    grace.press("Withdraw Paris")
    max_.open("/customers")
    assert ("/entities", "You are not authorised any more in the entity that you were in.") == (max_.path, max_.told[0])
    assert 0 == max_.open("/entities").page.get_by_role("button", name="Enter Paris").count()


def test_a_collector_sees_their_200_of_2500_and_why(somebody):
    anna, carl = somebody("192.0.2.10").sign_in("anna.petit"), somebody().sign_in("carl.long")
    assert "2500 customers" == anna.open("/customers").page.locator("#count").inner_text()
    assert "200 customers" == carl.open("/customers").page.locator("#count").inner_text()
    assert "Page 1 of 4" in carl.text
    carl.page.get_by_text("Why do I see these?").click()
    assert "Lyon shows your role (collector) only the customers that you manage: whose collector you are." in carl.text
    assert "Rule S29, from the entity" in carl.text

    seen = set()
    for page in range(1, 5):
        carl.open(f"/customers?page={page}")
        seen |= set(carl.page.locator("td[data-label=Number]").all_inner_texts())
    assert {f"L{number:04}" for number in range(1, 201)} == seen
    assert 200 == carl.open("/customers/L0200").status
    assert [404, 404] == [carl.open(f"/customers/{each}").status for each in ("L0201", "L9999")]

    # Assigned one more, there at once.
    anna.open("/customers/L0201").choose("In charge of the collection", "Carl Long, collector").press("Assign")
    assert "201 customers" == carl.open("/customers").page.locator("#count").inner_text()


def test_the_head_of_the_group_counts_5000_customers_entity_by_entity(somebody):
    grace = somebody().sign_in("grace.head")
    counts = []
    for entity in ("Lyon", "Paris", "Madrid"):
        grace.open("/entities").press(f"Enter {entity}").open("/customers")
        counts.append(int(grace.page.locator("#count").inner_text().split()[0]))
    assert [2_500, 1_500, 1_000] == counts


def test_customers_are_found_as_one_types_and_without_a_script_too(somebody):
    carl = somebody().sign_in("carl.long").open("/customers")
    carl.page.get_by_label("Search by name, town or number").press_sequentially("L0042")
    carl.page.locator("#count", has_text=re.compile("^1 customer found")).wait_for()
    assert ["L0042"] == carl.page.locator("td[data-label=Number]").all_inner_texts()
    assert "/customers" == carl.path

    plain = somebody("192.0.2.30", java_script_enabled=False)
    plain.open("/sign-in").fill(name="carl.long", password=PASSWORD)
    plain.page.get_by_role("button", name="Sign in").click()
    plain.open("/customers").page.get_by_label("Search by name, town or number").fill("L0042")
    plain.page.get_by_role("button", name="Search").click()
    assert ["L0042"] == plain.page.locator("td[data-label=Number]").all_inner_texts()


def test_a_link_dies_when_its_period_is_shortened(somebody, served):
    anna, carl, buyer = somebody("192.0.2.10"), somebody(), somebody("198.51.100.1")
    carl.sign_in("carl.long").open("/customers/L0001")
    carl.type("Their e-mail address", "buyer@durand.example").press("Send the e-mail")
    assert ["A link was sent to buyer@durand.example."] == carl.told
    link = buyer.link_to("buyer@durand.example")
    assert "Your account statement" == buyer.open(link).heading
    assert buyer.press("Show it").heading.startswith("Statement of ")

    served.clock.move(timedelta(days=10))
    assert "Your account statement" == buyer.open(link).heading
    period = "Validity period of links in interactive e-mails, in days"
    anna.sign_in("anna.petit").open("/settings").type(period, "7").press(f"Save: {period}")
    assert [f"Saved: {period}."] == anna.told
    assert (403, "This link does not open") == (buyer.open(link).status, buyer.heading)
    assert "This link is too old. Please ask for a new one." in buyer.text
    assert "too old: its period is over" in anna.open("/links").text

    # A longer period revives none.
    anna.open("/settings").press(f"Stop asking: {period}")
    assert 403 == buyer.open(link).status


def test_a_link_for_single_use_opens_once(somebody):
    carl, buyer = somebody().sign_in("carl.long").open("/customers/L0001"), somebody("198.51.100.1")
    carl.type("Recipient’s e-mail address", "buyer@durand.example").page.locator("#document-once").check()
    carl.press("Send the link")
    buyer.open(buyer.link_to("buyer@durand.example")).press("Show it")
    assert 200 == buyer.status
    assert 403 == buyer.open(buyer.link_to("buyer@durand.example")).status


def test_whoever_would_shut_themselves_out_is_told_and_may_put_themselves_on_the_list(somebody):
    anna = somebody("203.0.113.7").sign_in("anna.petit").open("/settings")
    anna.type("Authorized addresses and networks", "192.0.2.0/24").press("Save: Authorized addresses and networks")
    assert 422 == anna.status
    assert "You come from 203.0.113.7." in anna.text
    anna.press("Put 203.0.113.7 on the list and save")
    assert ["Saved: Authorized addresses and networks."] == anna.told
    assert "192.0.2.0/24\n203.0.113.7" == anna.value("Authorized addresses and networks")


def test_what_binds_is_the_strictest_and_the_page_says_where_it_comes_from(somebody):
    anna = somebody().sign_in("anna.petit").open("/settings")
    anna.type("Least length of a password", "8").press("Save: Least length of a password")
    shown = anna.page.locator("form", has_text="Least length of a password").inner_text()
    assert "no effect" in shown
    assert "the installation" in shown
    assert "The installation asks for at least 9 characters; a lower value has no effect." in shown
    anna.type("Least length of a password", "14").press("Save: Least length of a password")
    shown = anna.page.locator("form", has_text="Least length of a password").inner_text()
    assert re.search(r"Applies\s+14 characters\s+Comes from\s+the entity", shown), shown
