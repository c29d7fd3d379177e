"""The table in docs/imports.md and the code agree: which libraries a room may import, and what only the edge may do."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

EDGE = {"adapters", "workspace", "serving", "streaming", "cli", "__main__"}
WAYS_OUT = {
    "fcntl", "ftplib", "http", "importlib", "mmap", "shutil", "smtplib", "socket", "sqlite3", "ssl", "subprocess",
    "tempfile", "tomllib", "urllib",
}  # fmt: skip
PICKLERS = {"pickle", "joblib", "cloudpickle", "dill", "marshal"}
BUILTINS = {"open", "eval", "exec", "compile", "input", "print"}
DISTRIBUTIONS = {
    "PIL": "pillow",
    "adbc_driver_manager": "adbc-driver-manager",
    "adbc_driver_postgresql": "adbc-driver-postgresql",
    "adbc_driver_sqlite": "adbc-driver-sqlite",
    "botocore": "boto3",
    "confluent_kafka": "confluent-kafka",
    "hiredis": "redis",
    "google": "protobuf",
    "prometheus_client": "prometheus-client",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
FRAME_INPUT = re.compile(r"(read|scan)_")
FRAME_OUTPUT = re.compile(r"(sink|write)_|read_(text|bytes)$")


def room_of(path, package):
    """The folder, or the module itself when it stands in none."""
    inside = path.relative_to(package).parts
    return inside[0].removesuffix(".py")


def imported(tree):
    """The top name of every imported module, with the names taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module.split(".")[0], alias.name) for alias in node.names)


def side_effects(source):
    """What a module that is not of the edge does, but must not."""
    tree = ast.parse(source)
    found = []
    for top, name in imported(tree):
        if top in WAYS_OUT or (top == "pathlib" and name not in {"PurePath", "PurePosixPath"}):
            found.append(f"imports {top}")
        if top == "os" and name not in {None, "cpu_count"}:
            found.append(f"imports os.{name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            found.append(f"calls {node.func.id}")
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner == "os" and node.attr != "cpu_count":
                found.append(f"uses os.{node.attr}")
            if owner in {"pl", "polars"} and FRAME_INPUT.match(node.attr):
                found.append(f"uses polars.{node.attr}")
    found += [
        f"calls .{node.func.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and FRAME_OUTPUT.match(node.func.attr)
    ]
    return found


@pytest.fixture(scope="module")
def allowed(root):
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", (root / "docs/imports.md").read_text(), re.MULTILINE)
    return {room: set() if names == "none" else set(names.split(", ")) for room, names in rows}


@pytest.fixture(scope="module")
def sources(modules, package):
    return {path: path.read_text() for path in modules if path != package / "__init__.py"}


def test_the_table_names_exactly_the_rooms_on_disk(allowed, sources, package):
    assert set(allowed) == {room_of(path, package) for path in sources}


def test_a_room_imports_only_the_libraries_that_the_table_allows(allowed, sources, package):
    refused = []
    for path, source in sources.items():
        tops = {top for top, _ in imported(ast.parse(source))} - sys.stdlib_module_names - {"sluiceway"}
        refused += [f"{path.relative_to(package)}: {top}" for top in sorted(tops - allowed[room_of(path, package)])]
    assert refused == []


def test_every_library_in_the_table_is_declared_as_a_dependency(allowed, root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = [each for entries in project["optional-dependencies"].values() for each in entries]
    listed = [*project["dependencies"], *extras]
    declared = {re.split(r"[<>=\[]", entry)[0] for entry in listed}
    used = {DISTRIBUTIONS.get(name, name) for names in allowed.values() for name in names}
    assert sorted(used - declared) == []


def test_side_effects_happen_only_at_the_edge(sources, package):
    refused = []
    for path, source in sources.items():
        if room_of(path, package) not in EDGE:
            refused += [f"{path.relative_to(package)} {what}" for what in side_effects(source)]
    assert refused == []


def test_no_pickle_is_read_or_written_anywhere(sources, package):
    using = [path for path, source in sources.items() if {top for top, _ in imported(ast.parse(source))} & PICKLERS]
    assert using == []


@pytest.mark.parametrize(
    "source",
    [
        "open('x')",
        "from pathlib import Path",
        "import pathlib",
        "import sqlite3",
        "from urllib.request import urlopen",
        "import os\nos.environ['X']",
        "from os import environ",
        "import polars as pl\npl.scan_parquet('x')",
        "frame.write_parquet('x')",
        "frame.sink_csv('x')",
        "place.read_bytes()",
        "eval('1')",
    ],
)
def test_a_planted_side_effect_is_found(source):
    assert side_effects(source)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.cpu_count()",
        "from pathlib import PurePosixPath",
        "archive.open('member')",
        "from pyarrow import csv as arrow_csv\narrow_csv.read_csv(buffer)",
        "objects.put('key', b'')",
    ],
)
def test_work_in_memory_and_through_ports_is_no_side_effect(source):
    assert side_effects(source) == []


def test_the_page_names_what_the_scan_refuses(root):
    page = Path(root / "docs/imports.md").read_text()
    assert [name for name in sorted(WAYS_OUT | PICKLERS | BUILTINS) if f"`{name}`" not in page] == []
