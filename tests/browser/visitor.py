"""Somebody at a browser: what they do, in the words of the page."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from attrs import define, evolve, field

from examples.console.seed import PASSWORD
from tests.browser.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

# What Chromium says of an answer that is no 200: pages that refuse have such a status on purpose.
BY_DESIGN = re.compile(r"Failed to load resource: the server responded with a status of (403|404|409|422|503)")
LINK = re.compile(r"https?://\S+")
A_CODE = re.compile(r"\b\d{6}\b")
MOST_TABS = 80
CALLED = """() => { const at = document.activeElement;
    return [at.getAttribute('aria-label'), ...[...(at.labels || [])].map(each => each.innerText), at.innerText]; }"""
PATIENCE = 10_000  # milliseconds


@define(eq=False)
class Visitor:
    """One window. Nothing here waits for time to pass: only for pages."""

    served: Served
    context: "BrowserContext"
    page: "Page"
    troubles: list[str] = field(factory=list)

    @classmethod
    def arriving(cls, browser: "Browser", served: Served, address: str, **options: Any) -> Self:
        """Open a window of a browser that knows nothing yet, at an address."""
        context = browser.new_context(extra_http_headers={"X-Forwarded-For": address}, **options)
        context.set_default_timeout(PATIENCE)
        visitor = cls(served, context, context.new_page())
        visitor._watch()
        return visitor

    def another_tab(self) -> Self:
        """Open another tab of the same browser."""
        tab = evolve(self, page=self.context.new_page())
        tab._watch()
        return tab

    def _watch(self) -> None:
        def heard(kind: str, text: str) -> None:
            if kind == "error" and not BY_DESIGN.match(text):
                self.troubles.append(text)

        self.page.on("console", lambda said: heard(said.type, said.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def leave(self) -> None:
        self.context.close()

    # Look

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.served.url)

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    @property
    def told(self) -> list[str]:
        """What the page says happened."""
        return self.page.locator(".flash").all_inner_texts()

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    @property
    def status(self) -> int:
        """The status of the page that is shown."""
        return int(self.page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus"))

    def value(self, label: str) -> str:
        return self.field(label).input_value()

    def field(self, label: str) -> "Locator":
        """Return the field of a label, and no button that is called like it."""
        named = self.page.locator("label", has_text=re.compile(rf"^{re.escape(label)}( \(optional\))?$"))
        return self.page.locator(f"[id='{named.first.get_attribute('for')}']")

    def chosen(self, label: str) -> str:
        """Return which option of a choice is chosen, as it reads."""
        return self.field(label).locator("option:checked").inner_text()

    def fact(self, name: str) -> str:
        """Return what a list of facts says of something."""
        named = self.page.locator("dl.facts div", has=self.page.locator("dt", has_text=re.compile(f"^{name}$")))
        return named.first.locator("dd").inner_text()

    # Do

    def open(self, path: str) -> Self:
        self.page.goto(path if path.startswith("http") else self.served.url + path)
        return self

    def fill(self, **fields: str) -> Self:
        """Type into fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"[name='{name}']:not([type=hidden])").fill(value)
        return self

    def type(self, label: str, text: str) -> Self:
        """Type into the field of a label."""
        self.field(label).fill(text)
        return self

    def choose(self, label: str, option: str) -> Self:
        self.field(label).select_option(label=option)
        return self

    def press(self, title: str, within: "Locator | None" = None) -> Self:
        """Press a button, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            (within or self.page).get_by_role("button", name=title, exact=True).click()
        return self

    def press_twice(self, title: str) -> Self:
        """Press a button twice, as hasty people do."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=title, exact=True).dblclick()
        return self

    def follow(self, title: str) -> Self:
        """Follow a link of the page's content."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=title, exact=True).click()
        return self

    def back(self) -> Self:
        self.page.go_back()
        return self

    def sign_in(self, name: str, password: str = PASSWORD) -> Self:
        return self.open("/sign-in").fill(name=name, password=password).press("Sign in")

    # By keyboard alone

    def tab_to(self, name: str, *, backwards: bool = False) -> Self:
        """Press Tab until what has the keyboard is called so."""
        for _ in range(MOST_TABS):
            if name in self.page.evaluate(CALLED):
                return self
            self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        raise AssertionError(f"no Tab leads to {name}")

    def write(self, text: str) -> Self:
        self.page.keyboard.type(text)
        return self

    def enter(self, *, leads_elsewhere: bool = True) -> Self:
        """Press Enter."""
        if not leads_elsewhere:
            self.page.keyboard.press("Enter")
            return self
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self

    # Mail

    def letter(self, to: str) -> str:
        """Return the newest message to somebody, read on the mailbox page in another tab."""
        page = self.context.new_page()
        page.goto(f"{self.served.url}/mailbox")
        text = page.locator("article", has_text=to).first.inner_text()
        page.close()
        return text

    def link_to(self, to: str) -> str:
        return LINK.search(self.letter(to))[0]

    def code_to(self, to: str) -> str:
        return A_CODE.search(self.letter(to))[0]


SEND = "button => setTimeout(() => button.click())"


def send_at_once(*pages: Visitor, buttons: Sequence[str]) -> None:
    """Press a button of each page before any of them is answered."""
    with ExitStack() as stack:
        for each in pages:
            stack.enter_context(each.page.expect_navigation())
        for each, title in zip(pages, buttons, strict=True):
            each.page.get_by_role("button", name=title, exact=True).evaluate(SEND)
