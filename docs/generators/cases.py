"""How a refusal is provoked: what it means, what is planted, and what is attempted then."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from generators.world import ADDRESS, PASSWORD, World


def nothing(world: World) -> None:
    """Plant nothing."""


def right(world: World) -> object:
    """Sign in with the right password."""
    return world.access.sign_in("anna", PASSWORD, address=ADDRESS)


@frozen
class Case:
    """One reason.

    Attributes:
        meaning: what it means.
        plant: changes the world, and returns what the attempt needs of it.
        attempt: provokes the refusal, given the world and what was planted.
    """

    meaning: str
    plant: Callable[[World], Any] = nothing
    attempt: Callable[..., object] = right

    def provoke(self, world: World) -> Callable[[], object]:
        """Plant, and return the attempt."""
        planted = self.plant(world)
        given = () if planted is None else (planted,)
        return lambda: self.attempt(world, *given)
