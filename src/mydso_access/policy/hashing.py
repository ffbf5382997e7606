"""What a password hash costs, and how many may run at once (ASVS 11.4.2, RFC 9106)."""

from datetime import timedelta

from attrs import frozen

from mydso_access.errors import InvalidPolicy
from mydso_access.policy.fixed import HASH_LANES_CAP, HASH_MEMORY_CAP, HASH_MEMORY_FLOOR, HASH_TIME_FLOOR, HASH_WORK_CAP
from mydso_access.policy.settings import Stricter, check_settings, setting


@frozen(kw_only=True)
class HashingPolicy:
    """Argon2id's parameters; the defaults are RFC 9106's low-memory profile."""

    memory_kib: int = setting(
        65536,
        unit="KiB",
        source="RFC 9106",
        stricter=Stricter.HIGHER,
        minimum=8,
        maximum=HASH_MEMORY_CAP,
        doc="Memory that one hash fills; below 19 MiB only for tests.",
    )
    time_cost: int = setting(
        3,
        unit="passes",
        source="RFC 9106",
        stricter=Stricter.HIGHER,
        minimum=1,
        maximum=64,
        doc="Passes over the memory; below 2 only for tests.",
    )
    lanes: int = setting(
        4,
        unit="threads",
        source="RFC 9106",
        stricter=Stricter.NEITHER,
        minimum=1,
        maximum=HASH_LANES_CAP,
        doc="Lanes that one hash is computed in.",
    )
    max_parallel: int = setting(
        4,
        unit="hashes",
        source="ASVS 15.2.2",
        stricter=Stricter.NEITHER,
        minimum=1,
        maximum=1024,
        doc="Hashes that one process computes at once; each needs `memory_kib`.",
    )
    slot_wait: timedelta = setting(
        timedelta(seconds=5),
        unit="duration",
        source="architecture, charge then verify",
        stricter=Stricter.NEITHER,
        minimum=timedelta(milliseconds=1),
        maximum=timedelta(minutes=1),
        doc="How long an attempt waits for its turn to hash before the answer is Busy, with nothing charged.",
    )
    insecure_for_tests: bool = setting(
        default=False,
        unit="yes or no",
        source="ASVS 11.4.2",
        stricter=Stricter.LOWER,
        doc="Allows parameters below OWASP's floor (19 MiB, 2 passes, 1 lane), for test suites.",
    )

    def __attrs_post_init__(self) -> None:
        check_settings(self)
        if self.memory_kib * self.time_cost > HASH_WORK_CAP:
            given = f"{self.memory_kib} KiB × {self.time_cost} passes"
            raise InvalidPolicy("HashingPolicy.memory_kib × time_cost", given, f"at most {HASH_WORK_CAP}")
        if self.memory_kib < 8 * self.lanes:
            expected = f"at least 8 KiB for each of the {self.lanes} lanes"
            raise InvalidPolicy("HashingPolicy.memory_kib", str(self.memory_kib), expected)
        if not self.insecure_for_tests:
            self._check_floor()

    def _check_floor(self) -> None:
        floors = (("memory_kib", self.memory_kib, HASH_MEMORY_FLOOR), ("time_cost", self.time_cost, HASH_TIME_FLOOR))
        for name, value, floor in floors:
            if value < floor:
                expected = f"at least {floor}, OWASP's floor; only a test suite may say insecure_for_tests=True"
                raise InvalidPolicy(f"HashingPolicy.{name}", str(value), expected)

    @classmethod
    def cheapest_for_tests(cls) -> "HashingPolicy":
        """Return the cheapest parameters that Argon2 has: for test suites, worthless against a stolen database."""
        return cls(memory_kib=8, time_cost=1, lanes=1, insecure_for_tests=True)
