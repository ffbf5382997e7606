"""Two tabs that change one user at the same instant: one of them does, and the other one is told and loses nothing."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from examples.console.seed import PASSWORD

SEEN = re.compile(r'name="seen" value="([0-9a-f]{32})"')


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_who_rename_a_user_at_the_same_instant_one_is_told_and_keeps_what_they_typed(console, attempt):
    tabs = {"Carl One": console.browser(), "Carl Two": console.browser()}
    for tab in tabs.values():
        tab.sign_in("anna.petit", PASSWORD)
        tab.get("/users/carl.long")

    def rename(name):
        return tabs[name].post("/users/carl.long/full-name", full_name=name, seen=SEEN.search(tabs[name].page)[1])

    with ThreadPoolExecutor(2) as threads:
        answers = dict(zip(tabs, threads.map(rename, tabs), strict=True))
    assert [303, 409] == sorted(answer.status_code for answer in answers.values())
    (loser,) = (name for name, answer in answers.items() if answer.status_code == 409)
    assert "This user was changed meanwhile" in answers[loser].text
    assert f'value="{loser}"' in answers[loser].text
    assert {*tabs} - {loser} == {console.console.repositories.users.get("carl.long").full_name}
