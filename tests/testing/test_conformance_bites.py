"""The contracts bite: each store that is broken on purpose fails the tests named for its fault, a sound one fails none."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.testing import broken_adapters
from tests.testing.broken.under_test import CLASSES, MUST_FAIL

ROOT = Path(__file__).parents[2]
FILE = Path(broken_adapters.__file__).relative_to(ROOT).as_posix()
SOUND = [name for name, tests in MUST_FAIL.items() if not tests]
TRIES = 10


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bool]:
    """Run what the broken stores must fail, and all that is asked of the sound ones: (class, test) -> passed."""
    asked = [f"{FILE}::{name}::{test}" for name, tests in MUST_FAIL.items() for test in tests]
    report = tmp_path_factory.mktemp("bites") / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", f"--junitxml={report}"]
    ran = subprocess.run(
        [*command, *asked, *(f"{FILE}::{name}" for name in SOUND)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    cases = ET.parse(report).iter("testcase")
    return {(case.attrib["classname"].rpartition(".")[2], case.attrib["name"]): len(case) == 0 for case in cases}


@pytest.mark.parametrize("name", [name for name in MUST_FAIL if name not in SOUND])
def test_a_broken_store_fails_the_tests_that_are_named_for_its_fault(
    name: str, outcomes: dict[tuple[str, str], bool]
) -> None:
    survived = [test for test in MUST_FAIL[name] if outcomes[name, test]]
    assert [] == [test for test in survived if all(passes(name, test) for _ in range(TRIES))]


def passes(name: str, test: str) -> bool:
    """Run one test again: a broken store wins a race by chance, where the machine has much else to do."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", f"{FILE}::{name}::{test}"]
    ran = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), ran.stdout + ran.stderr
    return ran.returncode == pytest.ExitCode.OK


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_store_fails_none(name: str, outcomes: dict[tuple[str, str], bool]) -> None:
    ran = {test: passed for (tested, test), passed in outcomes.items() if tested == name}
    assert len(ran) == len([test for test in dir(CLASSES[name]) if test.startswith("test_")]) > 0
    assert [] == [test for test, passed in ran.items() if not passed]


def test_every_contract_test_is_failed_by_some_broken_store() -> None:
    contracts = {test for sound in SOUND for test in dir(CLASSES[sound]) if test.startswith("test_")}
    assert contracts == {test for tests in MUST_FAIL.values() for test in tests}
