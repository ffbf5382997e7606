"""Adding, editing, disabling and enabling users: outcome, message, event and record of each."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mydso_access import (
    Category,
    Disabled,
    Done,
    EventKind,
    InvalidValue,
    Invited,
    NewUser,
    Reason,
    Refused,
    SecurityChange,
    SecurityMessage,
    SignedIn,
    SignInMode,
    SsoIdentity,
    Structure,
    UserState,
)
from mydso_access.model import DisabledBecause, Email, Enabled, NoLogin
from tests.flows.scene import GROUP, LYON, ROOT, Scene, everything
from tests.support import HOME, RIGHT, door, policy, run

BERT = NewUser(email="Bert.Grand@EXAMPLE.com", role="collector", name="Bert.Grand", full_name="Bert Grand")


def refusal(scene: Scene, outcome: Any, before: Any) -> tuple[Reason, str]:
    assert isinstance(outcome, Refused)
    assert before == everything(scene.repositories)
    return outcome.reason, outcome.rule


# --- adding


def test_s4_s5_s7_an_active_user_is_added_inside_an_entity_and_invited() -> None:
    scene = Scene()
    done = scene.access.add_user(scene.proof("boss"), LYON, BERT)
    assert isinstance(done, Done)
    user, (message,) = done.record, done.messages
    assert (Category.ACTIVE, LYON, "collector", "bert.grand") == (user.category, user.structure, user.role, user.name)
    assert (Email("Bert.Grand@example.com"), "Bert Grand", False) == (user.email, user.full_name, user.may_import)
    assert (Invited, scene.clock.now()) == (type(user.login), user.login.since)
    assert user == scene.repositories.users.get(user.id)
    assert ("Bert.Grand@example.com", "bert.grand", "Lyon") == (message.to, message.name, message.structure)
    assert (EventKind.USER_CREATED, "id-boss", None, user.id, "S5", ()) == scene.told()
    assert done.event == scene.event()
    assert user.written_by == done.event.id


def test_s11_a_user_who_was_added_is_in_the_list_at_once() -> None:
    scene = Scene()
    added = scene.access.add_user(ROOT, LYON, BERT)
    rows = scene.access.list_users(scene.proof("boss"), LYON).rows
    assert UserState.INVITED is {row.user.id: row.state for row in rows}[added.record.id]


def test_s12_a_user_who_was_added_signs_in_with_nothing_yet() -> None:
    scene = Scene()
    scene.access.add_user(ROOT, LYON, BERT)
    refused = scene.access.sign_in("bert.grand", RIGHT, address=HOME)
    assert (Reason.INVITED, "S12") == (refused.reason, refused.rule)


def test_s14_a_contact_has_no_name_and_is_sent_nothing() -> None:
    scene = Scene()
    contact = NewUser(email="c@example.com", role="guest", category=Category.INACTIVE, full_name="Chloé")
    done = scene.access.add_user(scene.proof("boss"), LYON, contact)
    assert isinstance(done, Done)
    assert (Category.INACTIVE, NoLogin(), None) == (done.record.category, done.record.login, done.record.name)
    assert ((), EventKind.USER_CREATED) == (done.messages, scene.event().kind)


def test_s2_a_multi_entity_user_is_added_on_the_platform_and_nowhere_else() -> None:
    scene = Scene()
    multi, before = evolve(BERT, category=Category.MULTI_ENTITY), everything(scene.repositories)
    assert (Reason.WRONG_CATEGORY, "S2") == refusal(scene, scene.access.add_user(ROOT, LYON, multi), before)
    assert (Reason.WRONG_CATEGORY, "S2") == refusal(scene, scene.access.add_user(ROOT, GROUP, BERT), before)
    done = scene.access.add_user(scene.proof("chief"), GROUP, multi)
    assert (GROUP, frozenset()) == (done.record.structure, done.record.memberships)


def test_s1_the_number_of_users_is_unlimited_unless_the_host_gives_a_cap() -> None:
    for cap, expected in ((None, Done), (len(Scene().repositories.users._by_id) + 1, Done), (14, Refused)):
        scene = Scene()
        scene.policy = evolve(policy(), account=evolve(policy().account, max_users=cap))
        outcome = scene.access.add_user(ROOT, LYON, BERT)
        assert expected is type(outcome)
    assert (Reason.TOO_MANY_USERS, "A1") == (outcome.reason, outcome.rule)
    assert [] == scene.events()


def test_the_hosts_own_id_is_kept_and_given_once() -> None:
    scene = Scene()
    assert "b/7 é" == scene.access.add_user(ROOT, LYON, BERT, user_id="b/7 é").record.id
    before = everything(scene.repositories)
    again = scene.access.add_user(ROOT, LYON, evolve(BERT, name="another"), user_id="b/7 é")
    assert (Reason.ALREADY_THERE, "S5") == refusal(scene, again, before)


@pytest.mark.parametrize("name", ["stranger", "STRANGER", " Stranger", "ｓｔｒａｎｇｅｒ", "invited"])
def test_a3_a_login_name_is_somebodys_once_in_the_whole_installation(name: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = scene.access.add_user(scene.proof("boss"), LYON, evolve(BERT, name=name))
    assert (Reason.NAME_TAKEN, "A3") == refusal(scene, outcome, before)


MALFORMED: dict[str, dict[str, Any]] = {
    "role": {"role": "emperor"},
    "no role": {"role": ""},
    "short name": {"name": "bert"},
    "blank in a name": {"name": "bert grand"},
    "line in a name": {"name": "bert.grand\nx"},
    "no name": {"name": None},
    "name of a contact": {"category": Category.INACTIVE},
    "email": {"email": "bert"},
    "email of two": {"email": "a@example.com,b@example.com"},
    "header in an email": {"email": "a@example.com\r\nBcc: b@example.com"},
    "mobile": {"mobile": "06 12 34 56 78"},
    "letters in a mobile": {"mobile": "+33 CALL ME"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
def test_s6_a4_what_is_malformed_is_a_clear_error_and_nobody_is_added(changes: dict[str, Any]) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue):
        scene.access.add_user(ROOT, LYON, evolve(BERT, **changes))
    assert before == everything(scene.repositories)


@pytest.mark.parametrize("user_id", ["", 7, b"x"])
def test_an_id_that_is_none_is_misuse(user_id: Any) -> None:
    with pytest.raises(InvalidValue, match="user_id"):
        Scene().access.add_user(ROOT, LYON, BERT, user_id=user_id)


def test_a13_nobody_adds_somebody_with_more_rights_than_their_own() -> None:
    scene = Scene()
    before, manager = everything(scene.repositories), scene.proof("manager")
    administrator = evolve(BERT, role="administrator")
    assert (Reason.MORE_RIGHTS, "A13") == refusal(scene, scene.access.add_user(manager, LYON, administrator), before)
    importing = evolve(BERT, may_import=True)  # which the manager's own flag does not allow
    assert (Reason.MORE_RIGHTS, "A13") == refusal(scene, scene.access.add_user(manager, LYON, importing), before)
    assert isinstance(scene.access.add_user(manager, LYON, BERT), Done)


# --- role, flag, name


def test_s5_a_role_is_changed_by_whoever_has_every_right_of_both() -> None:
    scene = Scene()
    done = scene.access.change_role(scene.proof("boss"), "id-anna", "credit_manager")
    assert "credit_manager" == done.record.role == scene.user("anna").role
    difference = ("role", "collector", "credit_manager")
    assert (EventKind.RIGHTS_CHANGED, "id-boss", None, "id-anna", "S5", (difference,)) == scene.told()
    assert () == done.messages


@pytest.mark.parametrize(("user", "role"), [("anna", "administrator"), ("deputy", "guest"), ("boss", "guest")])
def test_a13_a_manager_neither_makes_nor_demotes_an_administrator(user: str, role: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = scene.access.change_role(scene.proof("manager"), f"id-{user}", role)
    assert (Reason.MORE_RIGHTS, "A13") == refusal(scene, outcome, before)


def test_a13_nobody_raises_themselves() -> None:
    scene = Scene()
    before, manager = everything(scene.repositories), scene.proof("manager")
    outcome = scene.access.change_role(manager, "id-manager", "administrator")
    assert (Reason.MORE_RIGHTS, "A13") == refusal(scene, outcome, before)
    outcome = scene.access.change_import_flag(manager, "id-manager", may_import=True)
    assert (Reason.MORE_RIGHTS, "A13") == refusal(scene, outcome, before)


def test_s6_a_role_that_is_none_is_misuse_and_changes_nothing() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    with pytest.raises(InvalidValue, match="role is 'emperor'"):
        scene.access.change_role(ROOT, "id-anna", "emperor")
    assert before == everything(scene.repositories)


def test_s5_the_import_flag_is_the_users_own() -> None:
    scene = Scene()
    done = scene.access.change_import_flag(scene.proof("boss"), "id-anna", may_import=True)
    assert (True, ()) == (done.record.may_import, done.messages)
    difference = ("may_import", "False", "True")
    assert (EventKind.RIGHTS_CHANGED, "id-boss", None, "id-anna", "S5", (difference,)) == scene.told()
    with pytest.raises(InvalidValue, match="may_import"):
        scene.access.change_import_flag(ROOT, "id-anna", may_import=1)  # type: ignore[arg-type]


def test_a_new_full_name_is_stored_and_the_trail_says_neither() -> None:
    scene = Scene()
    done = scene.access.rename(scene.proof("boss"), "id-anna", "Anna Grand")
    assert ("Anna Grand", "anna") == (done.record.full_name, done.record.name)
    assert (EventKind.USER_UPDATED, "id-boss", None, "id-anna", "S5", ()) == scene.told()
    before = everything(scene.repositories)
    for name in (7, "", "Anna\nGrand", "a\r\nBcc: x@example.com", "x" * 255):
        with pytest.raises(InvalidValue, match="full_name"):
            scene.access.rename(ROOT, "id-anna", name)
    assert before == everything(scene.repositories)


# --- category


def test_s14_an_active_user_becomes_a_contact_without_anything_to_sign_in_with() -> None:
    scene = Scene()
    proof = scene.proof("anna")
    done = scene.access.make_contact(scene.proof("boss"), "id-anna")
    user = done.record
    assert (Category.INACTIVE, NoLogin(), None, None) == (user.category, user.login, user.name, user.credential)
    assert scene.user("anna") == user
    difference = ("category", "active", "inactive")
    assert (EventKind.RIGHTS_CHANGED, "id-boss", None, "id-anna", "S14", (difference,)) == scene.told()
    assert Reason.UNKNOWN is scene.access.sign_in("anna", RIGHT, address=HOME).reason
    assert Reason.OUTDATED_PROOF is scene.access.enter(proof, "lyon", address=HOME).reason


def test_s5_s7_a_contact_becomes_active_and_is_invited() -> None:
    scene = Scene()
    done = scene.access.make_active(scene.proof("boss"), "id-contact", "Contact.Now")
    assert (Category.ACTIVE, "contact.now", Invited) == (
        done.record.category,
        done.record.name,
        type(done.record.login),
    )
    (message,) = done.messages
    assert ("contact@example.com", "contact.now") == (message.to, message.name)
    difference = ("category", "inactive", "active")
    assert (EventKind.RIGHTS_CHANGED, "id-boss", None, "id-contact", "S5", (difference,)) == scene.told()
    with pytest.raises(InvalidValue, match="name"):
        Scene().access.make_active(ROOT, "id-contact", "no")


def test_d12_s2_a_category_never_changes_to_or_from_multi_entity() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    assert (Reason.WRONG_CATEGORY, "S2") == refusal(scene, scene.access.make_contact(ROOT, "id-multi"), before)
    assert (Reason.WRONG_CATEGORY, "S2") == refusal(
        scene, scene.access.make_active(ROOT, "id-multi", "multi.2"), before
    )


def test_a3_a_contact_becomes_active_under_no_name_that_is_taken() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    outcome = scene.access.make_active(ROOT, "id-contact", "stranger")
    assert (Reason.NAME_TAKEN, "A3") == refusal(scene, outcome, before)


# --- login


def test_disabling_ends_the_login_and_whatever_was_proven_or_sent() -> None:
    scene = Scene()
    proof, token = scene.proof("anna"), scene.access.request_password_reset("anna").messages[0].token
    done = scene.access.disable_user(scene.proof("boss"), "id-anna")
    assert Disabled(DisabledBecause.ADMINISTRATOR, done.record.saved_at) == done.record.login
    at = done.record.saved_at
    change = SecurityChange.LOGIN_DISABLED
    assert (SecurityMessage(to="anna@example.com", name="anna", change=change, at=at),) == done.messages
    event, difference = scene.events()[-1], ("login", "enabled", "administrator")
    assert (EventKind.USER_DISABLED, "id-boss", "D12") == (event.kind, event.actor, event.rule)
    assert [difference] == [(each.name, each.before, each.after) for each in event.differences]
    assert Reason.DISABLED is scene.access.sign_in("anna", RIGHT, address=HOME).reason
    assert Reason.OUTDATED_PROOF is scene.access.enter(proof, "lyon", address=HOME).reason
    assert Reason.DEAD_TOKEN is scene.access.complete_password_reset(token, "Another-Horse-10").reason


def test_a9_enabling_lets_the_old_password_in_but_no_old_proof() -> None:
    scene = Scene()
    proof = scene.proof("disabled")
    done = run(door(scene).enable_user(scene.proof("boss"), "id-disabled"))
    assert Enabled(done.record.saved_at) == done.record.login
    assert [SecurityChange.LOGIN_ENABLED] == [each.change for each in done.messages]
    assert (EventKind.USER_ENABLED, "id-boss", None, "id-disabled", "D12", ()) == scene.told()
    assert isinstance(scene.access.sign_in("disabled", RIGHT, address=HOME), SignedIn)
    assert done.record.valid_from >= proof.factors[0][1]


def test_a9_s10_whoever_never_had_a_password_is_invited_anew_when_enabled() -> None:
    scene = Scene()
    done = scene.access.enable_user(scene.proof("boss"), "id-lapsed")
    assert Invited is type(done.record.login)
    assert ["lapsed@example.com"] == [message.to for message in done.messages]
    assert (EventKind.INVITATION_SENT, "id-boss", None, "id-lapsed", "A9", ()) == scene.told()


def test_s14_a_contact_has_no_login_to_disable_or_enable() -> None:
    scene = Scene()
    before = everything(scene.repositories)
    for call in (scene.access.disable_user, scene.access.enable_user):
        assert (Reason.WRONG_CATEGORY, "S14") == refusal(scene, call(ROOT, "id-contact"), before)


@pytest.mark.parametrize("call", ["disable_user", "make_contact", "forget_user", "change_role"])
def test_a13_a_main_administrator_is_dismissed_before_anything_takes_the_login_away(call: str) -> None:
    scene = Scene()
    before = everything(scene.repositories)
    more = ("guest",) if call == "change_role" else ()
    for actor in (ROOT, scene.proof("boss")):
        outcome = getattr(scene.access, call)(actor, "id-boss", *more)
        assert (Reason.MAIN_ADMINISTRATOR, "A13") == refusal(scene, outcome, before)


# --- how the first factor is proven


def test_a24_a_user_is_linked_to_a_provider_and_unlinked_by_the_system_alone() -> None:
    scene = Scene()
    identity = SsoIdentity("https://id.example.com", "anna-7")
    proof = scene.proof("anna", age=timedelta(seconds=1))
    done = scene.access.change_sign_in(ROOT, "id-anna", mode=SignInMode.SSO, sso=identity)
    assert (SignInMode.SSO, identity) == (done.record.sign_in_mode, done.record.sso)
    assert done.record == scene.repositories.users.known_as(identity)
    difference = ("sign_in_mode", "as the structure", "sso")
    assert (EventKind.USER_UPDATED, None, "setup", "id-anna", "A24", (difference,)) == scene.told()
    assert Reason.SSO_ONLY is scene.access.sign_in("anna", RIGHT, address=HOME).reason
    before = everything(scene.repositories)
    taken = scene.access.change_sign_in(ROOT, "id-guest", mode=None, sso=identity)
    assert Reason.ALREADY_THERE is refusal(scene, taken, before)[0]
    assert Reason.OUTDATED_PROOF is scene.access.enter(proof, "lyon", address=HOME).reason
    assert scene.access.change_sign_in(ROOT, "id-anna", mode=None, sso=None).record.sso is None
    assert scene.repositories.users.known_as(identity) is None
    assert isinstance(scene.access.sign_in("anna", RIGHT, address=HOME), SignedIn)
    with pytest.raises(InvalidValue, match="actor"):
        scene.access.change_sign_in(scene.proof("boss"), "id-anna", mode=SignInMode.SSO, sso=None)  # type: ignore[arg-type]


def test_a24_a_user_who_comes_by_sso_is_added_without_a_token() -> None:
    scene = Scene()
    done = scene.access.add_user(ROOT, LYON, evolve(BERT, sign_in_mode=SignInMode.SSO))
    (message,) = done.messages
    assert (None, None, Enabled) == (message.token, message.until, type(done.record.login))
    assert Structure.entity("lyon") == done.record.structure
