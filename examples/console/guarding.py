"""What guards every page: headers, the check of where a form comes from, the size of forms, and how long answers took."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.console.rendering import error_page
from mydso_access import PasswordHasher, Secret, SecretVerdict

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LONGEST_BODY = 64 * 1024  # far above the longest form; whoever sends more is not read to the end
TOO_LONG = "No form of this console is so long. Nothing was changed."
SAME_SITE = frozenset({"same-origin", "none"})  # `none`: the user asked by themselves, as by reloading the page
_OF_FILES = frozenset({200, 206, 304})
# How long this request has spent on hashing: a list, since a thread gets a copy of the variable and shares what it holds.
HASHING: ContextVar[list[float] | None] = ContextVar("HASHING", default=None)


def comes_from_here(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser says that a form was sent from a page of this console.

    Under `Referrer-Policy: no-referrer` browsers write `Origin: null` with their own forms, too: then, and where they say
    nothing at all, the token in the form decides alone.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in SAME_SITE
    origin = headers.get("origin", "null")
    return origin == "null" or urlsplit(origin).netloc == headers.get("host")


@final
class Guard:
    """Adds the headers to every answer, and takes no body that is too long.

    With `timing` every answer says how long it took, hashing apart: for measurements only, since a stranger would read off
    it what the time of the whole answer hides.
    """

    def __init__(self, app: ASGIApp, *, timing: bool = False) -> None:
        self._app, self._timing = app, timing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, hashing = time.perf_counter(), [0.0]
        HASHING.set(hashing)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                # A page is never kept; a script or a style sheet is.
                is_kept = scope["path"].startswith("/static/") and message["status"] in _OF_FILES
                headers.setdefault("Cache-Control", "public, max-age=3600" if is_kept else "no-store")
                if self._timing:
                    taken = (time.perf_counter() - began) * 1000
                    headers["Server-Timing"] = f"app;dur={taken - hashing[0]:.1f}, hash;dur={hashing[0]:.1f}"
            await send(message)

        body = await _short(scope, receive)
        if body is None:
            await error_page("This is too much", TOO_LONG, 413)(scope, receive, with_headers)
        else:
            await self._app(scope, _again(body, receive), with_headers)


async def _short(scope: Scope, receive: Receive) -> list[Message] | None:
    """Return the body as it came; `None` if it is too long, whether it says so or not."""
    said = Headers(scope=scope).get("content-length", "0")
    if len(said) > len(str(LONGEST_BODY)) or (said.isdecimal() and int(said) > LONGEST_BODY):
        return None
    messages, length = [await receive()], 0
    while True:
        length += len(messages[-1].get("body", b""))
        if length > LONGEST_BODY:
            return None
        if not messages[-1].get("more_body", False):
            return messages
        messages.append(await receive())


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Give what was received already, then what comes after it."""
    waiting = iter(messages)

    async def given() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return given


@final
class TimedHasher:
    """Hashes as another hasher does, and notes how long that took."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher

    def hash(self, password: Secret[bytes], /) -> Secret[str]:
        """Return a new hash."""
        with _Timed():
            return self._hasher.hash(password)

    def verify(self, stored: Secret[str], password: Secret[bytes], /) -> SecretVerdict:
        """Compare."""
        with _Timed():
            return self._hasher.verify(stored, password)

    def verify_dummy(self, password: Secret[bytes], /) -> None:
        """Spend what `verify` spends."""
        with _Timed():
            self._hasher.verify_dummy(password)

    def needs_rehash(self, stored: Secret[str], /) -> bool:
        """Tell whether a hash made now would be stronger."""
        return self._hasher.needs_rehash(stored)


class _Timed:
    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = HASHING.get()
        if spent is not None:
            spent[0] += (time.perf_counter() - self._began) * 1000
