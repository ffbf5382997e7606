"""A complete sign-in in Flask: `flask --app examples/flask_app run`. See docs/how-to/flask.md."""

import os
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, assert_never

from flask import Flask, Response, abort, current_app, g, render_template, request, session
from sqlalchemy import create_engine

import mydso_access as dso
from mydso_access.adapters.codec import read, written
from mydso_access.adapters.qr import qr_svg
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.messages import wording

Answer: TypeAlias = dso.StepOutcome | dso.PasswordRejected | dso.Done[Any]
LASTING = {"PERMANENT_SESSION_LIFETIME": 8 * 3600, "SESSION_REFRESH_EACH_REQUEST": False}
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "strict-origin", "X-Content-Type-Options": "nosniff"}
HEADERS |= {"Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'"}


def page(step: str, token: str = "", *told: str, app: Any = None, **answer: Any) -> Response:
    """Show the page of a step; its token is in a hidden field, never in an address."""
    return Response(render_template("step.html", step=step, token=token, told=told, app=app), **answer)


def next_page(answer: Answer, step: str, token: str) -> Response:  # noqa: PLR0911  # one for each kind of answer
    """Turn any answer into the next page; `step` and `token` are those of the page that was filled in."""
    match answer:
        case dso.SignedIn() | dso.Entered() | dso.SteppedUp() | dso.Enrolled():
            session.clear()  # nothing from before the sign-in goes on after it
            session.permanent, session["proof"] = True, written(answer.proof)
            return Response(status=303, headers={"Location": "/"})
        case dso.AddressCodeRequired() | dso.SecondFactorRequired() | dso.NewPasswordRequired():
            return page(type(answer).__name__, answer.sign_in.reveal())
        case dso.EnrolmentRequired(uri=uri, seed=seed):
            app = {"image": qr_svg(uri).reveal(), "uri": uri.reveal(), "seed": seed.reveal()}
            return page("EnrolmentRequired", answer.sign_in.reveal(), app=app)
        case dso.PasswordRejected(violations=violations):
            return page(step, token, *(each.advice for each in violations), status=422)
        case dso.Done():
            return page("SignIn", "", "Your password is set. Please sign in.")
        case dso.Refused(reason=reason):
            current_app.logger.warning("%s", answer.explain())
            is_over = reason in {dso.Reason.DEAD_SIGN_IN, dso.Reason.WRONG_STEP}
            return page("SignIn" if is_over else step, "" if is_over else token, answer.public_message, status=403)
        case dso.Busy(retry_after=wait):
            return page(step, token, answer.public_message, status=503, headers={"Retry-After": str(wait.seconds)})
        case _ as never:
            assert_never(never)


def create_app(database: str = "", deliver: Any = print, **surroundings: Any) -> Flask:  # noqa: C901  # its pages
    """Make the application; what the environment does not set lasts as long as the process."""
    app, env, outbox = Flask(__name__), os.environ.get, ThreadPoolExecutor(1)
    app.config.update(LASTING, SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=65536)
    app.secret_key, seed_key = env("SECRET_KEY") or secrets.token_hex(), env("SEED_KEY") or secrets.token_hex(32)
    engine = create_engine(database or env("DATABASE_URL") or f"sqlite:///{tempfile.mkdtemp()}/access.db")
    repositories, box = SqlRepositories(engine), AesGcmBox({"1": bytes.fromhex(seed_key)}, current="1")
    access = dso.AccessControl(repositories, **{"secret_box": box} | surroundings)
    app.extensions |= {"access": access, "engine": engine}
    app.after_request(lambda response: response.headers.update(HEADERS) or response)

    def sent(answer: Any) -> Any:
        for message in answer.messages:  # of every answer; in another thread, so that no duration tells who exists
            outbox.submit(deliver, message.to, wording(message, link=env("BASE_URL", "http://localhost:5000")).body)
        return answer

    @app.before_request
    def begin() -> None:
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "")
        if request.method == "POST" and (site != "same-origin" if site else origin.partition("://")[2] != request.host):
            abort(403)  # another site's form
        try:
            proof = read(dso.Proof, session.get("proof", ""))
        except dso.UnreadableRecord:  # there is none, or it is of another version of the library
            proof = None
        user = repositories.users.get(proof.user_id) if proof else None
        g.user = user if proof and user and dso.is_session_current(user, proof.issued_at) else None
        if "proof" in session and not g.user:
            session.clear()
        session.setdefault("browser", secrets.token_urlsafe())  # a step's token is worth nothing in another browser

    @app.route("/", methods=["GET", "POST"])
    def home() -> Response:
        if request.method == "POST":  # the button "Sign out"
            session.clear()
            return Response(status=303, headers={"Location": "/"})
        return page("Home", "", f"You are signed in as {g.user.name}.") if g.user else page("SignIn")

    @app.get("/invitation")
    def look() -> Response:
        answer = access.look_at_invitation(token := request.args.get("token", ""))  # as scanners of mail do, too
        return next_page(answer, "SignIn", "") if isinstance(answer, dso.Refused) else page("Invitation", token)

    steps: dict[str, Any] = {
        "SignIn": access.sign_in,
        "AddressCodeRequired": access.enter_address_code,
        "AnotherCode": lambda token, _, **here: access.send_address_code(token, **here),
        "SecondFactorRequired": access.enter_second_factor,
        "EnrolmentRequired": access.confirm_second_factor,
        "NewPasswordRequired": access.set_new_password,
        "Invitation": lambda token, password, **_: access.accept_invitation(token, password),
    }

    @app.post(f"/<any({','.join(steps)}):step>")
    def fill_in(step: str) -> Response:
        address = access.client_address(request.remote_addr or "", request.headers.getlist("X-Forwarded-For"))
        token, given = request.form.get("token", ""), request.form.get("given", "")  # the token may be a name
        answer = steps[step](token, given, address=address, session=session["browser"])
        return next_page(sent(answer), "AddressCodeRequired" if step == "AnotherCode" else step, token)

    with engine.begin() as connection:
        upgrade(connection)  # in production at deployment, not at every start
    boss = dso.NewUser(email="boss@example.com", role="administrator", name="the.boss")
    sent(access.found(dso.System("setup"), dso.Entity(id="lyon", title="Lyon"), boss))
    return app
