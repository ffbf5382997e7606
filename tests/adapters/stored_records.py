"""Records to be stored: of each kind one with every field set, and what sort of value stands in each place of its form."""

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from mydso_access.decisions.outcomes import Proof
from mydso_access.model import (
    Appointment,
    Approval,
    ApprovedAddress,
    AttemptCounter,
    Category,
    CounterKey,
    Credential,
    Customer,
    Difference,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    Entity,
    Event,
    EventKind,
    Factor,
    Failure,
    Invited,
    KeyKind,
    Link,
    LinkPurpose,
    LinkTarget,
    NewEmail,
    NewSeed,
    Notice,
    Platform,
    Purpose,
    Reason,
    RecoveryCode,
    Reservation,
    SecondFactor,
    Secret,
    SentCode,
    SentToken,
    SignIn,
    SignInMode,
    SsoIdentity,
    Structure,
    User,
)
from mydso_access.policy import Algorithm, Level, Recipient
from mydso_access.policy.levels import StructurePolicy

CANARY = "c4nary"  # begins every secret of those below, and stands nowhere else
NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

APPROVED = (
    ApprovedAddress("192.0.2.1", Structure.entity("e"), NOON),
    ApprovedAddress("2001:db8::1", Structure.entity("f"), LATER),
)
USER = User(
    id="u",
    category=Category.MULTI_ENTITY,
    structure=Structure.platform("p"),
    role="collector",
    login=Enabled(NOON),
    name="anna",
    credential=Credential(
        Secret(f"{CANARY} hash"), NOON, compromised=True, before=(Secret(f"{CANARY} b1"), Secret(f"{CANARY} b2"))
    ),
    second_factor=SecondFactor(
        Secret(f"{CANARY} seed"),
        Algorithm.SHA256,
        NOON,
        58_000_000,
        (RecoveryCode(1, Secret(f"{CANARY} r1")), RecoveryCode(7, Secret(f"{CANARY} r7"))),
    ),
    approved=APPROVED,
    codes_sent=(NOON, LATER),
    full_name="Anna A.",
    email=Email("anna@example.com", NOON),
    new_email=NewEmail("a@example.com", SentToken(Secret(f"{CANARY} new"), NOON)),
    mobile="+4930123456",
    may_import=True,
    sign_in_mode=SignInMode.SSO,
    sso=SsoIdentity("issuer", "subject"),
    memberships=frozenset({"e", "f"}),
    appointments=frozenset({"a1", "a2"}),
    reset=SentToken(Secret(f"{CANARY} reset"), LATER),
    resets_sent=(NOON, LATER),
    notice=Notice(LATER, 14),
    valid_from=NOON,
    last_access_at=NOON,
    version=7,
    saved_at=LATER,
    written_by="event",
)
INVITED = evolve(USER, credential=None, login=Invited(NOON, Secret(f"{CANARY} token")))
DISABLED = evolve(USER, appointments=frozenset(), login=Disabled(DisabledBecause.LAPSED, NOON))
STRUCTURE: dict[str, Any] = {
    "id": "e",
    "title": "Lyon",
    "policy": StructurePolicy({"passwords.min_length": 12, "dormancy.months": None}),
    "main_administrators": (Appointment("u", "a1"), Appointment("v", "a2")),
    "sign_in_mode": SignInMode.SSO,
    "approved": APPROVED,
    "version": 4,
    "saved_at": LATER,
    "written_by": "event",
}
FULL: dict[type, Any] = {
    User: USER,
    Entity: Entity(**STRUCTURE, interactive_links_from=NOON, document_links_from=LATER),
    Platform: Platform(**STRUCTURE),
    Customer: Customer(
        entity="e",
        id="c",
        collector="u",
        colleagues=frozenset({"u", "v"}),
        version=5,
        saved_at=LATER,
        written_by="event",
    ),
    Link: Link(
        id="l",
        target=LinkTarget(
            purpose=LinkPurpose.DOCUMENT, entity="e", customer="c", resource="r", recipient="a@example.com"
        ),
        granter="u",
        single_use=True,
        digest=Secret(f"{CANARY} digest"),
        issued_at=NOON,
        until=LATER,
        used_at=LATER,
        revoked_at=LATER,
        version=6,
        saved_at=LATER,
        written_by="event",
    ),
    AttemptCounter: AttemptCounter(
        CounterKey(KeyKind.ACCOUNT, "d1" * 32),
        version=8,
        saved_at=LATER,
        failures=(Failure("f1", NOON), Failure("f2", LATER)),
        reservations=(Reservation("r1", NOON, LATER, 2), Reservation("r2", LATER, LATER, 3)),
        blocked_until=LATER,
        failed=5,
        cleared=2,
        idle_from=LATER,
    ),
    SignIn: SignIn(
        id="s",
        user_id="u",
        address=CounterKey(KeyKind.ADDRESS, "d2" * 32),
        purpose=Purpose.ENTER,
        entity="e",
        token=Secret(f"{CANARY} token"),
        started_at=NOON,
        expires_at=LATER,
        factors=((Factor.PASSWORD, NOON), (Factor.PASSWORD, LATER)),
        since=LATER,
        code=SentCode(Secret(f"{CANARY} code"), NOON, "192.0.2.1", Structure.entity("e"), Recipient.USER),
        approvals=(
            Approval("192.0.2.1", Structure.platform("p"), Recipient.ADMINISTRATOR),
            Approval("192.0.2.1", Structure.entity("e"), Recipient.USER),
        ),
        seed=NewSeed(Secret(f"{CANARY} seed"), Algorithm.SHA256),
        outgrown=True,
        session="digest",
        used_at=LATER,
        version=9,
        saved_at=LATER,
    ),
    Proof: Proof("u", ((Factor.PASSWORD, NOON), (Factor.TOTP, LATER)), LATER),
    Event: Event(
        id="event",
        kind=EventKind.REFUSED,
        at=NOON,
        subject="u",
        actor="admin",
        system="import",
        structure=Structure.entity("e"),
        customer="c",
        address="192.0.2.1",
        reason=Reason.WRONG_SECRET,
        rule="S36",
        levels=frozenset(Level),
        until=LATER,
        differences=(Difference("role", "guest", "collector"), Difference("may_import", "false", "true")),
    ),
}


def places(*lines: str) -> dict[str, str]:
    """Read places and the sorts of their values."""
    return dict(each.split() for line in lines for each in line.split(", "))  # type: ignore[misc]  # pairs


OF_A_STRUCTURE = places(
    "case word, id text, title text, policy policy, sign_in_mode word, saved_at instant, written_by text?, form form",
    "main_administrators list, main_administrators.1 object, main_administrators.1.user_id text",
    "main_administrators.1.id text, approved list, approved.1 object, approved.1.address text",
    "approved.1.structure object, approved.1.structure.kind word, approved.1.structure.id text, approved.1.at instant",
)
# Every place of every stored form and what sort of value is there (`?`: or none); a list's last element for all of them.
PLACES: dict[type, dict[str, str]] = {
    User: places(
        "id text, category word, structure object, structure.kind word, structure.id text, role text, name text?",
        "login object, login.case word, login.since instant, full_name text?, mobile text?, may_import truth",
        "credential object?, credential.hash secret, credential.set_at instant, sign_in_mode word?",
        "credential.compromised truth, credential.before list, credential.before.1 secret",
        "second_factor object?, second_factor.seed secret, second_factor.algorithm word, second_factor.last_step number",
        "second_factor.enrolled_at instant, second_factor.recovery list, second_factor.recovery.1 object",
        "second_factor.recovery.1.place number, second_factor.recovery.1.hash secret",
        "approved list, approved.1 object, approved.1.address text, approved.1.structure object",
        "approved.1.structure.kind word, approved.1.structure.id text, approved.1.at instant",
        "codes_sent instants, codes_sent.1 instant",
        "email object?, email.address text, email.confirmed_at instant?, new_email object?, new_email.address text",
        "new_email.token object, new_email.token.digest secret, new_email.token.sent_at instant",
        "sso object?, sso.issuer text, sso.subject text, memberships list, memberships.1 text",
        "appointments list, appointments.1 text, reset object?, reset.digest secret, reset.sent_at instant",
        "resets_sent instants, resets_sent.1 instant, notice object?, notice.due instant, notice.days number",
        "valid_from instant, last_access_at instant?, saved_at instant, written_by text?, form form",
    ),
    Entity: OF_A_STRUCTURE | places("interactive_links_from instant, document_links_from instant"),
    Platform: OF_A_STRUCTURE,
    Customer: places(
        "entity text, id text, collector text?, colleagues list, colleagues.1 text",
        "saved_at instant, written_by text?, form form",
    ),
    Link: places(
        "id text, target object, target.purpose word, target.entity text, target.customer text, target.resource text",
        "target.recipient text, granter text, single_use truth, digest secret, issued_at instant, until instant?",
        "used_at instant?, revoked_at instant?, saved_at instant, written_by text?, form form",
    ),
    AttemptCounter: places(
        "key object, key.kind word, key.digest text, saved_at instant",
        "failures list, failures.1 object, failures.1.id text, failures.1.at instant",
        "reservations list, reservations.1 object, reservations.1.id text, reservations.1.at instant",
        "reservations.1.clock instant, reservations.1.failed_before number",
        "blocked_until instant?, failed number, cleared number, idle_from instant?, form form",
    ),
    SignIn: places(
        "id text, user_id text, address object, address.kind word, address.digest text, purpose word, token secret",
        "started_at instant, expires_at instant, factors list, factors.1 row, factors.1.0 word, factors.1.1 instant",
        "since instant, entity text?, code object?, code.digest secret, code.sent_at instant, code.address text",
        "code.structure object, code.structure.kind word, code.structure.id text, code.validator word",
        "approvals list, approvals.1 object, approvals.1.address text, approvals.1.structure object",
        "approvals.1.structure.kind word, approvals.1.structure.id text, approvals.1.validator word",
        "seed object?, seed.sealed secret, seed.algorithm word, outgrown truth",
        "session text?, used_at instant?, saved_at instant, form form",
    ),
    Proof: places(
        "user_id text, factors list, factors.1 row, factors.1.0 word, factors.1.1 instant, issued_at instant, form form"
    ),
    Event: places(
        "id text, kind word, at instant, subject text?, actor text?, system text?, structure object?",
        "structure.kind word, structure.id text, customer text?, address text?, reason word?, rule text?",
        "levels list, levels.2 word, until instant?, differences list, differences.1 object",
        "differences.1.name text, differences.1.before text, differences.1.after text, form form",
    ),
}
# Places that only other cases of a login have.
CASES_OF_LOGIN = {"login.reason": (DISABLED, "word"), "login.token": (INVITED, "secret?")}


def everything_told(error: BaseException) -> str:
    """Return all that an error says of itself, its causes and what it was raised in the course of."""
    told, following = "", [error]
    while following:
        one = following.pop()
        told += f"{one} {one!r} {one.args} {vars(one)} "
        following += [other for other in (one.__cause__, one.__context__) if other is not None]
    return told + "".join(traceback.format_exception(error))
