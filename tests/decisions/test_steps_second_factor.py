"""Whether a second factor is asked for that was not proven: of a sign-in, and of a session that looks at customers (S26; D9, D6)."""

from itertools import chain, combinations, product
from typing import Any

import attrs
import pytest

from mydso_access.decisions.outcomes import Proof, Refused
from mydso_access.decisions.sessions import lacks_second_factor
from mydso_access.decisions.sign_in import Place
from mydso_access.decisions.steps import judge_present, unproven_among
from mydso_access.model import Disabled, DisabledBecause, Entity, Factor, Reason, StructureRecord, User
from mydso_access.policy import Level, SecondFactorPolicy, WithSso
from tests.decisions.half_finished import (
    ANNA,
    APP,
    MIA,
    PASSWORD,
    RECOVERY_CODE,
    SSO,
    SSO_SECOND,
    TOTP,
    asking,
)
from tests.decisions.people import GROUP, LYON, NOON, PARIS, POLICY, TICK, proven

WITH_APP = attrs.evolve(ANNA, second_factor=APP)
FACTORS = [*chain.from_iterable(combinations(Factor, count) for count in range(4))]
SECOND = {TOTP, RECOVERY_CODE}


def lacks(user: User, factors: tuple[Factor, ...], asked: SecondFactorPolicy) -> bool:
    return lacks_second_factor(user, tuple((factor, NOON) for factor in factors), asked)


@pytest.mark.parametrize(("required", "with_app"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("with_sso", WithSso)
def test_s26_d9_whatever_was_proven_it_is_asked_for_or_not(required: bool, with_app: bool, with_sso: WithSso) -> None:
    user, asked = WITH_APP if with_app else ANNA, SecondFactorPolicy(required=required, with_sso=with_sso)
    for factors in FACTORS:
        spared = SSO in factors and (
            with_sso is WithSso.NEVER or (with_sso is WithSso.UNLESS_TRUSTED and SSO_SECOND in factors)
        )
        expected = (required or with_app) and not SECOND & {*factors} and not spared
        assert expected is lacks(user, factors, asked)


@pytest.mark.parametrize(
    ("factors", "with_sso", "expected"),
    [
        ((PASSWORD,), WithSso.NEVER, True),
        ((PASSWORD, TOTP), WithSso.NEVER, False),
        ((PASSWORD, RECOVERY_CODE), WithSso.ALWAYS, False),
        ((PASSWORD, SSO_SECOND), WithSso.UNLESS_TRUSTED, True),  # said of no single sign-on
        ((SSO,), WithSso.ALWAYS, True),
        ((SSO, SSO_SECOND), WithSso.ALWAYS, True),
        ((SSO, TOTP), WithSso.ALWAYS, False),
        ((SSO,), WithSso.UNLESS_TRUSTED, True),
        ((SSO, SSO_SECOND), WithSso.UNLESS_TRUSTED, False),
        ((SSO,), WithSso.NEVER, False),
    ],
)
def test_s26_d9_told_one_by_one(factors: tuple[Factor, ...], with_sso: WithSso, expected: bool) -> None:
    assert expected is lacks(ANNA, factors, SecondFactorPolicy(required=True, with_sso=with_sso))
    assert not lacks(ANNA, factors, SecondFactorPolicy(required=False, with_sso=with_sso))


def test_s26_whoever_has_an_app_is_asked_for_it_also_where_nobody_requires_it() -> None:
    assert lacks(WITH_APP, (PASSWORD,), SecondFactorPolicy())
    assert not lacks(ANNA, (PASSWORD,), SecondFactorPolicy())


# --- a session that looks at customers


def looking(
    user: User, *factors: Factor, lyon: Entity = LYON, home: StructureRecord = LYON, **facts: Any
) -> User | Refused:
    """Return whether a session that proved these factors at noon may look at customers of Lyon."""
    proof = Proof(user.id, tuple((factor, NOON) for factor in factors or (PASSWORD,)))
    given = attrs.evolve(proven(user, home), actor=proof, **facts)
    return judge_present(given, proof, Place(home, POLICY, NOON, lyon))


REQUIRING = asking(LYON, second_factor__required=True)
OWED = Reason.SECOND_FACTOR_OWED


@pytest.mark.parametrize(
    ("user", "factors", "lyon", "home", "levels"),
    [
        (ANNA, (PASSWORD,), LYON, LYON, None),
        (ANNA, (PASSWORD,), REQUIRING, REQUIRING, {Level.ENTITY}),
        (ANNA, (PASSWORD, TOTP), REQUIRING, REQUIRING, None),
        (WITH_APP, (PASSWORD,), LYON, LYON, {Level.INSTALLATION}),
        (WITH_APP, (PASSWORD, RECOVERY_CODE), LYON, LYON, None),
        (MIA, (PASSWORD,), LYON, GROUP, None),
        (MIA, (PASSWORD,), REQUIRING, GROUP, {Level.ENTITY}),
        (MIA, (PASSWORD,), LYON, asking(GROUP, second_factor__required=True), {Level.PLATFORM}),
        (MIA, (PASSWORD, TOTP), REQUIRING, GROUP, None),
    ],
)
def test_s26_d6_a_session_without_the_second_factor_that_is_asked_for_there_sees_nothing_there(
    user: User, factors: tuple[Factor, ...], lyon: Entity, home: StructureRecord, levels: set[Level] | None
) -> None:
    expected = user if levels is None else Refused(OWED, "S26", levels=frozenset(levels), user_id=user.id)
    assert expected == looking(user, *factors, lyon=lyon, home=home)


def test_s3_s16_d12_a_session_sees_nothing_where_its_user_may_not_be_whatever_it_has_proven() -> None:
    in_paris = attrs.evolve(ANNA, structure=PARIS.structure)
    assert Refused(Reason.OTHER_STRUCTURE, "S3", user_id=ANNA.id) == looking(in_paris, PASSWORD, TOTP, home=PARIS)
    withdrawn = attrs.evolve(MIA, memberships=frozenset({"paris"}))
    assert Refused(Reason.NOT_AUTHORISED, "S16", user_id=MIA.id) == looking(withdrawn, lyon=REQUIRING, home=GROUP)
    outdated = Refused(Reason.OUTDATED_PROOF, "D12", user_id=ANNA.id)
    assert outdated == looking(attrs.evolve(ANNA, valid_from=NOON + TICK), lyon=REQUIRING, home=REQUIRING)
    disabled = attrs.evolve(ANNA, login=Disabled(DisabledBecause.ADMINISTRATOR, NOON))
    assert outdated == looking(disabled, PASSWORD, TOTP)
    nobody: Any = None
    assert Refused(Reason.NO_STRUCTURE, "S3", user_id=ANNA.id) == looking(ANNA, lyon=nobody)


def test_s20_s26_which_entities_ask_for_a_second_factor_that_a_proof_lacks() -> None:
    strict = asking(LYON, second_factor__required=True)
    here = Place(GROUP, POLICY, NOON)
    for factors, expected in (((PASSWORD,), {LYON.structure}), ((PASSWORD, TOTP), set()), ((SSO,), {LYON.structure})):
        proof = Proof(MIA.id, tuple((factor, NOON) for factor in factors))
        assert expected == unproven_among(MIA, proof, here, [strict, PARIS])
    proof = Proof(MIA.id, ((PASSWORD, NOON),))
    with_app = attrs.evolve(MIA, second_factor=APP)
    assert {LYON.structure, PARIS.structure} == unproven_among(with_app, proof, here, [LYON, PARIS])
    assert set() == unproven_among(MIA, proof, here, [])
