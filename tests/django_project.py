"""The Django example set up in this process for what `tests/examples/test_django_backend.py` runs."""

import gc
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import django
import pytest
from attrs import define, field

django.setup()

from accounts import door as accounts_door  # noqa: E402  # models want Django to be set up
from accounts.models import Account, Listed, Membership, Record, Trail  # noqa: E402
from accounts.repository import ALIAS  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.dispatch import receiver  # noqa: E402
from django.test import Client  # noqa: E402

from mydso_access import Entity, NewUser, Structure, StructurePolicy, System  # noqa: E402
from mydso_access.testing import ManualClock  # noqa: E402
from tests.examples.support import HOME, PASSWORD, Outbox, surroundings  # noqa: E402

call_command("migrate", verbosity=0)
LYON, TEST = Structure.entity("lyon"), System("test")
opened = count(1)
WELCOME = ["You are signed in as the.boss."]


def empty() -> None:
    for model in (Listed, Record, Membership, Account, Trail, Session, get_user_model()):
        model.objects.using(ALIAS).all().delete()


@receiver(connection_created)
def give_back(**_: Any) -> None:
    """Close the connections of threads that have ended: a contract has more of them than PostgreSQL has places."""
    if next(opened) % 30 == 0:
        gc.collect()


@define
class Visitor:
    """A browser: it fills in whatever form it was shown last."""

    client: Client = field(factory=lambda: Client(enforce_csrf_checks=True, raise_request_exception=False))
    address: str = HOME
    page: Any = None

    def get(self, url: str) -> "Visitor":
        self.page = self.client.get(url, secure=True, follow=True, **self._from)
        return self

    def fill_in(self, given: str = "", name: str = "", button: int = 0) -> "Visitor":
        text = self.page.content.decode()
        action = re.findall(r'<form method="post" action="(.*?)"', text)[button]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', text))
        return self.post(action, hidden | {"given": given, "name": name})

    def post(self, url: str, form: dict[str, str]) -> "Visitor":
        referer = {"HTTP_REFERER": "https://app.test/"}
        self.page = self.client.post(url, form, secure=True, follow=True, **self._from, **referer)
        return self

    def sign_in(self, password: str = PASSWORD, name: str = "the.boss") -> "Visitor":
        return self.get("/sign-in").fill_in(password, name)

    @property
    def _from(self) -> dict[str, str]:
        return {"REMOTE_ADDR": self.address, "HTTP_HOST": "app.test"}

    @property
    def told(self) -> list[str]:
        return re.findall(r'<p role="alert">(.*?)</p>', self.page.content.decode())

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.page.content.decode(), re.DOTALL)
        return found[1].strip() if found else ""

    @property
    def seed(self) -> str:
        return re.search(r"<code>(\w+)</code>", self.page.content.decode())[1]  # type: ignore[index]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    box = Outbox()

    def mail(subject: str, body: str, sender: None, to: list[str]) -> None:
        box.deliver(to[0], body)

    monkeypatch.setattr(accounts_door, "send_mail", mail)
    monkeypatch.setattr(settings, "SEND_SMS", box.deliver, raising=False)
    return box


@pytest.fixture
def access(clock: ManualClock, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    empty()
    monkeypatch.setattr(settings, "ACCESS", surroundings(clock))
    accounts_door.door.cache_clear()
    yield accounts_door.door()
    accounts_door.door.cache_clear()
    connections.close_all()


@pytest.fixture
def boss(access: Any, outbox: Outbox) -> Visitor:
    new = NewUser(email="boss@example.com", role="administrator", name="the.boss")
    accounts_door.send(access.found(TEST, Entity(id="lyon", title="Lyon"), new))
    visitor, token = Visitor(), outbox.token()
    for _ in range(2):  # looking changes nothing
        assert "Choose a new password" == visitor.get(f"/invitation?token={token}").heading
    assert 422 == visitor.fill_in("short").page.status_code
    assert ["Your password is set. Please sign in."] == visitor.fill_in(PASSWORD).told
    return visitor


def boss_id() -> str:
    user = accounts_door.repositories().users.named("the.boss")
    assert user is not None
    return user.id


def ask_for(access: Any, **asks: Any) -> None:
    access.change_settings(
        TEST, LYON, StructurePolicy({name.replace("__", "."): value for name, value in asks.items()})
    )
