"""Invariant 3 in FastAPI and Django: what a request rolls back when it ends badly is the host's own, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException
from httpx import ASGITransport, AsyncClient
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from mydso_access import AccessControl, AsyncAccessControl, Busy, Refused, SignedIn
from mydso_access.adapters.sqlalchemy import AsyncSqlRepositories
from mydso_access.decisions.outcomes import SignInOutcome
from mydso_access.model import EventKind
from tests.reliability import django_host
from tests.reliability.databases import Database, opened
from tests.reliability.nursery import Child, Nursery
from tests.reliability.test_rollback import HOSTS, POLICY, SQL, Host
from tests.servers import async_url
from tests.support import HOME, RIGHT, active, add


@pytest.fixture
def host(database: Database) -> Iterator[Host]:
    with opened(database) as world:
        HOSTS.metadata.create_all(world.engine)
        add(world.repositories, active("known"))
        yield Host(world)


def checked(outcome: SignInOutcome, then: str) -> str:
    """Answer as an endpoint does."""
    match outcome:
        case SignedIn():
            if then == "fail":
                raise HTTPException(500, "the host's own mistake")
            return outcome.user.id
        case Busy():
            raise HTTPException(503, outcome.public_message)
        case Refused():
            raise HTTPException(403, outcome.public_message)


def fastapi_app(host: Host) -> FastAPI:
    """Return an application whose requests have a session that commits if they end well."""
    app, access = FastAPI(), AccessControl(host.world.repositories, policy=POLICY, hasher=host.hasher)

    def session() -> Iterator[Session]:
        with Session(host.world.engine) as opened_session, opened_session.begin():
            yield opened_session

    @app.post("/sign-in")
    def sign_in(password: str, session: Annotated[Session, Depends(session)], then: str = "") -> str:
        outcome = access.sign_in("known", password, address=HOME)
        session.execute(insert(HOSTS).values(number=1))
        return checked(outcome, then)

    return app


def asynchronous_fastapi_app(host: Host, engine: AsyncEngine) -> FastAPI:
    """Return the same with the asynchronous door and an asynchronous session."""
    access = AsyncAccessControl(AsyncSqlRepositories(engine), policy=POLICY, hasher=host.hasher)
    app = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as opened_session, opened_session.begin():
            yield opened_session

    @app.post("/sign-in")
    async def sign_in(password: str, session: Annotated[AsyncSession, Depends(session)], then: str = "") -> str:
        outcome = await access.sign_in("known", password, address=HOME)
        await session.execute(insert(HOSTS).values(number=1))
        return checked(outcome, then)

    return app


@pytest.fixture(params=["def", "async def"])
def post(request: pytest.FixtureRequest, host: Host, database: Database) -> Callable[..., int]:
    """Return a function that sends a request to an application, and returns the status of the answer."""

    async def sent(params: dict[str, str]) -> int:
        engine = create_async_engine(async_url(database.sql))
        app = fastapi_app(host) if request.param == "def" else asynchronous_fastapi_app(host, engine)
        async with AsyncClient(transport=ASGITransport(app), base_url="http://host") as client:
            response = await client.post("/sign-in", params=params)
        await engine.dispose()
        return response.status_code

    return lambda **params: asyncio.run(sent(params))


@pytest.mark.parametrize("database", SQL, indirect=True)
def test_fastapi_rolls_back_its_session_after_a_403_and_the_failure_counts(
    host: Host, post: Callable[..., int]
) -> None:
    assert 403 == post(password="wrong")
    assert ((1, 1), [EventKind.REFUSED], 0) == (host.failures(), host.kinds(), host.orders())


@pytest.mark.parametrize("database", SQL, indirect=True)
def test_fastapi_rolls_back_its_session_after_a_500_and_the_sign_in_stands(
    host: Host, post: Callable[..., int]
) -> None:
    assert 500 == post(password=RIGHT, then="fail")
    assert ([EventKind.SIGNED_IN], 0) == (host.kinds(), host.orders())
    assert host.known().last_access_at is not None
    # And a request that ends well keeps both, or the rollback would prove nothing.
    assert 200 == post(password=RIGHT)
    assert ([EventKind.SIGNED_IN] * 2, 1) == (host.kinds(), host.orders())


@pytest.fixture
def django(host: Host, database: Database, nursery: Nursery) -> Iterator[Child]:
    child = nursery.start(django_host.serve, database)
    yield child
    nursery.end(child)


def status(django: Child, view: str, password: str) -> int:
    django.send((view, "known", password))
    return int(django.receive())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_django_rolls_back_an_atomic_request_after_a_403_and_the_failure_counts(host: Host, django: Child) -> None:
    assert [403] * 5 == [status(django, "sign-in", "wrong") for _ in range(5)]
    assert 403 == status(django, "sign-in", RIGHT)
    kinds = host.kinds()
    assert (6, 1, 0) == (kinds.count(EventKind.REFUSED), kinds.count(EventKind.BLOCK_STARTED), host.orders())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_django_rolls_back_an_atomic_request_after_a_500_and_the_sign_in_stands(host: Host, django: Child) -> None:
    assert 500 == status(django, "fail-afterwards", RIGHT)
    assert ([EventKind.SIGNED_IN], 0) == (host.kinds(), host.orders())
    assert 200 == status(django, "sign-in", RIGHT)
    assert ([EventKind.SIGNED_IN] * 2, 1) == (host.kinds(), host.orders())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("password", [RIGHT, "wrong"])
def test_django_on_sqlite_that_has_written_before_it_signs_in_gets_busy_and_never_a_grant(
    host: Host, django: Child, password: str
) -> None:
    assert 503 == status(django, "order-first", password)
    assert ((0, 0), [], None) == (host.failures(), host.kinds(), host.known().last_access_at)
