"""A minimal Django project, for a process of its own: settings are configured once in a process.

It keeps its own table in the SQLite file that our repositories are given, through an engine of theirs.
"""

from collections.abc import Callable
from multiprocessing.connection import Connection

import django
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection as host_connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from mydso_access import AccessControl, Busy, Refused, SignedIn
from tests.reliability.databases import IMPATIENT, Database, opened
from tests.support import HOME, CountingHasher, policy

View = Callable[[HttpRequest, AccessControl], HttpResponse]


def order() -> None:
    with host_connection.cursor() as cursor:
        cursor.execute("INSERT INTO host_orders VALUES (1)")


def sign_in(request: HttpRequest, access: AccessControl) -> HttpResponse:
    outcome = access.sign_in(request.POST["name"], request.POST["password"], address=request.META["REMOTE_ADDR"])
    order()
    match outcome:
        case SignedIn():
            return HttpResponse(outcome.user.name)
        case Busy():
            return HttpResponse(outcome.public_message, status=503)
        case Refused():
            raise PermissionDenied(outcome.public_message)


def order_first(request: HttpRequest, access: AccessControl) -> HttpResponse:
    order()
    return sign_in(request, access)


def fail_afterwards(request: HttpRequest, access: AccessControl) -> HttpResponse:
    sign_in(request, access)
    raise RuntimeError("the host's own mistake")


VIEWS: dict[str, View] = {"sign-in": sign_in, "order-first": order_first, "fail-afterwards": fail_afterwards}
urlpatterns: list[object] = []


def serve(connection: Connection, database: Database) -> None:
    """Answer requests, given as view, name and password, with their status."""
    file = database.sql.removeprefix("sqlite:///")
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "ATOMIC_REQUESTS": True}},
        LOGGING_CONFIG=None,
        ROOT_URLCONF=__name__,
        SECRET_KEY="secret",
    )
    django.setup()
    with opened(database, connect_args=IMPATIENT["sqlite"]) as world:
        access = AccessControl(world.repositories, policy=policy(), hasher=CountingHasher())
        urlpatterns.extend(path(name, view, {"access": access}) for name, view in VIEWS.items())
        client = Client(raise_request_exception=False, REMOTE_ADDR=HOME)
        while True:
            view, name, password = connection.recv()
            connection.send(client.post(f"/{view}", {"name": name, "password": password}).status_code)
