"""Time-based codes against the vectors of RFC 4226 and RFC 6238, and what an authenticator app is told."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mydso_access.adapters.totp import Totp
from mydso_access.model import Secret
from mydso_access.policy import Algorithm

SHA1, SHA256 = Algorithm.SHA1, Algorithm.SHA256
# The seeds of both RFCs' appendices: the digits, as many as the hash has bytes.
SEEDS = {SHA1: b"12345678901234567890", SHA256: b"12345678901234567890123456789012"}
# RFC 4226, appendix D, by counter.
COUNTED = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
# RFC 6238, appendix B: second -> code of eight digits, of which ours are the last six.
TIMED = {
    SHA1: {
        59: "94287082",
        1111111109: "07081804",
        1111111111: "14050471",
        1234567890: "89005924",
        2000000000: "69279037",
        20000000000: "65353130",
    },
    SHA256: {
        59: "46119246",
        1111111109: "68084774",
        1111111111: "67062674",
        1234567890: "91819424",
        2000000000: "90698825",
        20000000000: "77737706",
    },
}


@pytest.mark.parametrize(("counter", "code"), [*enumerate(COUNTED)])
def test_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert code == Totp().code(Secret(SEEDS[SHA1]), counter, SHA1).reveal()


@pytest.mark.parametrize(
    ("algorithm", "second", "code"),
    [(algorithm, second, code) for algorithm, codes in TIMED.items() for second, code in codes.items()],
)
def test_rfc_6238_appendix_b(algorithm: Algorithm, second: int, code: str) -> None:
    assert code[-6:] == Totp().code(Secret(SEEDS[algorithm]), second // 30, algorithm).reveal()


def test_a_code_keeps_its_zeros_in_front() -> None:
    codes = [Totp().code(Secret(SEEDS[SHA1]), step, SHA1).reveal() for step in range(200)]
    assert {6} == {len(code) for code in codes}
    assert any(code.startswith("0") for code in codes)


def test_the_uri_says_everything_an_app_needs() -> None:
    expected = (
        "otpauth://totp/My%20DSO:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
        "&issuer=My%20DSO&algorithm=SHA256"
    )
    assert expected == Totp().uri(Secret(SEEDS[SHA256]), SHA256, "anna", "My DSO").reveal()


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize(
    ("name", "issuer", "label"),
    [
        ("anna", "My DSO", "My DSO:anna"),
        ("zoë o'hara", "Credit & Co.", "Credit & Co.:zoë o'hara"),
        ("anna?secret=x&issuer=y#z", "a/b%", "a/b%:anna?secret=x&issuer=y#z"),
        ("anna", "evil: issuer", "evil  issuer:anna"),
        ("anna", "", "anna"),
        ("anna", " : ", "anna"),
    ],
)
def test_the_uri_is_read_back_whatever_name_and_issuer_hold(
    algorithm: Algorithm, name: str, issuer: str, label: str
) -> None:
    parts = urlsplit(Totp().uri(Secret(SEEDS[SHA1]), algorithm, name, issuer).reveal())
    assert ("otpauth", "totp", f"/{label}", "") == (parts.scheme, parts.netloc, unquote(parts.path), parts.fragment)
    asked = parse_qs(parts.query, strict_parsing=True)
    assert ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"] == asked.pop("secret")
    assert asked.pop("issuer", [""]) == [label.rpartition(":")[0]]
    # What is not said is the app's default: SHA-1, six digits, 30 seconds.
    assert asked.pop("algorithm", ["SHA1"]) == [algorithm.name]
    assert asked.pop("digits", ["6"]) == ["6"]
    assert asked.pop("period", ["30"]) == ["30"]
    assert {} == asked


def test_neither_code_nor_uri_is_shown() -> None:
    seed = Secret(SEEDS[SHA1])
    for secret in (Totp().code(seed, 1, SHA1), Totp().uri(seed, SHA1, "anna", "My DSO")):
        assert "Secret('***')" == repr(secret) == f"{secret}"
