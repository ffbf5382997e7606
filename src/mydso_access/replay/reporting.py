"""What a replay found: figures, as JSON and as a table. The words are the ones that refusals and events use."""

import json
from typing import TypeAlias

from attrs import asdict, frozen

Row: TypeAlias = tuple[str, int]


@frozen
class Refusals:
    """How many attempts were refused, by reason; each is counted once, under the first rule that refused it.

    Attributes:
        wrong_secret: both keys admitted the attempt, and the log says that the password was wrong.
        account_blocked: the name's key was blocked, whatever the password was.
        address_blocked: the address's key was blocked, whatever name and password were.
    """

    wrong_secret: int = 0
    account_blocked: int = 0
    address_blocked: int = 0


@frozen
class Blocks:
    """How often a block started.

    Attributes:
        account: blocks of a name (S36, D4).
        address: blocks of an address or prefix (S37).
    """

    account: int = 0
    address: int = 0


@frozen
class KnownFigures:
    """What only somebody who knows the users' own addresses can tell. All four count right passwords.

    Attributes:
        honest_attempts: from one of the user's own addresses.
        honest_refused: those of them that were refused.
        attacker_hits: from any other address.
        attacker_hits_stopped: those of them that were refused.
    """

    honest_attempts: int = 0
    honest_refused: int = 0
    attacker_hits: int = 0
    attacker_hits_stopped: int = 0


@frozen(kw_only=True)
class Report:
    """What a policy would have done to a log.

    Attributes:
        attempts: allowed and refused together.
        allowed: attempts that would have been signed in.
        refused: the others, by reason.
        blocks: how often a block started.
        unreadable: lines that hold no sign-in that could be read.
        malformed: sign-ins whose name is malformed: no attempts at all, they touch no counter (D11).
        known: what known addresses add; `None` without them.
    """

    attempts: int
    allowed: int
    refused: Refusals
    blocks: Blocks
    unreadable: int
    malformed: int
    known: KnownFigures | None = None

    def to_json(self) -> str:
        """Return one JSON object; the four figures of `known` stand beside the others, and only if there are any."""
        figures = asdict(self)
        known = figures.pop("known")
        return json.dumps(figures | (known or {}), indent=2)

    def to_table(self) -> str:
        """Return the figures as lines of text, one figure each, numbers under one another."""
        rows = self._rows()
        words = max(len(text) for text, _ in rows)
        digits = max(len(str(number)) for _, number in rows)
        return "\n".join(f"{text:{words}}  {number:>{digits}}" for text, number in rows)

    def _rows(self) -> list[Row]:
        rows = [
            ("attempts", self.attempts),
            ("  allowed", self.allowed),
            ("  refused: wrong secret", self.refused.wrong_secret),
            ("  refused: account blocked", self.refused.account_blocked),
            ("  refused: address blocked", self.refused.address_blocked),
            ("blocks started: account", self.blocks.account),
            ("blocks started: address", self.blocks.address),
            ("malformed names, no attempts", self.malformed),
            ("unreadable lines", self.unreadable),
        ]
        return rows if self.known is None else rows + _known_rows(self.known)


def _known_rows(known: KnownFigures) -> list[Row]:
    return [
        ("right passwords from the user's own addresses", known.honest_attempts),
        ("  refused", known.honest_refused),
        ("right passwords from any other address", known.attacker_hits),
        ("  refused", known.attacker_hits_stopped),
    ]
