"""The examples run as they stand, in a process of their own."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_quickstart_shows_an_invitation_a_sign_in_five_failures_a_block_and_the_trail() -> None:
    command = [sys.executable, str(EXAMPLES / "quickstart.py")]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert shown.count("Your login name: anna.petit\n") == 1
    assert shown.count("https://app.example.com/access/invitation?token=") == 1
    assert shown.count("SignedIn   anna.petit, proven by password") == 1
    assert shown.count("log        wrong_secret (S36, installation)") == 5
    assert shown.count("log        account_blocked (S36, installation); free again at ") == 1
    assert shown.count("person     The name or the password is not right.") == 6
    trail = [line.split()[1] for line in shown.partition("The audit trail:\n")[2].splitlines()]
    assert trail == [
        "user_created",
        "structure_created",
        "user_activated",
        "authn_login_success",
        *["authn_login_fail"] * 5,
        "authn_login_lock",
        "authn_login_fail",
    ]


def test_the_second_factor_shows_an_enrolment_a_used_code_and_a_recovery_code_with_core_and_pyotp_alone() -> None:
    banned = ("segno", "cryptography", "sqlalchemy", "redis", "rich", "zxcvbn")
    code = f"import sys; sys.modules.update(dict.fromkeys({banned!r})); import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-c", code, str(EXAMPLES / "second_factor.py")]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert [
        "An account with one user:",
        "  Founded",
        "    to anna.petit@example.com: You have an account for Lyon.",
        "The first sign-in:",
        "  EnrolmentRequired",
        "  SignedIn by password and totp",
        "    to anna.petit@example.com: An app that shows codes has been set up for your login.",
        "  10 recovery codes",
        "    to anna.petit@example.com: You have new recovery codes; all earlier ones do not count any more.",
        "The next one, with the same code, and with the next code:",
        "  SecondFactorRequired",
        "  used_code (D8, installation): This code was used already. Please wait for the next one.",
        "  SignedIn by password and totp",
        "Without the telephone:",
        "  SecondFactorRequired",
        "  SignedIn by password and recovery_code",
        "    to anna.petit@example.com: One of your recovery codes has been used; it does not count any more.",
    ] == shown.splitlines()


def test_the_custom_store_shows_that_a_second_process_knows_of_the_failures_of_the_first() -> None:
    command = [sys.executable, str(EXAMPLES / "custom_store.py")]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert shown.splitlines() == [
        "one    Correct-Horse-9  SignedIn",
        *[f"one    guess-{number}          Refused" for number in range(5)],
        "other  Correct-Horse-9  Refused",
        "trail  user_created",
        "trail  authn_login_success",
        *["trail  authn_login_fail       wrong_secret"] * 5,
        "trail  authn_login_lock",
        "trail  authn_login_fail       account_blocked",
    ]


def test_visible_customers_shows_a_list_shrink_grow_end_with_the_session_and_widen_with_the_role() -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "visible_customers.py")]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert [
        "At first:",
        "  Everything in lyon: not_switched_on (S29, installation)",
        "  3: Durand, Martin, Petit",
        "Collectors see only whom they manage:",
        "  ManagedBy in lyon: switched_on (S29, entity)",
        "  0: -",
        "  Assigned(changed=2, unchanged=0)",
        "Two of them are hers:",
        "  ManagedBy in lyon: switched_on (S29, entity)",
        "  2: Durand, Martin",
        "  not_their_customer (S29, entity)",
        "She has another role; this session is over:",
        "  Nothing in lyon: outdated_proof (D12, installation)",
        "  0: -",
        "She signs in again:",
        "  Everything in lyon: never_restricted (A21, installation)",
        "  3: Durand, Martin, Petit",
    ] == shown.splitlines()


def test_the_links_show_a_scanner_one_use_a_deadline_to_the_microsecond_two_clocks_and_a_granter_who_left() -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "links.py")]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert [
        ("sent", "statement-7, until 2026-04-01 09:00:00+00:00"),
        ("sent", "statement-7, until 2026-04-01 09:00:00+00:00"),
        ("a scanner looks ten times", "LinkShown"),
        ("the customer", "LinkOpened for buyer@durand.example"),
        ("and again", "used_link (A23, installation)"),
        ("another purpose", "dead_token (A23, installation)"),
        ("at the deadline", "LinkOpened for buyer@durand.example"),
        ("sent", "invoice-42.pdf, until it is revoked"),
        ("a microsecond later", "lapsed (S33, entity); free once a new message is sent"),
        ("the invoice", "LinkOpened for buyer@durand.example"),
        ("anna has left", "granter_lost_right (D12, installation)"),
    ] == [(line[:26].strip(), line[26:].split(": ")[0]) for line in shown.splitlines()]
