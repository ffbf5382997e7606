"""Tokens: good for one purpose, one record and one secret, however they are spelled (S13; D13, invariant 5)."""

import hmac
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mydso_access.decisions.tokens import (
    GivenToken,
    TokenPurpose,
    code_digest,
    opens,
    read_token,
    session_digest,
    token_digest,
    token_text,
)
from mydso_access.errors import InvalidValue
from mydso_access.model import Secret
from mydso_access.policy.fixed import TOKEN_LENGTH_CAP

ID, SECRET = "u-anna", Secret("c4nary-secret")
TEXT = "dS1hbm5h.c4nary-secret"
RESET = TokenPurpose.RESET
KEPT = token_digest(RESET, ID, SECRET)

record_ids = st.text(alphabet=st.characters(), min_size=1, max_size=100)  # lone surrogates and NUL included
secrets = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=100).map(Secret)


def test_a_token_is_the_records_id_and_the_secret() -> None:
    assert token_text(ID, SECRET).reveal() == TEXT
    assert read_token(TEXT) == GivenToken(ID, SECRET)
    assert read_token(Secret(TEXT)) == GivenToken(ID, SECRET)
    assert "c4nary" not in repr(read_token(TEXT))


@given(record_ids, secrets)
def test_what_was_sent_comes_back_and_opens_whatever_the_hosts_ids_look_like(
    record_id: str, secret: Secret[str]
) -> None:
    sent = token_text(record_id, secret)
    come_back = read_token(sent)
    assert come_back == GivenToken(record_id, secret)
    for purpose in TokenPurpose:
        assert opens(come_back, purpose, token_digest(purpose, record_id, secret))


@given(record_ids)
def test_a_sent_token_holds_only_what_a_web_address_may(record_id: str) -> None:
    token = token_text(record_id, Secret("0123456789abcdef")).reveal()
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_token_opens_what_is_kept_of_it() -> None:
    assert opens(GivenToken(ID, SECRET), RESET, KEPT) is True


@pytest.mark.parametrize(
    ("token", "purpose"),
    [
        (GivenToken(ID, SECRET), TokenPurpose.INVITATION),
        (GivenToken(ID, SECRET), TokenPurpose.EMAIL),
        (GivenToken("u-eve", SECRET), RESET),
        (GivenToken("U-ANNA", SECRET), RESET),
        (GivenToken("", SECRET), RESET),
        (GivenToken(ID, Secret("c4nary-secre")), RESET),
        (GivenToken(ID, Secret("c4nary-secret ")), RESET),
        (GivenToken(ID, Secret("C4nary-secret")), RESET),
        (GivenToken(ID, Secret("")), RESET),
        (GivenToken(ID, Secret("\ud800")), RESET),
        (GivenToken(ID, KEPT), RESET),  # what is stored opens nothing
    ],
)
def test_another_purpose_another_record_or_another_secret_opens_nothing(
    token: GivenToken, purpose: TokenPurpose
) -> None:
    assert opens(token, purpose, KEPT) is False


def test_where_nothing_is_kept_nothing_opens() -> None:
    for purpose in TokenPurpose:
        assert opens(GivenToken(ID, SECRET), purpose, None) is False
    assert opens(GivenToken(ID, SECRET), RESET, Secret("")) is False
    assert opens(GivenToken(ID, SECRET), RESET, Secret("0" * 64)) is False


parts = st.text(alphabet="a:0\0", max_size=6)


@given(*[st.tuples(st.sampled_from(TokenPurpose), parts, parts)] * 2)
def test_no_two_purposes_records_and_secrets_share_a_digest_however_they_run_together(
    one: tuple[TokenPurpose, str, str], other: tuple[TokenPurpose, str, str]
) -> None:
    digests = [token_digest(purpose, record_id, Secret(secret)) for purpose, record_id, secret in (one, other)]
    assert (one == other) is (digests[0] == digests[1])


# --- what somebody sends instead


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "dS1hbm5h",
        "dS1hbm5h.",
        ".c4nary-secret",
        "dS1hb.c4nary-secret",  # five letters of base64 are no whole bytes
        "dS1h bm5h.c4nary-secret",
        "dS1h\nbm5h.c4nary-secret",
        "dS1h%62m5h.c4nary-secret",
        "gA.c4nary-secret",  # 0x80 is no UTF-8
        "====.c4nary-secret",
        "dS1hbm5h.c4nary-sécret",
        "dS1hbm5h.\ud800",
        "\ud800.c4nary-secret",
        "ｄS1hbm5h.c4nary-secret",
        f"{'A' * TOKEN_LENGTH_CAP}.x",
        f"dS1hbm5h.{'x' * TOKEN_LENGTH_CAP}",
    ],
    ids=lambda text: ascii(text[:24]) + str(len(text)),
)
def test_what_is_no_token_is_none(text: str) -> None:
    assert read_token(text) is None


@given(st.text(alphabet=st.characters() | st.sampled_from("Aa0-_+/=. \n"), max_size=80))
def test_any_text_is_read_or_is_none(text: str) -> None:
    found = read_token(text)
    assert found is None or (found.secret.reveal() == text.partition(".")[2] and text.isascii())


@pytest.mark.parametrize("cut", range(len(TEXT)))
def test_a_cut_token_opens_nothing(cut: int) -> None:
    found = read_token(TEXT[:cut])
    assert found is None or not opens(found, RESET, KEPT)


@pytest.mark.parametrize("wrong", [None, 5, b"dS1hbm5h.x", ["dS1hbm5h.x"], Secret(b"dS1hbm5h.x")], ids=repr)
def test_what_is_no_text_is_misuse_and_is_not_shown(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_token(wrong)
    assert refused.value.field == "token"
    assert "dS1hbm5h" not in str(refused.value)


# --- base64 can be spelled in several ways, a token in one


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="


@pytest.mark.parametrize("spelling", ["dT8+", "dT8-=", "dT8-==", "dT8-\n", " dT8-"], ids=ascii)
def test_invariant_5_a_token_has_one_spelling(spelling: str) -> None:
    assert read_token("dT8-.c4nary-secret") == GivenToken("u?>", SECRET)
    assert read_token(f"{spelling}.c4nary-secret") is None


def test_invariant_5_no_two_spellings_of_an_id_are_read() -> None:
    found = [read_token(f"{''.join(spelling)}.x") for spelling in product(ALPHABET, repeat=2)]
    ids = sorted(token.record_id for token in found if token is not None)
    assert ids == [chr(code) for code in range(128)]


@given(record_ids, secrets, st.data())
def test_invariant_5_whatever_letter_is_changed_it_opens_nothing_any_more(
    record_id: str, secret: Secret[str], data: st.DataObject
) -> None:
    sent = token_text(record_id, secret).reveal()
    place = data.draw(st.integers(0, len(sent) - 1))
    changed = sent[:place] + data.draw(st.sampled_from(ALPHABET + ". \n\0")) + sent[place + 1 :]
    assume(changed != sent)
    found = read_token(changed)
    assert found is None or not opens(found, RESET, token_digest(RESET, record_id, secret))


# --- short codes, and the host's sessions


def code(text: str = "123456", secret: str = "half", *bound_to: str) -> str:
    return code_digest(Secret(secret), bound_to or ("id", "entity", "lyon", "192.0.2.1"), Secret(text)).reveal()


def test_d7_a_code_is_kept_under_the_secret_half_of_a_token_that_is_not_stored() -> None:
    # HMAC-SHA256 under `half` over each part's length and the part, joined by NUL.
    message = b"2:id\x006:entity\x004:lyon\x009:192.0.2.1\x006:123456"
    assert hmac.new(b"half", message, "sha256").hexdigest() == code()
    assert "123456" not in code()
    assert "***" in repr(code_digest(Secret("half"), (), Secret("123456")))


@pytest.mark.parametrize(
    "other",
    [
        code("123457"),
        code("123456", "other half"),
        code("123456", "half", "id2", "entity", "lyon", "192.0.2.1"),
        code("123456", "half", "id", "platform", "lyon", "192.0.2.1"),
        code("123456", "half", "id", "entity", "paris", "192.0.2.1"),
        code("123456", "half", "id", "entity", "lyon", "192.0.2.2"),
        code("123456", "half", "id", "entity", "lyon192.0.2.1", ""),
    ],
)
def test_d7_a_code_is_good_for_one_token_one_sign_in_one_structure_and_one_address(other: str) -> None:
    assert other != code()


@given(*[st.lists(parts, min_size=1, max_size=4)] * 2)
def test_d7_no_two_codes_share_a_digest_however_what_they_are_bound_to_runs_together(
    one: list[str], other: list[str]
) -> None:
    digests = [code_digest(SECRET, tuple(each[:-1]), Secret(each[-1])) for each in (one, other)]
    assert (one == other) is (digests[0] == digests[1])


def test_a_host_without_a_session_has_no_digest() -> None:
    assert session_digest(None) is None


@given(st.text(alphabet=st.characters(), max_size=20), st.text(alphabet=st.characters(), max_size=20))
def test_a_session_is_told_by_its_digest_and_not_kept_itself(one: str, other: str) -> None:
    digests = session_digest(one), session_digest(other)
    assert (one == other) is (digests[0] == digests[1])
    assert digests[0] is not None
    assert 64 == len(digests[0])


@pytest.mark.parametrize("wrong", [b"c4nary", 5, Secret("c4nary"), ["c4nary"], True], ids=repr)
def test_a_session_that_is_no_text_is_misuse_and_is_not_shown(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        session_digest(wrong)
    assert "session" == refused.value.field
    assert "c4nary" not in str(refused.value)
