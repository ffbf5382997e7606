"""Reports: the same figures as JSON for programs and as a table for people."""

import json

import pytest

from mydso_access.errors import InvalidValue
from mydso_access.policy import NamePolicy
from mydso_access.replay import Blocks, KnownAddresses, KnownFigures, Refusals, Report

REPORT = Report(
    attempts=10_006, allowed=10_000, refused=Refusals(1, 2, 3), blocks=Blocks(4, 5), unreadable=7, malformed=8
)
KNOWN = Report(
    attempts=4,
    allowed=4,
    refused=Refusals(),
    blocks=Blocks(),
    unreadable=0,
    malformed=0,
    known=KnownFigures(honest_attempts=9, honest_refused=8, attacker_hits=7, attacker_hits_stopped=6),
)


def test_json_has_exactly_these_keys():
    assert json.loads(REPORT.to_json()) == {
        "attempts": 10_006,
        "allowed": 10_000,
        "refused": {"wrong_secret": 1, "account_blocked": 2, "address_blocked": 3},
        "blocks": {"account": 4, "address": 5},
        "unreadable": 7,
        "malformed": 8,
    }


def test_json_has_four_more_keys_with_known_addresses():
    figures = json.loads(KNOWN.to_json())
    more = {key: figures[key] for key in figures.keys() - json.loads(REPORT.to_json()).keys()}
    assert more == {"honest_attempts": 9, "honest_refused": 8, "attacker_hits": 7, "attacker_hits_stopped": 6}


def test_the_table_has_a_line_for_each_figure():
    assert REPORT.to_table().splitlines() == [
        "attempts                      10006",
        "  allowed                     10000",
        "  refused: wrong secret           1",
        "  refused: account blocked        2",
        "  refused: address blocked        3",
        "blocks started: account           4",
        "blocks started: address           5",
        "malformed names, no attempts      8",
        "unreadable lines                  7",
    ]


def test_the_table_has_four_more_lines_with_known_addresses():
    assert KNOWN.to_table().splitlines()[9:] == [
        "right passwords from the user's own addresses  9",
        "  refused                                      8",
        "right passwords from any other address         7",
        "  refused                                      6",
    ]


class TestKnownAddresses:
    @pytest.mark.parametrize(
        ("document", "message"),
        [
            (b"{", "known addresses is no JSON"),
            (b"\xff", "known addresses is no JSON"),
            (b"[" * 100_000, "known addresses is no JSON"),
            (b"[]", "known addresses is a JSON list: expected an object"),
            (b'{"anna": "192.0.2.1"}', "known addresses of 'anna' .str. is str: expected a list of addresses"),
            (b'{"anna": [1]}', "known addresses of 'anna' .str. is 1 .int.: expected an IP address as text"),
            (
                b'{"anna": ["gate"]}',
                "known addresses of 'anna' .str. is 'gate' .str.: expected an IPv4 or IPv6 address",
            ),
            (b'{"": []}', "known addresses: a name is '' .str.: expected a name that somebody can sign in with"),
        ],
        ids=["cut short", "no UTF-8", "too deep", "a list", "a text", "a number", "a host name", "an empty name"],
    )
    def test_a_file_that_cannot_be_used_says_why(self, document: bytes, message: str):
        with pytest.raises(InvalidValue, match=message):
            KnownAddresses.from_json(document, NamePolicy())

    def test_spellings_of_a_name_and_of_an_address_are_one(self):
        known = KnownAddresses.from_json(b'{"Anna": ["192.0.2.1"], "anna ": ["::ffff:192.0.2.2"]}', NamePolicy())
        (own,) = known.own.values()
        assert [known.include("ANNA", address) for address in sorted(own, key=str)] == [True, True]
        assert sorted(str(address) for address in own) == ["192.0.2.1", "192.0.2.2"]

    def test_who_is_not_named_owns_no_address(self):
        known = KnownAddresses.from_json(b'{"anna": ["192.0.2.1"]}', NamePolicy())
        (address,) = known.own["anna"]
        assert [known.include(name, address) for name in ("anna", "bert", "")] == [True, False, False]
