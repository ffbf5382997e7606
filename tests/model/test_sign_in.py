"""A half-finished sign-in: it ends after it begins, comes from an address, and shows nothing secret (D13)."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from mydso_access.errors import InvalidValue
from mydso_access.model import (
    Approval,
    CounterKey,
    Factor,
    KeyKind,
    NewSeed,
    Purpose,
    Secret,
    SentCode,
    SignIn,
    Structure,
)
from mydso_access.model.sign_in import FIRST_FACTORS, SECOND_FACTORS
from mydso_access.policy import Algorithm, Recipient
from mydso_access.policy.fixed import EARLIEST, LATEST, TICK

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)
ADDRESS = CounterKey(KeyKind.ADDRESS, "digest")


def sign_in(**changes: object) -> SignIn:
    facts = {
        "id": "s",
        "user_id": "u",
        "address": ADDRESS,
        "purpose": Purpose.SIGN_IN,
        "token": Secret("c4nary token"),
        "started_at": NOON,
        "expires_at": LATER,
        "factors": ((Factor.PASSWORD, NOON),),
        "since": NOON,
    }
    return SignIn(**(facts | changes))


def test_a_new_one_has_nothing_in_flight_and_was_never_stored_or_used() -> None:
    new = sign_in()
    assert (None, None, None, None, None) == (new.code, new.seed, new.session, new.used_at, new.entity)
    assert ((), False) == (new.approvals, new.outgrown)
    assert (0, EARLIEST) == (new.version, new.saved_at)


@pytest.mark.parametrize("ends", [NOON, NOON - TICK, EARLIEST])
def test_it_never_ends_before_or_when_it_begins(ends: datetime) -> None:
    with pytest.raises(InvalidValue) as refused:
        sign_in(expires_at=ends)
    assert ("SignIn.expires_at", f"an instant after {NOON}") == (refused.value.field, refused.value.expected)
    assert refused.value.given.startswith("datetime.datetime(")


def test_it_may_be_as_short_as_a_microsecond_and_last_until_the_end_of_time() -> None:
    assert NOON + TICK == sign_in(expires_at=NOON + TICK).expires_at
    assert LATEST - TICK == sign_in(started_at=EARLIEST, expires_at=LATEST - TICK).expires_at


def test_begin_and_end_are_compared_as_instants_whatever_their_zones() -> None:
    east, west = timezone(timedelta(hours=9)), timezone(timedelta(hours=-9))
    made = sign_in(started_at=NOON.astimezone(east), expires_at=LATER.astimezone(west))
    assert (NOON, LATER) == (made.started_at, made.expires_at)
    with pytest.raises(InvalidValue, match="expires_at"):
        sign_in(started_at=NOON.astimezone(west), expires_at=NOON.astimezone(east))


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.ADDRESS])
def test_it_comes_from_an_address_and_never_from_an_account(kind: KeyKind) -> None:
    with pytest.raises(InvalidValue) as refused:
        sign_in(address=CounterKey(kind, "digest"))
    assert ("SignIn.address", "the counter key of an address") == (refused.value.field, refused.value.expected)
    assert str(kind) in refused.value.given


@pytest.mark.parametrize("entity", [None, "lyon", ""])
@pytest.mark.parametrize("purpose", Purpose)
def test_s16_only_entering_names_an_entity_and_it_always_does(purpose: Purpose, entity: str | None) -> None:
    if (purpose is Purpose.ENTER) is (entity is not None):
        assert entity == sign_in(purpose=purpose, entity=entity).entity
        return
    with pytest.raises(InvalidValue) as refused:
        sign_in(purpose=purpose, entity=entity)
    assert "SignIn.entity" == refused.value.field
    assert "an entity for `enter`, and none otherwise" == refused.value.expected


def test_a_changed_copy_is_checked_again() -> None:
    with pytest.raises(InvalidValue, match=r"SignIn\.expires_at"):
        attrs.evolve(sign_in(), expires_at=NOON)
    with pytest.raises(InvalidValue, match=r"SignIn\.address"):
        attrs.evolve(sign_in(), address=CounterKey(KeyKind.ACCOUNT, "digest"))
    with pytest.raises(InvalidValue, match=r"SignIn\.entity"):
        attrs.evolve(sign_in(), purpose=Purpose.ENTER)


INSTANTS = ["started_at", "since", "expires_at", "used_at", "saved_at"]
LYON = Structure.entity("lyon")
CODE = SentCode(Secret("c4nary code"), NOON, "192.0.2.1", LYON, Recipient.USER)


def test_every_instant_is_kept_in_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    local = {name: (NOON if name == "started_at" else LATER).astimezone(zone) for name in INSTANTS}
    made = sign_in(**local)
    for name in INSTANTS:
        kept = getattr(made, name)
        assert (local[name], UTC) == (kept, kept.tzinfo)


@pytest.mark.parametrize("name", INSTANTS)
def test_a_naive_instant_and_what_is_none_are_refused(name: str) -> None:
    for wrong in (LATER.replace(tzinfo=None), "2026-03-02T12:00:00Z", 0, LATEST):
        with pytest.raises(InvalidValue):
            sign_in(**{name: wrong})


def test_it_shows_neither_token_nor_code_nor_seed() -> None:
    made = sign_in(code=CODE, seed=NewSeed(Secret("c4nary seed"), Algorithm.SHA1))
    for text in (repr(made), str(made), f"{made}", repr(attrs.asdict(made)), repr([made])):
        assert "c4nary" not in text
        assert 3 == text.count("***")


def test_d7_when_a_code_was_sent_is_kept_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=-3)))
    assert (NOON, UTC) == (attrs.evolve(CODE, sent_at=local).sent_at, attrs.evolve(CODE, sent_at=local).sent_at.tzinfo)
    with pytest.raises(InvalidValue, match="timezone-aware"):
        attrs.evolve(CODE, sent_at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    "value",
    [
        sign_in(),
        CODE,
        NewSeed(Secret("seed"), Algorithm.SHA256),
        Approval("192.0.2.1", LYON, Recipient.ADMINISTRATOR),
    ],
    ids=lambda value: type(value).__name__,
)
def test_it_and_what_it_is_made_of_never_change(value: object) -> None:
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)


def test_the_factors_and_purposes_are_closed() -> None:
    factors = ["password", "sso", "totp", "recovery_code", "sso_second", "address_code"]
    assert factors == [factor.value for factor in Factor]
    assert ["sign_in", "enter", "step_up", "enrol"] == [purpose.value for purpose in Purpose]


def test_no_factor_is_first_and_second_and_what_a_provider_or_an_sms_says_is_neither_s26_s22() -> None:
    assert {Factor.PASSWORD, Factor.SSO} == FIRST_FACTORS
    assert {Factor.TOTP, Factor.RECOVERY_CODE} == SECOND_FACTORS
