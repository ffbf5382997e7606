"""An app on a telephone, for tests that need its codes."""

import base64

from attrs import define, field

from mydso_access.adapters.totp import Totp
from mydso_access.decisions.second_factor import step_at
from mydso_access.model.secret import Secret
from mydso_access.policy.fixed import EARLIEST, TOTP_PERIOD
from mydso_access.policy.second_factor import Algorithm
from mydso_access.testing.clock import ManualClock


@define(eq=False, repr=False)
class App:
    """An app on a telephone that shows codes.

    Attributes:
        seed: what it has scanned, in base 32.
        clock: tells it the time.
        algorithm: the hash inside its codes.
    """

    seed: Secret[str]
    clock: ManualClock
    algorithm: Algorithm
    _shown: int = field(default=-1, init=False)

    def code(self) -> str:
        """Return the code of now. If it was shown before, the clock moves on to the next: each code counts once."""
        next_one = EARLIEST + (self._shown + 1) * TOTP_PERIOD
        if self.clock.now() < next_one:
            self.clock.move(next_one - self.clock.now())
        self._shown = step_at(self.clock.now())
        seed = Secret(base64.b32decode(self.seed.reveal()))
        return Totp().code(seed, self._shown, self.algorithm).reveal()
