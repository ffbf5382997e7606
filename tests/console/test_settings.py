"""Settings → Security: what is shown, what is refused, and that nothing typed is lost."""

import re

from examples.console.seed import PASSWORD

PAGE = "/settings"


def version_on(browser) -> str:
    return re.search(r'name="version" value="(\d+)"', browser.page)[1]


def at_settings(console, name: str = "anna.petit"):
    browser = console.browser()
    browser.sign_in(name, PASSWORD)
    answer = browser.get(PAGE)
    assert 200 == answer.status_code, answer.text
    return browser


def save(browser, name: str, value: str, **fields: str):
    return browser.submit(f"{PAGE}/{name}", value=value, version=version_on(browser), **fields)


def facts_of(page: str, name: str) -> str:
    """What the page says of one setting, without its tags."""
    html = page[page.index(f'id="{name}-facts"') :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[html.index(">") + 1 : html.index("</dl>")])).strip()


def asks(console) -> dict[str, object]:
    from mydso_access import Structure  # noqa: PLC0415

    return dict(console.console.repositories.structures.get(Structure.entity("lyon")).policy.asks)


def test_an_entity_has_every_option_of_the_help_page_in_its_order(console):
    page = at_settings(console).page
    titles = [
        "Allow access only from specific IP addresses",
        "Force password change",
        "Automatically deactivate inactive users",
        "Enable two-factor authentication (2FA)",
        "Access restriction based on user roles",
        "Expiration of links in the interactive e-mails",
        "Expiration of links to your EDM (Electronic Document Management)",
        "Good to know",
        "All settings",
    ]
    assert titles == re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert "Account blocked for 1 hour after 5 failed attempts." in page
    assert "IP address blocked for 1 day after 10 failed attempts." in page
    assert "always on, cannot be relaxed" in page


def test_the_platform_has_no_option_that_only_entities_have(console):
    page = at_settings(console, "grace.head").page
    assert "Access restriction" not in page
    assert "visibility." not in page
    assert "links." not in page
    assert "addresses.networks" in page


def test_the_platforms_main_administrator_sets_what_the_entity_they_are_in_asks_for(console):
    browser = at_settings(console, "grace.head")
    assert "Security settings of The group" in browser.page
    browser.get("/entities")
    browser.submit("/entities/lyon")
    assert "Security settings of Lyon" in browser.get(PAGE).text
    assert "Saved" in save(browser, "rotation.days", "60").text
    assert 60 == asks(console)["rotation.days"]


def test_a_value_applies_and_says_where_it_comes_from(console):
    browser = at_settings(console)
    assert "Applies never Comes from the installation" in facts_of(browser.page, "rotation.days")
    page = save(browser, "rotation.days", "90").text
    assert "Saved: Days until a password must be changed." in page
    assert "Lyon asks for 90 days Applies 90 days Comes from the entity" in facts_of(page, "rotation.days")


def test_the_form_holds_what_is_asked_for(console):
    page = at_settings(console).page
    chosen = re.search(r'id="visibility.collectors".*?</select>', page, re.DOTALL)[0]
    assert ["Yes"] == re.findall(r"selected>([^<]+)<", chosen)
    assert 'id="dormancy.months" name="value" value="3"' in page


def test_a_weaker_value_has_no_effect_and_is_told_so(console):
    browser = at_settings(console)
    assert "The installation asks for at least 9 characters; a lower value has no effect." in browser.page
    page = save(browser, "passwords.min_length", "8").text
    said = facts_of(page, "passwords.min_length")
    assert "asks for 8 characters no effect Applies 9 characters Comes from the installation" in said


def test_a_wrong_value_is_told_at_its_field_and_kept(console):
    browser = at_settings(console)
    for typed in ("0", "many", "-1"):
        answer = save(browser, "rotation.days", typed)
        assert 422 == answer.status_code
        assert "A whole number from 1 to 3650." in answer.text
        assert f'value="{typed}"' in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert "rotation.days" not in asks(console)


def test_what_is_no_longer_asked_for_applies_no_more(console):
    browser = at_settings(console)
    save(browser, "dormancy.months", "6")
    page = browser.submit(f"{PAGE}/dormancy.months/stop", version=version_on(browser)).text
    assert "Applies never Comes from the installation" in facts_of(page, "dormancy.months")


def test_of_two_tabs_the_second_is_told_and_keeps_what_was_typed(console):
    one, other = at_settings(console), at_settings(console)
    save(one, "dormancy.months", "6")
    answer = save(other, "rotation.days", "45")
    assert 409 == answer.status_code
    assert "Somebody else has changed this meanwhile." in answer.text
    assert 'value="45"' in answer.text
    assert "rotation.days" not in asks(console)
    assert "Saved" in save(other, "rotation.days", "45").text
    assert {"dormancy.months": 6, "rotation.days": 45} == {
        name: value for name, value in asks(console).items() if name in ("dormancy.months", "rotation.days")
    }


def test_a_form_that_is_sent_twice_changes_nothing_the_second_time(console):
    browser = at_settings(console)
    version = version_on(browser)
    save(browser, "dormancy.months", "6")
    answer = browser.submit(f"{PAGE}/dormancy.months", value="6", version=version)
    assert 200 == answer.status_code
    assert "It is so already; nothing was changed." in answer.text


def test_a_list_that_would_shut_oneself_out_is_refused_and_the_own_address_offered(console):
    browser = at_settings(console)
    answer = save(browser, "addresses.networks", "10.0.0.0/8")
    assert 422 == answer.status_code
    assert "This list of addresses would shut you out. You come from 203.0.113.7." in answer.text
    assert "Put 203.0.113.7 on the list and save" in answer.text
    assert "10.0.0.0/8</textarea>" in answer.text
    assert "addresses.networks" not in asks(console)

    saved = save(browser, "addresses.networks", "10.0.0.0/8", mine="yes")
    assert 200 == saved.status_code
    assert "10.0.0.0/8, 203.0.113.7" == str(asks(console)["addresses.networks"])


def test_a_slip_in_a_list_is_told(console):
    answer = save(at_settings(console), "addresses.networks", "203.0.113.7/24")
    assert 422 == answer.status_code
    assert "203.0.113.7/24" in answer.text


def test_whoever_proved_themselves_long_ago_does_so_again_and_loses_nothing(console):
    from datetime import timedelta  # noqa: PLC0415

    browser = at_settings(console)
    console.clock.move(timedelta(minutes=20))
    answer = browser.post(f"{PAGE}/rotation.days", value="45", version=version_on(browser))
    assert "/prove" == answer.headers["location"]
    assert "rotation.days" not in asks(console)
    browser.get("/prove")
    again = browser.submit("/prove", password=PASSWORD).text
    fields = dict(re.findall(r'type="hidden" name="(version|value)" value="([^"]*)"', again))
    assert "Saved" in browser.submit(f"{PAGE}/rotation.days", **fields).text
    assert 45 == asks(console)["rotation.days"]


def test_whoever_is_no_main_administrator_may_not_see_the_page(console):
    for name in ("mark.credit", "carl.long", "guy.guest"):
        browser = console.browser()
        home = browser.sign_in(name, PASSWORD)
        assert 'href="/settings"' not in home.text
        answer = browser.get(PAGE)
        assert 403 == answer.status_code
        assert "You may not do this." in answer.text
        assert 403 == browser.submit(f"{PAGE}/rotation.days", value="45", version="1").status_code


def test_a_setting_of_the_installation_is_nobodys_to_change(console):
    page = save(at_settings(console), "lockout.account.failures", "100").text
    assert "This setting cannot be changed here." in page
