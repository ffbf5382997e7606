"""The console on a server that is stopped and started again, and two requests of one browser at the same moment."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp

from examples.console.app import create_app
from examples.console.seed import HOST, LYON, PASSWORD, seed
from mydso_access import StructurePolicy
from mydso_access.testing import ManualClock
from tests.console.conftest import HERE, Stage, a_policy
from tests.servers import serving


def test_a_server_that_was_stopped_is_told_and_used_again_once_it_is_back(tmp_path: Path):
    with serving("postgres", durable=True) as server:
        clock = ManualClock()
        app = create_app(
            server.fresh(), clock=clock, policy=a_policy(), base_url=HERE, key_file=tmp_path / "console.key"
        )
        console = Stage(app, clock)
        seed(console.console)
        browser = console.browser()
        browser.sign_in("anna.petit", PASSWORD)

        server.kill()
        for path in ("/", "/sign-in?next=/", "/mailbox"):
            answer = browser.get(path)
            assert 503 == answer.status_code
            assert "The database cannot be reached at this moment." in answer.text
        assert 503 == browser.post("/account/mobile", mobile="+33612345678").status_code

        server.start()
        assert "Hello, Anna Petit" in browser.get("/").text
        console.console.engine.dispose()


def test_of_two_who_send_the_same_step_at_once_neither_meets_a_fault_and_one_is_signed_in(console):
    console.console.access.change_settings(HOST, LYON, StructurePolicy({"second_factor.required": True}))
    browser = console.browser()
    page = browser.sign_in("carl.long", PASSWORD).text
    app, step = pyotp.TOTP(re.search(r'id="seed">(\w+)<', page)[1]), re.search(r'name="step" value="(\w+)"', page)[1]
    twins = [console.browser(), console.browser()]
    for twin in twins:
        twin.page = page
        twin.client.cookies.set("__Host-console", browser.client.cookies["__Host-console"], domain="console.example")

    def send(twin):
        return twin.post("/step/enrolment", step=step, code=app.at(console.clock.now()))

    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(send, twins))
    first, *others = sorted(answers, key=lambda answer: answer.headers.get("location") != "/account/recovery-codes")
    assert (303, "/account/recovery-codes") == (first.status_code, first.headers["location"])
    # Whether the other one is led on or told that the step is over depends on how far the first has come.
    assert {answer.status_code for answer in others} <= {303, 403}
    assert 1 == sum("Hello, Carl Long" in twin.get("/").text for twin in twins)
