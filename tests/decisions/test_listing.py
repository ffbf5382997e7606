"""What a list shows of each user: one state at this moment, whatever the sweep has stored so far (S10, S11, S25, S36)."""

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from mydso_access.decisions.dormancy import months_later
from mydso_access.decisions.listing import (
    DISABLED_STATES,
    ListedUser,
    UserState,
    is_listed,
    judge_look,
    judge_seen,
    listed,
    mark_of,
    seen_from,
)
from mydso_access.decisions.naming import account_key
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.sign_in import Place
from mydso_access.model import (
    ApprovedAddress,
    AttemptCounter,
    Disabled,
    DisabledBecause,
    Enabled,
    Entity,
    Invited,
    NewEmail,
    Platform,
    Reason,
    Secret,
    SentToken,
    SignInMode,
    SsoIdentity,
    Structure,
    StructureKind,
    StructureRecord,
    User,
)
from mydso_access.policy import DormancyPolicy, LockoutPolicy, SecurityPolicy, StructurePolicy
from tests.decisions.people import (
    BOSS,
    LONG_AGO,
    LYON,
    LYON_OF_BOSS,
    NOON,
    PARIS,
    POLICY,
    ROLES,
    TICK,
    anna,
    contact,
    invited_anna,
    multi,
    proven,
    refused,
)

FREE = AttemptCounter(account_key("anna.petit"))
BLOCKED = attrs.evolve(FREE, blocked_until=NOON + timedelta(hours=1), saved_at=LONG_AGO)
DORMANT_AFTER_A_MONTH = SecurityPolicy(dormancy=DormancyPolicy(months=1))
CAPPED = SecurityPolicy(lockout=LockoutPolicy(hard_cap=1), dormancy=DormancyPolicy(months=1))
INVITED_UNTIL = LONG_AGO + timedelta(days=30)
DORMANT_FROM = months_later(LONG_AGO, 1)


def home(user: User, installation: SecurityPolicy = POLICY, now: datetime = NOON, **changes: Any) -> Place:
    kind = Entity if user.structure.kind is StructureKind.ENTITY else Platform
    return Place(kind(id=user.structure.id, title="Lyon", **changes), installation, now)


@pytest.mark.parametrize(
    ("user", "counter", "now", "state"),
    [
        (contact(), None, NOON, UserState.CONTACT),
        (invited_anna(), None, NOON, UserState.INVITED),
        (invited_anna(), FREE, INVITED_UNTIL, UserState.INVITED),
        (invited_anna(), FREE, INVITED_UNTIL + TICK, UserState.LAPSED),
        (invited_anna(appointments=frozenset({"a"})), FREE, INVITED_UNTIL + TICK, UserState.INVITED),
        (anna(), FREE, NOON, UserState.ENABLED),
        (anna(), None, NOON, UserState.ENABLED),
        (multi(), FREE, NOON, UserState.ENABLED),
        (anna(), BLOCKED, NOON, UserState.BLOCKED),
        (anna(), BLOCKED, NOON + timedelta(hours=1) - TICK, UserState.BLOCKED),
        (anna(), BLOCKED, NOON + timedelta(hours=1), UserState.ENABLED),
        (anna(), FREE, DORMANT_FROM - TICK, UserState.ENABLED),
        (anna(), FREE, DORMANT_FROM, UserState.DORMANT),
        (anna(), attrs.evolve(BLOCKED, blocked_until=DORMANT_FROM + timedelta(1)), DORMANT_FROM, UserState.DORMANT),
        (invited_anna(), BLOCKED, NOON, UserState.INVITED),  # who tries names blocks them, too
        (anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)), BLOCKED, NOON, UserState.DISABLED),
        (anna(login=Disabled(DisabledBecause.DORMANT, NOON)), FREE, NOON, UserState.DORMANT),
        (anna(login=Disabled(DisabledBecause.LAPSED, NOON)), FREE, NOON, UserState.LAPSED),
        (anna(login=Disabled(DisabledBecause.FORGOTTEN, NOON)), FREE, NOON, UserState.FORGOTTEN),
    ],
)
def test_s11_every_user_has_one_state_at_this_moment(
    user: User, counter: AttemptCounter | None, now: datetime, state: UserState
) -> None:
    assert state is listed(user, user.structure, counter, home(user, DORMANT_AFTER_A_MONTH, now)).state


def test_s11_the_instants_behind_the_state_are_shown() -> None:
    assert listed(anna(), anna().structure, BLOCKED, home(anna(), DORMANT_AFTER_A_MONTH)) == ListedUser(
        user=anna(),
        state=UserState.BLOCKED,
        blocked_until=NOON + timedelta(hours=1),
        dormant_from=DORMANT_FROM,
        kept_out=Refused(Reason.ACCOUNT_BLOCKED, "S36", NOON + timedelta(hours=1), user_id=anna().id),
    )
    assert listed(invited_anna(), invited_anna().structure, FREE, home(invited_anna())) == ListedUser(
        user=invited_anna(),
        state=UserState.INVITED,
        invited_until=INVITED_UNTIL,
        kept_out=Refused(Reason.INVITED, "S12", user_id=anna().id),
    )
    assert listed(anna(), anna().structure, FREE, home(anna())) == ListedUser(user=anna(), state=UserState.ENABLED)


def test_d4_a_login_that_only_a_reset_frees_is_blocked_without_an_end() -> None:
    user = anna(login=Enabled(NOON))
    line = listed(user, user.structure, attrs.evolve(FREE, failed=1), home(user, CAPPED))
    assert (line.state, line.blocked_until) == (UserState.BLOCKED, None)


def test_every_reason_of_a_disabled_login_has_its_state() -> None:
    assert set(DISABLED_STATES) == set(DisabledBecause)
    assert len(set(DISABLED_STATES.values())) == len(DisabledBecause)


def test_s11_a_user_who_was_just_added_is_in_the_list() -> None:
    just_added = invited_anna(login=Invited(NOON))
    assert listed(just_added, just_added.structure, None, home(just_added)).state is UserState.INVITED


def test_d16_an_entitys_list_shows_of_a_multi_entity_user_nothing_of_elsewhere() -> None:
    mia = multi(memberships=frozenset({"lyon", "paris"}), appointments=frozenset({"a"}), resets_sent=(NOON,))
    sent, lyon, paris = SentToken(Secret("digest"), NOON), Structure.entity("lyon"), Structure.entity("paris")
    here = ApprovedAddress("198.51.100.1", lyon, NOON)
    approved = (here, *(attrs.evolve(here, structure=each) for each in (paris, mia.structure)))
    mia = attrs.evolve(
        mia,
        approved=approved,
        codes_sent=(NOON,),
        sso=SsoIdentity("https://login.example.com", "00u1"),
        reset=sent,
        new_email=NewEmail("new@example.com", sent),
    )
    shown = seen_from(mia, lyon)
    assert shown == multi(memberships=frozenset({"lyon"}), approved=(here,), credential=None)
    assert seen_from(mia, mia.structure) is mia
    assert seen_from(anna(), Structure.entity("lyon")) == anna()


@pytest.mark.parametrize(
    ("user", "counter", "now", "reason", "rule"),
    [
        (contact(), None, NOON, Reason.INACTIVE, "S14"),
        (invited_anna(), FREE, NOON, Reason.INVITED, "S12"),
        (invited_anna(), BLOCKED, NOON, Reason.ACCOUNT_BLOCKED, "S36"),  # what a sign-in says first
        (anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)), FREE, NOON, Reason.DISABLED, "D12"),
        (anna(), FREE, DORMANT_FROM, Reason.DORMANT, "S25"),
    ],
)
def test_s36_a_line_says_why_the_right_password_would_be_refused_and_by_which_rule(
    user: User, counter: AttemptCounter | None, now: datetime, reason: Reason, rule: str
) -> None:
    kept_out = listed(user, user.structure, counter, home(user, DORMANT_AFTER_A_MONTH, now)).kept_out
    assert kept_out is not None
    assert (reason, rule, user.id) == (kept_out.reason, kept_out.rule, kept_out.user_id)


def test_s25_of_a_dormant_login_the_line_says_whose_setting_it_is() -> None:
    asks = StructurePolicy({"dormancy.months": 1})
    kept_out = listed(
        anna(), anna().structure, FREE, home(anna(), SecurityPolicy(), DORMANT_FROM, policy=asks)
    ).kept_out
    assert kept_out is not None
    assert "dormant (S25, entity); free once an administrator enables the login" == kept_out.explain()


def test_a24_whoever_comes_by_single_sign_on_is_kept_out_by_nothing_unless_nobody_linked_them() -> None:
    linked = anna(sso=SsoIdentity("https://login.example.com", "00u1"), sign_in_mode=SignInMode.SSO)
    assert None is listed(linked, linked.structure, FREE, home(linked)).kept_out
    unlinked = anna(sign_in_mode=SignInMode.SSO)
    kept_out = listed(unlinked, unlinked.structure, FREE, home(unlinked)).kept_out
    assert kept_out is not None
    assert Reason.UNKNOWN is kept_out.reason


def test_s3_whose_structure_is_gone_is_kept_out() -> None:
    kept_out = listed(anna(), anna().structure, FREE, Place(None, POLICY, NOON)).kept_out
    assert kept_out is not None
    assert Reason.NO_HOME is kept_out.reason


@pytest.mark.parametrize(
    ("actor", "home", "structure", "user_id", "expected"),
    [
        (BOSS, LYON_OF_BOSS, LYON.structure, "anybody", None),
        (BOSS, LYON_OF_BOSS, PARIS.structure, "anybody", refused(Reason.OTHER_STRUCTURE, "S3", BOSS)),
        (anna(), LYON, LYON.structure, anna().id, None),
        (anna(), LYON, LYON.structure, BOSS.id, refused(Reason.NOT_ALLOWED, "S6", anna())),
        (anna(), LYON, PARIS.structure, anna().id, refused(Reason.OTHER_STRUCTURE, "S3", anna())),
        (
            anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)),
            LYON,
            LYON.structure,
            anna().id,
            refused(Reason.OUTDATED_PROOF, "D12", anna()),
        ),
    ],
)
def test_s3_s6_whoever_manages_users_looks_at_those_of_their_structure_and_everybody_at_themselves(
    actor: User, home: StructureRecord, structure: Structure, user_id: str, expected: Refused | None
) -> None:
    assert expected == judge_look(proven(actor, home), ROLES, structure, user_id)


def test_d16_a_list_shows_its_own_users_and_who_is_authorised_there() -> None:
    lyon, paris, group = Structure.entity("lyon"), Structure.entity("paris"), multi().structure
    mia = multi(memberships=frozenset({"lyon"}))
    assert [True, False, True] == [is_listed(mia, structure) for structure in (lyon, paris, group)]
    assert [True, False] == [is_listed(anna(), structure) for structure in (anna().structure, paris)]


def test_a_mark_changes_with_everything_that_people_change_of_a_user_and_with_nothing_else() -> None:
    user = anna()
    changes: list[dict[str, Any]] = [
        *({"role": "guest"}, {"may_import": True}, {"full_name": "Anne"}, {"mobile": "+33612345670"}),
        *({"email": None}, {"login": Disabled(DisabledBecause.ADMINISTRATOR, NOON)}, {"name": "anne.petit"}),
        *({"appointments": frozenset({"x"})}, {"id": "another"}),
    ]
    marks = [mark_of(each) for each in (user, *(attrs.evolve(user, **change) for change in changes))]
    assert len(marks) == len(set(marks))
    for change in ({"last_access_at": NOON}, {"version": 9}, {"saved_at": NOON}, {"notice": None}):
        assert mark_of(user) == mark_of(attrs.evolve(user, **change))


def test_what_was_seen_is_compared_with_what_the_record_says() -> None:
    user = anna()
    assert (None, None) == (judge_seen(user, None), judge_seen(user, mark_of(user)))
    expected = Refused(Reason.CHANGED_MEANWHILE, "architecture, one compare-and-set", user_id=user.id)
    assert expected == judge_seen(attrs.evolve(user, role="guest"), mark_of(user))
    assert listed(user, user.structure, FREE, home(user)).mark == mark_of(user)


def test_d16_what_was_seen_in_an_entitys_list_is_compared_with_what_that_list_shows_now() -> None:
    mia = multi(memberships=frozenset({"lyon", "paris"}), appointments=frozenset({"a"}))
    expected = Refused(Reason.CHANGED_MEANWHILE, "architecture, one compare-and-set", user_id=mia.id)
    for entity in ("lyon", "paris"):
        mark = listed(mia, Structure.entity(entity), FREE, home(mia)).mark
        assert mark != mark_of(mia)
        assert judge_seen(mia, mark) is None
        assert judge_seen(attrs.evolve(mia, appointments=frozenset({"b"})), mark) is None  # of elsewhere
        for change in ({"role": "guest"}, {"memberships": frozenset({"berlin"})}):
            assert expected == judge_seen(attrs.evolve(mia, **change), mark)
    elsewhere = mark_of(seen_from(mia, Structure.entity("berlin")))
    assert expected == judge_seen(mia, elsewhere)
