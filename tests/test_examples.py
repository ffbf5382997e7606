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
