"""How a login ends and begins again: contacts, disabled and enabled logins, forgotten people (S2, S5, S10, S14, S25; A9, D12)."""

from typing import Any

import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.erasure import erased
from mydso_access.decisions.users import disabled, enabled, made_active, made_contact
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    ApprovedAddress,
    Category,
    Difference,
    Disabled,
    DisabledBecause,
    Enabled,
    EventKind,
    InvitationMessage,
    Invited,
    NewEmail,
    NoLogin,
    Notice,
    Reason,
    SecondFactor,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
    SsoIdentity,
    User,
)
from mydso_access.policy import Algorithm, DormancyPolicy, NamePolicy, SecurityPolicy
from tests.decisions.people import (
    BOSS,
    LONG_AGO,
    LYON,
    NOON,
    TICK,
    anna,
    contact,
    invite,
    invited_anna,
    multi,
    refused,
)

NAMES = NamePolicy()
ADMINISTRATOR, DORMANT, LAPSED, FORGOTTEN = DisabledBecause
LATER = NOON + TICK
SENT = SentToken(Secret("r"), LONG_AGO)
FULL: dict[str, Any] = {
    "full_name": "Anna Petit",
    "mobile": "+33612345678",
    "sso": SsoIdentity("https://idp.example", "42"),
    "new_email": NewEmail("anna@new.example", SENT),
    "reset": SENT,
    "notice": Notice(NOON, 14),
    "second_factor": SecondFactor(Secret("sealed"), Algorithm.SHA1, LONG_AGO, 7),
    "approved": (ApprovedAddress("192.0.2.1", LYON.structure, LONG_AGO),),
    "codes_sent": (LONG_AGO,),
}


def after_edit(change: object) -> User:
    assert isinstance(change, Changed)
    return change.record


# --- contacts


def test_s14_an_active_user_becomes_a_contact_and_keeps_what_a_contact_has() -> None:
    change = made_contact(anna(**FULL, may_import=True), NOON)
    assert after_edit(change) == anna(
        category=Category.INACTIVE,
        login=NoLogin(),
        name=None,
        credential=None,
        full_name="Anna Petit",
        mobile="+33612345678",
        second_factor=FULL["second_factor"],  # or whoever makes somebody a contact and back had reset it
        may_import=True,
        valid_from=NOON,
    )
    assert isinstance(change, Changed)
    assert (change.kind, change.rule) == (EventKind.RIGHTS_CHANGED, "S14")
    assert change.differences == (Difference("category", "active", "inactive"),)


@pytest.mark.parametrize("user", [invited_anna(), anna(login=Disabled(LAPSED, NOON), credential=None)])
def test_s14_whoever_never_had_a_password_may_become_a_contact_too(user: User) -> None:
    assert after_edit(made_contact(user, NOON)).category is Category.INACTIVE


def test_s2_a_multi_entity_user_is_nobodys_contact_and_no_contact_becomes_one() -> None:
    for answer in (made_contact(multi(), NOON), made_active(multi(), "somebody", invite(), NAMES)):
        assert answer == refused(Reason.WRONG_CATEGORY, "S2", multi())


def test_d12_a_category_that_is_there_already_changes_nothing() -> None:
    assert made_contact(contact(), NOON) == Done(contact())
    assert made_active(anna(), "another.name", invite(), NAMES) == Done(anna())


def test_s5_a_contact_becomes_an_active_user_who_is_invited() -> None:
    change = made_active(contact(), "Carl.Grand", invite(), NAMES)
    user = after_edit(change)
    assert (user.category, user.name) == (Category.ACTIVE, "carl.grand")
    assert isinstance(user.login, Invited)
    assert isinstance(change, Changed)
    assert [type(message) for message in change.messages] == [InvitationMessage]
    assert (change.kind, change.rule) == (EventKind.RIGHTS_CHANGED, "S5")
    assert change.differences == (Difference("category", "inactive", "active"),)


@pytest.mark.parametrize("name", ["", "carl", "carl grand", "carl\n.grand"])
def test_a3_the_name_of_a_contact_who_becomes_active_is_a_new_name(name: str) -> None:
    with pytest.raises(InvalidValue, match="name"):
        made_active(contact(), name, invite(), NAMES)


# --- disabling


def test_d12_a_disabled_login_keeps_its_password_and_loses_all_that_was_proven_or_sent() -> None:
    change = disabled(anna(**FULL), ADMINISTRATOR, "D12", NOON)
    assert after_edit(change) == anna(
        **FULL | {"new_email": None, "reset": None, "notice": None},
        login=Disabled(ADMINISTRATOR, NOON),
        valid_from=NOON,
    )
    assert isinstance(change, Changed)
    assert (change.kind, change.rule, change.reason) == (EventKind.USER_DISABLED, "D12", None)
    assert change.differences == (Difference("login", "enabled", "administrator"),)
    assert change.messages == (
        SecurityMessage(to="anna@example.com", name="anna.petit", change=SecurityChange.LOGIN_DISABLED, at=NOON),
    )


def test_s25_a_dormant_login_is_disabled_with_that_reason() -> None:
    change = disabled(multi(), DORMANT, "S25", NOON)
    assert isinstance(change, Changed)
    assert change.record.login == Disabled(DORMANT, NOON)
    assert (change.rule, change.reason) == ("S25", Reason.DORMANT)


def test_who_comes_by_sso_was_enabled_without_a_password() -> None:
    change = disabled(anna(credential=None), ADMINISTRATOR, "D12", NOON)
    assert isinstance(change, Changed)
    assert change.differences == (Difference("login", "enabled", "administrator"),)
    assert len(change.messages) == 1


def test_d12_an_invited_user_is_disabled_without_a_message() -> None:
    change = disabled(invited_anna(), ADMINISTRATOR, "D12", NOON)
    assert isinstance(change, Changed)
    assert (change.record.login, change.record.credential) == (Disabled(ADMINISTRATOR, NOON), None)
    assert change.differences == (Difference("login", "invited", "administrator"),)
    assert change.messages == ()


def test_d12_the_first_reason_stays() -> None:
    for because in DisabledBecause:
        user = anna(login=Disabled(because, LONG_AGO))
        assert disabled(user, ADMINISTRATOR, "D12", NOON) == Done(user)


def test_s14_a_contact_has_no_login_to_disable_or_enable() -> None:
    for answer in (disabled(contact(), ADMINISTRATOR, "D12", NOON), enabled(contact(), invite())):
        assert answer == refused(Reason.WRONG_CATEGORY, "S14", contact())


# --- enabling


@pytest.mark.parametrize("because", [ADMINISTRATOR, DORMANT])
def test_d12_an_enabled_login_has_its_password_again_and_no_earlier_proof(because: DisabledBecause) -> None:
    user = anna(login=Disabled(because, LONG_AGO), notice=Notice(NOON, 1))
    change = enabled(user, invite())
    assert after_edit(change) == anna(login=Enabled(NOON), valid_from=NOON)
    assert isinstance(change, Changed)
    assert (change.kind, change.rule) == (EventKind.USER_ENABLED, "D12")
    assert change.messages == (
        SecurityMessage(to="anna@example.com", name="anna.petit", change=SecurityChange.LOGIN_ENABLED, at=NOON),
    )


@pytest.mark.parametrize("because", [ADMINISTRATOR, DORMANT, LAPSED])
def test_a9_whoever_never_had_a_password_is_invited_anew(because: DisabledBecause) -> None:
    change = enabled(anna(login=Disabled(because, LONG_AGO), credential=None), invite())
    assert isinstance(after_edit(change).login, Invited)
    assert isinstance(change, Changed)
    assert (change.kind, change.rule) == (EventKind.INVITATION_SENT, "A9")
    assert [type(message) for message in change.messages] == [InvitationMessage]


def test_a24_whoever_comes_by_sso_needs_no_password_to_be_enabled() -> None:
    change = enabled(anna(login=Disabled(ADMINISTRATOR, LONG_AGO), credential=None), invite(sso=True))
    assert after_edit(change).login == Enabled(NOON)


def test_s25_a_dormant_login_is_enabled_whether_or_not_the_sweep_was_there() -> None:
    asking = SecurityPolicy(dormancy=DormancyPolicy(months=1))
    forgotten_about = anna(login=Enabled(LONG_AGO.replace(year=2025)))
    change = enabled(forgotten_about, invite(policy=asking))
    assert after_edit(change).login == Enabled(NOON)
    assert enabled(forgotten_about, invite()) == Done(forgotten_about)
    assert enabled(anna(), invite(policy=asking)) == Done(anna())


def test_d12_whoever_is_invited_is_on_their_way() -> None:
    assert enabled(invited_anna(), invite()) == Done(invited_anna())


# --- what all endings share


def test_a13_a_main_administrator_is_neither_forgotten_nor_made_a_contact() -> None:
    for answer in (erased(BOSS, "forgotten-1", NOON), made_contact(BOSS, NOON)):
        assert answer == refused(Reason.MAIN_ADMINISTRATOR, "A13", BOSS)


def test_whatever_ends_a_login_outdates_its_proofs() -> None:
    edits = (
        disabled(anna(), ADMINISTRATOR, "D12", NOON),
        enabled(anna(login=Disabled(DORMANT, LONG_AGO)), invite()),
        made_contact(anna(), NOON),
        erased(anna(), "forgotten-1", NOON),
    )
    assert [NOON] * 4 == [after_edit(edit).valid_from for edit in edits]
