"""A secret is not seen: not by repr, format, log, dict, JSON, pickle, copy or hash; and it is compared in constant time."""

import copy
import dataclasses
import hmac
import json
import logging
import pickle
import pprint
import string
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mydso_access.model.secret import Secret, wrapped

CANARY = "c4nary-Pässword!"
SECRETS = [Secret(CANARY), Secret(CANARY.encode())]


@attrs.frozen
class Holder:
    """A host's record with a secret in it."""

    secret: Secret[str]
    also: tuple[Secret[str], ...] = ()


@dataclasses.dataclass
class Plain:
    """Another host's record."""

    secret: Secret[str]


SHOWN: dict[str, Callable[[Any], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": format,
    "format with a width": lambda secret: f"{secret:>100}",
    "format with any specification": lambda secret: f"{secret:no such thing}",
    "f-string": lambda secret: f"{secret}",
    "f-string, repr": lambda secret: f"{secret!r}",
    "f-string, debugging": lambda secret: f"{secret=}",
    "str.format": "{}".format,
    "str.format, repr": "{!r:>60}".format,
    "percent s": lambda secret: "%s" % secret,  # noqa: UP031
    "percent r": lambda secret: "%r" % (secret,),  # noqa: UP031
    "percent a": lambda secret: "%a" % (secret,),  # noqa: UP031
    "template": lambda secret: string.Template("$x").substitute(x=secret),
    "in a list": lambda secret: str([secret]),
    "in a dict": lambda secret: str({"a": secret, secret: 1}),
    "in an attrs class": lambda secret: repr(Holder(secret, (secret,))),
    "in a dataclass": lambda secret: repr(Plain(secret)),
    "attrs.asdict": lambda secret: repr(attrs.asdict(Holder(secret, (secret,)))),
    "attrs.astuple": lambda secret: repr(attrs.astuple(Holder(secret, (secret,)))),
    "json of attrs.asdict": lambda secret: json.dumps(attrs.asdict(Holder(secret, (secret,))), default=str),
    "pprint": lambda secret: pprint.pformat(Holder(secret)),
    "an exception's text": lambda secret: str(ValueError("wrong", secret)),
    "a traceback with locals": lambda secret: "".join(
        traceback.TracebackException.from_exception(raised(secret), capture_locals=True).format()
    ),
}


def raised(secret: Secret[str]) -> ValueError:
    try:
        raise ValueError(secret)  # noqa: TRY301  # for its traceback
    except ValueError as error:
        return error


@pytest.mark.parametrize("secret", SECRETS, ids=["str", "bytes"])
@pytest.mark.parametrize("way", SHOWN)
def test_no_way_of_showing_a_secret_shows_it(way: str, secret: Any) -> None:
    text = SHOWN[way](secret)
    assert "c4nary" not in text
    assert "sword" not in text
    assert "***" in text


def test_the_length_cannot_be_read_from_what_is_shown() -> None:
    assert repr(Secret("")) == repr(Secret("x" * 1000)) == repr(Secret(b"\0")) == "Secret('***')"


def test_logging_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("a host")
    for secret in SECRETS:
        logger.error("refused %s %r", secret, secret, extra={"secret": secret})
        logger.error(secret)
        logger.error("in a dict: %(secret)s", {"secret": secret})
    assert caplog.text.count("***") >= 8
    assert "c4nary" not in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled_by_any_protocol(protocol: int) -> None:
    secret = Secret(CANARY)
    for holder in (secret, Holder(secret), Plain(secret), [secret], {"password": secret}, ValueError(secret)):
        with pytest.raises(TypeError, match="neither copied nor pickled"):
            pickle.dumps(holder, protocol)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_a_secret_is_not_copied(copier: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        copier(Secret(CANARY))
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        copy.deepcopy(Holder(Secret(CANARY)))
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        dataclasses.asdict(Plain(Secret(CANARY)))


def test_a_secret_is_no_json() -> None:
    with pytest.raises(TypeError, match="Secret is not JSON serializable"):
        json.dumps({"password": Secret(CANARY)})


def test_a_secret_has_no_dict_to_read() -> None:
    assert not hasattr(Secret(CANARY), "__dict__")
    with pytest.raises(TypeError):
        vars(Secret(CANARY))
    with pytest.raises(AttributeError):
        Secret(CANARY).other = 1


def test_the_state_that_a_serialiser_may_ask_for_shows_nothing() -> None:
    try:
        state: object = Secret(CANARY).__getstate__()
    except TypeError:
        state = None
    assert CANARY not in repr(state)


@pytest.mark.parametrize("value", ["", "a", "a\0b", "\ud800", "é", b"", b"\xff", "x" * 50], ids=repr)
def test_reveal_returns_the_very_value(value: str | bytes) -> None:
    assert Secret(value).reveal() is value


texts = st.text(alphabet=st.characters(), max_size=5) | st.sampled_from(
    ["\ud83d\ude00", "😀", "\ud800", "e\u0301", "é"]
)


@given(left=texts, right=texts)
@example("\ud83d\ude00", "😀")  # two lone surrogates and the character they would be in UTF-16
def test_two_secrets_are_equal_exactly_if_their_values_are(left: str, right: str) -> None:
    assert (Secret(left) == Secret(right)) is (left == right)
    assert (Secret(left) != Secret(right)) is (left != right)
    assert (Secret(left.encode(errors="surrogatepass")) == Secret(right.encode(errors="surrogatepass"))) is (
        left == right
    )


@pytest.mark.parametrize("other", [CANARY, CANARY.encode(), None, 0, object()], ids=repr)
def test_a_secret_equals_nothing_that_is_none(other: object) -> None:
    assert (Secret(CANARY) == other) is False
    assert (other == Secret(CANARY)) is False
    assert (Secret(CANARY) != other) is True


def test_comparing_goes_through_the_constant_time_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    real, compared = hmac.compare_digest, []

    def spy(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return real(left, right)

    monkeypatch.setattr("hmac.compare_digest", spy)
    assert Secret("abc") == Secret("abc")
    assert Secret("abc") != Secret("xbc")
    assert Secret("é") != Secret("abc")
    assert Secret(b"abc") != Secret(b"abcd")
    expected = [(b"abc", b"abc"), (b"abc", b"xbc"), (b"\xc3\xa9", b"abc"), (b"abc", b"abcd")]
    assert expected == compared


def test_the_hash_tells_nothing_of_the_value() -> None:
    assert len({hash(Secret(value)) for value in ("", "a", "b", CANARY, b"a", b"")}) == 1
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_wrapped_wraps_a_text_and_keeps_a_secret() -> None:
    secret = Secret(CANARY)
    assert wrapped(secret) is secret
    assert type(wrapped(CANARY)) is Secret
    assert wrapped(CANARY).reveal() == CANARY


def test_text_and_its_bytes_are_two_secrets() -> None:
    assert Secret(CANARY) != Secret(CANARY.encode())
