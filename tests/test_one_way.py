"""One way to a store, one to a verifier, few to a secret: read from what the files call."""

import ast

import pytest

from tests.test_layers import (
    FILES,
    LAYERS,
    attributes,
    calls,
    every_file,
    in_folder,
    own_imports,
    part,
    tree,
)


def reveals(node: ast.AST) -> bool:
    return any(found in ("reveal", "hexdigest", "digest") for found, _ in calls(node))


@every_file
def test_no_revealed_secret_is_compared_but_in_constant_time(name: str) -> None:
    compared = [node for node in ast.walk(tree(name)) if isinstance(node, ast.Compare)]
    assert [ast.unparse(node) for node in compared if reveals(node)] == []


def test_a_comparison_of_revealed_secrets_would_be_seen() -> None:
    for planted in ("a.reveal() == b", "x in (a.reveal(),)", "b != hash(a.reveal())", "d.hexdigest() == e"):
        (compare,) = (node for node in ast.walk(ast.parse(planted)) if isinstance(node, ast.Compare))
        assert reveals(compare)


ASKED = {
    "users": ("get", "named", "known_as", "save", "remove", "of", "unseen_since", "invited_before", "count"),
    "structures": ("get", "platform", "save", "entities"),
    "customers": ("get", "named", "save", "save_all", "of"),
    "links": ("get", "save", "add_all", "of", "forget", "purge"),
    "counters": ("get", "save", "purge"),
    "sign_ins": ("get", "save", "purge"),
    "assertions": ("add", "purge"),
    "events": ("append", "page", "purge", "pseudonymise"),
}
CALLBACK = "still_there"  # the host's own, asked whether what a link leads to exists (S34)
REPOSITORY_METHODS = {method for methods in ASKED.values() for method in methods}


@pytest.mark.parametrize("name", [name for name in FILES if part(name) in LAYERS and LAYERS[part(name)] in range(5)])
def test_only_the_store_knows_the_repositories(name: str) -> None:
    if name != "store.py" and part(name) != "repositories":
        assert "repositories" not in attributes(tree(name))
        assert "repositories" not in {part(other) for other in own_imports(name)}
        named = {node for node in ast.walk(tree(name)) if isinstance(node, ast.Attribute) and node.attr in ASKED}
        assert {ast.unparse(node) for node in named} - {"answer.links", "made.links"} == set()  # those of an answer


def test_the_store_asks_repositories_only_through_its_one_helper() -> None:
    (store,) = (node for node in tree("store.py").body if isinstance(node, ast.ClassDef) and node.name == "Store")
    asked: set[str] = set()
    for node in ast.walk(store):
        if not isinstance(node, ast.Call):
            continue
        function = ast.unparse(node.func)
        if function == "self.bridge.ask":
            asked.add(ast.unparse(node.args[0]).removeprefix("self."))
        else:
            assert function.rpartition(".")[2] not in REPOSITORY_METHODS, f"{function} is called directly"
    assert {*(f"{part}.{method}" for part, methods in ASKED.items() for method in methods), CALLBACK} == asked


def test_every_answer_of_the_store_is_awaited_before_it_is_looked_at() -> None:
    parents = {child: node for node in ast.walk(tree("store.py")) for child in ast.iter_child_nodes(node)}
    asked = [node for found, node in calls(tree("store.py")) if found == "ask"]
    assert len(asked) > len(REPOSITORY_METHODS)
    assert all(isinstance(parents[node], ast.Await) for node in asked)


@every_file
def test_only_the_gate_reaches_a_verifier(name: str) -> None:
    if name != "gate.py" and part(name) not in ("adapters", "testing"):
        assert attributes(tree(name)) & {"verify", "verify_dummy"} == set()


def test_the_gate_reaches_the_verifier_in_one_place_for_each() -> None:
    found = [name for name, _ in calls(tree("gate.py")) if name in ("verify", "verify_dummy")]
    assert sorted(found) == ["verify", "verify_dummy"]


@pytest.mark.parametrize("name", in_folder("flows"))
def test_a_flow_charges_and_settles_nothing_itself(name: str) -> None:
    assert {part(other) for other in own_imports(name)} & {"ledger", "store", "repositories"} == set()


def test_secrets_are_revealed_only_where_they_are_hashed_prepared_or_stored() -> None:
    allowed = {
        *("adapters/argon2.py", "adapters/codec.py", "decisions/password.py", "decisions/tokens.py", "model/secret.py"),
        *("decisions/password_words.py", "adapters/blocklists.py"),  # the words of a password that is being set
        *("decisions/second_factor.py", "adapters/totp.py"),  # codes as typed, and as computed of a seed
        *("adapters/secret_box.py", "adapters/qr.py"),  # a seed, sealed, and shown to its user once
        "testing/app.py",  # the codes of a test's telephone
        "messages.py",  # tokens and codes, in the body of what is sent
    }
    revealing = {name for name in FILES if any(found == "reveal" for found, _ in calls(tree(name)))}
    assert revealing - allowed == set()
