"""How a user comes to exist and is edited (S2, S4, S5, S7, S11, S13, S14; A3, A4, A9, A24)."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.users import (
    NewUser,
    created,
    drafted,
    reinvited,
    told,
    with_full_name,
    with_import_flag,
    with_mobile,
    with_role,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Allowed,
    Category,
    Cell,
    Certainty,
    Difference,
    Disabled,
    DisabledBecause,
    Email,
    Enabled,
    EventKind,
    InvitationMessage,
    Invited,
    NewEmail,
    NoLogin,
    Reason,
    Right,
    Role,
    RoleTable,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
    SignInMode,
    SsoIdentity,
    StructureRecord,
    User,
)
from mydso_access.policy import NamePolicy
from tests.decisions.people import (
    BOSS,
    GROUP,
    LONG_AGO,
    LYON,
    NOON,
    ROLES,
    anna,
    contact,
    invite,
    invited_anna,
    refused,
)

NAMES = NamePolicy()
ACTIVE, INACTIVE, MULTI = Category.ACTIVE, Category.INACTIVE, Category.MULTI_ENTITY
SSO, PASSWORD = SignInMode.SSO, SignInMode.PASSWORD
RESET = SentToken(Secret("r"), LONG_AGO)
IDENTITY = SsoIdentity("https://idp.example", "42")


def new(**changes: Any) -> NewUser:
    facts = {"email": "Anna@Example.com", "role": "collector", "category": ACTIVE, "name": "Anna.Petit"}
    return NewUser(**(facts | changes))


def added(person: NewUser, home: StructureRecord = LYON) -> User | Refused:
    return drafted(person, "u-1", home, ROLES, NAMES)


# --- adding


@pytest.mark.parametrize(
    ("category", "home", "allowed"),
    [
        (ACTIVE, LYON, True),
        (INACTIVE, LYON, True),
        (MULTI, LYON, False),  # only where the account uses a platform
        (ACTIVE, GROUP, False),
        (INACTIVE, GROUP, False),
        (MULTI, GROUP, True),
    ],
)
def test_s2_s4_multi_entity_users_are_added_on_the_platform_and_all_others_in_an_entity(
    category: Category, home: StructureRecord, allowed: bool
) -> None:
    user = added(new(category=category, name=None if category is INACTIVE else "anna.petit"), home)
    if allowed:
        assert isinstance(user, User)
        assert (user.category, user.structure) == (category, home.structure)
    else:
        assert user == Refused(Reason.WRONG_CATEGORY, "S2")


def test_s5_a_user_is_added_with_canonical_name_address_and_number() -> None:
    user = added(
        new(full_name="Anna Petit", mobile="+33 6 12 34 56 78", may_import=True, sign_in_mode=SSO, sso=IDENTITY)
    )
    assert user == User(
        id="u-1",
        category=ACTIVE,
        structure=LYON.structure,
        role="collector",
        login=Invited(LYON.saved_at),
        name="anna.petit",
        full_name="Anna Petit",
        email=Email("Anna@example.com"),
        mobile="+33612345678",
        may_import=True,
        sign_in_mode=SSO,
        sso=IDENTITY,
    )


def test_s14_a4_a_contact_has_role_and_address_but_no_name_and_no_login() -> None:
    user = added(new(category=INACTIVE, name=None))
    assert isinstance(user, User)
    assert (user.name, user.login, user.role, user.email) == (None, NoLogin(), "collector", Email("Anna@example.com"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "anna"}, "name"),
        ({"name": "anna petit"}, "name"),
        ({"name": "anna.petit", "category": INACTIVE}, "name"),  # S5: "Active account: no" defines no login
        ({"role": "astronaut"}, "role"),
        ({"role": ""}, "role"),
        ({"email": "anna"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "anna@example.com\nBcc: all@example.com"}, "email"),
        ({"mobile": "0612345678"}, "mobile"),
        ({"mobile": ""}, "mobile"),
    ],
)
def test_s5_what_is_missing_or_malformed_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as wrong:
        added(new(**changes))
    assert wrong.value.field == field


def test_s7_a_new_user_is_invited_and_nobody_chose_or_saw_a_password() -> None:
    user = added(new())
    assert isinstance(user, User)
    change = created(user, invite())
    assert (change.kind, change.rule) == (EventKind.USER_CREATED, "S5")
    (message,) = change.messages
    assert isinstance(message, InvitationMessage)
    assert (message.to, message.name, message.structure) == ("Anna@example.com", "anna.petit", "Lyon")
    assert isinstance(change.record.login, Invited)
    assert (change.record.login.since, change.record.credential) == (NOON, None)


def test_s14_a_contact_gets_no_message() -> None:
    assert created(contact(), invite()) == Changed(record=contact(), kind=EventKind.USER_CREATED, rule="S5")


def test_a24_a_new_user_who_comes_by_sso_may_sign_in_at_once() -> None:
    change = created(invited_anna(), invite(sso=True))
    assert change.record.login == Enabled(NOON)


# --- inviting again


def test_s13_a_new_invitation_replaces_the_one_before_and_begins_the_days_anew_a9() -> None:
    for login in (Invited(LONG_AGO, Secret("0" * 64)), Disabled(DisabledBecause.LAPSED, LONG_AGO)):
        change = reinvited(invited_anna(login=login), invite())
        assert isinstance(change, Changed)
        assert isinstance(change.record.login, Invited)
        assert change.record.login.since == NOON
        (message,) = change.messages
        assert isinstance(message, InvitationMessage)
        assert message.until == NOON + timedelta(days=30)
        assert (change.kind, change.rule) == (EventKind.INVITATION_SENT, "S13")


@pytest.mark.parametrize(
    "user",
    [
        anna(),
        contact(),
        *(anna(login=Disabled(each, NOON)) for each in DisabledBecause if each is not DisabledBecause.LAPSED),
    ],
)
def test_a9_whoever_has_a_password_resets_it_instead(user: User) -> None:
    assert reinvited(user, invite()) == refused(Reason.WRONG_STATE, "A9", user)


# --- role, flag, name, number


def test_s5_a_role_is_replaced_and_the_trail_says_which() -> None:
    change = with_role(anna(), "guest", ROLES, NOON)
    assert isinstance(change, Changed)
    assert change.record == anna(role="guest", valid_from=NOON)  # a session has the rights that it began with
    assert (change.kind, change.rule) == (EventKind.RIGHTS_CHANGED, "S5")
    assert change.differences == (Difference("role", "collector", "guest"),)
    assert with_role(anna(), "collector", ROLES, NOON) == Done(anna())


@pytest.mark.parametrize("role", ["astronaut", "", "Guest"])
def test_s6_an_unknown_role_is_refused(role: str) -> None:
    with pytest.raises(InvalidValue, match="role"):
        with_role(anna(), role, ROLES, NOON)


def test_a13_a_main_administrator_keeps_a_role_that_administers_security() -> None:
    assert with_role(BOSS, "credit_manager", ROLES, NOON) == refused(Reason.MAIN_ADMINISTRATOR, "A13", BOSS)


def test_s5_the_import_flag_is_the_users_own() -> None:
    change = with_import_flag(anna(), True, ROLES)
    assert isinstance(change, Changed)
    assert change.record == anna(may_import=True)
    assert change.differences == (Difference("may_import", "False", "True"),)
    assert with_import_flag(anna(), False, ROLES) == Done(anna())


def test_a_persons_name_is_not_told_to_the_trail() -> None:
    change = with_full_name(anna(full_name="Anna Petit"), "Anna Grand")
    assert change == Changed(record=anna(full_name="Anna Grand"), kind=EventKind.USER_UPDATED, rule="S5")
    assert with_full_name(anna(full_name="Anna Petit"), "Anna Petit") == Done(anna(full_name="Anna Petit"))


def test_a_change_of_number_is_told_to_the_address_and_not_to_the_trail() -> None:
    change = with_mobile(anna(), "+33612345678", NOON)
    assert isinstance(change, Changed)
    assert change.record == anna(mobile="+33612345678")
    assert (change.kind, change.differences) == (EventKind.MOBILE_CHANGED, ())
    told_them = SecurityMessage(to="anna@example.com", name="anna.petit", change=SecurityChange.MOBILE_CHANGED, at=NOON)
    assert change.messages == (told_them,)
    assert with_mobile(anna(), None, NOON) == Done(anna())
    assert with_mobile(change.record, None, NOON) == attrs.evolve(change, record=anna())


@pytest.mark.parametrize("user", [contact(), anna(email=None)], ids=["contact", "no address"])
def test_who_cannot_be_told_is_not(user: User) -> None:
    assert told(user, SecurityChange.MOBILE_CHANGED, NOON) == ()


# --- what NewUser is made of


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("email", None),
        ("email", b"anna@example.com"),
        ("role", None),
        ("role", ["guest"]),
        ("category", "active"),
        ("category", None),
        ("name", 5),
        ("full_name", b"Anna"),
        ("full_name", ""),
        ("full_name", "Anna\r\nBcc: all@example.com"),
        ("full_name", "Anna\u202e"),
        ("full_name", "a" * 255),
        ("mobile", 33612345678),
        ("may_import", None),
        ("may_import", "yes"),
        ("may_import", 1),
        ("sign_in_mode", "sso"),
        ("sso", ("issuer", "subject")),
    ],
)
def test_s5_what_is_said_of_a_new_user_has_the_right_type(field: str, wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refusal:
        new(**{field: wrong})
    assert refusal.value.field == field


def test_s5_a_full_name_is_any_printable_text() -> None:
    for full_name in ("A", "Zoé Müller-Lüdenscheidt", "安娜", "a" * 254):
        assert new(full_name=full_name).full_name == full_name


def test_a13_where_a_hosts_role_leaves_security_to_the_flag_a_main_administrator_keeps_it() -> None:
    flagged = Role("flagged", "Flagged", {Right.SECURITY_SETTINGS: Cell(Allowed.FLAGGED, Certainty.STATED)}, None)
    table = RoleTable([*ROLES.roles.values(), flagged])
    boss = attrs.evolve(BOSS, role="flagged", may_import=True)
    assert with_import_flag(boss, False, table) == refused(Reason.MAIN_ADMINISTRATOR, "A13", boss)
    assert isinstance(with_import_flag(BOSS, True, table), Changed)


def test_whoever_gains_a_right_loses_what_was_sent_before_to_prove_an_address_or_a_reset() -> None:
    before = anna(reset=RESET, new_email=NewEmail("anna@new.example", RESET))
    for change in (with_role(before, "guest", ROLES, NOON), with_import_flag(before, True, ROLES)):
        assert isinstance(change, Changed)
        assert (change.record.reset, change.record.new_email) == (None, None)
