"""What whoever holds a session, and not the password, gets by it: no second administrator, no unblocking, no way back in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mydso_access import (
    AccessControl,
    Category,
    Done,
    Entered,
    Entity,
    Forgotten,
    MemoryRepositories,
    NewPasswordRequired,
    NewUser,
    Proof,
    Reason,
    Refused,
    Right,
    SecondFactorRequired,
    SecurityPolicy,
    SignedIn,
    SignInMode,
    SsoIdentity,
    SteppedUp,
    Structure,
    StructurePolicy,
    System,
    Unblocked,
    VerifiedAssertion,
    with_setting,
)
from mydso_access.model.message import SecurityChange, SecurityMessage
from mydso_access.policy import WithSso
from mydso_access.policy.lists import Networks
from mydso_access.testing import World
from mydso_access.testing.app import App
from mydso_access.testing.clock import ManualClock
from mydso_access.testing.world import cheap_hasher
from tests.flows.scene import everything

HOST, THIEF = System("setup"), "198.51.100.66"
MALLORY = {"email": "mallory@evil.example", "role": "administrator", "name": "mallory", "mobile": "+33600000000"}
SELF_MADE = "Thieves-Own-Pass-77"
OFFICE = Networks(["203.0.113.0/24"])


def asking(world: World, structure: Structure, **asked: Any) -> None:
    """Let a structure ask for settings, each named like `second_factor__required`."""
    policy = world.repositories.structures.get(structure).policy
    for name, value in asked.items():
        policy = policy.asking(name.replace("__", "."), value)
    assert isinstance(world.access.change_settings(HOST, structure, policy), Done)


def refusal(answer: Any) -> tuple[Reason, str]:
    assert isinstance(answer, Refused)
    return answer.reason, answer.rule


STEP_UP = Reason.STEP_UP_NEEDED, "ASVS 7.5.1"

# --- a stolen session makes itself no second administrator

Attack = Callable[[World, Proof], Any]
OF_ANNAS: dict[str, Attack] = {
    "another administrator": lambda w, p: w.access.add_user(p, w.lyon, NewUser(**MALLORY)),
    "another credit manager": lambda w, p: w.access.add_user(
        p, w.lyon, NewUser(**MALLORY | {"role": "credit_manager"})
    ),
    "a promotion": lambda w, p: w.access.change_role(p, "user-tom", "administrator"),
    "a demotion": lambda w, p: w.access.change_role(p, "user-carl", "guest"),
    "the end of a login": lambda w, p: w.access.disable_user(p, "user-carl"),
    "a credit manager's name": lambda w, p: w.access.rename(p, "user-carl", "Carl Long"),
    "an appointment": lambda w, p: w.access.appoint(p, w.lyon, "user-carl"),
    "a dismissal": lambda w, p: w.access.dismiss(p, w.lyon, "user-anna"),
    "settings": lambda w, p: w.access.change_settings(p, w.lyon, StructurePolicy({"rotation.days": 30})),
    "an unblocking": lambda w, p: w.access.unblock_account(p, "user-mia"),
    "a forgotten user": lambda w, p: w.access.forget_user(p, "user-mia"),
    "another's second factor": lambda w, p: w.access.reset_second_factor(p, "user-mia"),
}
OF_HUGOS: dict[str, Attack] = {
    "another administrator": lambda w, p: w.access.add_user(
        p, w.group, NewUser(**MALLORY, category=Category.MULTI_ENTITY)
    ),
    "an administrator of an entity": lambda w, p: w.access.add_user(p, w.paris, NewUser(**MALLORY)),
    "an appointment": lambda w, p: w.access.appoint(p, w.lyon, "user-carl"),
    "a dismissal": lambda w, p: w.access.dismiss(p, w.lyon, "user-anna"),
    "an address": lambda w, p: w.access.unblock_address(p, THIEF),
}
ATTACKS = [("anna", each) for each in OF_ANNAS.values()] + [("hugo", each) for each in OF_HUGOS.values()]
NAMES = [f"anna: {each}" for each in OF_ANNAS] + [f"hugo: {each}" for each in OF_HUGOS]


@pytest.mark.parametrize(("whose", "attack"), ATTACKS, ids=NAMES)
def test_asvs_7_5_1_what_would_outlive_a_stolen_session_asks_for_a_fresh_proof(whose: str, attack: Attack) -> None:
    world = World.ready()
    stolen = world.proof_of(whose)
    world.clock.move(timedelta(hours=3))
    before = everything(world.repositories)
    assert STEP_UP == refusal(attack(world, stolen))
    assert before == everything(world.repositories)
    proven = world.access.step_up(stolen, world.password, address=world.address)
    assert isinstance(proven, SteppedUp)
    assert Reason.STEP_UP_NEEDED is not getattr(attack(world, proven.proof), "reason", None)


@pytest.mark.parametrize("attack", OF_ANNAS.values(), ids=OF_ANNAS)
def test_s26_a_password_alone_is_not_enough_either_of_whoever_has_an_app(attack: Attack) -> None:
    world = World.ready()
    asking(world, world.lyon, second_factor__required=True, addresses__networks=OFFICE)
    world.app_of("anna")
    proof = world.proof_of("anna")
    alone = Proof(proof.user_id, proof.factors[:1])
    before = everything(world.repositories)
    assert STEP_UP == refusal(attack(world, alone))
    assert before == everything(world.repositories)


def test_asvs_7_5_1_the_daily_work_of_an_older_session_goes_on() -> None:
    world = World.ready()
    session = world.proof_of("anna")
    world.clock.move(timedelta(hours=3))
    added = world.access.add_user(session, world.lyon, NewUser(**MALLORY | {"role": "collector"}))
    calls = [
        added,
        world.access.rename(session, "user-mia", "Mia Grand"),
        world.access.disable_user(session, "user-gus"),
        world.access.mark_compromised(session, "user-carl"),  # against a thief nobody waits
        world.access.assign_collector(session, "lyon", "c1", "user-tom"),
    ]
    assert [Done] * 4 == [type(each) for each in calls if not isinstance(each, Refused)]
    assert STEP_UP == refusal(calls[3])  # of whoever administers it is asked all the same


def test_the_system_is_asked_for_no_proof() -> None:
    world = World.ready()
    access = world.access
    assert isinstance(access.add_user(HOST, world.lyon, NewUser(**MALLORY)), Done)
    assert isinstance(access.unblock_account(HOST, "user-anna"), Unblocked)
    assert isinstance(access.unblock_address(HOST, THIEF), Unblocked)
    assert isinstance(access.forget_user(HOST, "user-mia"), Forgotten)


# --- nor unlimited guesses


def test_s36_whoever_guesses_at_a_stolen_sessions_password_is_blocked_and_unblocks_nothing() -> None:
    world = World.ready()
    stolen, reasons = world.proof_of("carl"), []
    for number in range(20):
        guess = world.access.step_up(stolen, f"Guess-Number-{number}!", address=f"2001:db8:{number:x}::1")
        reasons.append(guess.reason)
        assert (Reason.NOT_ALLOWED, "D17") == refusal(world.access.unblock_account(stolen, "user-carl"))
    assert [Reason.WRONG_SECRET] * 5 + [Reason.ACCOUNT_BLOCKED] * 15 == reasons
    right = world.access.step_up(stolen, world.password, address="2001:db8:ffff::1")
    assert Reason.ACCOUNT_BLOCKED is refusal(right)[0]


def test_s36_a_colleague_who_ends_a_block_proves_themselves_first_and_its_owner_is_told() -> None:
    world = World.ready()
    added = world.access.add_user(HOST, world.lyon, NewUser(**MALLORY | {"role": "credit_manager"}))
    world.access.accept_invitation(added.messages[0].token, world.password)
    colleague = world.proof_of("mallory")
    ended = world.access.unblock_account(colleague, "user-carl")
    assert isinstance(ended, Unblocked)
    expected = SecurityMessage(
        to="carl@example.com", name="carl", change=SecurityChange.UNBLOCKED, at=world.clock.now()
    )
    assert (expected,) == ended.messages
    world.clock.move(timedelta(minutes=16))
    assert STEP_UP == refusal(world.access.unblock_account(colleague, "user-carl"))


# --- what a thief has prepared is dead


def stolen_email(world: World, name: str) -> Any:
    """Return the token by which a thief confirms an address of their own."""
    asked = world.access.change_email(world.proof_of(name), f"user-{name}", "thief@evil.example")
    return next(each.token for each in asked.messages if each.to == "thief@evil.example")


MENDED: dict[str, Callable[[World], Any]] = {
    "compromised": lambda world: world.access.mark_compromised(world.proof_of("anna"), "user-mia"),
    "another app": lambda world: world.app_of("mia"),
}


@pytest.mark.parametrize("how", MENDED)
def test_s23_s26_a_change_of_address_that_a_thief_has_begun_ends_with_the_theft(how: str) -> None:
    world = World.ready()
    token = stolen_email(world, "mia")
    reset = world.access.request_password_reset("mia").messages[0].token
    MENDED[how](world)
    assert isinstance(world.access.confirm_email(token), Refused)
    assert isinstance(world.access.complete_password_reset(reset, SELF_MADE), Refused)
    world.clock.move(timedelta(hours=1))  # another may be sent by now
    assert ("mia@example.com",) == tuple(each.to for each in world.access.request_password_reset("mia").messages)


def test_s26_so_does_one_that_was_begun_before_the_second_factor_was_reset() -> None:
    world = World.ready()
    world.app_of("mia")
    token = stolen_email(world, "mia")
    assert isinstance(world.access.reset_second_factor(world.proof_of("anna"), "user-mia"), Done)
    assert isinstance(world.access.confirm_email(token), Refused)


def test_s21_an_address_that_a_thief_let_in_is_asked_for_a_code_again() -> None:
    world = World.ready(with_setting(SecurityPolicy.my_dso_manager(), "addresses.recipient", "user"))
    asking(world, world.lyon, addresses__networks=OFFICE)
    world.proof_of("mia", address=THIEF)
    assert [THIEF] == [str(each.address) for each in world.user("mia").approved]
    world.access.mark_compromised(HOST, "user-mia")
    assert () == world.user("mia").approved
    assert "AddressCodeRequired" == type(world.sign_in("mia", address=THIEF)).__name__


def test_s23_whoever_has_the_compromised_password_may_still_be_the_first_to_choose_the_next() -> None:
    """Said in docs/how-to/password-rotation.md, with what helps: a disabled login, and a reset by mail."""
    world = World.ready()
    world.access.mark_compromised(HOST, "user-mia")
    owed = world.sign_in("mia", address=THIEF)
    assert isinstance(owed, NewPasswordRequired)
    assert isinstance(world.access.set_new_password(owed.sign_in, SELF_MADE, address=THIEF), SignedIn)
    world.access.disable_user(HOST, "user-mia")
    assert Reason.DISABLED is refusal(world.sign_in("mia", SELF_MADE, address=THIEF))[0]


# --- a structure keeps somebody who may sign in


def test_a13_whoever_was_only_invited_is_not_who_is_left() -> None:
    clock = ManualClock()
    access = AccessControl(MemoryRepositories(), hasher=cheap_hasher(), clock=clock)
    boss = NewUser(email="boss@example.com", role="administrator", name="the.boss")
    founded = access.found(HOST, Entity(id="lyon", title="Lyon"), boss)
    lyon = founded.structure.structure
    anna = access.add_user(HOST, lyon, NewUser(email="anna@example.com", role="administrator", name="anna.petit"))
    access.accept_invitation(anna.messages[0].token, SELF_MADE)
    assert isinstance(access.appoint(HOST, lyon, anna.record.id), Done)
    proof = access.sign_in("anna.petit", SELF_MADE, address=THIEF).proof
    for actor in (proof, HOST):
        assert (Reason.LAST_MAIN_ADMINISTRATOR, "A13") == refusal(access.dismiss(actor, lyon, anna.record.id))
    assert isinstance(access.dismiss(proof, lyon, founded.administrator.id), Done)


# --- single sign-on alone takes nobody's app


class Mona:
    """Comes by single sign-on, which the platform takes for enough; Lyon asks for the app besides, which she has."""

    def __init__(self, with_sso: WithSso) -> None:
        policy = with_setting(SecurityPolicy.my_dso_manager(), "second_factor.with_sso", with_sso.value)
        self.world, self.count = World.ready(with_setting(policy, "sso.trusted", "mfa")), 0
        asking(self.world, self.world.lyon, second_factor__required=True, second_factor__with_sso=WithSso.ALWAYS)
        identity = SsoIdentity("https://idp", "mona")
        self.world.access.change_sign_in(HOST, "user-mona", mode=SignInMode.SSO, sso=identity)
        owed = self.enter(self.signed_in())
        self.app = App(owed.seed, self.world.clock, self.world.access.policy.second_factor.algorithm)
        self.entered = self.world.access.confirm_second_factor(
            owed.sign_in, self.app.code(), address=self.world.address
        )
        assert isinstance(self.entered, Entered)

    def signed_in(self) -> Proof:
        self.count, now = self.count + 1, self.world.clock.now()
        context = frozenset({"mfa"})
        given = VerifiedAssertion(
            issuer="https://idp", subject="mona", id=f"i{self.count}", instant=now, context=context
        )
        answer = self.world.access.sign_in_with_sso(given, address=self.world.address)
        assert isinstance(answer, SignedIn)
        return answer.proof

    def enter(self, proof: Proof) -> Any:
        return self.world.access.enter(proof, "lyon", address=self.world.address)


@pytest.mark.parametrize("with_sso", [WithSso.NEVER, WithSso.UNLESS_TRUSTED])
def test_s26_where_an_entity_asks_for_the_app_single_sign_on_alone_neither_replaces_it_nor_draws_codes(
    with_sso: WithSso,
) -> None:
    mona = Mona(with_sso)
    thief, access = mona.signed_in(), mona.world.access
    before = everything(mona.world.repositories)
    assert STEP_UP == refusal(access.begin_enrolment(thief, address=mona.world.address))
    assert STEP_UP == refusal(access.renew_recovery_codes(thief))
    assert before == everything(mona.world.repositories)
    assert isinstance(mona.enter(thief), SecondFactorRequired)
    assert Reason.SECOND_FACTOR_OWED is access.may(thief, "lyon", Right.REPORTS).reason


@pytest.mark.parametrize("with_sso", [WithSso.NEVER, WithSso.UNLESS_TRUSTED])
def test_s26_whoever_proves_the_app_by_entering_may_replace_it(with_sso: WithSso) -> None:
    mona = Mona(with_sso)
    asked = mona.enter(mona.signed_in())
    entered = mona.world.access.enter_second_factor(asked.sign_in, mona.app.code(), address=mona.world.address)
    assert isinstance(entered, Entered)
    assert 10 == len(mona.world.access.renew_recovery_codes(entered.proof).codes)


# --- nor does a password, where an entity asks for more


def test_s26_whoever_owes_an_entity_a_second_factor_touches_nobodys_access_to_it() -> None:
    world = World.ready()
    asking(world, world.berlin, second_factor__required=True)
    hugo, access = world.proof_of("hugo"), world.access
    owed = Reason.SECOND_FACTOR_OWED, "S26"
    assert owed == refusal(access.authorise(hugo, "user-mona", "berlin"))
    assert isinstance(access.authorise(HOST, "user-mona", "berlin"), Done)
    assert owed == refusal(access.withdraw(hugo, "user-mona", "berlin"))
    assert owed == refusal(access.reset_second_factor(hugo, "user-mona"))
