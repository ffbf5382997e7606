"""A new password is reviewed alike wherever it is set: the cheap rules, the names around its user, how common it is."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, evolve, field

from mydso_access import (
    AccessControl,
    AsyncAccessControl,
    BrokenStore,
    Done,
    Entity,
    Flaw,
    InvalidValue,
    MemoryRepositories,
    NewUser,
    PasswordRejected,
    Secret,
    SignedIn,
    StoreUnavailable,
    StructurePolicy,
    System,
)
from mydso_access.adapters.blocklists import WordList
from mydso_access.decisions.outcomes import PasswordChanged
from mydso_access.testing import ManualClock
from tests.support import HOME, CountingHasher, policy, run

ROOT = System("test")
GOOD, BETTER = "Correct-Horse-9", "Battery-Staple-8"


@define
class Home:
    """An entity with one administrator, Anna Petit, and doors with a blocklist."""

    options: dict[str, Any] = field(factory=dict)
    asks: StructurePolicy = StructurePolicy()
    repositories: MemoryRepositories = field(factory=MemoryRepositories)
    clock: ManualClock = field(factory=ManualClock)
    hasher: CountingHasher = field(factory=CountingHasher)
    token: Secret[str] | None = None

    def __attrs_post_init__(self) -> None:
        new = NewUser(email="apetit@example.com", role="administrator", name="anna.petit", full_name="Anna Petit")
        founded = self.access.found(ROOT, Entity(id="lyon", title="Confluence", policy=self.asks), new)
        self.token = founded.messages[0].token

    def door(self, kind: type) -> Any:
        return kind(self.repositories, policy=policy(), hasher=self.hasher, clock=self.clock, **self.options)

    @property
    def access(self) -> AccessControl:
        return self.door(AccessControl)

    def accepted(self) -> str:
        done = self.access.accept_invitation(self.token, GOOD)
        assert isinstance(done, Done)
        return done.record.id


def accepting(home: Home, password: str) -> Any:
    return home.access.accept_invitation(home.token, password)


def resetting(home: Home, password: str) -> Any:
    home.accepted()
    message = home.access.request_password_reset("anna.petit").messages[0]
    return home.access.complete_password_reset(message.token, password)


def changing(home: Home, password: str) -> Any:
    home.accepted()
    signed_in = home.access.sign_in("anna.petit", GOOD, address=HOME)
    assert isinstance(signed_in, SignedIn)
    return home.access.change_password(signed_in.proof, GOOD, password, address=HOME)


SETTING = [accepting, resetting, changing]
everywhere = pytest.mark.parametrize("how", SETTING, ids=[how.__name__ for how in SETTING])


def flaws(outcome: Any) -> list[Flaw]:
    assert isinstance(outcome, PasswordRejected)
    return [violation.flaw for violation in outcome.violations]


@everywhere
@pytest.mark.parametrize("password", ["AnnaPetit2026!", "Apetit-apetit-1", "Confluence-2026!", "Acme-Debts-1!"])
def test_names_around_the_user_are_refused_and_the_old_state_stays(how: Callable[..., Any], password: str) -> None:
    home = Home({"own_names": ["ACME Debts"]})
    assert [Flaw.NAMES] == flaws(how(home, password))
    before = home.repositories.users.named("anna.petit")
    assert isinstance(how(home, BETTER) if how is accepting else before, Done | type(before))


@everywhere
@pytest.mark.parametrize("password", ["Dr4gon-Dragon1", "Motdepasse1!", "Qwertyuiop1!"])
def test_common_passwords_are_refused(how: Callable[..., Any], password: str) -> None:
    home = Home({"blocklist": WordList(["dragon", "motdepasse"])})
    assert [Flaw.COMMON] == flaws(how(home, password))


@everywhere
def test_what_is_neither_is_set(how: Callable[..., Any]) -> None:
    home = Home({"blocklist": WordList(["dragon"]), "own_names": ["ACME"]})
    assert isinstance(how(home, BETTER), Done | PasswordChanged)


def test_rows_and_repeats_need_no_list() -> None:
    assert [Flaw.COMMON] == flaws(accepting(Home(), "Azertyuiop1!"))


def test_names_may_be_allowed_for_the_installation_and_refused_by_a_structure() -> None:
    lax = evolve(policy(), passwords=evolve(policy().passwords, refuse_names=False))
    for asks, expected in (
        (StructurePolicy(), Done),
        (StructurePolicy({"passwords.refuse_names": True}), PasswordRejected),
    ):
        home = Home(asks=asks)
        access = AccessControl(home.repositories, policy=lax, hasher=home.hasher, clock=home.clock)
        assert expected is type(access.accept_invitation(home.token, "AnnaPetit2026!"))


@define
class Listening:
    """A blocklist that says what it was asked, and gives a prepared answer."""

    answer: Any = False
    asked: list[str] = field(factory=list)

    def holds(self, password: Secret[str], cores: frozenset[Secret[str]], /) -> Any:
        self.asked.append(password.reveal())
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_list_is_asked_only_about_what_is_else_right() -> None:
    listening = Listening()
    home = Home({"blocklist": listening})
    for password in ("short", "AnnaPetit2026!", "Azertyuiop1!"):
        assert isinstance(accepting(home, password), PasswordRejected)
    assert [] == listening.asked
    assert isinstance(accepting(home, GOOD), Done)
    assert [GOOD] == listening.asked


def test_a_list_that_raises_or_answers_no_bool_sets_nothing() -> None:
    for answer, error in ((ConnectionError("down"), StoreUnavailable), (None, BrokenStore), (1, BrokenStore)):
        home = Home({"blocklist": Listening(answer)})
        with pytest.raises(error) as raised:
            accepting(home, GOOD)
        assert GOOD not in str(raised.value)
        assert home.repositories.users.named("anna.petit").credential is None


def test_an_asynchronous_list_serves_the_asynchronous_door() -> None:
    class Asynchronous:
        async def holds(self, password: Secret[str], cores: frozenset[Secret[str]], /) -> bool:
            return True

    home = Home()
    door = AsyncAccessControl(
        home.repositories, policy=policy(), hasher=home.hasher, clock=home.clock, blocklist=Asynchronous()
    )
    assert [Flaw.COMMON] == flaws(run(door.accept_invitation(home.token, GOOD)))


@pytest.mark.parametrize("names", ["ACME", [7], [None], [b"x"]])
def test_own_names_that_are_no_texts_are_a_clear_error(names: Any) -> None:
    with pytest.raises(InvalidValue, match="own_names is"):
        AccessControl(MemoryRepositories(), policy=policy(), own_names=names)
