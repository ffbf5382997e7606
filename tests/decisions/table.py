"""The rows of the sign-in table: whole sign-ins and entries into entities, as plain words (S3-S37; A14-A29).

A row is one journey: what is tried first, the steps that are then taken rightly, and at last perhaps one more try. Its
columns are in `COLUMNS`, the first option of each being the plain one. All of them crossed would be 10^15 rows, of which
nearly all say the same: where the first factor is refused, no later column is looked at. So the table is made of parts;
each part crosses some columns whole, and leaves the others plain. No row of a part is left out but for these, which
cannot be:

- The entity that an active user may enter is their home, and one record: it has the one list that `list` says, so `there` is
  always `none` (part `entry`), and it is not found where their home is not (part `doors`).
- Only multi-entity users are authorised in entities, and only who enters is asked for that (`meanwhile`: withdrawn).
- Nobody who came by single sign-on owes a new password that another one could be tried for (part `meanwhile`).
- A main administrator is enabled, or invited: an appointment is withdrawn before a login is disabled (part `places`).
- Contacts, and names that belong to nobody, have no login state: `who` names only what `User` can be. A contact with a
  password, somebody invited with one, an active user of a platform raise when they are made.
- `who` has no looser look-up where somebody is looked up by id (`enter`) and not by what they typed.

The keys of a row, and what happens `meanwhile`, are those of its last try.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from attrs import field, frozen

LOGINS = (
    "enabled",
    "invited",
    "disabled (administrator)",
    "disabled (dormant)",
    "disabled (lapsed)",
    "disabled (forgotten)",
)
WHO = (
    *(f"{category}, {login}" for category in ("active", "multi-entity") for login in LOGINS),
    "contact",
    "nobody",
    "looser name",
)
USERS = ("active, enabled", "multi-entity, enabled")
ANSWERS = {
    "address code": ("address code right", "address code wrong", "address code old", "send again"),
    "second factor": (
        *("code right", "code wrong", "code used", "seed unusable"),
        *("recovery right", "recovery wrong", "recovery used", "recovery unusable"),
    ),
    "enrolment": ("first code right", "first code wrong", "first seed unusable"),
    "new password": ("new password good", "new password weak", "new password used before"),
}
THEN = ("nothing", "no code", *(each for several in ANSWERS.values() for each in several))
# What `owed` stands for: columns that make a sign-in owe this one step.
SETUPS: Mapping[str, Mapping[str, str]] = {
    "as asked": {},
    "address code": {"list": "new"},
    "second factor": {"asks": "installation", "factor": "enrolled"},
    "enrolment": {"asks": "installation"},
    "new password": {"due": "age"},
}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "by": ("password", "sso", "enter"),
    "address key": ("admits", "blocked", "full"),
    "account key": ("admits", "blocked", "blocked, uncounted", "hard cap", "full"),
    "codes key": ("admits", "blocked", "full"),
    "who": WHO,
    "home": ("own", "gone", "another", "of the other kind"),
    "mode": ("as tried", "password", "sso", "own sso", "own password"),
    "seen": ("lately", "long ago", "long ago, main administrator"),
    "dormancy": ("nobody", "installation", "structure", "both", "structure, longer"),
    "password": ("right", "wrong", "unusable", "none"),
    "assertion": ("fresh", "oldest", "ahead", "stale", "future", "undated", "replayed"),
    "acr": ("unknown", "trusted"),
    "list": (
        *("none", "listed", "listed by both", "shared", "personal"),
        *("new", "new for the installation", "new for one of both", "approved elsewhere"),
    ),
    "recipient": (
        *("administrator", "user", "user, administrator", "user without mobile"),
        *("only oneself", "nobody", "too many sent"),
    ),
    "asks": ("nobody", "installation", "platform", "entity"),
    "with sso": ("always", "unless_trusted", "never"),
    "factor": ("none", "enrolled"),
    "due": ("no", "age", "age by the structure", "a moment left", "outgrown", "compromised"),
    "owed": ("as asked", *ANSWERS),
    "taken": ("none", "one", "two", "all"),
    "then": THEN,
    "meanwhile": (
        *("nothing", "disabled", "password changed", "factor changed", "sso mode", "home gone"),
        *("address listed", "list tightened", "administrator wanted", "second factor required", "withdrawn"),
        *("used", "too late", "earlier token", "other address", "other session"),
    ),
    "entity": ("own or authorised", "another", "gone"),
    "there": ("none", "listed", "new", "personal"),
    "proof": ("stands", "outdated"),
    "proved": ("password", "password and code", "sso", "sso trusted", "sso and code"),
    "session": ("fresh", "old"),
    "with sso there": ("nothing", "never", "unless_trusted", "always"),
    "due there": ("no", "age", "compromised"),
}
MEANINGS: Mapping[str, str] = {
    "by": "What is tried first: a name and a password, an assertion of single sign-on, or to enter an entity with the proof "
    "of a session.",
    "address key": "What the counter of the address says to the charge of the last try (S37).",
    "account key": "What the counter of the name, or of the identity of single sign-on, says to it (S36). *Uncounted*: with "
    "`lockout.blocked_attempts_count` off (D2). *Hard cap*: that of D4.",
    "codes key": "What the counter of the user's codes for new addresses says to it (D13).",
    "who": "Whom the name or the identity belongs to, by category and login state. A contact has an identity, but no name. "
    "*Looser name*: the record found is spelled otherwise (D11).",
    "home": "The structure found where the user is at home: their own, none, another one, or one of the other kind with its id.",
    "mode": "How its users come: as this row tries it, by password, by single sign-on; or so by the user's own mode, which "
    "goes before the structure's, which is then the opposite (A24).",
    "seen": "Since when the user was not seen: a day, or exactly two months; *main administrator* of their structure (A19).",
    "dormancy": "Who disables logins that were not seen for two months (S25). *Structure, longer*: the installation after two, "
    "the structure after three.",
    "password": "What the verifier says of what was typed; *none*: none is stored.",
    "assertion": "Made a second ago; exactly `sso.assertion_age` ago, exactly `sso.skew` ahead; a microsecond older, or further "
    "ahead; without an instant; taken already (S35).",
    "acr": "Whether `sso.trusted` holds a word of the assertion's context.",
    "list": "Whose list of addresses holds the address (S21): nobody has one; the home's; the installation's and the home's; "
    "approved for everybody at home, or for this user; not on the home's; not on the installation's; on the home's, but not on the "
    "installation's; approved in another structure only.",
    "recipient": "Who can be sent the code for a new address (A16, D14): an administrator, as the policy wants; the user, as it "
    "wants; the user, who is an administrator, too; the user, who has no mobile; nobody but the user, who is the only "
    "administrator; nobody; or as many were sent as may be.",
    "asks": "Which level requires a second factor (S26).",
    "with sso": "The installation's `second_factor.with_sso`.",
    "factor": "Whether the user has enrolled one.",
    "due": "Whether the password must be changed: exactly as old as the installation or the structure allows; a second younger; "
    "it would not be allowed any more; it is known to others (S23).",
    "owed": "The one step that is owed when the last try comes; which other columns make it so, `setups` of the vectors says.",
    "taken": "How many of the steps that are asked for are then taken rightly.",
    "then": "What is tried at last.",
    "meanwhile": "What has changed in the minute before that; *administrator wanted*: the policy wants an administrator to get "
    "the code; *withdrawn*: the user is not authorised in the entity any more.",
    "entity": "Which entity is to be entered: the user's own, or one where they are authorised; another one; none.",
    "there": "Whether the address is on the list of the entity, for a multi-entity user: there is none, it is, it is not, or only for this user.",
    "proof": "Whether something ended the session that the proof is of.",
    "proved": "What that session proved.",
    "session": "Whether it began a minute or an hour ago.",
    "with sso there": "What the entity asks of `second_factor.with_sso`.",
    "due there": "Whether the password is exactly as old as the entity allows, or known to others.",
}
PLAIN: Mapping[str, str] = {name: options[0] for name, options in COLUMNS.items()}
Row = Mapping[str, str]


class Answer(NamedTuple):
    """What a row leads to.

    Attributes:
        outcome: signed in, entered, step, refused, busy, or rejected (the new password).
        reason: of a refusal.
        rule: that settled a refusal; "?" where the rules name none.
        owed: the step that is asked for next, and why or from whom.
        levels: that a refusal's number came from.
        address: what becomes of the charge of the address key: counted, given back, or – where nothing was charged.
        account: the same of the account key; cleared: given back, and earlier failures with it.
        codes: the same of the user's codes.
        hash: what the verifier worked on: stored, dummy or –.
        proven: the factors of the proof.
        remembered: for whom the new address is remembered.
    """

    outcome: str
    reason: str = ""
    rule: str = ""
    owed: str = ""
    levels: str = "installation"
    address: str = "–"
    account: str = "–"
    codes: str = "–"
    hash: str = "–"
    proven: str = ""
    remembered: str = ""


@frozen
class Part:
    """Some columns crossed whole.

    Attributes:
        about: what it shows.
        columns: those crossed, in the order of the product, with their options.
        fixed: columns that are not plain all the same.
    """

    about: str
    columns: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, str] = field(factory=dict)

    def rows(self) -> Iterator[Row]:
        """Yield every combination, the last column fastest."""
        for chosen in product(*self.columns.values()):
            row = {**PLAIN, **self.fixed, **dict(zip(self.columns, chosen, strict=True))}
            yield row | SETUPS[row["owed"]]


def _all(*names: str, **chosen: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {name: COLUMNS[name] for name in names} | {name.replace("_", " "): each for name, each in chosen.items()}


OWED = tuple(ANSWERS)
MODES = COLUMNS["mode"][1:]
PARTS: Mapping[str, Part] = {
    "keys": Part(
        "What the counters say, and then who is meant and the password.",
        _all("address key", "account key", "who", "password", mode=MODES),
    ),
    "places": Part(
        "Where the user is at home, how they come, and since when they were not seen.",
        _all("who", "home", "dormancy", mode=MODES, by=("password", "sso"), seen=COLUMNS["seen"][1:]),
    ),
    "assertions": Part(
        "Single sign-on: counters of the identity, who is meant, and the age of the assertion.",
        _all("address key", "who", "assertion", mode=MODES, account_key=("admits", "blocked", "full")),
        {"by": "sso"},
    ),
    "steps": Part(
        "What is owed after a right password, and in which order, as one step after the other is taken.",
        _all("list", "asks", "factor", "due", "taken", who=USERS),
    ),
    "single sign-on": Part(
        "What is owed after an assertion.",
        _all("asks", "factor", "acr", "with sso", who=USERS, list=("none", "new", "shared"))
        | {"due": ("no", "compromised"), "taken": ("none", "one", "all")},
        {"by": "sso"},
    ),
    "recipients": Part(
        "Who gets the code for a new address, and for whom it is remembered.",
        _all("list", "recipient", by=("password", "sso"), who=USERS) | {"taken": ("none", "all")},
    ),
    "recipients, meanwhile": Part(
        "What becomes of a code once the policy wants somebody else to decide.",
        _all(by=("password", "sso"), who=USERS, list=("new", "new for the installation"))
        | {"recipient": COLUMNS["recipient"][:5], "meanwhile": ("nothing", "administrator wanted")}
        | {"then": ANSWERS["address code"]},
    ),
    "codes": Part(
        "What is tried for each step that may be owed, and what the counters say then.",
        _all("address key", "account key", "codes key", owed=OWED, then=THEN[1:]),
    ),
    "meanwhile": Part(
        "What has changed since the step was asked for.",
        _all("meanwhile", owed=OWED, who=USERS, then=THEN[1:], by=("password", "sso")),
    ),
    "meanwhile, entering": Part(
        "The same of the steps that an entity asks for.",
        _all("meanwhile", owed=OWED[:-1], who=USERS, then=THEN[1:]),
        {"by": "enter"},
    ),
    "doors": Part(
        "Whose proof lets them into which entity.",
        _all("home", "entity", "proof", who=WHO[:-1], mode=MODES, proved=("password", "sso")),
        {"by": "enter"},
    ),
    "sessions": Part(
        "Entering with a login that has become dormant, or a password that must be changed.",
        _all("dormancy", "seen", "entity", "proof", "due there", who=USERS, proved=("password", "sso")),
        {"by": "enter"},
    ),
    "entry": Part(
        "What an entity asks beyond what the session has proven.",
        _all("there", "asks", "factor", "session", who=USERS, list=("none", "new", "personal"))
        | {"due there": ("no", "age"), "taken": ("none", "all")}
        | {"proved": ("password", "password and code", "sso", "sso trusted")},
        {"by": "enter"},
    ),
    "entry by single sign-on": Part(
        "The strictest of what the installation and the entity ask of who came by single sign-on.",
        _all("with sso", "with sso there", "proved", "asks", "factor", who=USERS),
        {"by": "enter"},
    ),
}


def is_possible(row: Row) -> bool:
    """Tell whether a row could be, as the docstring of this module says."""
    if row["by"] == "sso" and row["owed"] == "new password":
        return False
    if row["seen"] == "long ago, main administrator" and ("disabled" in row["who"] or row["who"] == "contact"):
        return False
    if row["meanwhile"] == "withdrawn" and (row["by"] != "enter" or row["who"].startswith("active")):
        return False
    if row["by"] != "enter" or not row["who"].startswith("active"):
        return True
    return row["there"] == "none" and (row["home"] == "own" or row["entity"] != "own or authorised")


def all_rows() -> Iterator[tuple[str, Row]]:
    """Yield every possible row with its part."""
    for name, part in PARTS.items():
        for row in part.rows():
            if is_possible(row):
                yield name, row
