"""What a new password is made of: variants of a word have its core, rows and repeats are seen, names are left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.password_words import cores, folded, is_a_row, is_made_of, names_around
from mydso_access.model import Email, Entity, Secret
from tests.decisions.people import anna, contact

LYON = Entity(id="lyon", title="Lyon-Confluence")
NAMES = names_around(anna(full_name="Anna Petit"), LYON, frozenset({"My DSO Manager"}))


def words(password: str) -> set[str]:
    return {core.reveal() for core in cores(Secret(password))}


@pytest.mark.parametrize(
    "password",
    [
        "Password1!",
        "P@ssw0rd",
        "p@$$w0rd!",
        "!!PASSWORD!!",
        "PasswordPassword1",
        "Ｐassword1!",
        "passw0rd2026",
        "Pass-word-1",
    ],
)
def test_every_variant_of_a_word_has_the_word_for_a_core(password: str) -> None:
    assert "password" in words(password)


@pytest.mark.parametrize(
    ("password", "core"), [("1l0vey0u!", "lloveyou"), ("!loveyou", "iloveyou"), ("Bu11dog!", "bulldog")]
)
def test_the_digit_one_and_the_exclamation_mark_stand_for_either_letter(password: str, core: str) -> None:
    assert core in words(password) or core + "i" in words(password) or core + "l" in words(password)


@pytest.mark.parametrize(("password", "core"), [("ABC-7391-5520", "abc"), ("9482-A-3847", "a")])
def test_a_word_that_is_less_than_half_of_a_password_does_not_make_it_common(password: str, core: str) -> None:
    assert core not in words(password)


def test_a_listed_password_with_its_digits_is_a_core_too() -> None:
    assert "abc123456" in words("Abc123456!!")


def test_cores_are_never_shown() -> None:
    assert "password" not in repr(cores(Secret("Password1!")))


@given(st.text(min_size=1, max_size=60))
def test_any_text_has_cores_and_none_is_longer_than_what_it_folds_to(text: str) -> None:
    assert all(0 < len(word) <= len(folded(text)) for word in words(text))


@pytest.mark.parametrize(
    "row", ["Abcdefgh1!", "Qwertyuio1!", "Azertyuio!1", "lkjhgfdsa1!", "Aaaaaaaaaa1!", "Zyxwvutsr9?", "Qwertzuio9!"]
)
def test_rows_of_keys_and_repeats_are_seen_in_either_direction(row: str) -> None:
    assert any(is_a_row(core) for core in cores(Secret(row)))


@pytest.mark.parametrize("password", ["Correct-Horse-9", "Zug um Zug 4!", "abc7-Kleister", "Xylophon-99x"])
def test_ordinary_words_are_no_rows(password: str) -> None:
    assert not any(is_a_row(core) for core in cores(Secret(password)))


@pytest.mark.parametrize(
    "password",
    [
        "AnnaPetit2026!",
        "anna.petit-1A",
        "P3tit-Anna-99",
        "LyonConfluence1!",
        "Confluence-2026-L",
        "MyDsoManager1!",
        "Manager-2026!Ab",
        "ＡnnaPetit#7",
    ],
)
def test_hardly_anything_is_left_of_a_password_made_of_names(password: str) -> None:
    assert is_made_of(Secret(password), NAMES)


@pytest.mark.parametrize(
    "password", ["Correct-Horse-9", "Lyon-Correct-Horse-9", "Anna-likes-trains-4", "Man-2026!xyz", "7!"]
)
def test_a_name_beside_words_of_its_own_is_no_matter(password: str) -> None:
    assert not is_made_of(Secret(password), NAMES)


def test_names_are_the_users_the_structures_and_the_hosts_from_four_letters_on() -> None:
    user = anna(full_name="Bo Li-Petit", email=Email("b.martin42@example.com"))
    expected = {
        "annapetit",
        "anna",
        "petit",
        "bolipetit",
        "bmartin",
        "martin",
        "lyonconfluence",
        "lyon",
        "confluence",
        "acme",
    }
    assert expected == names_around(user, LYON, frozenset({"ACME", "X1"}))


def test_a_contact_without_anything_has_no_names() -> None:
    assert frozenset() == names_around(contact(full_name=None, email=None), None, frozenset())


def test_without_names_nothing_is_made_of_them() -> None:
    assert not is_made_of(Secret("Password1!"), frozenset())


def test_two_or_three_letters_are_no_row() -> None:
    assert not any(is_a_row(Secret(core)) for core in ("a", "ab", "abc", "aaa", "qwe"))
    assert is_a_row(Secret("abcd"))
