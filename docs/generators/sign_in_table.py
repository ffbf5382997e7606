"""The sign-in table: the decisions asked about every combination of facts, folded to what a person can read."""

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen

from generators.journeys import journeys
from generators.markdown import code, document, table
from mydso_access import (
    Busy,
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Invited,
    Refused,
    Secret,
    SecurityPolicy,
    SignInMode,
    Structure,
    StructurePolicy,
    User,
)
from mydso_access.decisions.lockout import Admitted, Blocked, Full, Settlement
from mydso_access.decisions.naming import account_key
from mydso_access.decisions.settling import address_settlement, is_recorded
from mydso_access.decisions.sign_in import Complete, Place, SecretVerdict, SignInFacts, SignInVerdict, evaluates, judge
from mydso_access.model.attempts import AttemptCounter, Reservation

NAME = "anna"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENTITY = Structure.entity("entity-1")
COUNTER = AttemptCounter(account_key(NAME))
ADMITTED = Admitted(COUNTER, Reservation("id", NOON, NOON, 0))
CREDENTIAL = Credential(Secret("hash"), NOON)


CONTACT = User(id="u", category=Category.INACTIVE, structure=ENTITY, role="guest")


def user(
    login: Enabled | Invited | Disabled,
    name: str = NAME,
    credential: Credential | None = None,
    mode: SignInMode | None = None,
) -> User:
    """Return an active user."""
    return User(
        id="u",
        category=Category.ACTIVE,
        structure=ENTITY,
        role="collector",
        login=login,
        name=name,
        credential=credential,
        sign_in_mode=mode,
    )


def place(home: Entity | None) -> Place:
    """Return where the user would be signed in to, two months after they were last seen."""
    return Place(home, SecurityPolicy.my_dso_manager(), NOON + timedelta(days=62))


def home(**changes: Any) -> Entity:
    """Return the user's entity."""
    return Entity(id="entity-1", title="Lyon", **changes)


# Dimension by dimension, each option with the words for it.
FACTS = {
    "address": {
        "blocked": Blocked(COUNTER, NOON, "S37"),
        "full": Full(COUNTER),
        "admits": ADMITTED,
    },
    "account": {
        "blocked": Blocked(COUNTER, NOON, "S36"),
        "blocked by the hard cap": Blocked(COUNTER, None, "D4"),
        "full": Full(COUNTER),
        "not asked (never happens)": None,
        "admits": ADMITTED,
    },
    "user": {
        "nobody": None,
        "somebody of another name": user(Enabled(NOON), "anne", CREDENTIAL),
        "a contact, who has no name": CONTACT,
        "invited": user(Invited(NOON)),
        **{
            f"disabled ({because.value})": user(Disabled(because, NOON), credential=CREDENTIAL)
            for because in DisabledBecause
        },
        "enabled, to come by SSO": user(Enabled(NOON), credential=CREDENTIAL, mode=SignInMode.SSO),
        "enabled, without password": user(Enabled(NOON)),
        "enabled": user(Enabled(NOON), credential=CREDENTIAL),
    },
    "structure": {
        "not the user's, or none": place(None),
        "lets its users come by SSO": place(home(sign_in_mode=SignInMode.SSO)),
        "has had no access for longer than it allows": place(home(policy=StructurePolicy({"dormancy.months": 1}))),
        "the user's own": place(home()),
    },
    "secret": {
        "not looked at": None,
        "wrong": SecretVerdict.WRONG,
        "unusable": SecretVerdict.UNUSABLE,
        "right": SecretVerdict.RIGHT,
    },
}

INTRODUCTION = """\
# The sign-in table

What a sign-in leads to, asked of the code about every combination of facts, and folded: where a column does not matter, it
says *any*. First the first factor, then the steps that are owed after it, then single sign-on, then entering an entity.

`tests/decisions/` holds the same table unfolded, {count} rows, with an oracle that follows the
[rules](rules.md) and imports nothing of the code; where they are silent, it says which reading it takes. Both say the same in every
row. For other implementations the rows are published as [vectors](#vectors).

## The first factor

What `decisions/sign_in.py` decides of a name and a password. Precedence is reading order: the first row that fits wins;
*any* stands for every value of that column and of those to its right.

- **address**, **account**: what the two attempt counters said to the charge.
- **user**: the record found under the name. *Disabled* names why.
- **structure**: where the user belongs, as it is stored, and what it asks of them (S3, S16, S25, A24).
- **secret**: what the verifier said of the password.
- **answer**: *goes on* to what is still owed; if nothing is, **SignedIn**.
- **hash**: what the verifier worked on. Every admitted attempt costs one hash; where the right password would change nothing,
  it is a dummy's. (A password hashed with older parameters is hashed anew after it was right.)
- **address's charge**, **account's charge**: what becomes of it: *counted* as a failure, *given back*, or
  given back and, if nothing is owed any more, the account's earlier failures *cleared*; – where nothing was charged.
- **event**: whether the answer itself is stored; the start and the end of a block always are.

Before this table stands the malformed attempt (an empty or over-long name, control characters, a password that cannot be
one): it is refused without touching a counter or a hash, whatever the name."""


@frozen
class Row:
    """One line of the table."""

    facts: tuple[str, ...]
    result: tuple[str, ...]


def page() -> str:
    """Return the page."""
    header = (*FACTS, "answer", "rule", "hash", "address's charge", "account's charge", "event")
    first = table(header, [(*row.facts, *row.result) for row in rows()])
    count, tables = journeys()
    return document(INTRODUCTION.format(count=f"{count:,}"), first, *tables)


def rows(*chosen: str) -> list[Row]:
    """Return the rows below some chosen facts; one row, if what is still open changes nothing."""
    if len(chosen) == len(FACTS):
        return [Row(chosen, result(chosen))]
    below = [row for option in list(FACTS.values())[len(chosen)] for row in rows(*chosen, option)]
    if len({row.result for row in below}) > 1:
        return below
    return [Row((*chosen, *["any"] * (len(FACTS) - len(chosen))), below[0].result)]


def result(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns on the right for one combination."""
    address, account, found, where, secret = (
        options[choice] for options, choice in zip(FACTS.values(), chosen, strict=True)
    )
    facts = SignInFacts(NAME, address, account, user=found, secret=secret, place=where)
    verdict = judge(facts)
    return (*answer(verdict), hash_of(facts), *charges(facts, verdict), event(verdict))


def answer(verdict: SignInVerdict) -> tuple[str, str]:
    """Return the answer and its rule."""
    match verdict:
        case Complete():
            return "goes on", ""
        case Busy(because=because):
            return f"Busy {code(because.name.lower())}", ""
        case Refused(reason=reason, rule=rule):
            return f"Refused {code(reason.value)}", rule


def hash_of(facts: SignInFacts) -> str:
    """Return what the verifier works on."""
    if not isinstance(facts.address, Admitted):
        return "none"
    return "the stored one" if evaluates(facts) and facts.secret is not SecretVerdict.UNUSABLE else "dummy"


def charges(facts: SignInFacts, verdict: SignInVerdict) -> tuple[str, str]:
    """Return what becomes of the address's and of the account's charge."""
    if not isinstance(facts.address, Admitted):
        return "–", "–"
    if isinstance(verdict, Complete):
        return "given back", "given back, or cleared"
    lockout = SecurityPolicy.my_dso_manager().lockout
    address = {Settlement.WRONG: "counted", Settlement.GIVEN_BACK: "given back"}[address_settlement(facts, lockout)]
    return address, "counted" if isinstance(facts.account, Admitted) else "–"


def event(verdict: SignInVerdict) -> str:
    """Return whether the answer leaves an event."""
    lockout = SecurityPolicy.my_dso_manager().lockout
    recorded = isinstance(verdict, Refused) and is_recorded(verdict, lockout)
    return "yes" if isinstance(verdict, Complete) or recorded else "no"
