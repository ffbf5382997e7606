"""The house's rules, read from the imports: layers point down, decisions are pure, every file can be read."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mydso_access

ROOT = Path(mydso_access.__file__).parent
PACKAGE = "mydso_access"
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}

# First part of the name below the package -> layer. errors.py is at the bottom; __init__.py is on top of everything.
LAYERS = {
    "errors": -1,
    "policy": 0,
    "model": 1,
    "decisions": 2,
    **dict.fromkeys(("repositories", "ports", "slots", "store", "installation", "retry"), 3),
    **dict.fromkeys(("ledger", "saving", "gate", "changing", "managing", "hashing", "unblocking", "reviewing"), 3),
    **dict.fromkeys(("stepping", "asking", "answering", "one_time_codes", "granting", "associating", "erasing"), 3),
    "flows": 4,
    **dict.fromkeys(("door", "control", "async_control", "adapters", "replay", "messages", "trail"), 5),
    **dict.fromkeys(("cli", "testing"), 6),
    "__init__": 7,
    "__main__": 8,
}
DOORS = ("control", "async_control")
SIDEWAYS_ALLOWED = {
    ("door", "adapters"),
    *((each, other) for each in DOORS for other in ("door", "adapters")),
    *(("testing", each) for each in DOORS),
}
OF_EACH_ITS_OWN = ("flows", "adapters")  # folders whose files do not know each other
SHARED = {"adapters.codec", "adapters.versions"}  # but for what every store needs
PURE = ("policy", "model", "decisions")
NOT_PURE = {"asyncio", "argon2", "pyotp", "random", "secrets", "time", "threading", "logging", "os", "socket", "sqlalchemy"}  # fmt: skip
NOWHERE = {"random", "pickle", "marshal", "shelve", "uuid"}


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


def imports(module: ast.AST, package: str = PACKAGE) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every imported module's full name, in functions and in `if TYPE_CHECKING` too."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {package}"
            origin = node.module or ""
            inside = origin == package or origin.startswith(f"{package}.")
            found = [f"{origin}.{alias.name}" for alias in node.names]
            # `from mydso_access.adapters import asynchronous` means the module, `from mydso_access.errors import X` does not
            yield from ((name if inside and is_module(name) else origin, node) for name in found)


def is_module(name: str) -> bool:
    path = name.removeprefix(f"{PACKAGE}.").replace(".", "/")
    return f"{path}.py" in FILES or f"{path}/__init__.py" in FILES


def own_imports(name: str) -> Iterator[str]:
    """Yield the modules of this package that a file imports, without the package's name."""
    for module, _ in imports(tree(name)):
        if module == PACKAGE:
            yield "__init__"
        elif module.startswith(f"{PACKAGE}."):
            yield module.removeprefix(f"{PACKAGE}.")


def part(name: str) -> str:
    """Return the part of the house that a file or module belongs to: `flows` for flows/sign_in.py."""
    return name.removesuffix(".py").split("/")[0].split(".")[0]


def in_folder(*folders: str) -> list[str]:
    return [name for name in FILES if part(name) in folders and "/" in name]


every_file = pytest.mark.parametrize("name", FILES)


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 40
    assert {"gate.py", "store.py", "errors.py", "decisions/sign_in.py"} <= set(FILES)
    assert ("mydso_access.adapters.argon2") in {module for module, _ in imports(tree("door.py"))}


@every_file
def test_every_file_has_its_place_in_the_house(name: str) -> None:
    assert part(name) in LAYERS


def same_adapter(importer: str, imported: str) -> bool:
    """Tell whether both are files of one adapter: of its own folder, such as adapters/sqlalchemy/, or codec_*.py."""
    one, other = importer.removesuffix(".py").split("/")[:2], imported.split(".")[:2]
    if importer.count("/") > 1:
        return one == other
    if one[0] != "adapters" or len(other) == 1:
        return False
    return one[1].partition("_")[0] == other[1].partition("_")[0]


def verdict_on(importer: str, imported: str) -> str | None:
    """Say what is wrong with one import, or nothing."""
    own, other = part(importer), part(imported)
    if own == "__init__":
        return None
    if LAYERS[other] > LAYERS[own]:
        return "points up"
    if own == other:
        if same_adapter(importer, imported) or imported in SHARED:
            return None
        if own in OF_EACH_ITS_OWN and not importer.endswith("__init__.py"):
            return f"one of {own} imports another"
        return None
    if LAYERS[other] == LAYERS[own] != LAYERS["gate"] and (own, other) not in SIDEWAYS_ALLOWED:
        return "points sideways"
    return None


@every_file
def test_imports_point_down_and_never_sideways_between_two_flows_or_two_adapters(name: str) -> None:
    assert [
        f"{name} imports {other}: {wrong}" for other in own_imports(name) if (wrong := verdict_on(name, other))
    ] == []


@pytest.mark.parametrize(
    ("importer", "imported", "wrong"),
    [
        ("decisions/sign_in.py", "gate", "points up"),
        ("errors.py", "policy.settings", "points up"),
        ("flows/sign_in.py", "flows.passwords", "one of flows imports another"),
        ("adapters/memory.py", "adapters.argon2", "one of adapters imports another"),
        ("adapters/memory.py", "adapters.codec", None),
        ("adapters/sqlalchemy/tables.py", "adapters.redis", "one of adapters imports another"),
        ("adapters/sqlalchemy/tables.py", "adapters.sqlalchemy.running", None),
        ("adapters/codec.py", "adapters.codec_upgrades", None),
        ("adapters/redis.py", "adapters.codec_upgrades", "one of adapters imports another"),
        ("flows/sign_in.py", "flows.sign_out", "one of flows imports another"),
        ("replay/report.py", "adapters.memory", "points sideways"),
        ("testing/conformance/races.py", "control", None),
        ("testing/clock.py", "cli.problem", "points sideways"),
        ("gate.py", "__init__", "points up"),
        ("gate.py", "ledger", None),
        ("door.py", "adapters.argon2", None),
        ("control.py", "door", None),
        ("control.py", "async_control", "points sideways"),
        ("door.py", "control", "points sideways"),
        ("managing.py", "flows.users", "points up"),
        ("decisions/sign_in.py", "decisions.naming", None),
        ("__init__.py", "control", None),
    ],
)
def test_the_reading_of_the_rule_tells_right_from_wrong(importer: str, imported: str, wrong: str | None) -> None:
    assert verdict_on(importer, imported) == wrong


def test_the_parts_of_layer_3_import_one_another_in_no_circle() -> None:
    alone = {part(name) for name in FILES if "/" not in name} | {own for own, layer in LAYERS.items() if layer == 3}
    graph: dict[str, set[str]] = {own: set() for own in alone}
    for name in FILES:
        if part(name) in alone:
            graph[part(name)] |= {part(other) for other in own_imports(name)} - {part(name)}
    assert {"repositories", "store", "ports"} <= set(graph)
    while graph:
        free = [own for own, others in graph.items() if not others & set(graph)]
        assert free, f"a circle among {[*graph]}"
        for own in free:
            del graph[own]


@pytest.mark.parametrize("name", in_folder(*PURE))
def test_policy_model_and_decisions_reach_no_clock_no_chance_no_store(name: str) -> None:
    assert {module.split(".")[0] for module, _ in imports(tree(name))} & NOT_PURE == set()


def calls(module: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield called(node), node


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name):
            return name
        case ast.Name(id=name):
            return name
    return ""


def attributes(module: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("name", in_folder(*PURE))
def test_policy_model_and_decisions_never_ask_what_time_it_is(name: str) -> None:
    asking = {"now", "utcnow", "today", "fromtimestamp", "time", "perf_counter"}
    found = {
        ast.unparse(node) for node in ast.walk(tree(name)) if isinstance(node, ast.Attribute) and node.attr in asking
    }
    assert (
        found - {"place.now", "facts.now", "standing.now", "self.place.now", "grant.now"} == set()
    )  # a fact that was handed in


@pytest.mark.parametrize("name", in_folder("flows") + [f for f in FILES if "/" not in f and LAYERS.get(part(f)) == 3])
def test_gate_and_flows_take_time_and_chance_from_the_ports(name: str) -> None:
    found = {module.split(".")[0] for module, _ in imports(tree(name))}
    assert found & {"time", "secrets", "random", "asyncio", "argon2", "pyotp", "os"} == set()
    assert not {ast.unparse(node.func) for _, node in calls(tree(name))} & {"datetime.now", "datetime.utcnow"}


def unsafe(module: ast.AST) -> set[str]:
    """Return the modules in it that nobody may import; the type of a host's own ids makes none."""
    found = {name.split(".")[0] for name, node in imports(module) if ast.unparse(node) != "from uuid import UUID"}
    return found & NOWHERE


@every_file
def test_no_guessable_chance_no_unsafe_reading_anywhere(name: str) -> None:
    assert unsafe(tree(name)) == set()
    assert {found for found, _ in calls(tree(name))} & {"eval", "exec", "__import__", "uuid4", "uuid1"} == set()


def test_a_guessable_id_would_be_seen() -> None:
    assert unsafe(ast.parse("from uuid import UUID")) == set()
    for planted in (
        "import uuid",
        "from uuid import uuid1",
        "from uuid import UUID, uuid4",
        "from pickle import loads",
    ):
        assert unsafe(ast.parse(planted)) in ({"uuid"}, {"pickle"})


def test_importing_the_package_loads_no_event_loop_and_no_c_library() -> None:
    program = (
        "import sys, mydso_access; "
        "print(sorted({'asyncio', 'argon2', '_argon2_cffi_bindings', 'pyotp', 'sqlalchemy', 'rich'} & set(sys.modules)))"
    )
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert (fresh.stdout.strip(), fresh.stderr) == ("[]", "")


def test_a_synchronous_host_of_a_database_needs_no_greenlet() -> None:
    program = (
        "import sys; sys.modules['greenlet'] = None; "
        "from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade; print('sqlalchemy.ext.asyncio' in sys.modules)"
    )
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert (fresh.stdout.strip(), fresh.stderr) == ("False", "")


@every_file
def test_every_file_says_what_it_is_for_in_its_first_line(name: str) -> None:
    first = FILES[name].read_text("utf-8").partition("\n")[0]
    assert first.startswith(('"""', 'r"""'))
    sentence = (ast.get_docstring(tree(name)) or "").partition("\n")[0]
    assert len(sentence) > 20
    assert sentence.endswith((".", "`."))


@every_file
def test_every_file_can_be_read_at_one_sitting(name: str) -> None:
    assert len(FILES[name].read_text("utf-8").splitlines()) <= 350


def test_the_public_names_are_sorted_and_there() -> None:
    assert sorted(mydso_access.__all__) == list(dict.fromkeys(sorted(mydso_access.__all__)))
    for name in mydso_access.__all__:
        assert getattr(mydso_access, name) is not None
    body = [node for node in tree("__init__.py").body if not isinstance(node, ast.ImportFrom)]
    assert [type(node).__name__ for node in body] == ["Expr", "Assign"]  # the docstring, __all__, and nothing else


@every_file
def test_nothing_underscored_is_imported_from_another_file(name: str) -> None:
    crossing = [
        alias.name
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert crossing == []


@every_file
def test_nobody_stops_what_asserts_by_optimising(name: str) -> None:
    """`python -O` removes assert statements, so none may guard anything."""
    assert [node.lineno for node in ast.walk(tree(name)) if isinstance(node, ast.Assert)] == []
