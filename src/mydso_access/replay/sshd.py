"""Lines that OpenSSH writes to auth.log: which of them are sign-ins, and what they say."""

import re
from datetime import UTC, datetime

from attrs import define, frozen

from mydso_access.errors import InvalidValue

NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(NAMES, 1)}

# Keys that a client merely offers fail all the time and guess nothing: `Failed publickey` is no attempt.
VERDICT = r"(?P<verdict>Failed (?:password|none|keyboard-interactive\S*)|Accepted \S+) for "
REPEATED = r"message repeated (?P<times>\d{1,6}) times: \[ "
STAMP = r"[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\S+"

ANY_LINE = re.compile(rf"(?P<stamp>{STAMP}) \S+ (?P<tag>[^\s:\[]+)(?:\[\d+\])?: (?P<message>.*)")
ANY_SIGN_IN = re.compile(rf"{VERDICT}.* from \S+ port \d")
SIGN_IN = re.compile(rf"(?:{REPEATED})?{VERDICT}(?P<rest>.*)")
# Greedy on purpose: a name may itself hold ` from 192.0.2.1 port 22`, so the last one is the truth.
REST = re.compile(
    r"(?:invalid user )?(?P<name>.*) from (?P<address>\S+) port \d+(?: ssh\d)?(?:: .*)?(?: \[preauth\])?(?: ?\])?"
)


@frozen
class Found:
    """What a line says.

    Attributes:
        stamp: when, as written.
        address: where from, as written.
        name: the name as given; it may be empty or begin with a space.
        right: whether the sign-in was accepted.
        times: how many attempts the line stands for.
    """

    stamp: str
    address: str
    name: str
    right: bool
    times: int


def find(line: str) -> Found | None:
    """Return the sign-in that a line tells of, or `None` if it tells of something else.

    Raises:
        InvalidValue: it tells of a sign-in, but not when, who or where from.
    """
    if "Failed " not in line and "Accepted " not in line:
        return None
    line = line.rstrip("\r\n")
    header = ANY_LINE.fullmatch(line)
    if header is None:
        if ANY_SIGN_IN.search(line):
            raise InvalidValue("the line", "not shown", "an instant, a host and sshd[…]: before the sign-in")
        return None
    sign_in = SIGN_IN.match(header["message"]) if "sshd" in header["tag"] else None
    return None if sign_in is None else _found(header["stamp"], sign_in)


def _found(stamp: str, sign_in: re.Match[str]) -> Found:
    rest = REST.fullmatch(sign_in["rest"])
    if rest is None:
        raise InvalidValue("the sign-in", "not shown", "a name, then from ADDRESS port NUMBER")
    accepted = sign_in["verdict"].startswith("Accepted")
    return Found(stamp, rest["address"], rest["name"], accepted, int(sign_in["times"] or 1))


@define
class Years:
    """The year of instants such as `Dec 10 06:55:46`, which bear none.

    Attributes:
        year: of the line before; at first, of the first line.
        month: of the line before.
        turned: whether a new year has begun since the first line.
    """

    year: int
    month: int = 0
    turned: bool = False

    def instant(self, stamp: str) -> datetime | None:
        """Return the instant, taken as UTC; `None` if the stamp is of another kind.

        A month that lies half a year back or more is one of the next year. December right after that is a late line of
        the year before.

        Raises:
            InvalidValue: there is no such instant.
        """
        month = MONTHS.get(stamp[:3])
        if month is None:
            return None
        day, hour, minute, second = int(stamp[3:-9]), int(stamp[-8:-6]), int(stamp[-5:-3]), int(stamp[-2:])
        turn = self._turn(month)
        year = self.year + turn
        try:
            at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            raise InvalidValue("datetime", "not shown", f"an instant of {year} such as Dec 10 06:55:46") from None
        self.year, self.month, self.turned = year, month, turn == 1 or (self.turned and turn == 0)
        return at

    def _turn(self, month: int) -> int:
        if self.turned and self.month == 1 and month == 12:
            return -1
        return 1 if self.month - month >= 6 else 0
