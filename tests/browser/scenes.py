"""Every page of the console, who looks at it, and how it is reached."""

from collections.abc import Callable
from typing import Any

import pyotp
from attrs import field, frozen

from mydso_access import System
from mydso_access.policy import Networks
from tests.browser.visitor import Visitor

HOST = System("scenes")


def as_it_is(_: Any) -> None:
    """There is nothing to be done on the way."""


@frozen
class Scene:
    """One page as somebody sees it.

    Attributes:
        name: of the picture.
        route: of the application that it shows.
        path: where it is; empty if what is to be done leads there.
        who: who looks, signed in; empty for somebody who is not.
        enters: the entity that they are in, for those who are multi-entity.
        then: what is to be done once there.
    """

    name: str
    route: str
    path: str = ""
    who: str = "anna.petit"
    enters: str = ""
    then: Callable[[Any], Any] = field(default=as_it_is)

    def play(self, visitor: Any) -> None:
        """Reach the page, from a window where `who` is signed in."""
        if self.path:
            visitor.open(self.path)
        self.then(visitor)


def page(name: str, path: str, **more: Any) -> Scene:
    """Return a page that is looked at as it is."""
    return Scene(name, more.pop("route", path.partition("?")[0]), path, **more)


def user(name: str, path: str = "", then: Callable[[Any], Any] = as_it_is, **more: Any) -> Scene:
    return Scene(name, f"/users/{{user_id}}{path}", f"/users/{more.pop('of', 'carl.long')}{path}", then=then, **more)


PLAIN = (
    page("sign-in", "/sign-in", who=""),
    page("forgotten", "/forgotten", who=""),
    page("reset-dead", "/reset?token=a-token", who=""),
    page("invitation-dead", "/invitation?token=a-token", who=""),
    page("email", "/email?token=a-token", who=""),
    page("link-dead", "/open/external?token=a-token", route="/open/{kind}", who=""),
    page("mailbox", "/mailbox", who=""),
    page("home", "/"),
    page("home-collector", "/", who="carl.long"),
    page("account", "/account"),
    page("recovery-codes", "/account/recovery-codes"),
    page("entities", "/entities", who="grace.head"),
    page("prove", "/prove"),
    page("customers", "/customers"),
    page("customers-collector", "/customers", who="carl.long"),
    page("customers-searched", "/customers?q=durand&sort=balance"),
    page("customers-entered", "/customers", who="grace.head", enters="Lyon"),
    page("customers-none", "/customers?q=nobody-has-this-name"),
    page("customer", "/customers/L0001", route="/customers/{customer_id}"),
    page("links-none", "/links", who="carl.long"),
    page("users", "/users"),
    page("users-platform", "/users", who="grace.head"),
    page("user-new", "/users/new"),
    page("user-new-active", "/users/new?active=yes"),
    page("address-block", "/users/address-block", who="grace.head"),
    user("user"),
    user("user-blocked", of="bob.blocked"),
    user("user-invited", of="ivan.invited"),
    user("user-contact", of="zoe"),
    user("user-multi-entity", of="mia.multi", who="grace.head"),
    user("user-forget", "/forget"),
    user("user-customers", "/customers"),
    page("soon", "/soon?days=90"),
    page("trail", "/trail?user=carl.long"),
    page("trail-of-all", "/trail", who="grace.head"),
    page("settings-entity", "/settings"),
    page("settings-platform", "/settings", who="grace.head"),
)


# Pages that something must happen for


def press(*titles: str, **fields: str) -> Callable[[Any], None]:
    """Return what fills in a form and presses buttons."""

    def done(visitor: Any) -> None:
        visitor.fill(**fields)
        for title in titles:
            visitor.press(title)

    return done


def settled(**asks: Any) -> Callable[[Any], None]:
    """Return what lets Lyon ask for something for the length of a sign-in by Anna."""

    def done(visitor: Any) -> None:
        for name, value in asks.items():
            visitor.served.settle(name.replace("__", "."), value)
        visitor.sign_in("anna.petit")
        for name in asks:
            visitor.served.unsettle(name.replace("__", "."))

    return done


def new_password(visitor: Any) -> None:
    visitor.served.console.access.mark_compromised(HOST, "mark.credit")
    visitor.sign_in("mark.credit")
    visitor.fill(password="short").press("Set the password")


def second_factor(visitor: Any) -> None:
    visitor.served.settle("second_factor.required", True)
    visitor.sign_in("anna.petit")
    visitor.page.get_by_text("You cannot scan it?").click()
    app = pyotp.TOTP(visitor.page.locator("#seed").inner_text())
    visitor.fill(code=app.at(visitor.served.clock.now())).press("Set up").press("Show me ten codes").press("Sign out")
    visitor.sign_in("anna.petit")


def invitation(visitor: Any) -> None:
    visitor.open(visitor.link_to("ivan.invited@example.com"))


def forgotten(visitor: Any) -> None:
    visitor.open("/forgotten").fill(name="sara.sales").press("Send me a link")
    visitor.open(visitor.link_to("sara.sales@example.com"))


def sent_link(visitor: Any) -> None:
    visitor.open("/customers/L0001")
    visitor.type("Recipient’s e-mail address", "buyer@durand.example").press("Send the link")
    visitor.type("Their e-mail address", "buyer@durand.example").press("Send the e-mail")


def shown_link(visitor: Any) -> None:
    sent_link(visitor)
    visitor.open(visitor.link_to("buyer@durand.example"))


def stale_setting(visitor: Any) -> None:
    tab = visitor.another_tab().open("/settings")
    visitor.open("/settings")
    tab.type("Months without access", "5")
    tab.press("Save: Months without access")
    tab.page.close()
    visitor.type("Months without access", "4")
    visitor.press("Save: Months without access")


PLAYED = (
    Scene("sign-in-refused", "/sign-in", "/sign-in", "", then=press("Sign in", name="anna.petit", password="a guess")),
    Scene("address-code", "/step/{kind}", who="", then=settled(addresses__networks=Networks("192.0.2.10/32"))),
    Scene("enrolment", "/step/{kind}", who="", then=settled(second_factor__required=True)),
    Scene("new-password", "/step/{kind}", who="", then=new_password),
    Scene("invitation", "/invitation", who="", then=invitation),
    Scene("reset", "/reset", who="", then=forgotten),
    Scene(
        "user-new-refused", "/users/new", "/users/new?active=yes", then=press("Add and invite", name="x", email="x@y")
    ),
    Scene("link", "/open/{kind}", then=shown_link),
    Scene("link-opened", "/open/{kind}", then=lambda visitor: (shown_link(visitor), visitor.press("Show it"))),
    Scene("links", "/links", "/links", then=lambda visitor: (sent_link(visitor), visitor.open("/links"))),
    Scene("settings-stale", "/settings", then=stale_setting),
    Scene("not-for-you", "/users", "/users", "carl.long"),
    Scene("not-there", "", "/no/such/page"),
    Scene("second-factor", "/step/{kind}", who="", then=second_factor),  # the last: it ends Anna's other sessions
)
SCENES = PLAIN + PLAYED


class Windows:
    """One window for everybody who looks, signed in once; a new one for whoever is not."""

    def __init__(self, browser: Any, served: Any, **options: Any) -> None:
        self._browser, self._served, self._options = browser, served, options
        self._open: dict[tuple[str, str], Visitor] = {}

    def __call__(self, scene: Scene) -> Visitor:
        """Return the window that a scene is played in."""
        key = (scene.who, scene.enters)
        if key in self._open and scene.who:
            return self._open[key]
        visitor = Visitor.arriving(self._browser, self._served, "203.0.113.7", **self._options)
        if scene.who:
            visitor.sign_in(scene.who)
        if scene.enters:
            visitor.open("/entities").press(f"Enter {scene.enters}")
        return self._open.setdefault(key, visitor) if scene.who else visitor
