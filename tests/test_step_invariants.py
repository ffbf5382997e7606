"""Invariant 6 with every step and single sign-on in it: a stranger learns of no name more than of another."""

from datetime import timedelta
from typing import Any

from attrs import define, evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mydso_access import AddressCodeRequired, SecondFactorRequired, SignedIn
from mydso_access.decisions.naming import address_key, parse_address
from mydso_access.decisions.steps import begun
from mydso_access.decisions.tokens import token_text
from mydso_access.model import Category, Disabled, DisabledBecause, Factor, Invited, NoLogin, Purpose, Secret
from mydso_access.model.user import SsoIdentity
from mydso_access.testing.clock import A_MONDAY
from tests.steps import IDP, RECOVERY, Stage
from tests.support import RIGHT, active

STRANGER, OWNER = "198.51.100.7", "203.0.113.9"
# Whose name the stranger guesses at: each in a world where nothing else differs.
KINDS: dict[str, Any] = {
    "known": ("plain", {}),
    "known, second factor": ("enrolled", {}),
    "known, address list": ("travelling", {}),
    "known, must enrol": ("enrolling", {}),
    "known, must change the password": ("due", {}),
    "known, owes everything": ("everything", {}),
    "by SSO": ("by-sso", {}),
    "by SSO, with everything": ("all-by-sso", {}),
    "multi-entity": ("abroad", {}),
    "disabled": ("plain", {"login": Disabled(DisabledBecause.ADMINISTRATOR, A_MONDAY)}),
    "invited": ("plain", {"login": Invited(A_MONDAY), "credential": None}),
    "no password": ("plain", {"credential": None}),
    "contact": ("plain", {"category": Category.INACTIVE, "login": NoLogin(), "name": None, "credential": None}),
    "unknown": (None, {}),
}
NAME = "target"
steps = st.lists(
    st.one_of(
        st.tuples(st.just("guess"), st.sampled_from(["wrong", "wrong too", RIGHT + "!", "", "x" * 1025])),
        st.tuples(st.just("forge a token"), st.sampled_from(["second factor", "paper", "address", "enrolment", "new"])),
        st.tuples(st.just("owner begins"), st.none()),
        st.tuples(st.just("owner errs"), st.sampled_from(["code", "paper"])),
        st.tuples(st.just("owner signs in"), st.none()),
        st.tuples(st.just("time passes"), st.sampled_from([1, 30, 601, 3599, 3600, 3601, 86_399, 86_401])),
        st.tuples(st.just("others guess"), st.sampled_from(["plain", "enrolled", "nobody"])),
    ),
    max_size=30,
)


def world(kind: str) -> Stage:
    """Return an installation in which one name is of this kind, and everybody else is the same."""
    stage, (who, changes) = Stage(), KINDS[kind]
    if who is not None:
        user = evolve(stage.user(who), id=f"id-{NAME}", version=0, **{"name": NAME} | changes)
        sealed = user.second_factor
        if sealed is not None:  # a seed is bound to its user
            seed = stage.box.seal(Secret(b"another 20 byte seed"), f"second factor\0id-{NAME}")
            user = evolve(user, second_factor=evolve(sealed, seed=seed))
        if user.sso is not None:
            user = evolve(user, sso=SsoIdentity(IDP, NAME))
        stage.save(user)
    return stage


@define
class Transcript:
    """What a stranger reads, and what each answer costs in hashes, while the owner of the name goes about."""

    stage: Stage
    seen: list[tuple[str, str, int]]

    def take(self, step: str, value: Any) -> None:
        match step:
            case "guess":
                self._hear(lambda: self.stage.access.sign_in(NAME, value, address=STRANGER))
            case "others guess":
                self._hear(lambda: self.stage.access.sign_in(value, "wrong", address=STRANGER))
            case "forge a token":
                self._hear(lambda: self._forged(value))
            case "time passes":
                self.stage.clock.move(timedelta(seconds=value))
            case _:
                self._owner(step, value)

    def _hear(self, call: Any) -> None:
        before = self.stage.hasher.hashes
        outcome = call()
        self.seen.append((type(outcome).__name__, outcome.public_message, self.stage.hasher.hashes - before))

    def _forged(self, kind: str) -> Any:
        """Return what a token made up for the sign-in that the name's owner may have begun is answered."""
        access, key = self.stage.access, address_key(parse_address(OWNER), self.stage.policy.lockout)
        of = active(NAME)
        made = begun(
            of,
            Purpose.SIGN_IN,
            ((Factor.PASSWORD, A_MONDAY),),
            address=key,
            at=A_MONDAY,
            lasts=timedelta(minutes=15),
        )
        token = token_text(made.id, Secret("guessed"))
        match kind:
            case "paper":
                return access.enter_second_factor(token, RECOVERY[0], address=STRANGER)
            case "address":
                return access.enter_address_code(token, "123456", address=STRANGER)
            case "enrolment":
                return access.confirm_second_factor(token, "123456", address=STRANGER)
            case "new":
                return access.send_address_code(token, address=STRANGER)
        return access.enter_second_factor(token, "123456", address=STRANGER)

    def _owner(self, step: str, value: Any) -> None:
        outcome = self._first()
        if step == "owner errs":
            wrong = "123456" if value == "code" else "1-AAAA-BBBB-CCCC"
            match outcome:
                case SecondFactorRequired(sign_in=token):
                    self.stage.access.enter_second_factor(token, wrong, address=OWNER)
                case AddressCodeRequired(sign_in=token):
                    self.stage.access.enter_address_code(token, "123456", address=OWNER)
        while step == "owner signs in" and hasattr(outcome, "sign_in"):
            outcome = self.stage.answered(NAME, outcome, OWNER)(self.stage.access)

    def _first(self) -> Any:
        user = self.stage.repositories.users.get(f"id-{NAME}")
        if user is not None and user.sso is not None:
            return self.stage.access.sign_in_with_sso(self.stage.assertion(NAME), address=OWNER)
        password = self.stage.passwords(NAME)[-1] if user is not None else RIGHT
        return self.stage.access.sign_in(NAME, password, address=OWNER)


def transcript(kind: str, taken: list[tuple[str, Any]]) -> list[tuple[str, str, int]]:
    made = Transcript(world(kind), [])
    for step, value in taken:
        made.take(step, value)
    return made.seen


@settings(max_examples=60, deadline=None)
@given(steps)
def test_invariant_6_every_prefix_reads_and_costs_the_same_for_every_kind_of_name(taken: list[tuple[str, Any]]) -> None:
    expected = transcript("known", taken)
    for kind in KINDS:
        assert expected == transcript(kind, taken), kind


def test_the_owners_of_these_names_do_get_in() -> None:
    for kind in KINDS:
        stage = world(kind)
        if kind.startswith(("known", "by SSO", "multi")):
            assert isinstance(stage.gets_in(NAME, OWNER), SignedIn), kind


def test_invariant_6_with_an_owner_who_signs_in_between_every_two_guesses() -> None:
    taken = [("guess", "wrong"), ("owner signs in", None), ("time passes", 601)] * 8
    assert 1 == len({tuple(transcript(kind, taken)) for kind in KINDS})
    assert [("Refused", 1)] * 8 == [(name, hashes) for name, _, hashes in transcript("known", taken)]
