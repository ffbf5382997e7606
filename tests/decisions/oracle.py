"""What the rules say of each row of the sign-in table: a naive reading of them, with plain words and nothing of the code.

Written from rules.md: D12 for the order of reasons, A29 for the order of steps, D2, D3 and A25 for what is charged, D6 and
A14 for levels, D9 and A24 for single sign-on, D7, D14, A16 and A17 for addresses. Where they say nothing, the reading
chosen stands here as a comment that begins with "Reading".
"""

from dataclasses import dataclass, field

from tests.decisions.oracle_first import first_proven, first_refused, keys_refused, proof_refused, refused
from tests.decisions.table import ANSWERS, Answer, Row

NEW = ("new", "new for the installation", "new for one of both", "approved elsewhere")
UNTIL_STEP = {"none": 0, "one": 1, "two": 2, "all": 9}
DEAD_TOKENS = ("used", "too late", "earlier token", "other address", "other session")
STRICTNESS = ("never", "unless_trusted", "always")
WRONG = {"code wrong": "S26", "first code wrong": "S26", "recovery wrong": "D8", "recovery used": "D8"}
UNUSABLE = {"seed unusable": "S26", "first seed unusable": "S26", "recovery unusable": "D8"}


@dataclass
class Journey:
    """What holds of somebody on their way, and what they have shown."""

    row: dict[str, str]
    proven: set[str]
    approved: dict[str, str] = field(default_factory=dict)  # which list, and who validated
    new_password: bool = False
    sent_to: str = ""  # who got the code that the last try is for
    administrator_wanted: bool = False  # since then

    def __getitem__(self, column: str) -> str:
        return self.row[column]

    @property
    def is_entering(self) -> bool:
        return self["by"] == "enter"

    @property
    def is_multi(self) -> bool:
        return self["who"].startswith("multi-entity")

    @property
    def by_sso(self) -> bool:
        return "sso" in self.proven


def expected(row: Row) -> Answer:
    """Return what the rules say of a row."""
    at_the_end = row["then"] != "nothing"
    plain_keys = {"address key": "admits", "account key": "admits", "codes key": "admits"} if at_the_end else {}
    first = {**row, **plain_keys}
    refusal = proof_refused(first) if row["by"] == "enter" else first_refused(first)
    if refusal is not None:
        return refusal
    journey = Journey(dict(row), first_proven(row))
    charged = (
        Answer("") if row["by"] == "enter" else _right(codes=False, looked="stored" if row["by"] == "password" else "–")
    )
    for _ in range(UNTIL_STEP[row["taken"]]):
        step = _owed(journey)
        if step is None or isinstance(step, Answer) or isinstance(_asked(journey, step), Answer):
            break
        charged = _right(codes=step.startswith("address code"), looked="–")
        _take(journey, step)
    return _last_try(journey) if at_the_end else _conclude(journey, charged)


# What is owed --------------------------------------------------------------------------------------------------------


def _owed(journey: Journey) -> str | Answer | None:
    """A29: new address, second factor, password due.

    Reading: who enters cannot change a password on the way, so they are not asked for anything before they are told.
    """
    owed = [_address_owed(journey), _second_factor_owed(journey)]
    password = _password_owed(journey)
    return next((each for each in ([password, *owed] if journey.is_entering else [*owed, password]) if each), None)


def _address_owed(journey: Journey) -> str | None:
    """S21, S22, A14: both lists must accept; an approval at one structure says nothing of another (D14)."""
    lists = ("list", "there") if journey.is_entering and journey.is_multi else ("list",)
    return next(
        (f"address code, {each}" for each in lists if journey[each] in NEW and each not in journey.approved), None
    )


def _second_factor_owed(journey: Journey) -> str | Answer | None:
    """S26, S35, D9, A14; Reading: whoever has enrolled is asked, even where nobody requires it."""
    if journey.by_sso:
        asked = max(
            STRICTNESS.index(each) for each in (journey["with sso"], journey["with sso there"]) if each in STRICTNESS
        )
        if STRICTNESS[asked] == "never" or (STRICTNESS[asked] == "unless_trusted" and "sso_second" in journey.proven):
            return None
    required = {
        "nobody": False,
        "installation": True,
        "platform": journey.is_multi,  # S19: multi-entity users only
        "entity": not journey.is_multi or journey.is_entering,  # S20: in that entity only
    }[journey["asks"]]
    enrolled = journey["factor"] == "enrolled"
    if not (required or enrolled) or journey.proven & {"totp", "recovery_code"}:
        return None
    if enrolled:
        return "second factor"
    if journey.is_entering and journey["session"] == "old":
        return refused("step_up_needed", "?")  # Reading: a stolen session must not enrol (ASVS 7.5.1)
    return "enrolment"


def _password_owed(journey: Journey) -> str | Answer | None:
    """S23, A18: at last change + frequency; not for who came by single sign-on."""
    if journey.by_sso or journey.new_password:
        return None
    if journey.is_entering:  # Reading: it was not proven just now, so another one is not set here
        levels = {"age": "entity", "compromised": "installation"}
        due = journey["due there"]
        return None if due == "no" else refused("password_due", "S23", levels=levels[due])
    because = {"age": "age", "age by the structure": "age", "outgrown": "outgrown", "compromised": "compromised"}
    found = because.get(journey["due"])
    return None if found is None else f"new password, {found}"


def _asked(journey: Journey, step: str) -> str | Answer:
    """Return how a step is asked for; D7, D14, A16 say who gets the code for a new address."""
    if not step.startswith("address code"):
        return step
    recipient = journey["recipient"]
    if recipient == "nobody":  # A14: whose list it is asks for the code
        at_platform = journey.is_multi and step.endswith("list")
        return refused("no_recipient", "A16", levels="platform" if at_platform else "entity")
    if recipient == "too many sent":
        return refused("too_many_codes", "D13")
    wants_user = recipient in ("user", "user, administrator") and not journey.administrator_wanted
    to_user = wants_user or recipient == "only oneself"
    return f"address code, {'user' if to_user else 'administrator'}"


def _take(journey: Journey, step: str, how: str = "totp") -> None:
    """Take a step rightly."""
    kind, _, which = step.partition(", ")
    if kind == "address code":
        asked = journey.sent_to or _asked(journey, step)
        journey.approved[which] = "shared" if asked == "address code, administrator" else "personal"  # A17
        journey.proven.add("address_code")
    elif kind == "new password":
        journey.new_password = True
    else:
        journey.row["factor"] = "enrolled"
        journey.proven.add(how)


# How it ends ---------------------------------------------------------------------------------------------------------


def _right(*, codes: bool, looked: str) -> Answer:
    """A25: what was right is no failure."""
    return Answer("", address="given back", account="given back", codes="given back" if codes else "–", hash=looked)


def _conclude(journey: Journey, charged: Answer) -> Answer:
    """Say what is owed now, or that nothing is; D3: only a complete sign-in clears, and an account's failures only."""
    step = _owed(journey)
    asked = step if step is None or isinstance(step, Answer) else _asked(journey, step)
    if isinstance(asked, Answer):
        return asked._replace(address=charged.address, account=charged.account, codes=charged.codes, hash=charged.hash)
    if asked is not None:
        return charged._replace(outcome="step", owed=asked)
    done = charged._replace(
        outcome="entered" if journey.is_entering else "signed in",
        proven=", ".join(sorted(journey.proven)),
        remembered=", ".join(sorted(set(journey.approved.values()))),
    )
    # D3; Reading: a sign-in that single sign-on spared the user's own second factor clears nothing, or whoever guesses at it
    # elsewhere would have as many tries as the provider lets the user in.
    spared = journey["factor"] == "enrolled" and not journey.proven & {"totp", "recovery_code"}
    if journey.is_entering or spared:
        return done
    return done._replace(account="cleared", codes=done.codes.replace("given back", "cleared"))


def _last_try(journey: Journey) -> Answer:
    then = journey["then"]
    if then == "no code":
        return refused("malformed", "D11")  # D11: no attempt at all
    if journey["meanwhile"] in DEAD_TOKENS:
        return refused("dead_sign_in", "D13")  # D7, D13: evaluates and charges nothing
    kind = next(step for step, several in ANSWERS.items() if then in several)
    was_owed = str(_owed(journey)).partition(", ")[0]
    if was_owed == "address code":
        journey.sent_to = str(_asked(journey, str(_owed(journey))))
    gone = _changed(journey)
    if gone is None and (untimely := _untimely(journey, kind, was_owed)) is not None:
        return untimely
    guessed = kind != "new password" and then != "send again"
    hashed, codes = then.startswith("recovery"), kind == "address code" and guessed
    stopped = keys_refused(journey.row, guessed=guessed, hashed=hashed, codes=codes)
    if stopped is not None:
        return stopped
    counted = "counted" if guessed else "given back"
    if gone is not None:
        charge = "given back" if gone.reason == "dead_sign_in" else counted
        looked = "dummy" if hashed else "–"
        return gone._replace(address=charge, account=charge, codes=charge if codes else "–", hash=looked)
    looked = ("dummy" if then == "recovery used" else "stored") if hashed else "–"
    wrong = _wrong(then)
    if wrong is not None:  # A17, A25: a failed attempt
        return wrong._replace(address=counted, account=counted, codes=counted if codes else "–", hash=looked)
    return _answered(journey, _right(codes=codes, looked=looked))


def _untimely(journey: Journey, kind: str, was_owed: str) -> Answer | None:
    """Say what is no attempt, for it answers nothing that was asked, or nothing that could be right any more."""
    if kind != str(_owed(journey)).partition(", ")[0]:
        return refused("wrong_step", "A29")
    if kind != was_owed and journey["then"] != "send again" and kind != "new password":
        return refused("wrong_step", "?")  # nothing was sent or shown yet that could be answered
    if journey["then"] == "address code old":
        return refused("old_code", "A17")  # Reading: nothing is evaluated, so it costs nothing
    if journey["then"].startswith("address code") and journey.administrator_wanted and journey["recipient"] == "user":
        return refused("old_code", "A16")  # A16, D14: only a main administrator may still decide for themselves
    # S24: a weak password is like what is malformed: it is refused before anything is charged
    return Answer("rejected") if journey["then"] == "new password weak" else None


def _answered(journey: Journey, right: Answer) -> Answer:
    """Go on from an answer that was not wrong."""
    if journey["then"] == "new password used before":
        return right._replace(outcome="rejected")  # A18
    if journey["then"] != "send again":
        _take(journey, str(_owed(journey)), "recovery_code" if journey["then"].startswith("recovery") else "totp")
    return _conclude(journey, right)


def _changed(journey: Journey) -> Answer | None:
    """Change what was changed meanwhile; S3, D12, A24: everything is judged again at each step."""
    meanwhile = journey["meanwhile"]
    if meanwhile == "address listed":
        journey.row["list"] = "listed"
    elif meanwhile == "list tightened":
        journey.row["list"] = "new"
    elif meanwhile == "administrator wanted":
        journey.administrator_wanted = True
    elif meanwhile == "second factor required":
        journey.row["asks"] = "installation"
    elif meanwhile == "disabled":
        return refused("disabled", "D12")
    elif meanwhile in ("password changed", "factor changed"):
        return refused("dead_sign_in", "D13")
    elif meanwhile == "withdrawn":
        return refused("not_authorised", "S16")
    elif meanwhile == "home gone":
        return refused("no_home", "S3")
    elif meanwhile == "sso mode" and not journey.by_sso:
        return refused("sso_only", "A24")
    return None


def _wrong(then: str) -> Answer | None:
    if then == "address code wrong":
        return refused("wrong_code", "A17")
    if then == "code used":
        return refused("used_code", "D8")  # D8: a step is accepted once
    if then in UNUSABLE:
        return refused("unusable_credential", UNUSABLE[then])
    return refused("wrong_code", WRONG[then]) if then in WRONG else None
