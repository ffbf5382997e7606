"""The FastAPI example signs in with every step, and lets nobody in without one."""

import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from mydso_access import Busy, BusyBecause, Factor, NewUser, Proof, Structure, StructurePolicy, System
from mydso_access.testing import ManualClock
from tests.examples.support import (
    AWAY,
    FOREIGN,
    HOME,
    MOBILE,
    NEXT,
    NOT_RIGHT,
    OFFICE,
    PASSWORD,
    SAME_SITE,
    Outbox,
    code_of,
    surroundings,
)

pytest.importorskip("fastapi")
LYON, TEST, PROXY = Structure.entity("lyon"), System("test"), "10.0.0.7"
Visit = Callable[[], "Visitor"]


@define
class Visitor:
    """Somebody's browser behind the proxy; it remembers the token of the step that it was told last."""

    client: Any
    address: str = HOME
    cookies: dict[str, str] = field(factory=dict)
    token: str = ""

    def ask(self, method: str, path: str, headers: dict[str, str] = SAME_SITE, **body: Any) -> Any:
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        response = self.client.request(method, path, headers=headers | {"X-Forwarded-For": self.address}, **body)
        self.cookies = dict(response.cookies) or self.cookies
        return response

    def fill_in(self, step: str, given: str = "", token: str | None = None) -> tuple[int, dict[str, Any]]:
        body = {"token": self.token if token is None else token, "given": given}
        response = self.ask("POST", f"/{step}", json=body)
        self.token = response.json().get("token", self.token)
        return response.status_code, response.json()

    def sign_in(self, password: str = PASSWORD, name: str = "the.boss") -> tuple[int, dict[str, Any]]:
        return self.fill_in("SignIn", password, name)

    @property
    def name(self) -> str | None:
        response = self.ask("GET", "/session")
        return response.json()["name"] if response.status_code == 200 else None


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def client(tmp_path: Path, outbox: Outbox, clock: ManualClock) -> Iterator[Any]:
    from examples.fastapi_app import create_app  # noqa: PLC0415  # where FastAPI is

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of httpx, which newer Starlettes would replace
        from fastapi.testclient import TestClient  # noqa: PLC0415

    url = f"sqlite+aiosqlite:///{tmp_path / 'access.db'}"
    app = create_app(url, outbox.deliver, trusted_proxies=[PROXY], **surroundings(clock))
    with TestClient(app, base_url="https://app.test", client=(PROXY, 50000)) as client:
        yield client


@pytest.fixture
def ask(client: Any) -> Callable[..., Any]:
    """Ask the door itself, on the loop that the application runs on."""

    def asked(method: str, *args: Any) -> Any:
        return client.portal.call(getattr(client.app.state.access, method), *args)

    return asked


@pytest.fixture
def boss_id(client: Any) -> str:
    return client.portal.call(client.app.state.access.repositories.users.named, "the.boss").id


@pytest.fixture
def visit(client: Any) -> Visit:
    return lambda: Visitor(client)


@pytest.fixture
def boss(visit: Visit, outbox: Outbox) -> Visitor:
    """Somebody who has created their password, and has not signed in yet."""
    visitor, token = visit(), outbox.token()
    for _ in range(2):  # looking changes nothing
        assert (200, {"answer": "InvitationShown"}) == visitor.fill_in("LookAtInvitation", token=token)
    status, short = visitor.fill_in("Invitation", "short", token)
    assert (422, "PasswordRejected") == (status, short["answer"])
    assert (200, {"answer": "Done"}) == visitor.fill_in("Invitation", PASSWORD, token)
    return visitor


def asking(**asks: Any) -> StructurePolicy:
    return StructurePolicy({name.replace("__", "."): value for name, value in asks.items()})


def test_a_right_password_signs_in_and_out_again(boss: Visitor) -> None:
    assert boss.name is None
    assert (200, {"answer": "SignedIn"}) == boss.sign_in()
    assert "the.boss" == boss.name
    signed_in = dict(boss.cookies)
    boss.ask("DELETE", "/session")
    boss.cookies = signed_in
    assert boss.name is None


def test_no_answer_is_stored_and_the_cookie_is_closed_to_scripts_and_other_sites(boss: Visitor) -> None:
    response = boss.ask("POST", "/SignIn", json={"token": "the.boss", "given": PASSWORD})
    assert "no-store" == response.headers["Cache-Control"]
    assert {"HttpOnly", "Secure", "SameSite=strict"} <= set(response.headers["Set-Cookie"].split("; "))


def test_the_session_begins_under_a_new_id(boss: Visitor) -> None:
    boss.cookies = {"session": "planted by somebody else"}
    boss.sign_in()
    assert "the.boss" == boss.name
    assert "planted by somebody else" != boss.cookies["session"]
    boss.cookies = {"session": "planted by somebody else"}
    assert boss.name is None


def test_wrong_passwords_are_told_alike_until_and_after_the_account_is_blocked(boss: Visitor, visit: Visit) -> None:
    for name in ("the.boss", "nobody.at.all"):
        told = [visit().sign_in(f"guess {number}", name) for number in range(5)]
        assert [(403, {"answer": "Refused", "told": [NOT_RIGHT]})] * 5 == told
    boss.address = AWAY
    assert (403, {"answer": "Refused", "told": [NOT_RIGHT]}) == boss.sign_in()


def test_the_client_is_whoever_the_declared_proxy_says(boss: Visitor) -> None:
    for number in range(10):
        boss.sign_in("a guess", f"somebody.{number}")
    (told,) = boss.sign_in()[1]["told"]
    assert told.startswith("Too many failed sign-ins from your network address.")
    boss.address = AWAY
    assert (200, {"answer": "SignedIn"}) == boss.sign_in()


def test_who_is_busy_is_told_to_come_again(boss: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: Any, **__: Any) -> Busy:
        return Busy(BusyBecause.NO_SLOT)

    monkeypatch.setitem(__import__("examples.fastapi_app").fastapi_app.STEPS, "SignIn", busy)
    told = ["Too many sign-ins at this moment. Please try again."]
    assert (503, {"answer": "Busy", "told": told}) == boss.sign_in()
    response = boss.ask("POST", "/SignIn", json={"token": "the.boss", "given": PASSWORD})
    assert "1" == response.headers["Retry-After"]


def test_every_step_is_taken_in_one_sign_in_in_its_order(
    ask: Callable[..., Any], boss: Visitor, boss_id: str, outbox: Outbox, clock: ManualClock
) -> None:
    ask("change_mobile", TEST, boss_id, MOBILE)
    ask("change_settings", TEST, LYON, asking(addresses__networks=OFFICE, second_factor__required=True))
    ask("mark_compromised", TEST, boss_id)
    boss.address = AWAY

    assert "AddressCodeRequired" == boss.sign_in()[1]["answer"]
    first = outbox.code()
    assert 403 == boss.fill_in("AddressCodeRequired", "0000000")[0]
    assert "AddressCodeRequired" == boss.fill_in("AnotherCode")[1]["answer"]
    second = outbox.code()
    assert first != second
    enrolment = boss.fill_in("AddressCodeRequired", second)[1]
    assert "EnrolmentRequired" == enrolment["answer"]
    assert (True, True) == (enrolment["uri"].startswith("otpauth://"), enrolment["qr"].startswith("<svg"))
    code = code_of(enrolment["seed"], clock)
    assert "NewPasswordRequired" == boss.fill_in("EnrolmentRequired", code)[1]["answer"]
    status, short = boss.fill_in("NewPasswordRequired", "short")
    assert (422, "PasswordRejected") == (status, short["answer"])
    assert boss.name is None
    assert (200, {"answer": "SignedIn"}) == boss.fill_in("NewPasswordRequired", NEXT)
    assert "the.boss" == boss.name


def test_the_second_factor_is_a_code_of_the_app_or_a_recovery_code(
    client: Any, ask: Callable[..., Any], boss: Visitor, boss_id: str, clock: ManualClock
) -> None:
    ask("change_settings", TEST, LYON, asking(second_factor__required=True))
    seed = boss.sign_in()[1]["seed"]
    boss.fill_in("EnrolmentRequired", code_of(seed, clock))
    proven = tuple((factor, clock.now() + timedelta(seconds=1)) for factor in (Factor.PASSWORD, Factor.TOTP))
    clock.move(timedelta(minutes=1))
    codes = ask("renew_recovery_codes", Proof(boss_id, proven)).codes

    assert "SecondFactorRequired" == boss.sign_in()[1]["answer"]
    wrong = (403, {"answer": "Refused", "told": ["The code is not right."]})
    assert wrong == boss.fill_in("SecondFactorRequired", "000000")
    assert (200, {"answer": "SignedIn"}) == boss.fill_in("SecondFactorRequired", code_of(seed, clock))
    boss.sign_in()
    assert (200, {"answer": "SignedIn"}) == boss.fill_in("SecondFactorRequired", codes[0].reveal())


def test_a_step_is_worth_nothing_in_another_browser(
    ask: Callable[..., Any], boss: Visitor, boss_id: str, visit: Visit
) -> None:
    ask("mark_compromised", TEST, boss_id)
    token = boss.sign_in()[1]["token"]
    assert 403 == visit().fill_in("NewPasswordRequired", "Stolen-Horse-11", token)[0]
    assert (200, {"answer": "SignedIn"}) == boss.fill_in("NewPasswordRequired", NEXT)


def test_a_session_ends_when_its_user_is_disabled(ask: Callable[..., Any], boss: Visitor, visit: Visit) -> None:
    added = ask("add_user", TEST, LYON, NewUser(email="a@example.com", role="collector", name="anna.petit"))
    ask("accept_invitation", added.messages[0].token, PASSWORD)
    anna = visit()
    anna.sign_in(name="anna.petit")
    assert "anna.petit" == anna.name
    ask("disable_user", TEST, added.record.id)
    assert anna.name is None


@pytest.mark.parametrize("headers", FOREIGN)
def test_what_another_sites_page_sends_is_refused(boss: Visitor, headers: dict[str, str]) -> None:
    body = {"token": "the.boss", "given": PASSWORD}
    assert 403 == boss.ask("POST", "/SignIn", headers, json=body).status_code
    boss.sign_in()
    assert 403 == boss.ask("DELETE", "/session", headers).status_code
    assert "the.boss" == boss.name


def test_a_browser_that_says_only_its_origin_is_believed(boss: Visitor) -> None:
    body = {"token": "the.boss", "given": PASSWORD}
    assert 200 == boss.ask("POST", "/SignIn", {"Origin": "https://app.test"}, json=body).status_code


def test_there_are_no_other_steps(boss: Visitor) -> None:
    assert 404 == boss.ask("POST", "/disable_user", json={"token": "the.boss"}).status_code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'"Correct-Horse-9"',
        b'{"token": "the.boss", "password": "Correct-Horse-9"}',
        b"\xff",
        b"[" * 60_000,
    ],
)
def test_what_is_no_step_is_refused_without_telling_what_was_typed(boss: Visitor, body: bytes) -> None:
    response = boss.ask("POST", "/SignIn", content=body)
    assert (422, {"detail"}) == (response.status_code, set(response.json()))
    assert "the.boss" not in response.text
    assert "Horse" not in response.text
    assert "no-store" == response.headers["Cache-Control"]


def test_a_large_body_is_refused_also_without_its_length(boss: Visitor) -> None:
    def chunks() -> Iterator[bytes]:  # without a Content-Length
        yield from (b" " * 1024 for _ in range(2000))

    for headers, status in ((SAME_SITE, 413), ({"Sec-Fetch-Site": "cross-site"}, 403)):
        response = boss.ask("POST", "/SignIn", headers, content=chunks())
        assert (status, "no-store") == (response.status_code, response.headers["Cache-Control"])
    assert (200, {"answer": "SignedIn"}) == boss.sign_in()


def test_no_refusal_is_stored(boss: Visitor) -> None:
    for response in (boss.ask("GET", "/session"), boss.ask("POST", "/SignIn", {}), boss.ask("POST", "/no_step")):
        assert "no-store" == response.headers["Cache-Control"]
        assert response.status_code in {401, 403, 404}
