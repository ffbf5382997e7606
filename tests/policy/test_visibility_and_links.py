"""The settings of entities alone: four switches, and two periods (S27-S34; A21, A23, D6)."""

from datetime import timedelta
from typing import Any

import pytest

from mydso_access.errors import InvalidPolicy
from mydso_access.policy import Level, LinkPolicy, SecurityPolicy, StructurePolicy, VisibilityPolicy
from mydso_access.policy.levels import joined, may_be_set_at, strictest

DAY = timedelta(days=1)
SWITCHES = {
    "visibility.collectors": "S29",
    "visibility.sales": "S30",
    "visibility.sales_administration": "S31",
    "visibility.guests": "S32",
}
PERIODS = {"links.interactive": "S33", "links.documents": "S34"}


def test_s28_s33_s34_every_option_is_off_by_default() -> None:
    assert (
        VisibilityPolicy(collectors=False, sales=False, sales_administration=False, guests=False) == VisibilityPolicy()
    )
    assert LinkPolicy(interactive=None, documents=None) == LinkPolicy()  # A23: no expiry
    preset = SecurityPolicy.my_dso_manager()
    assert (VisibilityPolicy(), LinkPolicy()) == (preset.visibility, preset.links)


@pytest.mark.parametrize("name", [*SWITCHES, *PERIODS])
def test_s27_they_exist_for_entities_only_and_a_platform_that_asks_for_them_is_not_heard(name: str) -> None:
    assert [False, False, True] == [may_be_set_at(name, level) for level in Level]
    asked = StructurePolicy({name: True if name in SWITCHES else 30 * DAY})
    heard = joined(SecurityPolicy(), {Level.PLATFORM: asked})
    assert SecurityPolicy() == heard.policy
    assert {Level.INSTALLATION} == heard.levels(name)
    assert SecurityPolicy() != joined(SecurityPolicy(), {Level.ENTITY: asked}).policy


@pytest.mark.parametrize("name", SWITCHES)
def test_d6_a_switch_that_is_on_is_the_stricter(name: str) -> None:
    on, off = StructurePolicy({name: True}), StructurePolicy({name: False})
    assert on == strictest(on, off) == strictest(off, on)


@pytest.mark.parametrize("name", PERIODS)
def test_d6_a_shorter_period_is_the_stricter_and_none_is_the_loosest(name: str) -> None:
    short, long, none = (StructurePolicy({name: each}) for each in (DAY, 3660 * DAY, None))
    for several in ((short, long), (long, short), (short, none), (none, short)):
        assert short == strictest(*several)
    assert long == strictest(long, none) == strictest(none, long)


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize("wrong", [timedelta(0), DAY - timedelta.resolution, 3660 * DAY + timedelta.resolution, -DAY, 30, "30 days", True])  # fmt: skip
def test_a23_a_period_is_from_a_day_to_ten_years(name: str, wrong: Any) -> None:
    with pytest.raises(InvalidPolicy):
        StructurePolicy({name: wrong})
    with pytest.raises(InvalidPolicy):
        LinkPolicy(**{name.partition(".")[2]: wrong})
    for right in (None, DAY, 3660 * DAY):
        assert {name: right} == dict(StructurePolicy({name: right}).asks)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("wrong", [None, 0, 1, "yes"], ids=repr)
def test_a21_a_switch_is_on_or_off_for_every_user_of_the_role(name: str, wrong: Any) -> None:
    with pytest.raises(InvalidPolicy):
        StructurePolicy({name: wrong})
    with pytest.raises(InvalidPolicy):
        VisibilityPolicy(**{name.partition(".")[2]: wrong})
