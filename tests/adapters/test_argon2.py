"""Argon2id: right, wrong, unusable; hostile stored hashes cost nothing; one hash per look; nothing cut."""

import base64
import time
from typing import Any

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError

from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.decisions.sign_in import SecretVerdict
from mydso_access.model import Secret
from mydso_access.policy import HashingPolicy
from mydso_access.policy.fixed import HASH_WORK_CAP

RIGHT, WRONG, UNUSABLE = SecretVerdict.RIGHT, SecretVerdict.WRONG, SecretVerdict.UNUSABLE
CHEAP = HashingPolicy.cheapest_for_tests()
HASHER = Argon2Hasher(CHEAP)
PASSWORD = Secret(b"Abcdef12!")
STORED = HASHER.hash(PASSWORD).reveal()
SALT, TAG = STORED.split("$")[-2:]


def stored_hash(
    *, variant: str = "argon2id", version: str = "$v=19", m: Any = 8, t: Any = 1, p: Any = 1, salt: str = SALT,
    tag: str = TAG,
) -> str:  # fmt: skip
    return f"${variant}{version}$m={m},t={t},p={p}${salt}${tag}"


def b64(size: int) -> str:
    return base64.b64encode(bytes(size)).decode().rstrip("=")


def policy(memory_kib: int = 8, time_cost: int = 1, lanes: int = 1) -> HashingPolicy:
    return HashingPolicy(memory_kib=memory_kib, time_cost=time_cost, lanes=lanes, insecure_for_tests=True)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the hashes that Argon2 really computed: those that ended in a match or a mismatch."""
    real = argon2.PasswordHasher.verify
    seen: list[str] = []

    def counting(self: argon2.PasswordHasher, stored: str, password: bytes) -> bool:
        try:
            result = real(self, stored, password)
        except VerifyMismatchError:
            seen.append(stored)
            raise
        seen.append(stored)
        return result

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    return seen


# --- right and wrong


def test_a_new_hash_is_argon2id_with_the_policys_parameters() -> None:
    parameters = argon2.extract_parameters(Argon2Hasher(policy(64, 3, 2)).hash(PASSWORD).reveal())
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (64, 3, 2)
    assert (parameters.type, parameters.version) == (argon2.Type.ID, 19)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)


def test_the_right_password_is_right_and_any_other_wrong() -> None:
    assert HASHER.verify(Secret(STORED), PASSWORD) is RIGHT
    for wrong in (b"", b"abcdef12!", b"Abcdef12", b"Abcdef12! ", b" Abcdef12!", b"Abcdef12!\0"):
        assert HASHER.verify(Secret(STORED), Secret(wrong)) is WRONG


@pytest.mark.parametrize("length", [1, 64, 72, 73, 128, 1024, 4096])
def test_every_byte_counts_the_last_one_too(length: int) -> None:
    password = bytes(range(1, 256)) * 17
    stored = HASHER.hash(Secret(password[:length]))
    assert HASHER.verify(stored, Secret(password[:length])) is RIGHT
    for other in (
        password[: length - 1] + b"\0",
        password[: length - 1] + bytes([password[length - 1] ^ 1]),
        bytes([password[0] ^ 1]) + password[1:length],
        password[: length - 1],
        password[: length + 1],
    ):
        assert HASHER.verify(stored, Secret(other)) is WRONG


def test_a_nul_does_not_end_a_password() -> None:
    stored = HASHER.hash(Secret(b"a\0b"))
    assert HASHER.verify(stored, Secret(b"a\0b")) is RIGHT
    for other in (b"a", b"a\0", b"a\0c", b"\0b", b"ab"):
        assert HASHER.verify(stored, Secret(other)) is WRONG
    assert HASHER.verify(HASHER.hash(Secret(b"a")), Secret(b"a\0b")) is WRONG


def test_salts_are_never_the_same_twice() -> None:
    salts = {HASHER.hash(PASSWORD).reveal().split("$")[-2] for _ in range(200)}
    assert len(salts) == 200
    assert {len(base64.b64decode(f"{salt}==")) for salt in salts} == {16}


def test_a_hash_of_other_harmless_parameters_is_verified_all_the_same() -> None:
    for other in (policy(16), policy(8, 4), policy(64, 2, 4)):
        stored = Argon2Hasher(other).hash(PASSWORD)
        assert HASHER.verify(stored, PASSWORD) is RIGHT
        assert HASHER.verify(stored, Secret(b"wrong")) is WRONG


@pytest.mark.parametrize(("salt_bytes", "tag_bytes"), [(8, 16), (64, 64), (16, 64)])
def test_salts_and_tags_of_other_harmless_sizes_are_verified(salt_bytes: int, tag_bytes: int) -> None:
    other = argon2.PasswordHasher(1, 8, 1, hash_len=tag_bytes, salt_len=salt_bytes)
    assert HASHER.verify(Secret(other.hash(b"x")), Secret(b"x")) is RIGHT


# --- unusable

HOSTILE = {
    "nothing": "",
    "a word": "garbage",
    "a dollar": "$",
    "dollars": "$$$$$",
    "plain text": "Abcdef12!",
    "not ASCII": "pässwörd",
    "a lone surrogate": "\ud800",
    "bcrypt": "$2b$12$KIXQJ8Qw0aY0Zr0bq1n3..dR1oV3V2V8Wn7oE3Jm1yKp7k3l6mGLe",
    "only a head": "$argon2id$v=19$m=8,t=1,p=1",
    "no tag": STORED.rpartition("$")[0],
    "an empty tag": stored_hash(tag=""),
    "an empty salt": stored_hash(salt=""),
    "a truncated tag": STORED[:-2],  # 41 letters, which no base64 has
    "a lengthened tag": STORED + "AA",
    "a sixth part": STORED + "$x",
    "a blank in front": " " + STORED,
    "a line break behind": STORED + "\n",
    "a salt that is no base64": stored_hash(salt="!" * 22),
    "a tag that is no base64": stored_hash(tag="!" * 43),
    "padded base64": STORED + "=",
    "endless passes": stored_hash(t=2**32 - 1),
    "more passes than there are": stored_hash(t=2**64),
    "huge memory": stored_hash(m=2**32 - 1),
    "memory just past the cap": stored_hash(m=HASH_WORK_CAP + 1),
    "passes just past the cap": stored_hash(t=HASH_WORK_CAP // 8 + 1),
    "memory times passes past the cap": stored_hash(m=2**20, t=5),
    "many lanes": stored_hash(m=8 * 65, p=65),
    "endless lanes": stored_hash(m=2**22, p=2**24 - 1),
    "less memory than lanes need": stored_hash(m=8, p=2),
    "no lanes": stored_hash(p=0),
    "no passes": stored_hash(t=0),
    "no memory": stored_hash(m=0),
    "negative passes": stored_hash(t=-1),
    "negative memory": stored_hash(m=-8),
    "negative both": stored_hash(m=-8, t=-1),
    "negative lanes": stored_hash(p=-1),
    "a fraction": stored_hash(t=1.5),
    "a word for a number": stored_hash(t="one"),
    "no number": stored_hash(t=""),
    "leading zero": stored_hash(m="08"),
    "underscore": stored_hash(m="1_6"),
    "a number of 5000 digits": stored_hash(t="9" * 5000),
    "a parameter twice": STORED.replace("t=1", "t=1,t=1"),
    "a parameter missing": STORED.replace("t=1,", ""),
    "argon2i": stored_hash(variant="argon2i"),
    "argon2d": stored_hash(variant="argon2d"),
    "argon2 of no kind": stored_hash(variant="argon2x"),
    "upper case": stored_hash(variant="ARGON2ID"),
    "version 16": stored_hash(version="$v=16"),
    "version 18": stored_hash(version="$v=18"),
    "version 20": stored_hash(version="$v=20"),
    "version nineteen": stored_hash(version="$v=x"),
    "no version": stored_hash(version=""),
    "a tag of 4 bytes": stored_hash(tag=b64(4)),
    "a tag of 15 bytes": stored_hash(tag=b64(15)),
    "a tag of 65 bytes": stored_hash(tag=b64(65)),
    "a tag of a megabyte": stored_hash(tag=b64(10**6)),
    "a salt of 1 byte": stored_hash(salt=b64(1)),
    "a salt of 7 bytes": stored_hash(salt=b64(7)),
    "a salt of 65 bytes": stored_hash(salt=b64(65)),
    "a salt of a megabyte": stored_hash(salt=b64(10**6)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_cannot_be_used_is_unusable_soon_and_costs_one_dummy(what: str, computed: list[str]) -> None:
    began = time.perf_counter()
    assert HASHER.verify(Secret(HOSTILE[what]), PASSWORD) is UNUSABLE
    assert time.perf_counter() - began < 0.2
    assert [HASHER._dummy] == computed
    assert HASHER.needs_rehash(Secret(HOSTILE[what])) is False


@pytest.mark.parametrize(
    "stored",
    [STORED[:-1] + "é", stored_hash(tag="é" * 43), stored_hash(m="８"), STORED[:-1] + "\ud800"],
    ids=["last letter", "whole tag", "full-width digit", "lone surrogate"],
)
def test_a_stored_hash_outside_ascii_is_unusable_and_no_exception(stored: str) -> None:
    assert HASHER.verify(Secret(stored), PASSWORD) is UNUSABLE


# --- one hash per look


def test_every_look_costs_exactly_one_hash_d2(computed: list[str]) -> None:
    for stored, password in ((STORED, PASSWORD), (STORED, Secret(b"wrong")), ("garbage", PASSWORD)):
        before = len(computed)
        HASHER.verify(Secret(stored), password)
        assert len(computed) == before + 1
    HASHER.verify_dummy(PASSWORD)
    assert len(computed) == 4


def test_a_rehash_question_and_a_new_hash_cost_no_look(computed: list[str]) -> None:
    HASHER.needs_rehash(Secret(STORED))
    HASHER.hash(PASSWORD)
    Argon2Hasher(CHEAP)
    assert computed == []


@pytest.mark.parametrize("chosen", [policy(), policy(64, 3, 2), policy(128, 1, 4)], ids=["8,1,1", "64,3,2", "128,1,4"])
def test_the_dummy_costs_what_a_hash_of_the_policy_costs(chosen: HashingPolicy, computed: list[str]) -> None:
    Argon2Hasher(chosen).verify_dummy(PASSWORD)
    (dummy,) = computed
    assert argon2.extract_parameters(Argon2Hasher(chosen).hash(PASSWORD).reveal()) == argon2.extract_parameters(dummy)


def test_the_dummy_never_verifies_and_is_another_in_every_process() -> None:
    for password in (b"", b"\0", b"dummy", PASSWORD.reveal(), HASHER._dummy.encode()):
        assert HASHER.verify_dummy(Secret(password)) is None
        assert HASHER.verify(Secret(HASHER._dummy), Secret(password)) is WRONG
    assert len({Argon2Hasher(CHEAP)._dummy for _ in range(50)}) == 50


# --- hashing anew


@pytest.mark.parametrize(
    ("present", "wanted", "anew"),
    [
        ((64, 2, 1), (64, 2, 1), False),
        ((64, 2, 1), (65, 2, 1), True),
        ((64, 2, 1), (64, 3, 1), True),
        ((64, 2, 1), (128, 1, 1), True),
        ((64, 2, 1), (32, 4, 1), True),
        ((64, 2, 1), (127, 1, 1), False),
        ((64, 2, 1), (63, 2, 1), False),
        ((64, 2, 1), (64, 1, 1), False),
        ((64, 2, 1), (32, 3, 1), False),
        ((64, 2, 1), (32, 2, 1), False),
        ((64, 2, 1), (64, 2, 4), False),
        ((64, 2, 4), (64, 2, 1), False),
        ((64, 2, 4), (65, 2, 1), True),
    ],
)
def test_a_hash_is_made_anew_only_when_the_parameters_have_grown(
    present: tuple[int, int, int], wanted: tuple[int, int, int], anew: bool
) -> None:
    stored = Argon2Hasher(policy(*present)).hash(PASSWORD)
    assert Argon2Hasher(policy(*wanted)).needs_rehash(stored) is anew


def test_once_made_anew_it_needs_it_no_more() -> None:
    stronger = Argon2Hasher(policy(32, 2))
    assert stronger.needs_rehash(Secret(STORED))
    assert not stronger.needs_rehash(stronger.hash(PASSWORD))


def test_nothing_of_password_or_hash_is_shown() -> None:
    assert "***" in repr(HASHER.hash(PASSWORD))
    assert STORED not in repr(HASHER)
