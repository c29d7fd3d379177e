"""The house rules that a reader would otherwise have to remember."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "misc", "shared"}
LONGEST = 300
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")
BUILD_MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/")
# No host is spelled here: a name of a package index with a domain behind it, or an address of a mirror.
INDEX_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com|io)\b"
    r"|://[^/\s]*(?:pypi|registry|devpi|nexus|artifactory|mirror|proxy)"
    r"|--(?:extra-)?index-url|--find-links",
    re.IGNORECASE,
)
HERE = "tests/house/"


def is_public(name):
    return not name.startswith("_")


def undocumented(source):
    """The public classes, functions and methods without a docstring."""
    tree = ast.parse(source)
    owners = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and is_public(node.name))]
    for owner in owners:
        for node in owner.body:
            is_definition = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            overloaded = is_definition and any("overload" in ast.unparse(each) for each in node.decorator_list)
            if is_definition and is_public(node.name) and not overloaded and not ast.get_docstring(node):
                yield node.name


def test_no_module_has_a_name_that_says_nothing(modules):
    assert [path for path in modules if path.stem in SAYS_NOTHING or path.parent.name in SAYS_NOTHING] == []


def test_no_module_is_longer_than_two_concepts(modules):
    lengths = {path.name: len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_nothing_lies_deeper_than_a_room(modules, package):
    assert [path for path in modules if len(path.relative_to(package).parts) > 2] == []


def test_a_package_file_holds_a_docstring_and_nothing_else(modules, package):
    for path in modules:
        if path.name == "__init__.py":
            tree = ast.parse(path.read_text())
            assert ast.get_docstring(tree), path
            if path.parent != package:
                assert len(tree.body) == 1, path


def test_the_root_package_only_names_what_a_project_declares(package):
    body = ast.parse((package / "__init__.py").read_text()).body[1:]
    assert all(isinstance(node, ast.ImportFrom | ast.Assign) for node in body)
    assigned = {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets}
    assert assigned == {"__all__", "__version__"}


def test_every_module_has_a_docstring(modules):
    assert [path for path in modules if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_everything_public_has_a_docstring(modules, package):
    lacking = {str(path.relative_to(package)): list(undocumented(path.read_text())) for path in modules}
    assert {path: names for path, names in lacking.items() if names} == {}


def test_an_undocumented_method_is_found():
    assert list(undocumented('class Place:\n    """Doc."""\n    def go(self): ...')) == ["go"]


def test_no_module_imports_from_the_root_package(modules, package):
    taking = []
    for path in modules:
        if path.parent != package / "cli":
            nodes = ast.walk(ast.parse(path.read_text()))
            taking += [path for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "sluiceway"]
    assert taking == []


def test_nothing_is_left_unfinished(texts):
    assert [name for name, text in texts.items() if UNFINISHED.search(text)] == []


def test_no_file_names_a_place_on_the_machine_it_was_made_on(texts):
    found = {name: hit.group() for name, text in texts.items() if (hit := BUILD_MACHINE.search(text))}
    assert found == {}


def test_no_file_names_a_package_index(texts):
    found = {
        name: hit.group()
        for name, text in texts.items()
        if not name.startswith(HERE) and (hit := INDEX_HOST.search(text))
    }
    assert found == {}


@pytest.mark.parametrize("text", ["https://my-mirror.example/simple", "pypi" + ".org", "--extra-index-url x"])
def test_a_planted_package_index_is_found(text):
    assert INDEX_HOST.search(text)


def test_every_unit_test_mirrors_a_module(root, package):
    tests = [path.relative_to(root / "tests/unit") for path in (root / "tests/unit").rglob("test_*.py")]
    assert tests
    orphans = [str(path) for path in tests if not (package / path.parent / path.name.removeprefix("test_")).is_file()]
    assert orphans == []


def test_every_dependency_is_bounded_below_and_above(root):
    declared = tomllib.loads((root / "pyproject.toml").read_text())
    groups = [declared["project"]["dependencies"], declared["build-system"]["requires"]]
    groups += declared["dependency-groups"].values()
    named = [entry for group in groups for entry in group if isinstance(entry, str)]
    assert len(named) > 30
    assert [entry for entry in named if not ("==" in entry or (">=" in entry and ",<" in entry))] == []


LOCKS = ("requirements.lock", "requirements-bootstrap.lock", "requirements-spark.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_an_exact_version_and_a_hash(root, lock):
    entries = re.split(r"\n(?=[a-zA-Z])", Path(root / lock).read_text().split("\n", 2)[2])
    assert entries
    lacking = [
        entry.splitlines()[0]
        for entry in entries
        if not re.match(r"[\w.-]+==\S+", entry) or "--hash=sha256:" not in entry
    ]
    assert lacking == []


def test_every_dependency_is_locked_within_its_bounds(root):
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    declared = tomllib.loads((root / "pyproject.toml").read_text())
    pinned = "\n".join((root / lock).read_text() for lock in LOCKS)
    versions = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", pinned, re.MULTILINE))
    groups = [declared["project"]["dependencies"], *declared["dependency-groups"].values()]
    wanted = [Requirement(entry) for group in groups for entry in group if isinstance(entry, str)]
    outside = [
        str(each)
        for each in wanted
        if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0"), prereleases=True)
    ]
    assert outside == [], "run: make lock"
