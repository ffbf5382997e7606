"""Passwords that are too common: a list of words, or a service that is asked (OWASP ASVS 5.0, 6.2.4 and 6.2.12)."""

import logging
from collections.abc import Callable, Iterable
from enum import Enum
from os import PathLike
from pathlib import Path
from typing import final

from mydso_access.decisions.password_words import cores
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.secret import Secret

logger: logging.Logger = logging.getLogger("mydso_access")


@final
class WordList:
    """Refuses passwords that are variants of a listed word: with `password` in it, `Password1!` and `P@ssw0rd!` too.

    Args:
        words: the words, passwords as they were found included; each is read as `cores` reads a password.

    Raises:
        InvalidValue: a word is no text, or there is none.
    """

    def __init__(self, words: Iterable[str]) -> None:
        listed: set[str] = set()
        for word in words:
            if type(word) is not str:
                raise InvalidValue("words", shown(word), "text (str)")
            listed.update(core.reveal() for core in cores(Secret(word)))
        if not listed:
            raise InvalidValue("words", "none", "at least one word")
        self._listed = frozenset(listed)

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> "WordList":
        """Read a file of words, one in a line, in UTF-8; empty lines count for nothing.

        Raises:
            InvalidValue: there is no word in it.
            OSError: it cannot be read.
        """
        with Path(path).open(encoding="utf-8") as file:
            return cls(stripped for line in file if (stripped := line.strip()))

    @classmethod
    def common(cls) -> "WordList":
        """Return the 30,000 passwords that people use most, as the package zxcvbn ranks them (extra `zxcvbn`).

        Raises:
            ModuleNotFoundError: the extra is not installed.
        """
        from zxcvbn.frequency_lists import (  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra, and half a second
            FREQUENCY_LISTS,
        )

        return cls(FREQUENCY_LISTS["passwords"])

    def __len__(self) -> int:
        return len(self._listed)

    def holds(self, password: Secret[str], cores: frozenset[Secret[str]], /) -> bool:  # noqa: ARG002  # a port's method
        """Tell whether one of the cores is listed."""
        return not self._listed.isdisjoint(core.reveal() for core in cores)


class OnError(Enum):
    """What it means that a service gives no answer."""

    REFUSE = "refuse"
    ACCEPT = "accept"


@final
class AskedService:
    """Asks a function of the host's, such as one that looks a password up in a breach service.

    Args:
        ask: given the password, answers whether it is known; the library itself never calls a network.
        on_error: what it means that it raises: `REFUSE` keeps everybody from a new password while the service is down,
            `ACCEPT` lets known passwords through then; either is logged.

    Raises:
        InvalidValue: `on_error` is no `OnError`.
    """

    def __init__(self, ask: Callable[[Secret[str]], bool], *, on_error: OnError) -> None:
        if type(on_error) is not OnError:
            raise InvalidValue("on_error", shown(on_error), "OnError.REFUSE or OnError.ACCEPT")
        self._ask = ask
        self._on_error = on_error

    def holds(self, password: Secret[str], cores: frozenset[Secret[str]], /) -> bool:  # noqa: ARG002  # a port's method
        """Ask about the password itself."""
        try:
            answer = self._ask(password)
            if type(answer) is not bool:
                raise TypeError  # noqa: TRY301  # no answer either
            return answer  # noqa: TRY300  # and nothing else
        except Exception as error:  # noqa: BLE001  # whatever it raises, the choice is made
            logger.warning(
                "the password service failed: %s; a new password is %sd", type(error).__name__, self._on_error.value
            )
            return self._on_error is OnError.REFUSE
