"""Erasing personal data: nothing is left, nothing comes back, and a second time changes nothing."""

from typing import Any

import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.erasure import erased
from mydso_access.decisions.users import disabled, enabled, made_contact
from mydso_access.model import (
    ApprovedAddress,
    Disabled,
    DisabledBecause,
    EventKind,
    NewEmail,
    Notice,
    Reason,
    SecondFactor,
    Secret,
    SentToken,
    SsoIdentity,
    User,
)
from mydso_access.policy import Algorithm
from tests.decisions.people import (
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


def test_a_forgotten_user_has_no_personal_data_and_no_way_back() -> None:
    change = erased(anna(**FULL), "forgotten-1", NOON)
    assert after_edit(change) == anna(
        login=Disabled(FORGOTTEN, NOON), name="forgotten-1", email=None, credential=None, valid_from=NOON
    )
    assert isinstance(change, Changed)
    assert (change.kind, change.rule) == (EventKind.USER_FORGOTTEN, "GDPR 17")
    assert (change.differences, change.messages) == ((), ())


def test_a_forgotten_contact_stays_a_contact_of_no_name() -> None:
    user = after_edit(erased(contact(full_name="Carl Grand", mobile="+33612345678"), "forgotten-2", NOON))
    assert user == contact(full_name="forgotten-2", email=None, valid_from=NOON)


@pytest.mark.parametrize("user", [anna(**FULL), contact(full_name="Carl"), invited_anna(), multi()])
def test_forgetting_twice_keeps_the_first_pseudonym(user: User) -> None:
    once = after_edit(erased(user, "forgotten-1", NOON))
    assert erased(once, "forgotten-2", LATER) == Done(once)


@pytest.mark.parametrize("user", [anna(name="forgotten-anna"), contact(full_name="forgotten-carl")])
def test_nobody_escapes_being_forgotten_by_their_name(user: User) -> None:
    after = after_edit(erased(user, "forgotten-1", NOON))
    assert "forgotten-1" in (after.name, after.full_name)
    assert after.email is None


def test_d12_a_forgotten_login_is_never_enabled_again_by_no_way_round() -> None:
    gone = after_edit(erased(anna(), "forgotten-1", NOON))
    for answer in (enabled(gone, invite()), made_contact(gone, LATER)):
        assert answer == refused(Reason.WRONG_STATE, "D12", gone)
    assert disabled(gone, ADMINISTRATOR, "D12", LATER) == Done(gone)
