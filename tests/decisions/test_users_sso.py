"""Single sign-on: whose first factor it is, and what a change of it makes of a user (A24)."""

import attrs
import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.levels import comes_by_sso
from mydso_access.decisions.users import with_sign_in
from mydso_access.model import (
    Difference,
    Disabled,
    DisabledBecause,
    Enabled,
    EventKind,
    InvitationMessage,
    Invited,
    NewEmail,
    Secret,
    SentToken,
    SignInMode,
    SsoIdentity,
    User,
)
from tests.decisions.people import LONG_AGO, LYON, NOON, TICK, anna, contact, invite, invited_anna, multi

SSO, PASSWORD = SignInMode.SSO, SignInMode.PASSWORD
RESET = SentToken(Secret("r"), LONG_AGO)
IDENTITY = SsoIdentity("https://idp.example", "42")


@pytest.mark.parametrize(
    ("own", "structures", "expected"),
    [
        (None, PASSWORD, False),
        (None, SSO, True),
        (SSO, PASSWORD, True),
        (PASSWORD, SSO, False),
        (SSO, SSO, True),
        (PASSWORD, PASSWORD, False),
    ],
)
def test_a24_a_users_own_mode_goes_before_the_structures(
    own: SignInMode | None, structures: SignInMode, expected: bool
) -> None:
    assert expected is comes_by_sso(anna(sign_in_mode=own), attrs.evolve(LYON, sign_in_mode=structures))


def test_a24_another_way_to_sign_in_kills_earlier_proofs_resets_and_confirmations() -> None:
    before = anna(reset=RESET, new_email=NewEmail("anna@new.example", RESET))
    change = with_sign_in(before, SSO, IDENTITY, invite())
    assert isinstance(change, Changed)
    assert change.record == anna(sign_in_mode=SSO, sso=IDENTITY, valid_from=NOON)
    assert (change.kind, change.rule, change.messages) == (EventKind.USER_UPDATED, "A24", ())
    assert change.differences == (Difference("sign_in_mode", "as the structure", "sso"),)
    back = with_sign_in(change.record, PASSWORD, None, invite(at=NOON + TICK))
    assert isinstance(back, Changed)
    assert back.record == anna(sign_in_mode=PASSWORD, valid_from=NOON + TICK)
    assert back.differences == (Difference("sign_in_mode", "sso", "password"),)


def test_a24_who_someone_is_for_a_provider_is_not_told_to_the_trail() -> None:
    change = with_sign_in(multi(sign_in_mode=SSO), SSO, IDENTITY, invite())
    assert isinstance(change, Changed)
    assert (change.record.sso, change.differences) == (IDENTITY, ())
    assert with_sign_in(change.record, SSO, IDENTITY, invite(at=NOON + TICK)) == Done(change.record)


@pytest.mark.parametrize(
    ("user", "mode", "home_mode", "login", "token"),
    [
        (invited_anna(), SSO, PASSWORD, Enabled, False),  # no password is needed any more
        (invited_anna(sign_in_mode=SSO), PASSWORD, PASSWORD, Invited, True),
        (invited_anna(sign_in_mode=PASSWORD), None, SSO, Enabled, False),
        (anna(credential=None, sign_in_mode=SSO), PASSWORD, PASSWORD, Invited, True),  # one is needed now
        (anna(credential=None, sign_in_mode=SSO), None, PASSWORD, Invited, True),
    ],
)
def test_a24_whoever_was_invited_or_lacks_a_password_gets_another_message(
    user: User, mode: SignInMode | None, home_mode: SignInMode, login: type, token: bool
) -> None:
    change = with_sign_in(user, mode, None, invite(home_mode=home_mode))
    assert isinstance(change, Changed)
    assert type(change.record.login) is login
    (message,) = change.messages
    assert isinstance(message, InvitationMessage)
    assert (message.token is not None) is token


@pytest.mark.parametrize(
    ("user", "mode", "home_mode"),
    [
        (anna(credential=None, sign_in_mode=SSO), None, SSO),
        (anna(sign_in_mode=SSO), PASSWORD, PASSWORD),
        (anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)), SSO, PASSWORD),
        (contact(), SSO, PASSWORD),
    ],
)
def test_a24_nobody_else_does(user: User, mode: SignInMode | None, home_mode: SignInMode) -> None:
    change = with_sign_in(user, mode, None, invite(home_mode=home_mode))
    assert isinstance(change, Changed)
    assert (change.record.login, change.messages) == (user.login, ())
