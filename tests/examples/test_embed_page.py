"""The application that `docs/tutorial/embed.md` has one type along: what the page itself does not try."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

pytest.importorskip("fastapi")
PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "embed.md"
UNTIL = "## 7."  # then everybody is asked for more than a password
ANNA = {"name": "anna.petit", "password": "Correct-Horse-9"}


@pytest.fixture(scope="module")
def typed() -> dict[str, Any]:
    """Return what stands in `app.py` after step 6."""
    text = PAGE.read_text(encoding="utf-8").partition(UNTIL)[0]
    names: dict[str, Any] = {"__name__": "app"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of httpx, which newer Starlettes would replace
        exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), names)  # as the reader does
    return names


@pytest.fixture
def anna(typed: dict[str, Any]) -> Any:
    browser = typed["browser"]()
    assert 303 == browser.post("/sign-in", data=ANNA).status_code
    return browser


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/app", "/sign-out", "/invitation", "/people"])
def test_another_sites_form_is_refused(anna: Any, path: str, headers: dict[str, str]) -> None:
    assert 403 == anna.post(path, data=ANNA, headers=headers).status_code
    assert 200 == anna.get("/customers").status_code


def test_a_browser_that_says_only_its_origin_is_believed(typed: dict[str, Any]) -> None:
    browser = typed["browser"]()
    del browser.headers["Sec-Fetch-Site"]
    for origin, status in (("https://evil.example", 403), ("null", 403), ("https://app.example.com", 303)):
        assert status == browser.post("/sign-in", data=ANNA, headers={"Origin": origin}).status_code


def test_an_id_is_no_markup(typed: dict[str, Any], anna: Any) -> None:
    with typed["engine"].begin() as connection:
        connection.execute(insert(typed["customers"]).values([("lyon", '9/"><script>alert(1)</script>', "X")]))
    shown = anna.get("/customers").text
    assert "<script" not in shown
    assert 'href="/customers/9%2F%22%3E%3Cscript' in shown


def test_a_new_sign_in_ends_the_earlier_session_of_its_browser(typed: dict[str, Any], anna: Any) -> None:
    earlier = anna.cookies["session"]
    anna.post("/sign-in", data=ANNA)
    assert typed["proof_in"](earlier) is None
    assert typed["proof_in"](anna.cookies["session"]) is not None


def test_a_step_is_worth_nothing_in_another_browser(typed: dict[str, Any], anna: Any) -> None:
    access, people = typed["access"], typed["repositories"].users
    access.mark_compromised(typed["host"], people.named("mia.moreau").id)
    mia, thief = typed["browser"](), typed["browser"]()
    owed = mia.post("/sign-in", data={"name": "mia.moreau", "password": "Another-Horse-8"})
    form = {"token": typed["token_in"](owed.text), "given": "Stolen-Horse-11"}
    assert 403 == thief.post("/sign-in/password", data=form).status_code
    assert 303 == mia.post("/sign-in/password", data=form | {"given": "Third-Horse-7"}).status_code
