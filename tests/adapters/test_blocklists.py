"""Lists of common passwords, and services that are asked: what they hold, and what an error means."""

import logging
from pathlib import Path
from typing import Any

import pytest

from mydso_access import Flaw, InvalidValue, Secret, SecurityPolicy, review_password
from mydso_access.adapters.blocklists import AskedService, OnError, WordList
from mydso_access.decisions.password_words import cores

SECRET = Secret("Correct-Horse-9")


def holds(blocklist: Any, password: str) -> bool:
    secret = Secret(password)
    return bool(blocklist.holds(secret, cores(secret)))


@pytest.mark.parametrize("password", ["password", "Password1!", "P@ssw0rd2026", "drag0n-DRAGON-1"])
def test_variants_of_a_listed_word_are_refused(password: str) -> None:
    assert holds(WordList(["password", "dragon"]), password)


def test_a_listed_word_that_is_itself_a_variant_refuses_its_relatives() -> None:
    assert holds(WordList(["P@ssw0rd!"]), "password123")


def test_what_is_not_listed_is_not_held() -> None:
    assert not holds(WordList(["password"]), "Correct-Horse-9")


@pytest.mark.parametrize(("words", "given"), [([], "none"), (["a", 7], "7"), ([b"x"], "b'x'")])
def test_a_list_of_nothing_or_of_no_text_is_a_clear_error(words: Any, given: str) -> None:
    with pytest.raises(InvalidValue, match="words is") as error:
        WordList(words)
    assert error.value.given.startswith(given)


def test_a_file_holds_one_word_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("password\n\n  motdepasse  \n", encoding="utf-8")
    listed = WordList.from_file(path)
    assert [True, True, False] == [holds(listed, each) for each in ("Password1!", "MotDePasse-1", "Correct-Horse-9")]


def test_the_common_passwords_refuse_thousands_that_the_policy_would_let_pass() -> None:
    frequency_lists = pytest.importorskip("zxcvbn.frequency_lists")
    listed, policy = WordList.common(), SecurityPolicy.my_dso_manager().passwords
    dressed = [f"{word.capitalize()}1!" for word in frequency_lists.FREQUENCY_LISTS["passwords"]]
    fitting = [each for each in dressed if not review_password(each, policy).violations]
    assert len(fitting) > 3000  # ASVS 5.0, 6.2.4
    assert [] == [each for each in fitting if not holds(listed, each)]


@pytest.mark.parametrize("known", [True, False])
def test_a_service_is_asked_about_the_password_itself(known: bool) -> None:
    asked: list[Secret[str]] = []

    def ask(password: Secret[str]) -> bool:
        asked.append(password)
        return known

    assert known == holds(AskedService(ask, on_error=OnError.REFUSE), "Correct-Horse-9")
    assert [SECRET] == asked


@pytest.mark.parametrize("on_error", OnError)
@pytest.mark.parametrize("answer", [None, 1, "no"])
def test_a_service_that_raises_or_answers_no_bool_means_what_was_chosen_and_is_logged(
    on_error: OnError, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    def down(password: Secret[str]) -> Any:
        if answer is None:
            raise ConnectionError(f"no answer about {password.reveal()}")
        return answer

    with caplog.at_level(logging.WARNING, "mydso_access"):
        assert (on_error is OnError.REFUSE) == holds(AskedService(down, on_error=on_error), "Correct-Horse-9")
    assert "the password service failed" in caplog.text
    assert "Correct-Horse-9" not in caplog.text


def test_what_a_word_is_too_common_for_is_a_flaw_of_its_own() -> None:
    assert {"common", "names"} <= {flaw.value for flaw in Flaw}


@pytest.mark.parametrize("on_error", ["refuse", "accept", None, True], ids=repr)
def test_what_a_failing_service_means_is_chosen_in_so_many_words_or_it_is_misuse(on_error: Any) -> None:
    with pytest.raises(InvalidValue, match="on_error is") as error:
        AskedService(lambda _: False, on_error=on_error)
    assert "OnError.REFUSE or OnError.ACCEPT" == error.value.expected
