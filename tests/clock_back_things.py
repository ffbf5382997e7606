"""What may end: each thing with the call that ends it and the call that tries whether it still counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from attrs import evolve

from mydso_access import (
    AddressCodeRequired,
    Busy,
    Done,
    EnrolmentRequired,
    InvitationShown,
    NewPasswordRequired,
    NewUser,
    Refused,
    SecondFactorRequired,
    SignedIn,
    is_session_current,
)
from mydso_access.model import ApprovedAddress, Event, EventKind, Structure
from tests.steps import AWAY, HOST, NEW, RECOVERY, REMEMBERED, SEED, Stage
from tests.support import RIGHT

DAY = timedelta(days=1)
# What ends it, and what tells whether it still leads on.
Thing: TypeAlias = tuple[Callable[[], Any], Callable[[], bool]]
Arrange: TypeAlias = Callable[[Stage], Thing]


def leads_on(outcome: Any) -> bool:
    return not isinstance(outcome, Refused | Busy)


def _token(stage: Stage, who: str, step: type = SecondFactorRequired) -> Any:
    outcome = stage.begin(who)
    assert isinstance(outcome, step)
    return outcome.sign_in


def code_of_the_app(stage: Stage) -> Thing:
    code = stage.totp()

    def give() -> bool:
        return leads_on(stage.access.enter_second_factor(_token(stage, "enrolled"), code, address=AWAY))

    return give, give


def recovery_code(stage: Stage) -> Thing:
    def give() -> bool:
        return leads_on(stage.access.enter_second_factor(_token(stage, "enrolled"), RECOVERY[2], address=AWAY))

    return give, give


def renewed_recovery_codes(stage: Stage) -> Thing:
    proof = stage.proof("enrolled")

    def give() -> bool:
        return leads_on(stage.access.enter_second_factor(_token(stage, "enrolled"), RECOVERY[2], address=AWAY))

    return lambda: stage.access.renew_recovery_codes(proof), give


def code_for_an_address(stage: Stage) -> Thing:
    act = stage.answered("travelling", stage.begin("travelling"))
    return lambda: act(stage.access), lambda: leads_on(act(stage.access))


def code_sent_before_another(stage: Stage) -> Thing:
    first = stage.begin("travelling")
    again: list[Any] = []

    def replay() -> bool:
        code = first.messages[0].code
        tokens = [first.sign_in, *(each.sign_in for each in again if isinstance(each, AddressCodeRequired))]
        return any(leads_on(stage.access.enter_address_code(token, code, address=AWAY)) for token in tokens)

    return lambda: again.append(stage.access.send_address_code(first.sign_in, address=AWAY)), replay


def code_of_the_sign_in_before(stage: Stage) -> Thing:
    act = stage.answered("travelling", stage.begin("travelling"))
    return lambda: stage.begin("travelling"), lambda: leads_on(act(stage.access))


def token_of_an_earlier_step(stage: Stage) -> Thing:
    asked = stage.begin("everything")
    act = stage.answered("everything", asked)
    send = lambda: leads_on(stage.access.send_address_code(asked.sign_in, address=AWAY))  # noqa: E731
    return lambda: act(stage.access), send


def token_that_was_used(stage: Stage) -> Thing:
    token = _token(stage, "due", NewPasswordRequired)

    def replay() -> bool:
        return leads_on(stage.access.set_new_password(token, NEW, address=AWAY))

    return replay, replay


def seed_replaced_before_it_was_confirmed(stage: Stage) -> Thing:
    act = stage.answered("enrolling", stage.begin("enrolling"))
    return lambda: stage.begin("enrolling"), lambda: leads_on(act(stage.access))


def seed_confirmed_once(stage: Stage) -> Thing:
    act = stage.answered("enrolling", stage.begin("enrolling"))
    return lambda: act(stage.access), lambda: leads_on(act(stage.access))


def seed_of_the_old_telephone(stage: Stage) -> Thing:
    asked = stage.access.begin_enrolment(stage.proof("enrolled"), address=AWAY)
    act = stage.answered("enrolled", asked)
    stage.clock.move(timedelta(seconds=31))

    def replay() -> bool:
        stage.clock.move(timedelta(seconds=31))
        token = _token(stage, "enrolled")
        codes = [stage.totp(SEED, step) for step in (0, -1)]
        return any(leads_on(stage.access.enter_second_factor(token, code, address=AWAY)) for code in codes)

    return lambda: act(stage.access), replay


def assertion(stage: Stage) -> Thing:
    said = stage.assertion("by-sso")
    give = lambda: leads_on(stage.access.sign_in_with_sso(said, address=AWAY))  # noqa: E731
    return give, give


def assertion_forgotten_by_a_purge(stage: Stage) -> Thing:
    said = stage.assertion("by-sso")

    def end() -> None:
        stage.access.sign_in_with_sso(said, address=AWAY)
        stage.clock.move(DAY + timedelta(minutes=7))
        assert 1 == stage.access.purge().assertions

    return end, lambda: leads_on(stage.access.sign_in_with_sso(said, address=AWAY))


def approved_address(stage: Stage) -> Thing:
    def replay() -> bool:
        return isinstance(stage.begin("travelling", REMEMBERED), SignedIn)

    return lambda: stage.access.revoke_address(HOST, "id-travelling", REMEMBERED), replay


def shared_address(stage: Stage) -> Thing:
    office = Structure.entity("office")
    record = stage.repositories.structures.get(office)
    approved = (ApprovedAddress(REMEMBERED, office, stage.clock.now()),)
    event = Event(id="add-shared", kind=EventKind.ADDRESS_APPROVED, at=stage.clock.now(), structure=office)
    stage.repositories.structures.save(evolve(record, approved=approved), event)

    def replay() -> bool:
        return isinstance(stage.begin("visiting", REMEMBERED), SignedIn)

    return lambda: stage.access.revoke_shared_address(HOST, office, REMEMBERED), replay


def invitation(stage: Stage) -> tuple[str, str]:
    new = NewUser(email="new@example.com", role="collector", name="newcomer")
    added = stage.access.add_user(HOST, Structure.entity("e1"), new)
    assert isinstance(added, Done)
    return added.record.id, added.messages[0].token.reveal()


def accepted_invitation(stage: Stage) -> Thing:
    _, token = invitation(stage)
    give = lambda: leads_on(stage.access.accept_invitation(token, NEW))  # noqa: E731
    return give, give


def renewed_invitation(stage: Stage) -> Thing:
    user_id, token = invitation(stage)
    replay = lambda: isinstance(stage.access.look_at_invitation(token), InvitationShown)  # noqa: E731
    return lambda: stage.access.renew_invitation(HOST, user_id), replay


def lapsed_invitation(stage: Stage) -> Thing:
    _, token = invitation(stage)

    def end() -> None:
        stage.clock.move(30 * DAY + timedelta(seconds=1))
        stage.access.sweep()

    return end, lambda: leads_on(stage.access.accept_invitation(token, NEW))


def _reset_token(stage: Stage) -> str:
    (message,) = stage.access.request_password_reset("plain").messages
    return message.token.reveal()


def used_reset(stage: Stage) -> Thing:
    token = _reset_token(stage)
    give = lambda: leads_on(stage.access.complete_password_reset(token, NEW))  # noqa: E731
    return give, give


def replaced_reset(stage: Stage) -> Thing:
    token = _reset_token(stage)

    def end() -> None:
        stage.clock.move(timedelta(minutes=6))
        _reset_token(stage)

    return end, lambda: leads_on(stage.access.complete_password_reset(token, NEW))


def old_password(stage: Stage) -> Thing:
    proof = stage.proof("plain")
    end = lambda: stage.access.change_password(proof, RIGHT, NEW, address=AWAY)  # noqa: E731
    return end, lambda: leads_on(stage.access.sign_in("plain", RIGHT, address=AWAY))


def dormant_login(stage: Stage) -> Thing:
    lyon = Structure.entity("e1")
    record = stage.repositories.structures.get(lyon)
    event = Event(id="add-asked", kind=EventKind.SETTINGS_CHANGED, at=stage.clock.now(), structure=lyon)
    asking = evolve(record, policy=record.policy.asking("dormancy.months", 3))
    stage.repositories.structures.save(asking, event)

    def end() -> None:
        stage.clock.move(120 * DAY)
        stage.access.sweep()

    return end, lambda: leads_on(stage.begin("plain"))


# What ends sessions, and every sign-in that is not complete.
ENDINGS: dict[str, Callable[[Stage, str], Any]] = {
    "another password": lambda stage, who: stage.access.change_password(stage.proof(who), RIGHT, NEW, address=AWAY),
    "reset password": lambda stage, who: stage.access.complete_password_reset(
        stage.access.request_password_reset(who).messages[0].token, NEW
    ),
    "disabled and enabled": lambda stage, who: (
        stage.access.disable_user(HOST, f"id-{who}"),
        stage.access.enable_user(HOST, f"id-{who}"),
    ),
    "another role": lambda stage, who: stage.access.change_role(HOST, f"id-{who}", "guest"),
    "compromised": lambda stage, who: stage.access.mark_compromised(HOST, f"id-{who}"),
    "second factor reset": lambda stage, who: stage.access.reset_second_factor(HOST, f"id-{who}"),
}


def half_finished(ending: str) -> Arrange:
    def arrange(stage: Stage) -> Thing:
        if ending == "another password":  # which needs a session of its own
            proof = stage.gets_in("enrolled", "198.51.100.1").proof
            stage.clock.move(timedelta(seconds=31))
        token, code = _token(stage, "enrolled"), RECOVERY[4]

        def end() -> None:
            if ending == "another password":
                stage.access.change_password(proof, RIGHT, NEW, address="198.51.100.1")
            else:
                ENDINGS[ending](stage, "enrolled")

        return end, lambda: leads_on(stage.access.enter_second_factor(token, code, address=AWAY))

    return arrange


def session(ending: str) -> Arrange:
    def arrange(stage: Stage) -> Thing:
        proof = stage.proof("enrolled")
        other = stage.gets_in("plain").proof

        def end() -> None:
            if ending == "another password":
                stage.access.change_password(other, RIGHT, NEW, address=AWAY)
            else:
                ENDINGS[ending](stage, "enrolled")

        whose, kept = ("plain", other) if ending == "another password" else ("enrolled", proof)

        def replay() -> bool:
            current = is_session_current(stage.user(whose), kept.issued_at)
            assert current is leads_on(stage.access.accessed(kept))
            return current

        return end, replay

    return arrange


def enrolment_begun(ending: str) -> Arrange:
    def arrange(stage: Stage) -> Thing:
        asked = stage.access.begin_enrolment(stage.proof("enrolled"), address=AWAY)
        assert isinstance(asked, EnrolmentRequired)
        act = stage.answered("enrolled", asked)
        return lambda: ENDINGS[ending](stage, "enrolled"), lambda: leads_on(act(stage.access))

    return arrange


ONCE = (
    code_of_the_app,
    recovery_code,
    renewed_recovery_codes,
    code_for_an_address,
    code_sent_before_another,
    code_of_the_sign_in_before,
    token_of_an_earlier_step,
    token_that_was_used,
    seed_replaced_before_it_was_confirmed,
    seed_confirmed_once,
    seed_of_the_old_telephone,
    assertion,
    assertion_forgotten_by_a_purge,
    approved_address,
    shared_address,
    accepted_invitation,
    renewed_invitation,
    lapsed_invitation,
    used_reset,
    replaced_reset,
    old_password,
    dormant_login,
)
# What comes to its end by an instant of the clock that has to be reached first.
BY_THE_CLOCK = (
    code_of_the_app,
    seed_confirmed_once,
    seed_of_the_old_telephone,
    assertion,
    assertion_forgotten_by_a_purge,
    lapsed_invitation,
    replaced_reset,
    dormant_login,
)
BY_SESSION = [name for name in ENDINGS if name not in {"another password", "reset password"}]
THINGS: dict[str, Arrange] = {
    **{thing.__name__.replace("_", " "): thing for thing in ONCE},
    **{f"half-finished sign-in: {ending}": half_finished(ending) for ending in ENDINGS},
    **{f"session: {ending}": session(ending) for ending in ENDINGS},
    **{f"enrolment: {ending}": enrolment_begun(ending) for ending in BY_SESSION},
}
AT_ANY_TIME = [name for name in THINGS if name not in {each.__name__.replace("_", " ") for each in BY_THE_CLOCK}]
