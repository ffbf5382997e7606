"""The Flask example signs in with every step, and lets nobody in without one."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from mydso_access import Busy, BusyBecause, NewUser, Proof, Structure, StructurePolicy, System
from mydso_access.adapters.codec import read
from mydso_access.adapters.sqlalchemy import SqlRepositories
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

pytest.importorskip("flask")
LYON, TEST = Structure.entity("lyon"), System("test")
Visit = Callable[[], "Visitor"]


@frozen
class Shown:
    """A page as somebody reads it."""

    status: int
    text: str
    headers: Any

    @property
    def step(self) -> str:
        return re.findall(r'<form method="post" action="/(\w*)"', self.text)[0]

    @property
    def told(self) -> list[str]:
        return re.findall(r'<p role="alert">(.*?)</p>', self.text)


@define
class Visitor:
    """A browser: it fills in whatever form it was shown last."""

    client: Any
    address: str = HOME
    page: Shown = field(default=None)

    def get(self, path: str) -> Shown:
        return self._shown(self.client.get(path, **self._request({})))

    def fill_in(self, given: str, name: str | None = None, headers: dict[str, str] = SAME_SITE) -> Shown:
        token = re.search(r'type="hidden" name="token" value="(.*?)"', self.page.text)
        form = {"token": name or (token[1] if token else ""), "given": given}
        return self.post(f"/{self.page.step}", form, headers)

    def post(self, path: str, form: dict[str, str], headers: dict[str, str] = SAME_SITE) -> Shown:
        return self._shown(self.client.post(path, data=form, follow_redirects=True, **self._request(headers)))

    def sign_in(self, password: str = PASSWORD, name: str = "the.boss") -> Shown:
        self.get("/")
        return self.fill_in(password, name)

    def _request(self, headers: dict[str, str]) -> dict[str, Any]:
        return {"base_url": "https://app.test", "environ_base": {"REMOTE_ADDR": self.address}, "headers": headers}

    def _shown(self, response: Any) -> Shown:
        self.page = Shown(response.status_code, response.get_data(as_text=True), response.headers)
        return self.page


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def app(tmp_path: Path, outbox: Outbox, clock: ManualClock) -> Iterator[Any]:
    from examples.flask_app import create_app  # noqa: PLC0415  # where Flask is

    app = create_app(f"sqlite:///{tmp_path / 'access.db'}", outbox.deliver, **surroundings(clock))
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def boss_id(app: Any) -> str:
    boss = SqlRepositories(app.extensions["engine"]).users.named("the.boss")
    assert boss is not None
    return boss.id


@pytest.fixture
def visit(app: Any) -> Visit:
    return lambda: Visitor(app.test_client())


@pytest.fixture
def boss(visit: Visit, outbox: Outbox) -> Visitor:
    """Somebody who has created their password, and has not signed in yet."""
    visitor, token = visit(), outbox.token()
    assert "Invitation" == visitor.get(f"/invitation?token={token}").step
    assert "Invitation" == visitor.get(f"/invitation?token={token}").step  # looking changes nothing
    assert (422, "Invitation") == ((short := visitor.fill_in("short")).status, short.step)
    assert ["Your password is set. Please sign in."] == visitor.fill_in(PASSWORD).told
    return visitor


def ask_for(app: Any, **asks: Any) -> None:
    policy = StructurePolicy({name.replace("__", "."): value for name, value in asks.items()})
    app.extensions["access"].change_settings(TEST, LYON, policy)


def test_a_right_password_signs_in_and_the_button_signs_out(boss: Visitor) -> None:
    assert ["You are signed in as the.boss."] == boss.sign_in().told
    assert ["You are signed in as the.boss."] == boss.get("/").told
    assert "SignIn" == boss.post("/", {}).step
    assert "SignIn" == boss.get("/").step


def test_no_answer_is_stored_and_the_cookie_is_closed_to_scripts_and_other_sites(boss: Visitor) -> None:
    boss.get("/")
    boss.client.post("/SignIn", data={"token": "the.boss", "given": PASSWORD}, **boss._request(SAME_SITE))
    cookie = boss.client.get_cookie("session", domain="app.test")
    assert (True, True, "Lax") == (cookie.secure, cookie.http_only, cookie.same_site)
    assert "no-store" == boss.get("/").headers["Cache-Control"]


def test_nothing_from_before_the_sign_in_goes_on_after_it(app: Any, boss: Visitor) -> None:
    boss.get("/")
    with boss.client.session_transaction(base_url="https://app.test") as before:
        before["planted"] = "by somebody else"
    boss.fill_in(PASSWORD, "the.boss")
    with boss.client.session_transaction(base_url="https://app.test") as after:
        assert {"proof", "_permanent", "browser"} == set(after)


def test_wrong_passwords_are_told_alike_until_and_after_the_account_is_blocked(boss: Visitor, visit: Visit) -> None:
    for name in ("the.boss", "nobody.at.all"):
        told = [visit().sign_in(f"guess {number}", name) for number in range(5)]
        assert [(403, [NOT_RIGHT])] * 5 == [(each.status, each.told) for each in told]
    boss.address = AWAY
    blocked = boss.sign_in()
    assert (403, [NOT_RIGHT]) == (blocked.status, blocked.told)


def test_a_blocked_address_is_told_so(boss: Visitor) -> None:
    for number in range(10):
        boss.sign_in("a guess", f"somebody.{number}")
    assert boss.sign_in().told[0].startswith("Too many failed sign-ins from your network address.")


def test_who_is_busy_is_told_to_come_again(app: Any, boss: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(app.extensions["access"]), "send_address_code", lambda *_, **__: Busy(BusyBecause.NO_SLOT))
    busy = boss.post("/AnotherCode", {"token": "any"})
    assert (503, ["Too many sign-ins at this moment. Please try again."]) == (busy.status, busy.told)
    assert "1" == busy.headers["Retry-After"]


def test_every_step_is_taken_in_one_sign_in_in_its_order(
    app: Any, boss: Visitor, boss_id: str, outbox: Outbox, clock: ManualClock
) -> None:
    access = app.extensions["access"]
    access.change_mobile(TEST, boss_id, MOBILE)
    ask_for(app, addresses__networks=OFFICE, second_factor__required=True)
    access.mark_compromised(TEST, boss_id)
    boss.address = AWAY

    assert "AddressCodeRequired" == boss.sign_in().step
    first = outbox.code()
    wrong = boss.fill_in("0000000")
    assert (403, "AddressCodeRequired") == (wrong.status, wrong.step)
    boss.post("/AnotherCode", {"token": _token(boss)})
    second = outbox.code()
    assert first != second
    assert "EnrolmentRequired" == boss.fill_in(second).step
    assert ("<svg", "otpauth://") == tuple(part for part in ("<svg", "otpauth://") if part in boss.page.text)
    seed = re.search(r"<code>(\w+)</code>", boss.page.text)[1]  # type: ignore[index]
    assert "NewPasswordRequired" == boss.fill_in(code_of(seed, clock)).step
    assert 422 == boss.fill_in("short").status
    assert ["You are signed in as the.boss."] == boss.fill_in(NEXT).told


def test_the_second_factor_is_a_code_of_the_app_or_a_recovery_code(
    app: Any, boss: Visitor, boss_id: str, clock: ManualClock
) -> None:
    ask_for(app, second_factor__required=True)
    boss.sign_in()
    seed = re.search(r"<code>(\w+)</code>", boss.page.text)[1]  # type: ignore[index]
    boss.fill_in(code_of(seed, clock))
    codes = app.extensions["access"].renew_recovery_codes(_proof(boss)).codes

    clock.move(timedelta(minutes=1))
    boss.post("/", {})
    assert "SecondFactorRequired" == boss.sign_in().step
    assert (403, ["The code is not right."]) == ((wrong := boss.fill_in("000000")).status, wrong.told)
    assert ["You are signed in as the.boss."] == boss.fill_in(code_of(seed, clock)).told
    boss.post("/", {})
    boss.sign_in()
    assert ["You are signed in as the.boss."] == boss.fill_in(codes[0].reveal()).told


def test_a_step_is_worth_nothing_in_another_browser(app: Any, boss: Visitor, boss_id: str, visit: Visit) -> None:
    app.extensions["access"].mark_compromised(TEST, boss_id)
    assert "NewPasswordRequired" == boss.sign_in().step
    thief = visit()
    thief.get("/")
    thief.page = boss.page
    assert (403, "SignIn") == ((stolen := thief.fill_in("Stolen-Horse-11")).status, stolen.step)
    assert ["You are signed in as the.boss."] == boss.fill_in(NEXT).told


def test_a_step_is_bound_also_where_the_first_request_is_a_form(
    app: Any, boss: Visitor, boss_id: str, visit: Visit
) -> None:
    app.extensions["access"].mark_compromised(TEST, boss_id)
    fresh, thief = visit(), visit()
    assert "NewPasswordRequired" == fresh.post("/SignIn", {"token": "the.boss", "given": PASSWORD}).step
    thief.page = fresh.page
    assert (403, "SignIn") == ((stolen := thief.fill_in("Stolen-Horse-11")).status, stolen.step)
    assert ["You are signed in as the.boss."] == fresh.fill_in(NEXT).told


def test_a_proof_that_cannot_be_read_is_no_session(boss: Visitor) -> None:
    boss.sign_in()
    with boss.client.session_transaction(base_url="https://app.test") as session:
        session["proof"] = '{"form":99}'
    assert (200, "SignIn") == (boss.get("/").status, boss.page.step)
    assert ["You are signed in as the.boss."] == boss.sign_in().told


def test_a_large_form_is_refused(boss: Visitor) -> None:
    assert 413 == boss.post("/SignIn", {"token": "the.boss", "given": "x" * 70_000}).status


def test_a_session_ends_when_its_user_is_disabled(app: Any, boss: Visitor, outbox: Outbox, visit: Visit) -> None:
    access = app.extensions["access"]
    added = access.add_user(TEST, LYON, NewUser(email="a@example.com", role="collector", name="anna.petit"))
    access.accept_invitation(added.messages[0].token, PASSWORD)
    anna = visit()
    assert ["You are signed in as anna.petit."] == anna.sign_in(name="anna.petit").told
    access.disable_user(TEST, added.record.id)
    assert "SignIn" == anna.get("/").step


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_sites_form_is_refused(boss: Visitor, headers: dict[str, str]) -> None:
    assert 403 == boss.post("/SignIn", {"token": "the.boss", "given": PASSWORD}, headers).status
    assert "SignIn" == boss.get("/").step


def test_a_browser_that_says_only_its_origin_is_believed(boss: Visitor) -> None:
    boss.get("/")
    assert ["You are signed in as the.boss."] == boss.fill_in(PASSWORD, "the.boss", {"Origin": "https://app.test"}).told


def test_the_client_is_whoever_the_declared_proxy_says(tmp_path: Path, outbox: Outbox, clock: ManualClock) -> None:
    from examples.flask_app import create_app  # noqa: PLC0415

    url = f"sqlite:///{tmp_path / 'proxied.db'}"
    app = create_app(url, outbox.deliver, trusted_proxies=["10.0.0.7"], **surroundings(clock))
    behind = Visitor(app.test_client(), address="10.0.0.7")
    behind.get("/")
    told = [
        behind.fill_in("a guess", f"somebody.{number}", SAME_SITE | {"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(12)
    ]
    assert [[NOT_RIGHT]] * 12 == [each.told for each in told]
    app.extensions["engine"].dispose()


def _token(visitor: Visitor) -> str:
    return re.search(r'name="token" value="(.*?)"', visitor.page.text)[1]  # type: ignore[index]


def _proof(visitor: Visitor) -> Any:
    with visitor.client.session_transaction(base_url="https://app.test") as session:
        return read(Proof, session["proof"])
