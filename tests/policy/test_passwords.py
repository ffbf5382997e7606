"""The settings of new passwords: S24's figures, and when its composition binds (D1)."""

import attrs
import pytest

from mydso_access.policy import Composition, PasswordPolicy
from mydso_access.policy.fixed import PASSWORD_LENGTH_CAP
from mydso_access.policy.settings import Setting


def test_nine_to_128_code_points_composed_always_without_lowercase_s24_d1_d13_a5() -> None:
    policy = PasswordPolicy()
    assert (policy.min_length, policy.max_length) == (9, 128)
    assert policy.composition is Composition.ALWAYS
    assert policy.require_lowercase is False


@pytest.mark.parametrize(
    ("composition", "binds"),
    [(Composition.NEVER, False), (Composition.WITH_ROTATION, False), (Composition.ALWAYS, True)],
)
def test_the_composition_binds_at_every_set_only_with_always_d1(composition: Composition, binds: bool) -> None:
    assert PasswordPolicy(composition=composition).composition_binds is binds


def test_compositions_stand_from_the_loosest_to_the_strictest() -> None:
    assert [member.value for member in Composition] == ["never", "with_rotation", "always"]


def test_the_least_length_never_passes_the_greatest() -> None:
    declared = {field.name: field.metadata[Setting] for field in attrs.fields(PasswordPolicy)}
    assert declared["min_length"].maximum <= declared["max_length"].minimum


def test_the_fixed_cap_at_verifying_lets_every_settable_password_in_d13() -> None:
    greatest = attrs.fields_dict(PasswordPolicy)["max_length"].metadata[Setting].maximum
    assert 4 * greatest <= PASSWORD_LENGTH_CAP  # NFC shortens by at most four


def test_a_password_policy_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        PasswordPolicy().min_length = 8
