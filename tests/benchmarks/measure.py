"""Speed, as ratios in one run: `python -m tests.benchmarks.measure`. Prints, never fails for being slow.

Each figure is the best of several rounds; what is compared alternates, so that a busy machine slows both.
"""

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import argon2
from attrs import evolve

from mydso_access import AccessControl, MemoryRepositories, SecurityPolicy
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.synchronous import drive
from mydso_access.decisions.lockout import Settlement
from mydso_access.decisions.naming import account_key, address_key, parse_address
from mydso_access.ledger import Ledger
from mydso_access.model import AttemptCounter
from mydso_access.policy import HashingPolicy
from mydso_access.replay import read, replay
from mydso_access.testing import an_entity, created, enabled_user

RIGHT, HOME = "Correct-Horse-9", "192.0.2.1"
CHEAPEST = HashingPolicy.cheapest_for_tests()
POLICY = evolve(SecurityPolicy.my_dso_manager(), hashing=CHEAPEST)
LOG = Path(__file__).parents[1] / "data" / "sign-ins-2018-11"


def best_of(*works: Callable[[], object], calls: int = 500, rounds: int = 15) -> list[float]:
    """Return the best time of one call of each, in microseconds."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            began = time.perf_counter()
            for _ in range(calls):
                work()
            best[place] = min(best[place], (time.perf_counter() - began) / calls * 1e6)
    return best


def attempt_and_compare_and_set() -> None:
    repositories = MemoryRepositories()
    access, counters = AccessControl(repositories, policy=POLICY), repositories.counters
    installation, client = access._installation, parse_address(HOME)
    account, address, plain = account_key("one"), address_key(client, POLICY.lockout), account_key("two")

    async def attempt() -> None:
        ledger = Ledger(installation, client)
        await ledger.charge(address)
        await ledger.charge(account)
        await ledger.settle(Settlement.GIVEN_BACK, Settlement.COMPLETE)

    def compare_and_set() -> None:
        stored = counters.get(plain) or AttemptCounter(plain)
        counters.save(evolve(stored, failed=stored.failed + 1))

    one_attempt, one_save = best_of(lambda: drive(attempt()), compare_and_set)
    print(f"one attempt, both keys charged and settled: {one_attempt:.0f} µs")
    print(f"  one compare-and-set of a frozen record: {one_save:.1f} µs; ratio {one_attempt / one_save:.1f} (goal: 10)")


def sign_in_and_raw_verify() -> None:
    repositories, hasher = MemoryRepositories(), Argon2Hasher(CHEAPEST)
    user = enabled_user("known", RIGHT, hasher=hasher)
    entity = an_entity()
    repositories.structures.save(entity, created(entity))
    repositories.users.save(user, created(user))
    access = AccessControl(repositories, policy=POLICY, hasher=hasher)
    raw = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    stored = raw.hash(RIGHT)
    signing_in, verifying, huge = best_of(
        lambda: access.sign_in("known", RIGHT, address=HOME),
        lambda: raw.verify(stored, RIGHT),
        lambda: access.sign_in("known", "x" * 10**6, address=HOME),
        calls=200,
    )
    print(f"sign_in on memory repositories: {signing_in:.0f} µs; raw Argon2 verify, cheapest: {verifying:.0f} µs")
    print(f"  sign_in over the raw verify: {signing_in - verifying:.0f} µs (goal: 100)")
    print(f"a 1 MB password: {huge / 1000:.3f} ms (goal: 1)")


def replaying() -> None:
    real = gzip.decompress((LOG / "log.csv.gz").read_bytes()).decode().splitlines(keepends=True)
    wrong = ["datetime,source_ip,username,success\n"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(20_000):
        at = (start + number * timedelta(seconds=1)).isoformat()
        wrong.append(f"{at},10.{number >> 12 & 255}.{number >> 4 & 255}.1,user-{number % 7000},False\n")
    for title, lines in (("real sign-ins", real), ("wrong guesses that are all charged and settled", wrong)):
        (whole,) = best_of(lambda lines=lines: replay(read(lines, None, 2026), POLICY), calls=1, rounds=7)
        print(f"replay of {title}: {(len(lines) - 1) / whole * 1e6:,.0f} attempts a second (goal: 50,000)")


def importing() -> None:
    ours, theirs = (_import_time(modules) for modules in ("mydso_access", "attrs, argon2, pyotp"))
    print(
        f"import mydso_access: {ours:.0f} ms; attrs + argon2 + pyotp: {theirs:.0f} ms; ratio {ours / theirs:.2f} (goal: 1.5)"
    )


def _import_time(modules: str) -> float:
    code = f"import time; began = time.perf_counter(); import {modules}; print((time.perf_counter() - began) * 1000)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]  # the first run writes the bytecode that the others read
    runs = [subprocess.run(command, capture_output=True, check=True, env=environment) for _ in range(15)]
    return min(float(run.stdout) for run in runs)


def main() -> None:
    """Measure everything."""
    attempt_and_compare_and_set()
    sign_in_and_raw_verify()
    replaying()
    importing()


if __name__ == "__main__":
    main()
