"""The vectors of `tests/vectors/lockout.json`, told to the code and, so that they stay true, to the naive model."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mydso_access.decisions import lockout as decisions
from mydso_access.model.attempts import AttemptCounter, CounterKey, KeyKind
from mydso_access.policy.dotted import with_setting
from mydso_access.policy.lockout import LockoutPolicy
from mydso_access.policy.security_policy import SecurityPolicy
from tests.decisions import lockout_model

FILE = json.loads((Path(__file__).parent.parent / "vectors" / "lockout.json").read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = FILE["vectors"]

Step = dict[str, Any]


def policy_of(vector: dict[str, Any]) -> LockoutPolicy:
    policy = SecurityPolicy()
    for name, text in {**FILE["defaults"], **vector["settings"]}.items():
        policy = with_setting(policy, name, text)
    return policy.lockout


def asked(step: Step) -> Step:
    """A step without what is expected of it."""
    return {name: value for name, value in step.items() if name in {"at", "do", "id", "as"}}


def answers_of_code(vector: dict[str, Any], code: Any = decisions) -> list[Step]:
    """Live one key's life as a host would; `code` is the module to ask."""
    lockout = policy_of(vector)
    stored = AttemptCounter(CounterKey(KeyKind(vector["kind"]), "0" * 64))
    answered = []
    for step in vector["steps"]:
        now = datetime.fromisoformat(step["at"]) if "at" in step else None
        match step["do"]:
            case "admit":
                result = code.admit(stored, lockout, step["id"], now)
            case "settle":
                result = code.settle(stored, lockout, step["id"], code.Settlement(step["as"].replace(" ", "_")), now)
            case "look":
                result = code.current(stored, lockout, now)
            case "reset":
                result = stored = code.rebound(stored, now)
            case "idle":
                result = code.idle_from(stored, lockout)
        answer = _ANSWERS[step["do"]](code, lockout, result, now)
        if step["do"] in {"admit", "settle"}:
            noticed = code.block_change(stored, result.counter, lockout)
            stored = result.counter if noticed or isinstance(result, code.Admitted | code.Settled) else stored
        answered.append(asked(step) | answer)
    return answered


def answers_of_model(vector: dict[str, Any]) -> list[Step]:
    lockout, kind = policy_of(vector), KeyKind(vector["kind"])
    limit = getattr(lockout, kind.value)
    model = lockout_model.Model(kind, limit.failures, limit.window, limit.block, lockout.lease, lockout.hard_cap)
    answered = []
    for step in vector["steps"]:
        now = datetime.fromisoformat(step["at"]) if "at" in step else lockout_model.EARLIEST
        match step["do"]:
            case "admit":
                answer = _told(model.charge(step["id"], now))
            case "settle":
                answer = {"answer": "settled" if model.settle(step["id"], step["as"], now) else "lapsed"}
            case "look":
                block = model.block_at(now)
                counts = {"failures": len(model.counted(now)), "in_flight": len(model.read(now).in_flight)}
                answer = ({"answer": "free"} if block is None else _told(block)) | counts
            case "reset":
                model.rebind(now)
                answer = {"answer": "reset"}
            case "idle":
                ends = [end for end in model.boundaries(now) if model.is_like_new(end)]
                answer = {"answer": "idle", "from": _text(ends[0])} if ends else {"answer": "never idle"}
        answered.append(asked(step) | answer)
    return answered


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _told(answer: lockout_model.Answer) -> Step:
    match answer:
        case lockout_model.Admitted():
            return {"answer": "admitted", "charged_at": _text(answer.at)}
        case lockout_model.Blocked():
            until = None if answer.until is None else _text(answer.until)
            return {"answer": "blocked", "until": until, "rule": answer.rule}
        case lockout_model.Full():
            return {"answer": "full"}


def _admission(code: Any, lockout: LockoutPolicy, result: Any, now: datetime) -> Step:
    if isinstance(result, code.Admitted):
        return _told(lockout_model.Admitted(result.reservation.at))
    if isinstance(result, code.Blocked):
        return _told(lockout_model.Blocked(result.until, result.rule))
    assert isinstance(result, code.Full)
    return _told(lockout_model.Full())


def _settlement(code: Any, lockout: LockoutPolicy, result: Any, now: datetime) -> Step:
    return {"answer": "settled" if isinstance(result, code.Settled) else "lapsed"}


def _look(code: Any, lockout: LockoutPolicy, result: AttemptCounter, now: datetime) -> Step:
    block = code.block_of(result, lockout, now)
    free = {"answer": "free"} if block is None else _admission(code, lockout, block, now)
    window = getattr(lockout, result.key.kind.value).window
    instant = max(now, result.saved_at)
    # The counter may hold on to older ones, for the sake of attempts in flight.
    counted = [failure for failure in result.failures if window is None or instant - failure.at < window]
    return free | {"failures": len(counted), "in_flight": len(result.reservations)}


def _reset(code: Any, lockout: LockoutPolicy, result: AttemptCounter, now: datetime) -> Step:
    return {"answer": "reset"}


def _idle(code: Any, lockout: LockoutPolicy, result: datetime | None, now: None) -> Step:
    return {"answer": "never idle"} if result is None else {"answer": "idle", "from": _text(result)}


_ANSWERS: dict[str, Callable[..., Step]] = {
    "admit": _admission,
    "settle": _settlement,
    "look": _look,
    "reset": _reset,
    "idle": _idle,
}

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["description"] for vector in VECTORS])


@each_vector
def test_the_code_answers_as_the_vector_says(vector: dict[str, Any]) -> None:
    assert vector["steps"] == answers_of_code(vector)


@each_vector
def test_the_model_answers_as_the_vector_says(vector: dict[str, Any]) -> None:
    assert vector["steps"] == answers_of_model(vector)


def test_every_kind_of_answer_occurs() -> None:
    answers = {step["answer"] for vector in VECTORS for step in vector["steps"]}
    expected = {"admitted", "blocked", "full", "settled", "lapsed", "free", "reset", "idle", "never idle"}
    assert expected == answers
