"""Whether a half-finished sign-in may go on: its token, its address, its session, its user (D7, D10, D13; A24, S3, S16)."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.naming import address_key
from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import (
    begun,
    bound_to,
    first_factor,
    having_proven,
    judge_standing,
    judge_token,
    who,
    with_fresh_password,
)
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, token_digest
from mydso_access.model import (
    Credential,
    Disabled,
    DisabledBecause,
    Factor,
    Invited,
    Purpose,
    Reason,
    Secret,
    SignInMode,
    SsoIdentity,
    StructureRecord,
    User,
)
from mydso_access.policy import LockoutPolicy
from mydso_access.policy.fixed import EARLIEST
from tests.decisions.half_finished import (
    ADDRESS,
    ANNA,
    ENTER,
    IDENTITY,
    MIA,
    PASSWORD,
    QUARTER,
    RECOVERY_CODE,
    SIGN_IN,
    SSO,
    SSO_SECOND,
    TOTP,
    asking,
    sign_in,
    standing,
)
from tests.decisions.people import GROUP, LONG_AGO, LYON, NOON, PARIS, POLICY, SECRET, TICK, contact, refused

# --- how it begins


def test_d13_a_new_one_holds_what_was_proven_and_lasts_its_quarter_of_an_hour() -> None:
    new = sign_in(session="digest")
    assert (ANNA.id, SIGN_IN, ADDRESS, "digest") == (new.user_id, new.purpose, new.address, new.session)
    assert (NOON, NOON + QUARTER) == (new.started_at, new.expires_at)
    assert ((PASSWORD, NOON),) == new.factors
    assert (0, None, None, None, ()) == (new.version, new.used_at, new.code, new.seed, new.approvals)
    assert sign_in(outgrown=True).outgrown is True


@pytest.mark.parametrize("valid_from", [EARLIEST, LONG_AGO, NOON, NOON + timedelta(hours=1)])
def test_d10_it_stands_since_what_ended_sessions_last_whatever_the_clock_says(valid_from: datetime) -> None:
    user = attrs.evolve(ANNA, valid_from=valid_from)
    assert valid_from == sign_in(user).since
    assert user == judge_standing(user, sign_in(user), place())
    later = attrs.evolve(user, valid_from=valid_from + TICK)
    assert DEAD == judge_standing(later, sign_in(user), place())


def test_nothing_opens_one_that_was_never_stored() -> None:
    new = sign_in()
    for secret in (SECRET, Secret(""), new.token):
        token = GivenToken(new.id, secret)
        assert isinstance(judge_token(new, token, ADDRESS, None, NOON), Refused)


def test_d13_at_most_one_is_live_for_each_user_address_key_and_purpose() -> None:
    same = {
        sign_in().id,
        sign_in(ANNA, SIGN_IN, SSO).id,
        sign_in(at=NOON + QUARTER).id,
        sign_in(session="digest").id,
        sign_in(outgrown=True).id,
        sign_in(attrs.evolve(ANNA, name="renamed")).id,
    }
    assert 1 == len(same)
    elsewhere = address_key(ip_address("192.0.2.2"), LockoutPolicy())
    others = {sign_in(ANNA, purpose).id for purpose in Purpose} | {sign_in(MIA).id, sign_in(address=elsewhere).id}
    assert len(Purpose) + 2 == len(others)
    assert sign_in(MIA, ENTER, entity="paris").id == sign_in(MIA, ENTER, entity="lyon").id


ids = st.text(alphabet="a:0\0", min_size=1, max_size=5)


@given(*[st.tuples(ids, ids)] * 2)
def test_no_two_users_and_addresses_share_one_however_they_run_together(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    def id_of(user_id: str, digest: str) -> str:
        key = attrs.evolve(ADDRESS, digest=digest)
        return begun(attrs.evolve(ANNA, id=user_id), SIGN_IN, (), address=key, at=NOON, lasts=QUARTER).id

    assert (one == other) is (id_of(*one) == id_of(*other))


def test_d7_a_code_is_good_for_one_sign_in_one_structure_and_one_address() -> None:
    bound = bound_to(sign_in(), LYON.structure, "192.0.2.1")
    others = [
        bound_to(sign_in(MIA), LYON.structure, "192.0.2.1"),
        bound_to(sign_in(), PARIS.structure, "192.0.2.1"),
        bound_to(sign_in(), type(GROUP)(id="lyon", title="").structure, "192.0.2.1"),
        bound_to(sign_in(), LYON.structure, "192.0.2.2"),
    ]
    assert 5 == len({bound, *others})


def test_a_password_that_was_proven_again_is_fresh_and_what_else_was_proven_is_as_old_as_before() -> None:
    old = Proof("u", ((PASSWORD, LONG_AGO), (TOTP, LONG_AGO), (PASSWORD, LONG_AGO)))
    assert ((PASSWORD, NOON), (TOTP, LONG_AGO)) == with_fresh_password(old, NOON)
    assert ((PASSWORD, NOON),) == with_fresh_password(Proof("u", ()), NOON)


@pytest.mark.parametrize("back", [timedelta(0), timedelta(hours=1)])
def test_a_factor_is_proven_at_the_present_instant_and_never_before_the_last_save_d10(back: timedelta) -> None:
    user = attrs.evolve(ANNA, saved_at=NOON)
    facts = standing(user, sign_in(user, SIGN_IN, PASSWORD), now=NOON - back)
    after = having_proven(facts, TOTP)
    factors = ((PASSWORD, NOON), (TOTP, NOON))
    assert attrs.evolve(facts, sign_in=attrs.evolve(facts.sign_in, factors=factors)) == after
    assert (*factors, (Factor.ADDRESS_CODE, NOON)) == having_proven(after, Factor.ADDRESS_CODE).sign_in.factors


# --- its token

STORED = attrs.evolve(
    sign_in(), token=token_digest(TokenPurpose.SIGN_IN, sign_in().id, SECRET), version=7, saved_at=NOON
)
TOKEN = GivenToken(STORED.id, SECRET)
DEAD = refused(Reason.DEAD_SIGN_IN, "D13", ANNA)
END = NOON + QUARTER


@pytest.mark.parametrize(
    ("now", "goes_on"), [(NOON, True), (END - TICK, True), (END, True), (END + TICK, False), (NOON - 4 * QUARTER, True)]
)
def test_d13_it_may_go_on_to_the_very_end_of_its_quarter_of_an_hour(now: datetime, goes_on: bool) -> None:
    assert (STORED if goes_on else DEAD) == judge_token(STORED, TOKEN, ADDRESS, None, now)


@pytest.mark.parametrize(("saved_at", "goes_on"), [(END, True), (END + TICK, False)])
def test_d10_a_clock_that_goes_back_an_hour_revives_none(saved_at: datetime, goes_on: bool) -> None:
    stored = attrs.evolve(STORED, saved_at=saved_at)
    assert (stored if goes_on else DEAD) == judge_token(stored, TOKEN, ADDRESS, None, NOON - timedelta(hours=1))


@pytest.mark.parametrize(
    "given_",
    [
        None,
        GivenToken(STORED.id, Secret("guessed")),
        GivenToken(STORED.id, Secret("")),
        GivenToken(STORED.id, STORED.token),  # what is stored opens nothing
        GivenToken("another", SECRET),
    ],
    ids=["none", "guessed", "empty", "as stored", "another's"],
)
def test_d13_an_unknown_or_earlier_token_is_dead(given_: GivenToken | None) -> None:
    assert DEAD == judge_token(STORED, given_, ADDRESS, None, NOON)
    assert Refused(Reason.DEAD_SIGN_IN, "D13") == judge_token(None, given_, ADDRESS, None, NOON)


def test_d13_a_token_of_nothing_that_is_stored_is_dead() -> None:
    assert Refused(Reason.DEAD_SIGN_IN, "D13") == judge_token(None, TOKEN, ADDRESS, None, NOON)


@pytest.mark.parametrize("purpose", [each for each in TokenPurpose if each is not TokenPurpose.SIGN_IN])
def test_a_token_of_another_purpose_is_dead(purpose: TokenPurpose) -> None:
    other = attrs.evolve(STORED, token=token_digest(purpose, STORED.id, SECRET))
    assert DEAD == judge_token(other, TOKEN, ADDRESS, None, NOON)


def test_d13_a_used_one_is_never_used_again() -> None:
    for used_at in (NOON, NOON + timedelta(days=1)):
        used = attrs.evolve(STORED, used_at=used_at)
        assert DEAD == judge_token(used, TOKEN, ADDRESS, None, NOON)


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),  # privacy addresses change
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "2001:db8::1", False),
    ],
)
def test_d7_it_goes_on_from_the_address_key_that_it_was_begun_from(address: str, other: str, same: bool) -> None:
    key, another = (address_key(ip_address(each), LockoutPolicy()) for each in (address, other))
    stored = attrs.evolve(STORED, address=key)
    assert stored == judge_token(stored, TOKEN, key, None, NOON)
    assert (stored if same else DEAD) == judge_token(stored, TOKEN, another, None, NOON)


@pytest.mark.parametrize(
    ("kept", "given_", "goes_on"),
    [(None, None, True), ("a", "a", True), ("a", "b", False), ("a", None, False), (None, "a", False)],
)
def test_it_goes_on_in_the_hosts_session_that_it_was_begun_in(
    kept: str | None, given_: str | None, goes_on: bool
) -> None:
    stored = attrs.evolve(STORED, session=kept)
    assert (stored if goes_on else DEAD) == judge_token(stored, TOKEN, ADDRESS, given_, NOON)


# --- its user


def place(home: StructureRecord | None = LYON, entity: Any = None, now: datetime = NOON) -> Place:
    return Place(home, POLICY, now, entity)


BY_SSO = attrs.evolve(LYON, sign_in_mode=SignInMode.SSO)
UNKNOWN = Refused(Reason.UNKNOWN, "D11")


@pytest.mark.parametrize(
    ("user", "home", "expected"),
    [
        (ANNA, LYON, None),
        (attrs.evolve(ANNA, valid_from=NOON), LYON, None),
        (attrs.evolve(ANNA, valid_from=NOON + TICK), LYON, DEAD),  # password, role or second factor have changed since
        (attrs.evolve(ANNA, name="renamed"), LYON, None),  # it is the user's id that was proven
        (attrs.evolve(ANNA, id="u-other"), LYON, Refused(Reason.DEAD_SIGN_IN, "D13", user_id="u-other")),
        (None, LYON, UNKNOWN),
        (contact(), LYON, UNKNOWN),
        (attrs.evolve(ANNA, login=Invited(NOON), credential=None), LYON, refused(Reason.INVITED, "S12", ANNA)),
        *(
            (attrs.evolve(ANNA, login=Disabled(why, NOON)), LYON, refused(Reason.DISABLED, "D12", ANNA))
            for why in DisabledBecause
        ),
        (ANNA, None, refused(Reason.NO_HOME, "S3", ANNA)),
        (ANNA, PARIS, refused(Reason.NO_HOME, "S3", ANNA)),
        (ANNA, BY_SSO, refused(Reason.SSO_ONLY, "A24", ANNA)),
    ],
)
def test_each_step_is_judged_against_the_user_as_stored_now_d12(
    user: User | None, home: StructureRecord | None, expected: Refused | None
) -> None:
    began = attrs.evolve(sign_in(), since=NOON)
    assert (expected or user) == judge_standing(user, began, place(home))


@pytest.mark.parametrize("user", [ANNA, attrs.evolve(ANNA, credential=None)], ids=["password", "none"])
def test_a24_who_began_by_sso_goes_on_by_sso_whatever_their_password(user: User) -> None:
    began = sign_in(user, SIGN_IN, SSO)
    assert user == judge_standing(user, began, place(BY_SSO))
    assert refused(Reason.NOT_BY_SSO, "A24", user) == judge_standing(user, began, place(LYON))
    for identity in (None, SsoIdentity("https://idp.example", "other")):
        other = attrs.evolve(user, sso=identity)
        dead = judge_standing(other, began, place(BY_SSO))
        assert (other if identity else UNKNOWN) == dead


def test_s25_a_login_that_goes_dormant_in_the_middle_signs_nobody_in() -> None:
    home = asking(LYON, dormancy__months=1)
    judged = judge_standing(ANNA, sign_in(), place(home, now=NOON + timedelta(days=62)))
    assert isinstance(judged, Refused)
    assert Reason.DORMANT is judged.reason


@pytest.mark.parametrize("factors", [(), (TOTP,), (RECOVERY_CODE, SSO_SECOND)], ids=str)
def test_without_a_first_factor_nothing_was_proven(factors: tuple[Factor, ...]) -> None:
    began = attrs.evolve(sign_in(), factors=tuple((factor, NOON) for factor in factors))
    assert DEAD == judge_standing(ANNA, began, place())


IN_LYON = sign_in(MIA, ENTER)


@pytest.mark.parametrize(
    ("user", "entity", "expected"),
    [
        (MIA, LYON, None),
        (MIA, None, (Reason.NO_STRUCTURE, "S3")),
        (MIA, PARIS, (Reason.NO_STRUCTURE, "S3")),
        (attrs.evolve(MIA, memberships=frozenset({"paris"})), LYON, (Reason.NOT_AUTHORISED, "S16")),
        (attrs.evolve(MIA, memberships=frozenset({"paris"})), PARIS, (Reason.NO_STRUCTURE, "S3")),
    ],
)
def test_s16_who_enters_must_still_be_authorised_in_the_entity_that_was_named(
    user: User, entity: Any, expected: tuple[Reason, str] | None
) -> None:
    answer = user if expected is None else refused(*expected, user)
    assert answer == judge_standing(user, IN_LYON, place(GROUP, entity))


def test_s3_who_belongs_to_an_entity_enters_it_and_no_other() -> None:
    assert ANNA == judge_standing(ANNA, sign_in(ANNA, ENTER), place(LYON, LYON))
    other = sign_in(ANNA, ENTER, entity="paris")
    assert refused(Reason.OTHER_STRUCTURE, "S3", ANNA) == judge_standing(ANNA, other, place(LYON, PARIS))


@pytest.mark.parametrize(
    ("factors", "first", "called"),
    [
        ((PASSWORD,), PASSWORD, "anna.petit"),
        ((SSO,), SSO, IDENTITY),
        ((SSO, SSO_SECOND), SSO, IDENTITY),
        ((TOTP, SSO), SSO, IDENTITY),
        ((PASSWORD, TOTP), PASSWORD, "anna.petit"),
        ((TOTP,), PASSWORD, "anna.petit"),
    ],
    ids=str,
)
def test_s35_further_steps_are_charged_to_what_was_proven_first(
    factors: tuple[Factor, ...], first: Factor, called: object
) -> None:
    began = sign_in(ANNA, SIGN_IN, *factors)
    assert first is first_factor(began)
    assert called == who(ANNA, began)
    assert Credential(Secret("hash"), NOON) == ANNA.credential
