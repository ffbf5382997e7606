"""Every reason that meets who comes by single sign-on, or who has proven the first factor: how it is provoked."""

from datetime import timedelta
from typing import Any

from attrs import evolve

from generators.cases import Case
from generators.world import ADDRESS, PASSWORD, World
from mydso_access import (
    AccessControl,
    AddressCodeRequired,
    Category,
    NoLogin,
    Reason,
    SecondFactorRequired,
    Secret,
    SignInMode,
    SsoIdentity,
    Structure,
    StructurePolicy,
    System,
    User,
    VerifiedAssertion,
    with_setting,
)
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.naming import codes_key
from mydso_access.decisions.second_factor import new_seed, seal_context, step_at
from mydso_access.model.attempts import AttemptCounter, Reservation
from mydso_access.model.second_factor import SecondFactor
from mydso_access.policy import Networks
from mydso_access.policy.second_factor import Algorithm

HOST, ENTITY = System("docs"), Structure.entity("entity-1")
PAUL = SsoIdentity("https://login.example.com", "00u1")
MOBILE = "+33612345678"
SEED = new_seed("a seed of this page", "and of no user")
NOBODYS = Secret("c2lnbi1pbg.guessed")


def with_box(world: World) -> AccessControl:
    """Let the installation seal seeds, readable as they are."""
    world.access = AccessControl(
        world.repositories, policy=world.policy, hasher=world.hasher, clock=world.clock, secret_box=UnprotectedBox()
    )
    return world.access


def by_sso(world: World) -> None:
    """Let the user come by single sign-on."""
    world.change(lambda user: evolve(user, sign_in_mode=SignInMode.SSO, sso=PAUL, credential=None))


def with_identity(world: World) -> None:
    """Let the provider know the user, who signs in with a password all the same."""
    world.change(lambda user: evolve(user, sso=PAUL))


def contact_with_identity(world: World) -> None:
    """Let the provider know a contact."""
    contact = User(id="contact", category=Category.INACTIVE, structure=ENTITY, role="guest", login=NoLogin(), sso=PAUL)
    world.save(contact)


def assertion(world: World, age: timedelta = timedelta(0)) -> VerifiedAssertion:
    """Return what the provider said so long ago."""
    return VerifiedAssertion(issuer=PAUL.issuer, subject=PAUL.subject, id="_a1", instant=world.clock.now() - age)


def asserted(world: World) -> object:
    """Come with a fresh assertion."""
    return world.access.sign_in_with_sso(assertion(world), address=ADDRESS)


def an_old_assertion(world: World) -> object:
    """Come with an assertion of six minutes ago."""
    return world.access.sign_in_with_sso(assertion(world, timedelta(minutes=6)), address=ADDRESS)


def taken(world: World) -> None:
    """Come with an assertion that is going to come again."""
    by_sso(world)
    asserted(world)


SSO_CASES = {
    Reason.UNKNOWN: Case("nobody has this identity", attempt=asserted),
    Reason.INACTIVE: Case("the user is a contact without login", contact_with_identity, asserted),
    Reason.NOT_BY_SSO: Case("the user signs in with a password", with_identity, asserted),
    Reason.STALE_ASSERTION: Case(
        "the assertion does not say when it was made, is too old (`sso.assertion_age`), or from the future (`sso.skew`)",
        by_sso,
        an_old_assertion,
    ),
    Reason.REPLAYED_ASSERTION: Case("the assertion was taken before", taken, asserted),
}


def signing_in(world: World) -> Secret[str]:
    """Sign in with the right password, and return the token of the step that is owed."""
    asked: Any = world.access.sign_in("anna", PASSWORD, address=ADDRESS)
    if not isinstance(asked, SecondFactorRequired | AddressCodeRequired):
        raise TypeError(f"no step is owed, but {asked!r}")
    return asked.sign_in


def enrolled(world: World) -> None:
    """Give the user an app."""
    box, at = UnprotectedBox(), world.clock.now()
    sealed = box.seal(SEED, seal_context("user-anna"))
    factor = SecondFactor(sealed, Algorithm.SHA1, at, step_at(at) - 5)
    world.change(lambda user: evolve(user, second_factor=factor))
    with_box(world)


def owing_a_code(world: World) -> Secret[str]:
    """Leave a sign-in that owes the code of the user's app."""
    enrolled(world)
    return signing_in(world)


def app_code(world: World) -> Secret[str]:
    """Return what the user's app shows."""
    return Totp().code(SEED, step_at(world.clock.now()), Algorithm.SHA1)


def typed(world: World, token: Secret[str]) -> object:
    """Enter the code that the app shows."""
    return world.access.enter_second_factor(token, app_code(world), address=ADDRESS)


def mistyped(world: World, token: Secret[str]) -> object:
    """Enter another code."""
    wrong = f"{(int(app_code(world).reveal()) + 1) % 1_000_000:06}"
    return world.access.enter_second_factor(token, wrong, address=ADDRESS)


def used(world: World) -> Secret[str]:
    """Use the code that the app shows, and sign in once more."""
    typed(world, owing_a_code(world))
    return signing_in(world)


def listed(world: World) -> None:
    """Let the entity list addresses, and users get codes for others."""
    world.policy = with_setting(world.policy, "addresses.recipient", "user")
    with_box(world).change_settings(HOST, ENTITY, StructurePolicy({"addresses.networks": Networks("10.0.0.0/8")}))
    world.change(lambda user: evolve(user, mobile=MOBILE))


def without_recipient(world: World) -> None:
    """Let the entity list addresses, and nobody have a mobile."""
    world.access.change_settings(HOST, ENTITY, StructurePolicy({"addresses.networks": Networks("10.0.0.0/8")}))


def owing_an_address_code(world: World) -> Secret[str]:
    """Leave a sign-in that owes the code for its address."""
    listed(world)
    return signing_in(world)


def guessed(world: World, token: Secret[str]) -> object:
    """Enter a code that nobody sent."""
    return world.access.enter_address_code(token, "000000", address=ADDRESS)


def sent_long_ago(world: World) -> Secret[str]:
    """Let the code for the address become too old."""
    token = owing_an_address_code(world)
    world.clock.move(world.policy.addresses.code + timedelta(seconds=1))
    return token


def codes_used_up(world: World) -> Secret[str]:
    """Use up the codes' failures, of which there are fewer than the account has, or that would be blocked first."""
    lockout = world.policy.lockout
    world.policy = evolve(world.policy, lockout=evolve(lockout, codes=evolve(lockout.codes, failures=2)))
    token = owing_an_address_code(world)
    for _ in range(2):
        guessed(world, token)
    return token


def codes_in_flight(world: World) -> Secret[str]:
    """Leave as many codes in flight as may be wrong."""
    token, now = owing_an_address_code(world), world.clock.now()
    in_flight = tuple(Reservation(f"r-{number}", now, now, 0) for number in range(world.policy.lockout.codes.failures))
    world.repositories.counters.save(AttemptCounter(codes_key("user-anna"), saved_at=now, reservations=in_flight))
    return token


def sent_often(world: World) -> Secret[str]:
    """Have as many codes sent as may be."""
    token = owing_an_address_code(world)
    for _ in range(world.policy.addresses.sends - 1):
        sent: Any = world.access.send_address_code(token, address=ADDRESS)
        token = sent.sign_in
    return token


def another(world: World, token: Secret[str]) -> object:
    """Ask for another code."""
    return world.access.send_address_code(token, address=ADDRESS)


def dead(world: World) -> object:
    """Come with a token that was never answered."""
    return world.access.enter_second_factor(NOBODYS, "123456", address=ADDRESS)


def typed_early(world: World, token: Secret[str]) -> object:
    """Enter an app's code where a code for the address is owed."""
    return world.access.enter_second_factor(token, "123456", address=ADDRESS)


STEP_CASES = {
    Reason.DEAD_SIGN_IN: Case(
        "the token is unknown, used, too old, an earlier step's or from elsewhere; or password or second factor have "
        "changed since",
        enrolled,
        dead,
    ),
    Reason.WRONG_STEP: Case("another step is owed", owing_an_address_code, typed_early),
    Reason.WRONG_CODE: Case("the code is wrong", owing_a_code, mistyped),
    Reason.USED_CODE: Case("the code, or a later one, was used before", used, typed),
    Reason.OLD_CODE: Case("the code for the address is too old (`addresses.code`)", sent_long_ago, guessed),
    Reason.CODES_BLOCKED: Case("too many wrong codes for this user's addresses", codes_used_up, guessed),
    Reason.CODES_BUSY: Case("as many codes are being evaluated as may be wrong", codes_in_flight, guessed),
    Reason.TOO_MANY_CODES: Case("as many codes were sent as may be (`addresses.sends`)", sent_often, another),
    Reason.NO_RECIPIENT: Case(
        "the address is not listed, and nobody who could let it in has a mobile", without_recipient
    ),
}
