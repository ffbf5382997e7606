"""What is told to who hands over almost the right thing: the message names the right one."""

from typing import Any

import pytest

from mydso_access.decisions.administration import System, read_actor, read_proof
from mydso_access.decisions.outcomes import Proof, SignedIn
from mydso_access.errors import InvalidPolicy, InvalidValue
from mydso_access.policy import StructurePolicy
from mydso_access.policy.dotted import declaration
from tests.decisions.people import BOSS

PROOF = Proof(BOSS.id, ())


@pytest.mark.parametrize("given", [SignedIn(BOSS, PROOF), BOSS, BOSS.id, None], ids=lambda each: type(each).__name__)
def test_whoever_hands_over_no_proof_is_told_where_to_find_it(given: Any) -> None:
    for read, field in ((read_actor, "actor"), (read_proof, "proof")):
        with pytest.raises(
            InvalidValue, match=rf"^{field} is .*: expected the Proof of a sign-in.*; SignedIn.proof is one$"
        ):
            read(given)
    assert (PROOF, PROOF, System("x")) == (read_proof(PROOF), read_actor(PROOF), read_actor(System("x")))


def test_a_misspelt_setting_is_told_in_a_sentence() -> None:
    told = (
        "setting is 'visibility.collector' (str): expected the name of a setting; did you mean visibility.collectors?"
    )
    for misspelt in (
        lambda: StructurePolicy({"visibility.collector": True}),
        lambda: declaration("visibility.collector"),
    ):
        with pytest.raises(InvalidPolicy) as refused:
            misspelt()
        assert told == str(refused.value)
