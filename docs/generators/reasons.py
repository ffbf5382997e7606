"""Every reason of a refusal: provoked in a small installation, and what the attempt left behind."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attrs import evolve, frozen

from generators.markdown import code, document, table
from generators.refusals import REFUSALS
from generators.world import ADDRESS, PASSWORD, World
from mydso_access import (
    Busy,
    BusyBecause,
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Invited,
    PasswordChangeOutcome,
    Reason,
    Refused,
    Secret,
    SignInMode,
    SignInOutcome,
    Structure,
    StructurePolicy,
    System,
    User,
)
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.model.attempts import AttemptCounter, CounterKey, Reservation

SINCE = datetime(2026, 1, 5, tzinfo=UTC)
HOST, ENTITY = System("docs"), Structure.entity("entity-1")

INTRODUCTION = """\
# Reasons of a refusal

A `Refused` carries a `Reason`, a rule and a public message. The reason is for the host's log; people get the public
message. Each line below was produced by provoking the refusal.

## At a sign-in

Whoever only knows a name must not learn anything of it, so the public message is the same for every name and state, except
where the *address* is blocked. *Account* and *address* say whether the attempt became a failure of that key, *hashes* how
many password hashes it cost, *event* whether the refusal is stored."""

ADMINISTRATION = """\
## Of people who are signed in, or hold a link

They may be told. Nothing is stored when a change is refused; a state that is found out to be over, such as an invitation
that lapsed, is stored as what it is."""

BUSY = """\
## Busy

`Busy` says nothing of the secret; its public message is the same in every case: “{message}”
It is never stored as an event. `busy.because` is for the host's log:"""


def wrong(world: World, name: str = "anna") -> SignInOutcome:
    """Sign in with a wrong password."""
    return world.access.sign_in(name, "not the password", address=ADDRESS)


def right(world: World) -> SignInOutcome:
    """Sign in with the right password."""
    return world.access.sign_in("anna", PASSWORD, address=ADDRESS)


def nothing(world: World) -> None:
    """Plant nothing."""


def blocked_address(world: World) -> None:
    """Use up the address's failures on names that nobody has."""
    for number in range(world.policy.lockout.address.failures):
        wrong(world, f"nobody-{number}")


def blocked_account(world: World) -> None:
    """Use up the account's failures from other addresses."""
    for number in range(world.policy.lockout.account.failures):
        world.access.sign_in("anna", "not the password", address=f"198.51.100.{number}")


def busy_account(world: World) -> None:
    """Leave as many attempts in flight as the account has failures left."""
    now = world.clock.now()
    in_flight = tuple(
        Reservation(f"reservation-{number}", now, now, 0) for number in range(world.policy.lockout.account.failures)
    )
    world.repositories.counters.save(AttemptCounter(account_key("anna"), saved_at=now, reservations=in_flight))


def login(login: Enabled | Invited | Disabled, credential: Credential | None = None) -> Callable[[World], None]:
    """Return what gives the user this login and this credential."""
    return lambda world: world.change(lambda user: evolve(user, login=login, credential=credential))


def dormant(world: World) -> None:
    """Let the user be unseen for longer than the entity allows."""
    world.access.change_settings(HOST, ENTITY, StructurePolicy({"dormancy.months": 1}))
    world.clock.move(timedelta(days=40))


def by_sso(world: World) -> None:
    """Let the user come by single sign-on."""
    world.access.change_sign_in(HOST, "user-anna", mode=SignInMode.SSO, sso=None)


def homeless(world: World) -> None:
    """Let the user belong to an entity that is not stored."""
    world.change(lambda user: evolve(user, structure=Structure.entity("gone")))


def as_contact(world: World) -> PasswordChangeOutcome:
    """Change the password of somebody who has no login: a contact has no name to sign in with."""
    world.save(User(id="contact", category=Category.INACTIVE, structure=ENTITY, role="guest"))
    return world.access.change_password("contact", PASSWORD, "Another-Horse-8", address=ADDRESS)


@frozen
class Case:
    """One reason: what it means, what is planted, and what is attempted then."""

    meaning: str
    plant: Callable[[World], None]
    attempt: Callable[[World], SignInOutcome | PasswordChangeOutcome] = right


CASES = {
    Reason.MALFORMED: Case(
        "the name is empty, over-long or holds control characters, or the password cannot be one: no attempt at all",
        nothing,
        lambda world: wrong(world, ""),
    ),
    Reason.ADDRESS_BLOCKED: Case("too many failures from this address", blocked_address),
    Reason.ACCOUNT_BLOCKED: Case("too many failures on this name, whether anybody has it or not", blocked_account),
    Reason.ACCOUNT_BUSY: Case(
        "as many attempts on this name are being evaluated as it has failures left", busy_account
    ),
    Reason.UNKNOWN: Case("nobody has this name", nothing, lambda world: wrong(world, "nobody")),
    Reason.INACTIVE: Case(
        "the user is a contact without login; met at a change of password only, for a contact has no name",
        nothing,
        as_contact,
    ),
    Reason.INVITED: Case("the password is still to be created", login(Invited(SINCE))),
    Reason.DISABLED: Case("the login is disabled", login(Disabled(DisabledBecause.ADMINISTRATOR, SINCE))),
    Reason.NO_PASSWORD: Case("the user has no password", login(Enabled(SINCE))),
    Reason.UNUSABLE_CREDENTIAL: Case(
        "the stored hash is none, or asks for hostile parameters", login(Enabled(SINCE), Credential(Secret("?"), SINCE))
    ),
    Reason.WRONG_SECRET: Case("the password is wrong", nothing, wrong),
    Reason.NO_HOME: Case("the structure that the user belongs to is not stored", homeless),
    Reason.SSO_ONLY: Case("the user comes by single sign-on", by_sso),
    Reason.DORMANT: Case("nobody has used the login for longer than its structure allows", dormant),
}


def page() -> str:
    """Return the page."""
    header = ("reason", "meaning", "rule", "account", "address", "hashes", "event", "public message")
    at_a_sign_in = table(header, [provoked(reason) for reason in Reason if reason in CASES])
    others = [reason for reason in Reason if reason not in CASES]
    administration = table(("reason", "meaning", "rule", "public message"), [administered(reason) for reason in others])
    busy = table(("because", "meaning"), [(code(because.name.lower()), because.value) for because in BusyBecause])
    told = BUSY.format(message=Busy(BusyBecause.LAPSED).public_message)
    return document(INTRODUCTION, at_a_sign_in, ADMINISTRATION, administration, told, busy)


def provoked(reason: Reason) -> tuple[str, ...]:
    """Provoke a refusal and return its line."""
    case, world = CASES[reason], World()
    case.plant(world)
    keys = (account_key("nobody" if reason is Reason.UNKNOWN else "anna"), _address(world))
    before = [counted(world, key) for key in keys]
    looks, stored = world.hasher.looks, len(world.repositories.events.all())
    refused = case.attempt(world)
    if not isinstance(refused, Refused) or refused.reason is not reason:
        raise AssertionError(f"{reason} was not provoked, but {refused!r}")
    now_counted = [counted(world, key) > earlier for key, earlier in zip(keys, before, strict=True)]
    events = [event for event in world.repositories.events.all()[stored:] if event.reason is reason]
    return (
        code(reason.value),
        case.meaning,
        refused.rule,
        *("counted" if each else "–" for each in now_counted),
        str(world.hasher.looks - looks),
        code(events[0].kind.value) if events else "–",
        refused.public_message,
    )


def administered(reason: Reason) -> tuple[str, ...]:
    """Provoke a refusal in administration and return its line."""
    meaning, attempt = REFUSALS[reason]
    refused = attempt()
    if not isinstance(refused, Refused) or refused.reason is not reason:
        raise AssertionError(f"{reason} was not provoked, but {refused!r}")
    return (code(reason.value), meaning, refused.rule, refused.public_message)


def counted(world: World, key: CounterKey) -> int:
    """Return the failures of a key that still count."""
    counter = world.repositories.counters.get(key)
    return len(counter.failures) if counter else 0


def _address(world: World) -> CounterKey:
    return address_key(parse_address(ADDRESS), world.policy.lockout)
