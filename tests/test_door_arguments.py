"""What a door is opened with is looked at there and then: whoever signs in does not pay for a slip of the host's."""

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from mydso_access import (
    MY_DSO_MANAGER,
    AccessControl,
    AsyncAccessControl,
    InvalidValue,
    MemoryRepositories,
)
from mydso_access.adapters.blocklists import WordList
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.testing import ManualClock
from tests.support import CountingHasher, with_parts

KEY = b"CANARY-7788-Zq-CANARY-7788-Zq-32"
both_doors = pytest.mark.parametrize("door", [AccessControl, AsyncAccessControl])


class NoSleep:
    """A clock that cannot wait."""

    def now(self) -> None: ...


WRONG: dict[str, tuple[str, Any, str]] = {
    "blocklist: a set": ("blocklist", {"password"}, "a Blocklist such as WordList(words)"),
    "blocklist: a class": ("blocklist", WordList, "a Blocklist such as WordList(words)"),
    "resource_exists: a truth": ("resource_exists", True, "a function that is given a LinkTarget"),
    "secret_box: its keys": ("secret_box", {"a": KEY}, "a SecretBox such as AesGcmBox({...}, current=...)"),
    "hasher: its name": ("hasher", "argon2", "a PasswordHasher such as Argon2Hasher(policy.hashing)"),
    "hasher: a class": ("hasher", CountingHasher, "a PasswordHasher such as Argon2Hasher(policy.hashing)"),
    "clock: a function": ("clock", lambda: None, "a Clock, with the methods now and sleep"),
    "clock: without sleep": ("clock", NoSleep(), "a Clock, with the methods now and sleep"),
    "clock: a class": ("clock", ManualClock, "a Clock, with the methods now and sleep"),
    "chance: a number": ("chance", 4, "a Chance, with the methods new_id and fraction"),
    "roles: their ids": ("roles", ["administrator"], "several Roles"),
    "roles: one": ("roles", MY_DSO_MANAGER[0], "several Roles"),
    "roles: none": ("roles", None, "several Roles"),
    "own_names: none": ("own_names", None, "several texts"),
    "own_names: one text": ("own_names", "acme", "several texts"),
    "own_names: numbers": ("own_names", [7], "several texts"),
    "trusted_proxies: none": ("trusted_proxies", None, "a list of addresses or networks"),
    "policy: its name": ("policy", "strict", "a SecurityPolicy"),
}


@both_doors
@pytest.mark.parametrize("case", WRONG)
def test_what_a_door_cannot_work_with_is_misuse_when_it_is_opened(case: str, door: Any) -> None:
    name, wrong, expected = WRONG[case]
    with pytest.raises(InvalidValue) as refused:
        door(MemoryRepositories(), **{name: wrong})
    assert name == refused.value.field
    assert expected in refused.value.expected
    assert "CANARY" not in str(refused.value)


@both_doors
@pytest.mark.parametrize(
    "repositories",
    [
        None,
        "sqlite:///access.db",
        MemoryRepositories,
        MemoryRepositories().users,
        create_engine("sqlite://"),
        create_async_engine("sqlite+aiosqlite://"),
    ],
    ids=["none", "url", "class", "one of them", "engine", "asynchronous engine"],
)
def test_what_holds_no_repositories_is_misuse_and_told_how_to_make_them(repositories: Any, door: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^repositories is .* SqlRepositories\(engine\)") as refused:
        door(repositories)
    assert "repositories" == refused.value.field


@both_doors
def test_any_object_with_the_eight_repositories_will_do_and_nothing_else_is_needed(door: Any) -> None:
    mixed = with_parts(MemoryRepositories())
    assert mixed is door(mixed).repositories
    given: dict[str, Any] = {
        "hasher": CountingHasher(),
        "clock": ManualClock(),
        "blocklist": WordList(["password"]),
        "secret_box": UnprotectedBox(),
        "roles": (role for role in MY_DSO_MANAGER),
        "own_names": (name for name in ("acme",)),
        "resource_exists": lambda _: True,
    }
    assert len(MY_DSO_MANAGER) == len(door(MemoryRepositories(), **given).roles.roles)
