"""Every reason of a refusal: provoked in a small installation, and what the attempt left behind."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from attrs import evolve

from generators.cases import Case
from generators.markdown import code, document, table
from generators.refusals import REFUSALS
from generators.step_cases import PAUL, SSO_CASES, STEP_CASES
from generators.world import ADDRESS, World
from mydso_access import (
    AccessControl,
    Busy,
    BusyBecause,
    Credential,
    Denied,
    Disabled,
    DisabledBecause,
    Enabled,
    Invited,
    Reason,
    Refused,
    Secret,
    SignInMode,
    SignInOutcome,
    Structure,
    StructurePolicy,
    System,
    UnreadableRecord,
    User,
)
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.decisions.outcomes import TOLD_WHEN_PROVEN
from mydso_access.model.attempts import AttemptCounter, CounterKey, Reservation

PARTS = ("users", "structures", "customers", "links", "counters", "sign_ins", "assertions", "events")
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
that lapsed, is stored as what it is, and a link whose token was right and that does not open as `link_open_fail`. A question
(`permissions`, `may`) answers `Denied` or a scope of `Nothing` instead of `Refused`, with the same reasons."""

SINGLE_SIGN_ON = """\
## By single sign-on

Nobody guesses here, for the provider has looked at the secret: no refusal becomes a failure, and none costs a hash. Besides
these lines every reason above that speaks of login, structure and address may be met."""

STEPS = f"""\
## At a further step

Whoever comes with the token of a half-finished sign-in has proven the first factor, and is told more: `account_blocked` reads
“{TOLD_WHEN_PROVEN[Reason.ACCOUNT_BLOCKED]}” to them.
A wrong or used code is a failure like a wrong password. A dead token, another step, or a code that is too old evaluates nothing and charges nothing. *Hashes* are password hashes: a recovery code costs one, six digits
cost none."""

BUSY = """\
## Busy

`Busy` says nothing of the secret; its public message is the same in every case: “{message}”
It is never stored as an event. `busy.because` is for the host's log:"""


def wrong(world: World, name: str = "anna") -> SignInOutcome:
    """Sign in with a wrong password."""
    return world.access.sign_in(name, "not the password", address=ADDRESS)


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


def damaged(world: World) -> None:
    """Let the user's row be damaged."""
    logging.getLogger("mydso_access").addHandler(logging.NullHandler())  # which is told to a host's log, not here

    def named(_: str, /) -> User | None:
        raise UnreadableRecord("User.login", "'?'", "a login")

    users = world.repositories.users
    others = {name: getattr(users, name) for name in dir(users) if not name.startswith("_")}
    everything = {name: getattr(world.repositories, name) for name in PARTS}
    parts = SimpleNamespace(**everything | {"users": SimpleNamespace(**others | {"named": named})})
    world.access = AccessControl(parts, policy=world.policy, hasher=world.hasher, clock=world.clock)


CASES = {
    Reason.MALFORMED: Case(
        "the name is empty, over-long or holds control characters, or the password cannot be one: no attempt at all",
        attempt=lambda world: wrong(world, ""),
    ),
    Reason.ADDRESS_BLOCKED: Case("too many failures from this address", blocked_address),
    Reason.ACCOUNT_BLOCKED: Case("too many failures on this name, whether anybody has it or not", blocked_account),
    Reason.ACCOUNT_BUSY: Case(
        "as many attempts on this name are being evaluated as it has failures left", busy_account
    ),
    Reason.UNKNOWN: Case("nobody has this name", attempt=lambda world: wrong(world, "nobody")),
    Reason.INVITED: Case("the password is still to be created", login(Invited(SINCE))),
    Reason.DISABLED: Case("the login is disabled", login(Disabled(DisabledBecause.ADMINISTRATOR, SINCE))),
    Reason.NO_PASSWORD: Case("the user has no password", login(Enabled(SINCE))),
    Reason.UNUSABLE_CREDENTIAL: Case(
        "the stored hash is none, or asks for hostile parameters", login(Enabled(SINCE), Credential(Secret("?"), SINCE))
    ),
    Reason.WRONG_SECRET: Case("the password is wrong", attempt=wrong),
    Reason.NO_HOME: Case("the structure that the user belongs to is not stored", homeless),
    Reason.SSO_ONLY: Case("the user comes by single sign-on", by_sso),
    Reason.DORMANT: Case("nobody has used the login for longer than its structure allows", dormant),
    Reason.UNREADABLE_RECORD: Case("the stored record is damaged; which field, is in the log", damaged),
}


def page() -> str:
    """Return the page."""
    counted_on = ("account", "address", "hashes", "event", "public message")
    others = [reason for reason in Reason if reason not in {*CASES, *SSO_CASES, *STEP_CASES}]
    busy = table(("because", "meaning"), [(code(because.name.lower()), because.value) for because in BusyBecause])
    return document(
        INTRODUCTION,
        table(("reason", "meaning", "rule", *counted_on), provoked(CASES, account_key("anna"))),
        SINGLE_SIGN_ON,
        table(("reason", "meaning", "rule", *counted_on), provoked(SSO_CASES, account_key(PAUL))),
        STEPS,
        table(("reason", "meaning", "rule", *counted_on), provoked(STEP_CASES, account_key("anna"))),
        ADMINISTRATION,
        table(("reason", "meaning", "rule", "public message"), [administered(reason) for reason in others]),
        BUSY.format(message=Busy(BusyBecause.LAPSED).public_message),
        busy,
    )


def provoked(cases: Mapping[Reason, Case], account: CounterKey) -> Iterator[tuple[str, ...]]:
    """Provoke refusals and yield their lines, in the order of reasons."""
    for reason in Reason:
        if reason in cases:
            yield line(reason, cases[reason], account)


def line(reason: Reason, case: Case, account: CounterKey) -> tuple[str, ...]:
    """Provoke a refusal and return its line."""
    world = World()
    attempt = case.provoke(world)
    of_nobody = reason is Reason.UNKNOWN and case is CASES.get(reason)
    keys = (account_key("nobody") if of_nobody else account, _address(world))
    before = [counted(world, key) for key in keys]
    looks, stored = world.hasher.looks, len(world.repositories.events.all())
    refused = attempt()
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
    if not isinstance(refused, Refused | Denied) or refused.reason is not reason:
        raise AssertionError(f"{reason} was not provoked, but {refused!r}")
    return (code(reason.value), meaning, refused.rule, refused.public_message)


def counted(world: World, key: CounterKey) -> int:
    """Return the failures of a key that still count."""
    counter = world.repositories.counters.get(key)
    return len(counter.failures) if counter else 0


def _address(world: World) -> CounterKey:
    return address_key(parse_address(ADDRESS), world.policy.lockout)
