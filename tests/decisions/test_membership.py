"""Where a user may go: their own structure, or the entities they are authorised in (S3, S16, S19, S20; A11, A12, D15, D16)."""

import attrs
import pytest

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.membership import authorised, judge_entry, judge_there, seen, withdrawn
from mydso_access.model import (
    Difference,
    Disabled,
    DisabledBecause,
    Entity,
    EventKind,
    Reason,
    User,
)
from tests.decisions.people import LYON, NOON, PARIS, TICK, anna, contact, multi, proven, refused

IN_LYON = multi(memberships=frozenset({"lyon"}))


@pytest.mark.parametrize(
    ("user", "entity", "expected"),
    [
        (anna(), LYON, None),
        (anna(), PARIS, (Reason.OTHER_STRUCTURE, "S3")),
        (anna(structure=PARIS.structure), LYON, (Reason.OTHER_STRUCTURE, "S3")),
        (anna(), Entity(id="LYON", title=""), (Reason.OTHER_STRUCTURE, "S3")),
        (multi(), LYON, (Reason.NOT_AUTHORISED, "S16")),  # A11: nothing to enter yet
        (IN_LYON, LYON, None),
        (IN_LYON, PARIS, (Reason.NOT_AUTHORISED, "S16")),
        (multi(memberships=frozenset({"lyon", "paris"})), PARIS, None),
        (multi(memberships=frozenset({"group"})), Entity(id="group", title=""), None),
        (multi(), Entity(id="group", title=""), (Reason.NOT_AUTHORISED, "S16")),  # an entity of the platform's id
        (anna(), None, (Reason.NO_STRUCTURE, "S3")),
        (IN_LYON, None, (Reason.NO_STRUCTURE, "S3")),
    ],
)
def test_s3_s16_a_user_enters_their_own_entity_or_those_they_are_authorised_in(
    user: User, entity: Entity | None, expected: tuple[Reason, str] | None
) -> None:
    answer = user if expected is None else refused(*expected, user)
    assert answer == judge_entry(proven(user), entity)
    assert answer == judge_there(user, entity)


def test_d12_an_outdated_proof_enters_nothing() -> None:
    for user in (
        anna(valid_from=NOON + TICK),
        anna(login=Disabled(DisabledBecause.ADMINISTRATOR, NOON)),
        contact(),
    ):
        assert judge_entry(proven(user), LYON) == refused(Reason.OUTDATED_PROOF, "D12", user)


def test_d15_using_a_session_is_access() -> None:
    expected = Changed(record=anna(last_access_at=NOON), kind=EventKind.ACCESSED, rule="D15")
    assert expected == seen(anna(last_access_at=None), NOON)


def test_a11_a_multi_entity_user_is_authorised_entity_by_entity() -> None:
    change = authorised(multi(), "lyon")
    assert isinstance(change, Changed)
    assert change.record == IN_LYON
    assert (change.kind, change.rule) == (EventKind.RIGHTS_CHANGED, "A11")
    assert change.differences == (Difference("memberships", "", "lyon"),)
    both = authorised(IN_LYON, "paris")
    assert isinstance(both, Changed)
    assert both.record.memberships == {"lyon", "paris"}
    assert authorised(IN_LYON, "lyon") == Done(IN_LYON)


@pytest.mark.parametrize("user", [anna(), contact()], ids=["active", "inactive"])
@pytest.mark.parametrize("entity", ["lyon", "paris"])
def test_s3_nobody_else_is_authorised_anywhere_not_even_at_home(user: User, entity: str) -> None:
    assert authorised(user, entity) == refused(Reason.WRONG_CATEGORY, "S16", user)


def test_a12_withdrawing_takes_that_entity_and_nothing_else_d16() -> None:
    user = multi(memberships=frozenset({"lyon", "paris"}), last_access_at=NOON)
    change = withdrawn(user, "paris")
    assert isinstance(change, Changed)
    assert change.record == attrs.evolve(user, memberships=frozenset({"lyon"}))
    assert (change.kind, change.rule) == (EventKind.RIGHTS_CHANGED, "A12")
    assert change.differences == (Difference("memberships", "paris", ""),)
    assert withdrawn(multi(), "lyon") == Done(multi())
    assert withdrawn(anna(), "lyon") == Done(anna())
