"""A complete sign-in in FastAPI: `uvicorn --factory examples.fastapi_app:create_app`. See docs/how-to/fastapi.md."""

import asyncio
import json
import logging
import os
import secrets
import tempfile
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeAlias, assert_never

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.background import BackgroundTask

import mydso_access as dso
from mydso_access.adapters.qr import qr_svg
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.adapters.sqlalchemy import AsyncSqlRepositories, upgrade
from mydso_access.messages import wording

LASTING, LARGEST = 8 * 3600, 65536  # seconds, and bytes of what is sent
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Door: TypeAlias = dso.AsyncAccessControl
STEPS: dict[str, Any] = {"SignIn": Door.sign_in, "AddressCodeRequired": Door.enter_address_code}
STEPS |= {"SecondFactorRequired": Door.enter_second_factor, "EnrolmentRequired": Door.confirm_second_factor}
STEPS["NewPasswordRequired"] = Door.set_new_password
STEPS["Invitation"] = lambda access, token, password, **_: access.accept_invitation(token, password)
STEPS["AnotherCode"] = lambda access, token, _, **here: access.send_address_code(token, **here)
STEPS["LookAtInvitation"] = lambda access, token, *_, **__: access.look_at_invitation(token)


def told(answer: dso.StepOutcome | dso.PasswordRejected | dso.Done[Any] | dso.InvitationShown) -> tuple[int, Any]:
    """Turn any answer into a status and what the page is told."""
    match answer:
        case dso.AddressCodeRequired() | dso.SecondFactorRequired() | dso.NewPasswordRequired():
            return 200, {"token": answer.sign_in.reveal()}
        case dso.EnrolmentRequired(sign_in=token, uri=uri, seed=key):
            return 200, {"token": token.reveal(), "uri": uri.reveal(), "seed": key.reveal(), "qr": qr_svg(uri).reveal()}
        case dso.SignedIn() | dso.Entered() | dso.SteppedUp() | dso.Enrolled() | dso.Done() | dso.InvitationShown():
            return 200, {}
        case dso.PasswordRejected(violations=violations):
            return 422, {"told": [each.advice for each in violations]}
        case dso.Refused():
            logging.getLogger(__name__).warning("%s", answer.explain())
            return 403, {"told": [answer.public_message]}
        case dso.Busy():
            return 503, {"told": [answer.public_message]}
        case _ as never:
            assert_never(never)


async def sent(request: Request) -> bytes:
    """Return what is sent; refuse what another site's page sends, before it is read, and what is large."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "").partition("://")[2]
    if request.method != "GET" and (site != "same-origin" if site else origin != request.url.netloc):
        raise HTTPException(403, headers=HEADERS)
    body = b""
    async for chunk in request.stream():
        if len(body := body + chunk) > LARGEST:
            raise HTTPException(413, headers=HEADERS)
    return body


def create_app(database: str = "", deliver: Any = print, **surroundings: Any) -> FastAPI:
    """Make the application; what the environment does not set lasts as long as the process."""
    env, sessions = os.environ.get, dict[str, dso.Proof]()  # of one process; of several: a table, or Valkey

    def send(messages: tuple[dso.Message, ...]) -> None:
        for message in messages:
            deliver(message.to, wording(message, link=env("BASE_URL", "http://localhost:8000")).body)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        url = database or env("DATABASE_URL") or f"sqlite+aiosqlite:///{tempfile.mkdtemp()}/access.db"
        async with (engine := create_async_engine(url)).begin() as connection:
            await connection.run_sync(upgrade)  # in production at deployment, not at every start
        box = AesGcmBox({"1": bytes.fromhex(env("SEED_KEY") or secrets.token_hex(32))}, current="1")
        app.state.access = access = Door(AsyncSqlRepositories(engine), **{"secret_box": box} | surroundings)
        boss = dso.NewUser(email="boss@example.com", role="administrator", name="the.boss")
        send((await access.found(dso.System("setup"), dso.Entity(id="lyon", title="Lyon"), boss)).messages)
        yield
        await access.close()  # what is being settled is settled
        await engine.dispose()

    app = FastAPI(lifespan=lifespan, dependencies=[Depends(sent)], openapi_url=None)

    async def signed_in(request: Request) -> Any:
        proof, users = sessions.get(request.cookies.get("session", "")), app.state.access.repositories.users
        if proof and (user := await users.get(proof.user_id)) and dso.is_session_current(user, proof.issued_at):
            return user
        raise HTTPException(401, headers=HEADERS)

    @app.api_route("/session", methods=["GET", "DELETE"])
    async def session(request: Request, user: Annotated[dso.User, Depends(signed_in)]) -> JSONResponse:
        sessions.pop(request.cookies["session"] if request.method == "DELETE" else "", None)  # sign out
        return JSONResponse({"name": user.name}, headers=HEADERS)

    @app.post("/{step}")
    async def fill_in(request: Request, step: str, body: Annotated[bytes, Depends(sent)]) -> JSONResponse:
        try:
            call, token, given = STEPS[step], *(str(json.loads(body)[each]) for each in ("token", "given"))
        except (LookupError, TypeError, ValueError, RecursionError):  # nothing of what was typed is told back
            raise HTTPException(422 if step in STEPS else 404, headers=HEADERS) from None
        access, peer = app.state.access, request.client.host if request.client else ""
        address = access.client_address(peer, request.headers.getlist("X-Forwarded-For"))
        session = request.cookies.get("session") or secrets.token_urlsafe()  # binds the steps to this browser
        answer = await call(access, token, given, address=address, session=session)
        (status, more), mail = told(answer), BackgroundTask(send, getattr(answer, "messages", ()))
        again = {"Retry-After": str(max(1, answer.retry_after.seconds))} if isinstance(answer, dso.Busy) else {}
        response = JSONResponse({"answer": type(answer).__name__, **more}, status, HEADERS | again, background=mail)
        if proof := getattr(answer, "proof", None):
            sessions.pop(session, None)
            sessions[session := secrets.token_urlsafe()] = proof  # a session begins under a new id
            asyncio.get_running_loop().call_later(LASTING, sessions.pop, session, None)
        response.set_cookie("session", session, max_age=LASTING, secure=True, httponly=True, samesite="strict")
        return response

    return app
