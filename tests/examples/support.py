"""What the tests of the host examples share: a door that is quick, a clock to move, and its mail."""

import re
from queue import Queue
from typing import Any

from attrs import evolve, field, frozen
from pyotp import TOTP

from mydso_access import SecurityPolicy
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.policy import HashingPolicy, Networks
from mydso_access.testing import ManualClock

HOME, AWAY = "192.0.2.10", "203.0.113.7"
PASSWORD, NEXT = "Correct-Horse-9", "Better-Horse-10"
NOT_RIGHT = "The name or the password is not right."
MOBILE = "+33612345678"
OFFICE = Networks("192.0.2.0/24")
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
FOREIGN = [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}]


def quick_policy() -> SecurityPolicy:
    return evolve(SecurityPolicy.my_dso_manager(), hashing=HashingPolicy.cheapest_for_tests())


def surroundings(clock: ManualClock) -> dict[str, Any]:
    policy = quick_policy()
    return {
        "policy": policy,
        "hasher": Argon2Hasher(policy.hashing),
        "clock": clock,
        "secret_box": UnprotectedBox(),
    }


@frozen
class Outbox:
    """What was sent, in its order; whoever looks for the next waits for it."""

    sent: "Queue[tuple[str, str]]" = field(factory=Queue)

    def deliver(self, to: str, text: str) -> None:
        self.sent.put((to, text))

    def token(self) -> str:
        return self._found(r"token=(\S+)")

    def code(self) -> str:
        return self._found(r"Code (\d{6})")

    def next(self) -> tuple[str, str]:
        return self.sent.get(timeout=30)

    def _found(self, pattern: str) -> str:
        while True:
            if match := re.search(pattern, self.next()[1]):
                return match[1]


def code_of(seed: str, clock: ManualClock) -> str:
    return TOTP(seed).at(clock.now())
