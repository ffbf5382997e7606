"""Reading logs: what a line of csv, JSON lines or sshd says, and what is said of one that cannot be read (D5, D11)."""

import json
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

import pytest

from mydso_access.errors import InvalidValue
from mydso_access.replay import Format, SignIn, Unreadable, read

HEADER = "datetime,source_ip,username,success\n"
ADDRESS = ip_address("192.0.2.1")
AT = datetime(2024, 5, 1, 10, tzinfo=UTC)


def entries(text: str, form: Format | None = None, year: int = 2024) -> list[SignIn | Unreadable]:
    return list(read(text.splitlines(keepends=True), form, year))


def names(text: str, form: Format | None = None) -> list[str]:
    return [entry.name for entry in entries(text, form) if isinstance(entry, SignIn)]


def lines_told(text: str, form: Format | None = None) -> list[int]:
    return [entry.line for entry in entries(text, form) if isinstance(entry, Unreadable)]


def sshd(message: str, stamp: str = "May  1 10:00:00", tag: str = "sshd[24200]") -> str:
    return f"{stamp} host {tag}: {message}\n"


def one(line: str) -> SignIn | Unreadable:
    (entry,) = entries(line, Format.SSHD)
    return entry


class TestCsv:
    def test_a_line_is_a_sign_in(self):
        assert entries(HEADER + "2024-05-01T10:00:00Z,192.0.2.1,anna,true\n") == [SignIn(AT, ADDRESS, "anna", True)]

    def test_columns_stand_in_any_order_among_others(self):
        text = "why,success,username,source_ip,datetime\nerror,0,anna,192.0.2.1,2024-05-01 10:00:00\n"
        assert entries(text) == [SignIn(AT, ADDRESS, "anna", False)]

    def test_header_names_bear_spaces_quotes_and_capitals(self):
        text = '"DateTime", "source_ip" , Username,SUCCESS\n2024-05-01T10:00:00,192.0.2.1,anna,1\n'
        assert entries(text) == [SignIn(AT, ADDRESS, "anna", True)]

    @pytest.mark.parametrize(
        ("written", "at"),
        [
            ("2024-05-01 10:00:00", AT),
            ("2024-05-01T12:00:00+02:00", AT),
            ("2024-05-01T10:00:00.5", AT + timedelta(seconds=0.5)),
        ],
    )
    def test_instants_are_utc_unless_they_say_otherwise(self, written: str, at: datetime):
        assert entries(f"{HEADER}{written},192.0.2.1,anna,1\n") == [SignIn(at, ADDRESS, "anna", True)]

    @pytest.mark.parametrize(
        ("written", "right"),
        [
            ("True", True),
            ("TRUE", True),
            ("1", True),
            (" true ", True),
            ("False", False),
            ("fAlse", False),
            ("0", False),
        ],
    )
    def test_success_is_true_false_1_or_0(self, written: str, right: bool):
        assert entries(f"{HEADER}2024-05-01,192.0.2.1,anna,{written}\n") == [
            SignIn(datetime(2024, 5, 1, tzinfo=UTC), ADDRESS, "anna", right)
        ]

    @pytest.mark.parametrize(
        ("written", "address"),
        [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::0:1", "2001:db8::1"), (" 192.0.2.1 ", "192.0.2.1")],
    )
    def test_addresses_come_in_their_one_form(self, written: str, address: str):
        (entry,) = entries(f"{HEADER}2024-05-01,{written},anna,1\n")
        assert isinstance(entry, SignIn)
        assert entry.address == ip_address(address)

    def test_names_are_taken_as_given(self):
        assert names(f'{HEADER}2024-05-01,192.0.2.1, Anna ,1\n2024-05-01,192.0.2.1,"a,""b",1\n') == [" Anna ", 'a,"b']

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("yesterday,192.0.2.1,anna,1", "datetime: expected an instant such as 2024-05-01T10:00:00+00:00"),
            ("1969-12-31,192.0.2.1,anna,1", "datetime: expected an instant such as 2024-05-01T10:00:00+00:00"),
            (
                "0001-01-01T00:00+23:59,192.0.2.1,anna,1",
                "datetime: expected an instant such as 2024-05-01T10:00:00+00:00",
            ),
            (
                "2024-05-01,localhost,anna,1",
                "source_ip: expected an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1",
            ),
            ("2024-05-01,fe80::1%eth0,anna,1", "source_ip: expected an address without a zone id"),
            ("2024-05-01,192.0.2.1,anna,yes", "success: expected true, false, 1 or 0"),
            ("2024-05-01,192.0.2.1,anna", "fewer fields than needed"),
            ("2024-05-01,192.0.2.1,a,b,1", "more fields than the header"),
            ('2024-05-01,"192.0.2.1"x,anna,1', "quotes that are no csv"),
        ],
    )
    def test_a_line_that_cannot_be_read_is_told_by_its_number(self, line: str, why: str):
        good = "2024-05-01,192.0.2.1,anna,1\n"
        assert [entry for entry in entries(f"{HEADER}{good}{line}\n{good}") if isinstance(entry, Unreadable)] == [
            Unreadable(3, why)
        ]

    def test_a_sign_in_follows_an_unreadable_line(self):
        assert names(f"{HEADER}no\n2024-05-01,192.0.2.1,anna,1\n") == ["anna"]

    def test_numbers_count_the_lines_inside_quoted_fields(self):
        text = 'x,datetime,source_ip,username,success\n"two\nlines",2024-05-01,192.0.2.1,anna,1\n\nx,no\n"a\nb",no\n'
        assert lines_told(text) == [5, 6]

    def test_every_line_that_an_open_quote_swallows_is_told(self):
        good = "2024-05-01,192.0.2.1,anna,1\n"
        assert lines_told(f'{HEADER}{good}2024-05-01,192.0.2.1,"anna,1\n{good}{good}') == [3, 4, 5]

    @pytest.mark.parametrize("form", [None, Format.CSV])
    def test_missing_columns_are_named(self, form: Format | None):
        with pytest.raises(InvalidValue, match="without source_ip, success: expected the columns datetime, source_ip,"):
            entries("datetime,username\n2024-05-01,anna\n", form)

    def test_a_header_with_broken_quotes_has_no_columns(self):
        with pytest.raises(InvalidValue, match="without datetime, source_ip, username, success"):
            entries('datetime,"source_ip"x,username,success\n', Format.CSV)

    def test_an_empty_log_holds_no_sign_in(self):
        assert entries("", Format.CSV) == []


RECORD = {"datetime": "2024-05-01T10:00:00+00:00", "source_ip": "192.0.2.1", "username": "anna", "success": True}


class TestJsonLines:
    def test_a_line_is_a_sign_in(self):
        assert entries(json.dumps(RECORD | {"port": 22})) == [SignIn(AT, ADDRESS, "anna", True)]

    @pytest.mark.parametrize(
        ("success", "right"), [(True, True), (False, False), (1, True), ("FALSE", False), ("0", False)]
    )
    def test_success_is_a_boolean_a_number_or_text(self, success: object, right: bool):
        assert entries(json.dumps(RECORD | {"success": success})) == [SignIn(AT, ADDRESS, "anna", right)]

    def test_blank_lines_are_passed_over(self):
        assert names(f"\n{json.dumps(RECORD)}\n \n{json.dumps(RECORD)}\n") == ["anna", "anna"]

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("{", "the line: expected JSON"),
            ("[" * 100_000, "the line: expected JSON"),
            ("[]", "the line: expected a JSON object"),
            (json.dumps(RECORD | {"username": 12}), "username: expected text"),
            (json.dumps(RECORD | {"username": None}), "username: expected text"),
            (json.dumps({"source_ip": "192.0.2.1"}), "datetime: expected text"),
            (json.dumps(RECORD | {"success": None}), "success: expected true, false, 1 or 0"),
            (json.dumps(RECORD | {"success": 1.5}), "success: expected true, false, 1 or 0"),
        ],
        ids=[
            "cut short",
            "too deep",
            "a list",
            "a number for a name",
            "no name",
            "no instant",
            "no success",
            "a half success",
        ],
    )
    def test_a_line_that_cannot_be_read_is_told_by_its_number(self, line: str, why: str):
        assert entries(f"\n{line}\n", Format.JSONL) == [Unreadable(2, why)]


class TestSshd:
    @pytest.mark.parametrize(
        ("message", "name", "right"),
        [
            ("Failed password for anna from 192.0.2.1 port 22 ssh2", "anna", False),
            ("Failed password for anna from 192.0.2.1 port 22", "anna", False),
            ("Failed none for invalid user anna from 192.0.2.1 port 22 ssh2", "anna", False),
            ("Failed keyboard-interactive/pam for invalid user anna from 192.0.2.1 port 22 ssh2", "anna", False),
            ("Failed password for anna from 192.0.2.1 port 22 ssh2 [preauth]", "anna", False),
            ("Accepted password for anna from 192.0.2.1 port 22 ssh2", "anna", True),
            ("Accepted publickey for anna from 192.0.2.1 port 22 ssh2: RSA SHA256:a1b2", "anna", True),
            ("Accepted keyboard-interactive/pam for anna from 192.0.2.1 port 22 ssh2", "anna", True),
            ("Failed password for invalid user  from 192.0.2.1 port 22 ssh2", "", False),
            ("Failed password for invalid user  0101 from 192.0.2.1 port 22 ssh2", " 0101", False),
            ("Failed password for invalid user a b from 192.0.2.1 port 22 ssh2", "a b", False),
        ],
    )
    def test_a_sign_in_is_read(self, message: str, name: str, right: bool):
        assert one(sshd(message)) == SignIn(AT, ADDRESS, name, right)

    @pytest.mark.parametrize("forged", ["x from 203.0.113.9 port 22", "x from 203.0.113.9 port 22 ssh2: RSA y"])
    def test_the_last_address_counts_since_the_name_is_the_attackers_to_choose(self, forged: str):
        line = sshd(f"Failed password for invalid user {forged} from 192.0.2.1 port 22 ssh2")
        assert one(line) == SignIn(AT, ADDRESS, forged, False)

    @pytest.mark.parametrize("tag", ["sshd[1]", "sshd", "sshd-session[77]", "/usr/sbin/sshd[1]"])
    def test_every_part_of_sshd_writes_sign_ins(self, tag: str):
        assert one(sshd("Failed password for anna from 192.0.2.1 port 22 ssh2", tag=tag)) == SignIn(
            AT, ADDRESS, "anna", False
        )

    def test_a_repeated_message_is_as_many_attempts(self):
        line = sshd("message repeated 5 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]")
        assert entries(line, Format.SSHD) == [SignIn(AT, ADDRESS, "root", False)] * 5

    @pytest.mark.parametrize(
        "line",
        [
            "\n",
            "May  1 10:00:00 host last words without a tag\n",
            sshd("Invalid user anna from 192.0.2.1 port 22"),
            sshd("Failed publickey for anna from 192.0.2.1 port 22 ssh2: RSA SHA256:a1b2"),
            sshd("Invalid user Failed password for root from 203.0.113.9 port 22 from 192.0.2.1 port 22"),
            sshd("Postponed keyboard-interactive for anna from 192.0.2.1 port 22 ssh2"),
            sshd("Failed password for anna from 192.0.2.1 port 22 ssh2", tag="su[4]"),
            sshd("message repeated 2 times: [ Connection closed by 192.0.2.1 port 22 [preauth]]"),
        ],
    )
    def test_what_is_no_sign_in_is_passed_over(self, line: str):
        assert entries(line, Format.SSHD) == []

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (
                sshd("Failed password for anna from gate.example.org port 22 ssh2"),
                "source_ip: expected an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1",
            ),
            (sshd("Failed password for anna fr"), "the sign-in: expected a name, then from ADDRESS port NUMBER"),
            (
                sshd("Failed password for anna from 192.0.2.1 port 22 ssh2", stamp="May 32 10:00:00"),
                "datetime: expected an instant of 2024 such as Dec 10 06:55:46",
            ),
            (
                sshd("Failed password for anna from 192.0.2.1 port 22 ssh2", stamp="Mai  1 10:00:00"),
                "datetime: expected an instant such as 2024-05-01T10:00:00+00:00",
            ),
            (
                "Failed password for anna from 192.0.2.1 port 22 ssh2",
                "the line: expected an instant, a host and sshd[…]: before the sign-in",
            ),
        ],
    )
    def test_a_sign_in_that_cannot_be_read_is_told(self, line: str, why: str):
        assert entries(f"\n{line}", Format.SSHD) == [Unreadable(2, why)]

    @pytest.mark.parametrize(
        ("stamp", "at"),
        [
            ("Dec 10 06:55:46", datetime(2024, 12, 10, 6, 55, 46, tzinfo=UTC)),
            ("Feb 29 23:59:59", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
            ("2024-05-01T10:00:00.123456+00:00", AT + timedelta(microseconds=123_456)),
            ("2024-05-01T12:00:00+02:00", datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))),
            ("2024-05-01 10:00:00", AT),
        ],
    )
    def test_both_kinds_of_stamps_are_read(self, stamp: str, at: datetime):
        entry = one(sshd("Failed none for anna from 192.0.2.1 port 22", stamp=stamp))
        assert isinstance(entry, SignIn)
        assert entry.at == at

    @pytest.mark.parametrize(
        ("months", "years"),
        [
            (["Dec", "Jan", "Jan"], [2023, 2024, 2024]),
            (["Dec", "Jan", "Dec", "Jan"], [2023, 2024, 2023, 2024]),  # a late line
            (["Mar", "Feb", "Mar"], [2023, 2023, 2023]),  # a late line
            (["Jan", "Dec", "Jan", "Dec"], [2023, 2023, 2024, 2023]),
            (["Nov", "Feb", "Nov", "Apr"], [2023, 2024, 2024, 2025]),
        ],
    )
    def test_the_year_turns_with_january(self, months: list[str], years: list[int]):
        lines = (sshd("Failed none for a from 192.0.2.1 port 2", stamp=f"{month}  1 00:00:00") for month in months)
        found = entries("".join(lines), Format.SSHD, year=2023)
        assert [entry.at.year for entry in found if isinstance(entry, SignIn)] == years

    def test_an_unreadable_instant_does_not_turn_the_year(self):
        stamps = ["Dec 31 00:00:00", "Jan 32 00:00:00", "Dec 31 00:00:01"]
        text = "".join(sshd("Failed none for a from 192.0.2.1 port 2", stamp=stamp) for stamp in stamps)
        found = entries(text, Format.SSHD, year=2023)
        assert [entry.at.year for entry in found if isinstance(entry, SignIn)] == [2023, 2023]


class TestFormat:
    @pytest.mark.parametrize(
        "text",
        [
            f"\n \n{HEADER}2024-05-01T10:00:00,192.0.2.1,anna,0\n",
            f"\n{json.dumps(RECORD | {'success': False})}\n",
            "\n" + sshd("Failed password for anna from 192.0.2.1 port 22 ssh2"),
        ],
    )
    def test_the_first_line_that_is_not_blank_tells(self, text: str):
        assert entries(text) == [SignIn(AT, ADDRESS, "anna", False)]

    def test_blank_lines_before_keep_their_numbers(self):
        assert lines_told(f"\n\n{HEADER}no\n") == [4]

    @pytest.mark.parametrize("text", ["", "\n\n"])
    def test_a_log_without_lines_holds_no_sign_in(self, text: str):
        assert entries(text) == []


@pytest.mark.parametrize("form", [Format.CSV, Format.JSONL, Format.SSHD])
@pytest.mark.parametrize("bad", ["address", "instant", "rest"])
def test_no_message_holds_what_the_line_holds(form: Format, bad: str):
    secret = "hunter2"
    at, address, right = "2024-05-01T10:00:00", "192.0.2.1", "1"
    at = secret if bad == "instant" else at
    address = secret if bad == "address" else address
    right = secret if bad == "rest" else right
    text = {
        Format.CSV: f"{HEADER}{at},{address},{secret},{right}\n",
        Format.JSONL: json.dumps({"datetime": at, "source_ip": address, "username": secret, "success": right}),
        Format.SSHD: f"{at} host sshd[1]: Failed password for {secret} from {address} port {right} ssh2",
    }[form]
    told = [entry for entry in entries(text, form) if isinstance(entry, Unreadable)]
    assert [secret in entry.why for entry in told] == [False] * len(told)
    assert len(told) == 1


def test_reading_is_a_stream():
    def endless():
        yield HEADER
        while True:
            yield "2024-05-01T10:00:00,192.0.2.1,anna,1\n"

    assert next(iter(read(endless(), None, 2024))) == SignIn(AT, ADDRESS, "anna", True)
