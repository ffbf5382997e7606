"""A user: which category, structure, login, name and credential go together (S2, S3, S14, S16; D12)."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Category,
    Credential,
    Disabled,
    DisabledBecause,
    Enabled,
    Invited,
    Login,
    NoLogin,
    SecondFactor,
    Secret,
    Structure,
    StructureKind,
    User,
)
from mydso_access.model.user import check_user_id, listed_by, seen_at
from mydso_access.policy import Algorithm
from mydso_access.policy.fixed import EARLIEST

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STRUCTURES = [Structure.entity("e"), Structure.platform("p")]
LOGINS: list[Login] = [NoLogin(), Invited(NOON), Enabled(NOON), *(Disabled(why, NOON) for why in DisabledBecause)]
CREDENTIALS = [None, Credential(Secret("$argon2id$"), NOON)]
COMBINATIONS = list(product(Category, STRUCTURES, LOGINS, [None, "anna"], CREDENTIALS))


def first_wrong(
    category: Category, structure: Structure, login: Login, name: str | None, credential: Credential | None
) -> str | None:
    """Say, from S2, S3, S14, S16 and D12 alone, which field is the first that does not go with the others."""
    right_kind = {
        Category.ACTIVE: StructureKind.ENTITY,
        Category.INACTIVE: StructureKind.ENTITY,
        Category.MULTI_ENTITY: StructureKind.PLATFORM,
    }[category]
    may_sign_in_some_day = category is not Category.INACTIVE
    had_a_password_some_day = type(login) in (Enabled, Disabled)
    wrongs = {
        "User.structure": structure.kind is not right_kind,
        "User.login": may_sign_in_some_day is (type(login) is NoLogin),
        "User.name": may_sign_in_some_day is (name is None),
        "User.credential": credential is not None and not had_a_password_some_day,
    }
    return next((field for field, wrong in wrongs.items() if wrong), None)


def shortened(value: object) -> str:
    match value:
        case Structure():
            return value.kind.value
        case Disabled():
            return value.reason.value
        case Category():
            return value.value
        case _:
            return type(value).__name__


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda each: "-".join(map(shortened, each)))
def test_every_combination_is_accepted_or_refused_by_its_first_wrong_field(combination: tuple[object, ...]) -> None:
    category, structure, login, name, credential = combination
    expected = first_wrong(*combination)
    try:
        User(
            id="u",
            category=category,
            structure=structure,
            role="guest",
            login=login,
            name=name,
            credential=credential,
        )
        found = None
    except InvalidValue as refused:
        found = refused.field
    assert expected == found


def test_both_answers_occur() -> None:
    answers = {first_wrong(*combination) for combination in COMBINATIONS}
    assert answers == {None, "User.structure", "User.login", "User.name", "User.credential"}


def anna(**changes: object) -> User:
    facts = {
        "id": "u",
        "category": Category.ACTIVE,
        "structure": STRUCTURES[0],
        "role": "collector",
        "login": Enabled(NOON),
        "name": "anna",
        "credential": CREDENTIALS[1],
    }
    return User(**(facts | changes))


APP = SecondFactor(Secret("c4nary seed"), Algorithm.SHA1, NOON, 7)


@pytest.mark.parametrize(
    ("login", "credential"),
    [
        (Enabled(NOON), CREDENTIALS[1]),
        (Enabled(NOON), None),  # who comes by single sign-on
        *((Disabled(why, NOON), CREDENTIALS[1]) for why in DisabledBecause),
        (Invited(NOON), None),  # invited again after coming by single sign-on: the app stays theirs
    ],
)
def test_s26_whoever_has_a_login_may_have_a_second_factor(login: Login, credential: Credential | None) -> None:
    assert APP == anna(login=login, credential=credential, second_factor=APP).second_factor


def test_s14_a_contact_may_keep_the_second_factor_of_a_login_that_is_gone() -> None:
    nobody = {"category": Category.INACTIVE, "login": NoLogin(), "name": None, "credential": None}
    assert anna(**nobody).second_factor is None
    assert APP == anna(**nobody, second_factor=APP).second_factor


def test_a_new_user_has_no_app_no_address_and_was_sent_no_code() -> None:
    new = anna()
    assert (None, (), ()) == (new.second_factor, new.approved, new.codes_sent)
    assert (False, ()) == (new.credential.compromised, new.credential.before)


NO_APPOINTMENT = "none for a main administrator: their appointments are withdrawn first"


@pytest.mark.parametrize(
    ("changes", "field", "given", "expected"),
    [
        ({"structure": STRUCTURES[1]}, "structure", "Structure(kind=", "the entity of a user of category active"),
        (
            {"category": Category.MULTI_ENTITY},
            "structure",
            "Structure(kind=",
            "the platform of a user of category multi_entity",
        ),
        ({"login": NoLogin()}, "login", "NoLogin()", "NoLogin() for an inactive user, and for no other"),
        ({"name": None}, "name", "None (NoneType)", "a login name, and None for an inactive user"),
        ({"login": Invited(NOON)}, "credential", "set", "None for a contact and for a user who was only invited"),
        ({"memberships": frozenset({"e"})}, "memberships", "frozenset({'e'})", "none but for a multi-entity user"),
        *(
            ({"login": each, "appointments": frozenset({"a"})}, "login", "Disabled(", NO_APPOINTMENT)
            for each in LOGINS
            if isinstance(each, Disabled)
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_would_be_right(
    changes: dict[str, object], field: str, given: str, expected: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        anna(**changes)
    assert refused.value.field == f"User.{field}"
    assert refused.value.given.startswith(given)
    assert refused.value.expected == expected


def test_a_changed_copy_is_checked_again() -> None:
    with pytest.raises(InvalidValue, match=r"User\.login"):
        attrs.evolve(anna(), category=Category.INACTIVE)
    before = attrs.validators.get_disabled()
    attrs.validators.set_disabled(True)
    try:
        with pytest.raises(InvalidValue, match=r"User\.name"):
            attrs.evolve(anna(), name=None)
    finally:
        attrs.validators.set_disabled(before)


def test_a_new_record_was_never_stored_and_has_no_past() -> None:
    contact = User(id="c", category=Category.INACTIVE, structure=STRUCTURES[0], role="guest")
    assert (contact.version, contact.saved_at, contact.written_by) == (0, EARLIEST, None)
    assert (contact.login, contact.name, contact.credential, contact.last_access_at) == (NoLogin(), None, None, None)


def test_s3_s16_only_a_multi_entity_user_has_memberships() -> None:
    multi = anna(category=Category.MULTI_ENTITY, structure=STRUCTURES[1], memberships=frozenset({"lyon", "paris"}))
    assert multi.memberships == {"lyon", "paris"}
    contact = {"category": Category.INACTIVE, "login": NoLogin(), "name": None, "credential": None}
    with pytest.raises(InvalidValue, match=r"User\.memberships"):
        anna(**contact, memberships=frozenset({"lyon"}))
    assert anna(**contact).memberships == frozenset()


def test_a13_only_who_may_sign_in_or_founds_is_main_administrator() -> None:
    held = frozenset({"a"})
    assert anna(appointments=held).appointments == held
    assert anna(login=Invited(NOON), credential=None, appointments=held).appointments == held
    contact = {"category": Category.INACTIVE, "login": NoLogin(), "name": None, "credential": None}
    with pytest.raises(InvalidValue, match="withdrawn first"):
        anna(**contact, appointments=held)


@pytest.mark.parametrize(
    ("full_name", "name", "expected"),
    [
        ("Anna Petit", "anna.petit", "anna petit"),
        (None, "anna.petit", "anna.petit"),
        ("", "anna.petit", "anna.petit"),
        ("ANNA ß", "x", "anna ss"),
        ("Zoé", "x", "zoé"),
        ("a" * 100, "x", "a" * 32),
        ("é" * 100, "x", "é" * 16),
    ],
)
def test_s11_lists_are_ordered_by_what_people_call_a_user(full_name: str | None, name: str, expected: str) -> None:
    assert listed_by(anna(full_name=full_name, name=name)) == expected.encode().hex()


def test_s11_a_contact_without_any_name_is_listed_first() -> None:
    contact = User(id="c", category=Category.INACTIVE, structure=STRUCTURES[0], role="guest")
    assert listed_by(contact) == ""
    assert set(listed_by(anna(full_name="\ud800 \U0001f600"))) <= set("0123456789abcdef")
    assert len(listed_by(anna(full_name="\U0001f600" * 100))) == 64


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(User)])
def test_a_user_never_changes(field: str) -> None:
    user = anna()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(user, field, None)


@pytest.mark.parametrize(
    "value", [NoLogin(), Invited(NOON), Enabled(NOON), LOGINS[3], CREDENTIALS[1], STRUCTURES[0]], ids=repr
)
def test_what_a_user_is_made_of_never_changes(value: object) -> None:
    for field in ("since", "reason", "hash", "kind", "new"):
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(value, field, None)


def test_every_instant_is_kept_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    user = anna(last_access_at=local, saved_at=local, login=Disabled(DisabledBecause.DORMANT, local))
    kept = [user.last_access_at, user.saved_at, user.login.since, Invited(local).since, Enabled(local).since]
    kept.append(Credential(Secret("h"), local).set_at)
    assert all(instant == NOON and instant.tzinfo is UTC for instant in kept)


NAIVE = NOON.replace(tzinfo=None)


BUILDS = {
    "User.last_access_at": lambda: anna(last_access_at=NAIVE),
    "User.saved_at": lambda: anna(saved_at=NAIVE),
    "User.saved_at, none": lambda: anna(saved_at=None),
    "Invited": lambda: Invited(NAIVE),
    "Enabled": lambda: Enabled(NAIVE),
    "Disabled": lambda: Disabled(DisabledBecause.LAPSED, NAIVE),
    "Credential": lambda: Credential(Secret("h"), NAIVE),
    "SecondFactor": lambda: SecondFactor(Secret("s"), Algorithm.SHA1, NAIVE, 0),
}


@pytest.mark.parametrize("what", BUILDS)
def test_a_naive_instant_is_refused_everywhere(what: str) -> None:
    with pytest.raises(InvalidValue, match="timezone-aware"):
        BUILDS[what]()


def test_a_users_repr_shows_no_credential() -> None:
    secrets = Credential(Secret("$argon2id$"), NOON, before=(Secret("$argon2id$before"),))
    made = anna(credential=secrets, second_factor=APP)
    for text in (repr(made), str(made), repr(attrs.asdict(made))):
        assert "argon2id" not in text
        assert "c4nary" not in text
        assert 3 == text.count("***")


def test_the_categories_and_the_reasons_of_a_disabled_login_are_closed_s2_s10_s25() -> None:
    assert [category.value for category in Category] == ["active", "inactive", "multi_entity"]
    assert [reason.value for reason in DisabledBecause] == ["administrator", "dormant", "lapsed", "forgotten"]


def test_a_structure_is_told_by_kind_and_id() -> None:
    assert Structure.entity("1") == Structure(StructureKind.ENTITY, "1")
    assert Structure.platform("1") == Structure(StructureKind.PLATFORM, "1")
    assert Structure.entity("1") != Structure.platform("1")
    assert Structure.entity("1") != Structure.entity("2")


ENABLED_AT = NOON - timedelta(days=30)


@pytest.mark.parametrize(
    ("last_access_at", "expected"),
    [
        (None, ENABLED_AT),
        (NOON, NOON),
        (ENABLED_AT, ENABLED_AT),
        (ENABLED_AT + timedelta(microseconds=1), ENABLED_AT + timedelta(microseconds=1)),
        (ENABLED_AT - timedelta(microseconds=1), ENABLED_AT),  # enabled again, and not seen since
        (EARLIEST, ENABLED_AT),
    ],
)
def test_an_enabled_user_was_seen_at_the_latest_access_or_when_enabled_after_it_s25(
    last_access_at: datetime | None, expected: datetime
) -> None:
    assert expected == seen_at(anna(login=Enabled(ENABLED_AT), last_access_at=last_access_at))


@pytest.mark.parametrize("last_access_at", [None, NOON], ids=["never", "noon"])
def test_nobody_else_is_seen_whatever_access_they_once_had_s25(last_access_at: datetime | None) -> None:
    contact = User(
        id="c", category=Category.INACTIVE, structure=STRUCTURES[0], role="guest", last_access_at=last_access_at
    )
    disabled = [anna(login=Disabled(why, NOON), last_access_at=last_access_at) for why in DisabledBecause]
    others = [contact, anna(login=Invited(NOON), credential=None, last_access_at=last_access_at), *disabled]
    assert [None] * 6 == [seen_at(other) for other in others]


@pytest.mark.parametrize("wrong", [None, 7, b"u-anna", ("u-anna",)], ids=repr)
def test_what_is_no_id_of_a_user_is_misuse(wrong: Any) -> None:
    check_user_id("u-anna")
    with pytest.raises(InvalidValue, match=r"^user_id is "):
        check_user_id(wrong)
