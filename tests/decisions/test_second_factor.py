"""Codes: what counts as typed, which steps count, what is accepted once, what a reset leaves (S26; A20, D8)."""

import base64
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.changes import Changed, Done
from mydso_access.decisions.second_factor import (
    TypedCode,
    TypedRecoveryCode,
    accepted,
    drift,
    hashable,
    new_code,
    new_recovery_codes,
    new_seed,
    read_code,
    recovery_code,
    seal_context,
    seed_text,
    spent,
    step_at,
    step_of,
    steps_to_try,
    with_recovery_codes,
    without_second_factor,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import (
    EventKind,
    NewEmail,
    RecoveryCode,
    SecondFactor,
    Secret,
    SecurityChange,
    SecurityMessage,
    SentToken,
)
from mydso_access.policy import Algorithm, SecondFactorPolicy
from mydso_access.policy.fixed import EARLIEST
from tests.decisions.people import LONG_AGO, NOON, TICK, anna

SECOND = timedelta(seconds=1)
LAST = 59_081_760
FACTOR = SecondFactor(
    Secret("sealed"), Algorithm.SHA1, LONG_AGO, LAST, tuple(RecoveryCode(n, Secret(f"hash {n}")) for n in (1, 3, 10))
)

# --- what was typed


@pytest.mark.parametrize("text", ["123456", " 123456 ", "123 456", "123-456", "12 34 56", "1 2 3 4 5 6", "\t123456\n"])
def test_d8_six_digits_however_they_are_spaced(text: str) -> None:
    assert TypedCode(Secret("123456")) == read_code(text)
    assert TypedCode(Secret("123456")) == read_code(Secret(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "12345",
        "1234567",
        "12345a",
        "１２３４５６",  # full-width
        "12345６",
        "٠١٢٣٤٥",  # Arabic-Indic
        "۱۲۳۴۵۶",  # Persian
        "१२३४५६",  # Devanagari
        "𝟏𝟐𝟑𝟒𝟓𝟔",  # mathematical bold
        "①②③④⑤⑥",
        "²³¹²³¹",
        "123\u00a0456",  # no-break space
        "123\u2013456",  # en dash
        "123\u200b456",
        "123456\u202e",
        "\ufeff123456",
        "\u00a0123456",
        "123456\u2003",
        "+23456",
        "-123456-7",
        "123.456",
        "123\n456",
        "0x1234",
        "1e4567",
        "123456\0",
        "1" * 25,
        " " * 24 + "123456",
        "\ud800",
    ],
    ids=ascii,
)
def test_d8_digits_are_those_of_ascii_and_what_is_no_code_is_none(text: str) -> None:
    assert read_code(text) is None


RECOVERY = "1-ABCD-EFGH-2345"


@pytest.mark.parametrize(
    "text",
    [
        RECOVERY,
        "1-abcd-efgh-2345",
        "1abcdefgh2345",
        "1 abcd efgh 2345",
        " 1-AbCd-EfGh-2345\n",
        "1 - abcd-efgh - 2345",
        "-1-ABCD-EFGH-2345-",
    ],
)
def test_d8_a_recovery_code_is_one_however_it_is_spelled(text: str) -> None:
    assert TypedRecoveryCode(1, Secret(b"1ABCDEFGH2345")) == read_code(text)
    assert hashable(Secret(RECOVERY)) == read_code(text).secret


@pytest.mark.parametrize(
    ("text", "place"), [("10-ABCD-EFGH-2345", 10), ("99-ABCD-EFGH-2345", 99), ("2-3ABC-DEFG-H234", 2)]
)
def test_d8_a_recovery_code_begins_with_its_place_so_that_one_guess_costs_one_hash(text: str, place: int) -> None:
    assert TypedRecoveryCode(place, hashable(Secret(text))) == read_code(text)


def test_a_place_with_another_spelling_is_another_secret() -> None:
    padded = read_code("01-ABCD-EFGH-2345")
    assert isinstance(padded, TypedRecoveryCode)
    assert (1, Secret(b"01ABCDEFGH2345")) == (padded.place, padded.secret)
    assert padded.secret != hashable(Secret(RECOVERY))


@pytest.mark.parametrize(
    "text",
    [
        "ABCD-EFGH-2345",
        "1-ABCD-EFGH-234",
        "1-ABCD-EFGH-23456A",
        "123-ABCD-EFGH-2345",
        "1-ABCD-EFGH-2341",  # base 32 has no 1
        "1-ABCD-EFGH-234É",
        "１-ABCD-EFGH-2345",
        "1-ABCD-EFGH-234\u017f",  # whose capital is S
        "1-ABCD_EFGH_2345",
        "1-ABCD-EFGH-2345" + " " * 9,
    ],
    ids=ascii,
)
def test_what_is_nearly_a_recovery_code_is_none(text: str) -> None:
    assert read_code(text) is None


@pytest.mark.parametrize("wrong", [None, 123456, b"123456", ["123456"], Secret(b"123456")], ids=repr)
def test_what_is_no_text_is_misuse_and_is_not_shown(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_code(wrong)
    assert "code" == refused.value.field
    assert "123456" not in str(refused.value)


@given(st.text(alphabet=st.characters() | st.sampled_from("0123456789ABCDEFGHabcdefgh -"), max_size=30))
def test_any_text_is_read_or_is_none_and_shows_nothing(text: str) -> None:
    found = read_code(text)
    plain = text.strip().replace(" ", "").replace("-", "").upper()
    match found:
        case TypedCode():
            assert text.isascii()
            assert (plain, 6) == (found.code.reveal(), len(plain))
        case TypedRecoveryCode():
            assert text.isascii()
            assert plain.encode() == found.secret.reveal()
        case None:
            assert not (len(text) <= 24 and len(plain) == 6 and plain.isascii() and plain.isdecimal())
    assert found is None or plain not in repr(found)


# --- which steps count

STEP = 59_081_760
BEGIN = EARLIEST + STEP * timedelta(seconds=30)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (EARLIEST, 0),
        (EARLIEST + 30 * SECOND - TICK, 0),
        (EARLIEST + 30 * SECOND, 1),
        (EARLIEST + 59 * SECOND, 1),  # RFC 6238, appendix B
        (EARLIEST + 1111111109 * SECOND, 0x23523EC),
        (EARLIEST + 1111111111 * SECOND, 0x23523ED),
        (EARLIEST + 1234567890 * SECOND, 0x273EF07),
        (EARLIEST + 2000000000 * SECOND, 0x3F940AA),
        (EARLIEST + 20000000000 * SECOND, 0x27BC86AA),
        (BEGIN - TICK, STEP - 1),
        (BEGIN, STEP),
        (BEGIN + 30 * SECOND - TICK, STEP),
        (BEGIN + 30 * SECOND, STEP + 1),
    ],
)
def test_d8_a_step_begins_every_half_minute_to_the_microsecond(now: datetime, step: int) -> None:
    assert step == step_at(now)


@pytest.mark.parametrize("back", [0, 1, 2])
@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("into", [timedelta(0), 30 * SECOND - TICK])
def test_d8_the_present_step_and_as_many_as_the_policy_says(back: int, ahead: int, into: timedelta) -> None:
    policy = SecondFactorPolicy(steps_back=back, steps_ahead=ahead)
    assert list(range(STEP - back, STEP + ahead + 1)) == list(steps_to_try(BEGIN + into, policy))


def test_no_step_is_before_the_first() -> None:
    assert [0] == list(steps_to_try(EARLIEST, SecondFactorPolicy(steps_back=2)))
    assert [0, 1, 2] == list(steps_to_try(EARLIEST + 30 * SECOND, SecondFactorPolicy(steps_back=2, steps_ahead=1)))


def test_d8_a_code_of_the_step_before_counts_for_a_whole_step_more_and_no_longer() -> None:
    for now, counts in ((BEGIN, True), (BEGIN + 60 * SECOND - TICK, True), (BEGIN + 60 * SECOND, False)):
        assert counts is (STEP in steps_to_try(now, SecondFactorPolicy()))
    assert STEP not in steps_to_try(BEGIN - TICK, SecondFactorPolicy())


CODES = {STEP - 1: Secret("111111"), STEP: Secret("222222"), STEP + 1: Secret("111111")}


@pytest.mark.parametrize(("typed", "step"), [("222222", STEP), ("111111", STEP + 1), ("333333", None), ("11111", None)])
def test_d8_of_two_steps_with_one_code_the_later_is_taken_so_that_neither_is_accepted_again(
    typed: str, step: int | None
) -> None:
    assert step == step_of(TypedCode(Secret(typed)), CODES)
    assert step == step_of(TypedCode(Secret(typed)), dict(reversed(CODES.items())))


def test_where_no_step_counts_no_code_does() -> None:
    assert step_of(TypedCode(Secret("111111")), {}) is None


@pytest.mark.parametrize("behind", [-1, 0, 1, 2])
def test_d8_the_drift_is_how_many_steps_the_code_is_ahead(behind: int) -> None:
    for into in (timedelta(0), 30 * SECOND - TICK):
        assert -behind == drift(STEP - behind, BEGIN + into)


# --- what is drawn


def test_a_seed_is_160_bits_made_of_what_was_drawn_and_of_nothing_else() -> None:
    assert new_seed("a", "b") == new_seed("a", "b")
    assert 20 == len(new_seed("a", "b").reveal())
    assert 4 == len({new_seed(*ids).reveal() for ids in (("a", "b"), ("b", "a"), ("ab",), ("a", "c"))})
    assert base64.b32decode(seed_text(new_seed("a")).reveal()) == new_seed("a").reveal()
    assert 32 == len(seed_text(new_seed("a")).reveal())  # 160 bits need no padding


def test_a_codes_six_digits_keep_their_leading_zeros_a17() -> None:
    codes = [new_code(f"{n}").reveal() for n in range(2000)]
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert {code[0] for code in codes} == set("0123456789")
    assert len(set(codes)) > 1950


def test_d8_recovery_codes_are_numbered_and_read_back_however_they_are_typed() -> None:
    codes = new_recovery_codes([f"drawn {n}" for n in range(20)])
    for place, code in enumerate(codes, start=1):
        assert TypedRecoveryCode(place, hashable(code)) == read_code(code)
        assert TypedRecoveryCode(place, hashable(code)) == read_code(code.reveal().lower().replace("-", " "))
        assert [1 + (place > 9), 4, 4, 4] == [len(part) for part in code.reveal().split("-")]
    assert 20 == len({code.reveal().partition("-")[2] for code in codes})
    assert () == new_recovery_codes(())


def test_no_seed_code_or_recovery_code_is_another_of_the_same_drawn_id() -> None:
    letters = new_recovery_codes(["one"])[0].reveal().replace("-", "")[1:]
    assert not seed_text(new_seed("one")).reveal().startswith(letters)


def test_a_sealed_seed_is_bound_to_its_user_and_purpose() -> None:
    assert seal_context("u-anna") != seal_context("u-eve")
    assert "second factor" in seal_context("u-anna")


# --- accepted once


@pytest.mark.parametrize(("step", "last"), [(LAST - 1, LAST), (LAST, LAST), (LAST + 1, LAST + 1), (LAST + 9, LAST + 9)])
def test_d8_the_last_step_only_grows_and_the_seed_is_as_sealed_now(step: int, last: int) -> None:
    expected = attrs.evolve(FACTOR, last_step=last, seed=Secret("sealed anew"))
    assert expected == accepted(FACTOR, step, Secret("sealed anew"))


@pytest.mark.parametrize("place", [0, 1, 2, 3, 10, 99])
def test_d8_a_recovery_code_works_once_and_spends_no_other(place: int) -> None:
    there = place in (1, 3, 10)
    assert (RecoveryCode(place, Secret(f"hash {place}")) if there else None) == recovery_code(FACTOR, place)
    after = spent(FACTOR, place)
    assert recovery_code(after, place) is None
    assert [each for each in (1, 3, 10) if each != place] == [code.place for code in after.recovery]
    assert attrs.evolve(after, recovery=FACTOR.recovery) == FACTOR


def test_who_has_no_second_factor_has_no_recovery_code() -> None:
    assert recovery_code(None, 1) is None


# --- reset, and new recovery codes


def told(change: SecurityChange) -> tuple[SecurityMessage, ...]:
    return (SecurityMessage(to="anna@example.com", name="anna.petit", change=change, at=NOON),)


def test_s26_a_reset_leaves_none_ends_every_session_and_is_told_to_its_user() -> None:
    change = without_second_factor(anna(second_factor=FACTOR), NOON)
    assert change == Changed(
        record=anna(valid_from=NOON),
        kind=EventKind.SECOND_FACTOR_RESET,
        rule="S26",
        messages=told(SecurityChange.SECOND_FACTOR_RESET),
    )
    assert Done(anna()) == without_second_factor(anna(), NOON)


def test_s26_a_reset_ends_what_was_sent_before_to_prove_an_address_or_a_reset() -> None:
    sent = SentToken(Secret("digest"), LONG_AGO)
    before = anna(second_factor=FACTOR, reset=sent, new_email=NewEmail("thief@example.com", sent))
    assert without_second_factor(anna(second_factor=FACTOR), NOON) == without_second_factor(before, NOON)


def test_d8_new_recovery_codes_take_the_place_of_all_earlier_ones_and_end_no_session() -> None:
    change = with_recovery_codes(anna(second_factor=FACTOR), [Secret("one"), Secret("two")], NOON)
    codes = (RecoveryCode(1, Secret("one")), RecoveryCode(2, Secret("two")))
    assert change == Changed(
        record=anna(second_factor=attrs.evolve(FACTOR, recovery=codes)),
        kind=EventKind.RECOVERY_CODES_RENEWED,
        rule="D8",
        messages=told(SecurityChange.RECOVERY_CODES_RENEWED),
    )
    assert with_recovery_codes(anna(), [Secret("one")], NOON) is None
