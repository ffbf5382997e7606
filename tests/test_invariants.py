"""Invariants 6 and 12, by counting and by looking everywhere: what an outsider and a reader of the store can learn."""

import asyncio
import json
import logging
import os
import secrets
import traceback
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mydso_access import (
    AccessControl,
    AccessError,
    AsyncAccessControl,
    MemoryRepositories,
    Refused,
    SecurityPolicy,
    SignedIn,
)
from mydso_access.adapters.system import SystemClock
from mydso_access.model import KeyKind
from tests.support import HOME, KNOWN, PARTS, RIGHT, CountingHasher, World, argon2, policy

ATTACKER, OWNER = "198.51.100.7", "192.0.2.1"
NAMES = ("known", "nobody", "disabled", "invited", "sso_only", "contact")

attacks = st.lists(
    st.one_of(
        st.tuples(st.just("guess"), st.sampled_from(["wrong", "wrong too", "", "x" * 1025])),
        st.tuples(st.just("owner signs in"), st.just(RIGHT)),
        st.tuples(st.just("time passes"), st.sampled_from([1, 30, 3599, 3600, 3601, 86_399, 86_401])),
        st.tuples(st.just("others guess"), st.sampled_from(["somebody", "else"])),
    ),
    max_size=40,
)


def transcript(name: str, steps: list[tuple[str, Any]]) -> list[tuple[str, int]]:
    """Return what an attacker who guesses at one name reads, and what each answer cost in hashes."""
    world = World()
    access, seen = world.access, []
    for step, value in steps:
        before = world.hasher.hashes
        match step:
            case "guess":
                outcome = access.sign_in(name, value, address=ATTACKER)
                seen.append((outcome.public_message, world.hasher.hashes - before))
            case "others guess":
                outcome = access.sign_in(value, "wrong", address=ATTACKER)
                seen.append((outcome.public_message, world.hasher.hashes - before))
            case "owner signs in":
                access.sign_in(name, value, address=OWNER)
            case "time passes":
                world.clock.move(timedelta(seconds=value))
    return seen


@settings(max_examples=150, deadline=None)
@given(attacks)
def test_invariant_6_every_prefix_reads_and_costs_the_same_for_every_kind_of_name(steps: list[tuple[str, Any]]) -> None:
    expected = transcript("known", steps)
    for name in NAMES[1:]:
        assert expected == transcript(name, steps)


def test_invariant_6_guesses_past_a_block_cost_one_hash_and_past_an_address_block_none() -> None:
    seen = transcript("known", [("guess", "wrong")] * 12)
    assert [1] * 10 + [0] * 2 == [hashes for _, hashes in seen]
    assert 1 == len({message for message, _ in seen[:10]})
    assert "network address" in seen[10][0]


def everything_stored(repositories: MemoryRepositories) -> str:
    users = [repositories.users.get(f"id-{name}") for name in NAMES]
    return repr([repositories.counters.all(), repositories.events.all(), users])


def test_invariant_12_a_password_typed_into_the_name_field_appears_in_no_record_event_or_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    world, canary = World(), "Canary-In-The-Name-7"
    for number in range(12):
        outcome = world.access.sign_in(canary, "wrong", address=HOME)
        assert canary.casefold() not in (repr(outcome) + outcome.public_message).casefold()
        if number == 6:
            world.clock.move(timedelta(hours=2))
    stored = everything_stored(world.repositories) + caplog.text
    assert canary.casefold() not in stored.casefold()
    assert 11 <= len(world.events())


def test_invariant_12_no_password_in_any_answer_record_event_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = World(hasher=argon2())
    texts = []
    for name in NAMES:
        for password in (RIGHT, "Canary-Guess-1"):
            outcome = world.access.sign_in(name, password, address=HOME)
            texts += [repr(outcome), str(outcome), f"{outcome}", outcome_as_json(outcome)]
    changed = world.access.change_password(KNOWN, RIGHT, "Canary-New-22", address="192.0.2.99")
    texts += [repr(changed), everything_stored(world.repositories), caplog.text]
    for secret in (RIGHT, "Canary-Guess-1", "Canary-New-22"):
        assert not [text for text in texts if secret in text]


def outcome_as_json(outcome: Any) -> str:
    return json.dumps(attrs.asdict(outcome), default=repr)


def test_invariant_12_a_traceback_with_locals_shows_no_password() -> None:
    world = World()

    def broken(_: Any) -> None:
        raise ConnectionError

    world.repositories = type("R", (), {n: getattr(world.repositories, n) for n in PARTS})
    world.repositories.counters = type("C", (), {"get": staticmethod(broken)})  # type: ignore[misc]
    canaries = ["Canary-Old-1", "Canary-New-22"]
    calls = [
        lambda access, old, new: access.sign_in("known", old, address=HOME),
        lambda access, old, new: access.change_password(KNOWN, old, new, address=HOME),
    ]
    for call in calls:
        try:
            call(world.access, *canaries)
        except AccessError as error:
            shown = traceback.TracebackException.from_exception(error, capture_locals=True)
            frames = [frame for frame in shown.stack if "mydso_access" in frame.filename]
            assert len(frames) > 3
            assert not [frame for frame in frames for canary in canaries if canary in str(frame.locals)]
        else:
            pytest.fail("a broken store must raise")


def test_random_names_from_one_network_a_million_in_ci_leave_ten_account_counters_and_one_address_counter() -> None:
    repositories, hasher = MemoryRepositories(), CountingHasher()
    access = AccessControl(repositories, policy=policy(), hasher=hasher)
    names = 10**6 if os.environ.get("CI") else 10**5  # a tenth where nobody asked for the whole
    for number in range(names):
        access.sign_in(secrets.token_hex(8), "guess", address=f"2001:db8:0:7:{number >> 16:x}::{number & 0xFFFF:x}")
    kinds = [counter.key.kind for counter in repositories.counters.all()]
    assert (10, 1) == (kinds.count(KeyKind.ACCOUNT), kinds.count(KeyKind.ADDRESS))
    assert 10 == hasher.dummies


def test_both_doors_answer_the_same() -> None:
    sync_world, async_world = World(), World()
    asynchronous = AsyncAccessControl(
        async_world.repositories, policy=policy(), hasher=async_world.hasher, clock=async_world.clock
    )
    for name, password in [("known", RIGHT), ("known", "wrong"), ("nobody", "x"), ("", "x"), ("disabled", RIGHT)] * 3:
        expected = sync_world.access.sign_in(name, password, address=HOME)
        actual = asyncio.run(asynchronous.sign_in(name, password, address=HOME))
        assert type(expected) is type(actual)
        if isinstance(expected, Refused):
            assert (expected.reason, expected.rule) == (actual.reason, actual.rule)  # type: ignore[union-attr]


def test_the_asynchronous_door_works_on_one_loop_after_another() -> None:
    world = World()
    access = AsyncAccessControl(world.repositories, policy=policy(), hasher=world.hasher)
    for _ in range(3):
        assert isinstance(asyncio.run(access.sign_in("known", RIGHT, address=HOME)), SignedIn)


def test_the_defaults_are_the_preset_and_the_machines_own_clock() -> None:
    access = AccessControl(MemoryRepositories(), hasher=CountingHasher())
    assert (SecurityPolicy.my_dso_manager(), SystemClock) == (access.policy, type(access._installation.clock))
