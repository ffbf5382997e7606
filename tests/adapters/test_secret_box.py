"""Sealing seeds: opened for the user they were sealed for, by the key that sealed them, and whole; or not at all."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.adapters.secret_box import AesGcmBox, UnprotectedBox
from mydso_access.errors import InvalidValue
from mydso_access.model import Secret
from tests.adapters.stored_records import everything_told

SEED = Secret(b"c4nary seed of 20 by")
OLD, NEW = b"k" * 32, b"n" * 32
BOXES: dict[str, Any] = {
    "AES-256": AesGcmBox({"k1": OLD}, current="k1"),
    "AES-192": AesGcmBox({"k1": OLD[:24]}, current="k1"),
    "AES-128": AesGcmBox({"k1": OLD[:16]}, current="k1"),
    "unprotected": UnprotectedBox(),
}
each_box = pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)


@each_box
@given(secret=st.binary(max_size=64), context=st.text(st.characters(exclude_categories=[]), max_size=20))
def test_what_was_sealed_is_opened_in_its_context(box: Any, secret: bytes, context: str) -> None:
    assert Secret(secret) == box.open(box.seal(Secret(secret), context), context)


@each_box
@pytest.mark.parametrize("other", ["user-2", "", "user-1 ", "User-1", "user-1\0", "\0user-1", "\ud800"], ids=ascii)
def test_what_was_sealed_for_one_user_is_not_opened_for_another(box: Any, other: str) -> None:
    assert box.open(box.seal(SEED, "user-1"), other) is None


@each_box
def test_whatever_is_cut_off_it_is_not_opened(box: Any) -> None:
    sealed = box.seal(SEED, "user-1").reveal()
    assert [] == [end for end in range(len(sealed)) if box.open(Secret(sealed[:end]), "user-1") is not None]
    assert [] == [start for start in range(1, len(sealed)) if box.open(Secret(sealed[start:]), "user-1") is not None]


@each_box
@pytest.mark.parametrize(
    "damaged",
    ["", ".", "..", "k1.", "k1", "k1.====", "k1.ä", "unprotected.", "unprotected.x.y", "unprotected.YQ==", "\ud800.x"],
    ids=ascii,
)
def test_what_nobody_sealed_is_not_opened(box: Any, damaged: str) -> None:
    assert box.open(Secret(damaged), "user-1") is None


def test_no_byte_of_a_sealed_form_can_be_another() -> None:
    box = BOXES["AES-256"]
    key_id, _, text = box.seal(SEED, "user-1").reveal().partition(".")
    stored = base64.urlsafe_b64decode(text)
    for place in range(len(stored)):
        changed = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
        assert box.open(Secret(f"{key_id}.{base64.urlsafe_b64encode(changed).decode()}"), "user-1") is None


def test_neither_the_seed_nor_its_context_can_be_read_in_a_sealed_form_and_no_two_are_alike() -> None:
    sealed = [BOXES["AES-256"].seal(SEED, "user-1").reveal() for _ in range(50)]
    assert 50 == len(set(sealed))
    for each in sealed:
        stored = base64.urlsafe_b64decode(each.partition(".")[2])
        assert not any(text in stored for text in (b"c4nary", b"user-1"))


# --- keys


def test_another_key_of_the_same_name_opens_nothing() -> None:
    assert AesGcmBox({"k1": NEW}, current="k1").open(BOXES["AES-256"].seal(SEED, "u"), "u") is None


def test_a_key_under_another_name_opens_nothing() -> None:
    sealed = BOXES["AES-256"].seal(SEED, "u")
    renamed = AesGcmBox({"k2": OLD}, current="k2")
    assert renamed.open(sealed, "u") is None
    assert renamed.open(Secret(f"k2.{sealed.reveal().partition('.')[2]}"), "u") is None


def test_keys_are_changed_one_after_the_other() -> None:
    before, both, after = (
        AesGcmBox({"k1": OLD}, current="k1"),
        AesGcmBox({"k1": OLD, "k2": NEW}, current="k2"),
        AesGcmBox({"k2": NEW}, current="k2"),
    )
    old = before.seal(SEED, "u")
    assert (True, False, False) == (before.is_current(old), both.is_current(old), after.is_current(old))
    opened = both.open(old, "u")
    assert SEED == opened
    new = both.seal(opened, "u")
    assert new.reveal().startswith("k2.")
    assert (False, True, True) == (before.is_current(new), both.is_current(new), after.is_current(new))
    assert (None, SEED, SEED) == (before.open(new, "u"), both.open(new, "u"), after.open(new, "u"))
    assert after.open(old, "u") is None


@pytest.mark.parametrize("current", ["k", "k10", "K1", " k1"])
def test_a_key_whose_name_begins_alike_is_not_the_current_one(current: str) -> None:
    assert not BOXES["AES-256"].is_current(Secret(f"{current}.text"))


KEY = b"c4nary key " + bytes(5)


@pytest.mark.parametrize(
    ("keys", "current", "field"),
    [
        ({"k1": KEY[:-1]}, "k1", "keys['k1']"),
        ({"k1": KEY + b"x"}, "k1", "keys['k1']"),
        ({"k1": b""}, "k1", "keys['k1']"),
        ({"k1": bytearray(KEY)}, "k1", "keys['k1']"),
        ({"k1": KEY.decode()}, "k1", "keys['k1']"),
        ({"k1": Secret(KEY)}, "k1", "keys['k1']"),
        ({"k1": None}, "k1", "keys['k1']"),
        ({"k1": KEY, "k2": KEY * 3}, "k1", "keys['k2']"),
        ({"": KEY}, "", "keys"),
        ({"k.1": KEY}, "k.1", "keys"),
        ({"k 1": KEY}, "k 1", "keys"),
        ({"k1\n": KEY}, "k1\n", "keys"),
        ({"ké": KEY}, "ké", "keys"),
        ({"k" * 33: KEY}, "k" * 33, "keys"),
        ({1: KEY}, 1, "keys"),
        ({"k1": KEY}, "k2", "current"),
        ({"k1": KEY}, None, "current"),
        ({}, "k1", "current"),
    ],
    ids=repr,
)
def test_malformed_keys_are_refused_without_showing_them(keys: Any, current: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        AesGcmBox(keys, current=current)
    assert field == refused.value.field
    assert "c4nary" not in f"{refused.value} {refused.value!r} {refused.value.args}"


def test_no_box_shows_its_keys_or_what_it_sealed() -> None:
    box = AesGcmBox({"k1": KEY}, current="k1")
    assert "c4nary" not in f"{box!r} {box} {box.seal(SEED, 'u')!r} {UnprotectedBox().seal(SEED, 'u')!r}"


def test_what_cannot_be_opened_raises_nothing_that_could_show_it() -> None:
    try:
        assert BOXES["AES-256"].open(Secret("k1.c4nary"), "u") is None
    except Exception as error:  # noqa: BLE001  # whatever it is
        pytest.fail(everything_told(error))


# --- no protection


def test_an_unprotected_box_says_what_it_is_in_every_form_and_calls_no_other_its_own() -> None:
    box, sealed = UnprotectedBox(), BOXES["AES-256"].seal(SEED, "u")
    assert box.seal(SEED, "u").reveal().startswith("unprotected.")
    assert (True, False) == (box.is_current(box.seal(SEED, "u")), box.is_current(sealed))
    assert box.open(sealed, "u") is None


def test_a_box_that_protects_opens_nothing_that_was_not_protected() -> None:
    unprotected = UnprotectedBox().seal(SEED, "u")
    assert AesGcmBox({"unprotected": OLD}, current="unprotected").open(unprotected, "u") is None
