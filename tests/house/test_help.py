"""Every command explains itself with an example, and what is typed often loads nothing heavy."""

import subprocess
import sys

import pytest

from sluiceway.cli.described_verbs import VERBS

HEAVY = {
    "polars", "pyarrow", "numpy", "sklearn", "mlflow", "duckdb", "scipy", "matplotlib", "onnx", "onnxruntime", "optuna",
    "lightgbm", "pandas", "deltalake", "sqlglot",
}  # fmt: skip
ALONE = [("init",), ("run",), ("status",), ("check",)]
COMMANDS = [*ALONE, *((noun, verb) for noun, verbs in VERBS.items() for verb in verbs)]
LOADED = f"; import sys; sys.stderr.write('LOADED ' + ' '.join(sorted({HEAVY!r} & set(sys.modules))))"
RUN = "import sys; from sluiceway.__main__ import run; code = run(sys.argv[1:])"


def python(code, *arguments):
    """Run code in a fresh interpreter; return what it printed, and which heavy modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED, *map(str, arguments)], check=False, capture_output=True, text=True
    )
    assert "LOADED" in done.stderr, done.stderr
    said, _, loaded = done.stderr.rpartition("LOADED")
    return done.stdout + said, loaded.split()


@pytest.fixture(scope="module")
def helps():
    """The help of every command, from one interpreter."""
    show = "import sys; from sluiceway.__main__ import run\n"
    show += f"for words in {COMMANDS!r}:\n    print('COMMAND', *words); sys.stdout.flush(); run([*words, '--help'])"
    done = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True)
    parts = done.stdout.split("COMMAND ")[1:]
    return {tuple(part.splitlines()[0].split()): part for part in parts}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that nothing has run in."""
    return tmp_path_factory.mktemp("project")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(words, helps):
    assert "Usage: sluiceway" in helps[words]
    assert "example:" in helps[words]
    assert f"sluiceway {' '.join(words)}" in helps[words].split("example:", 1)[1]


def test_the_help_names_every_command_and_the_exit_codes():
    said, _ = python(RUN, "--help")
    assert [words[0] for words in COMMANDS if words[0] not in said] == []
    assert "2 misuse" in said


def test_help_loads_nothing_heavy():
    said, loaded = python(RUN, "--help")
    assert "Usage" in said
    assert loaded == []


def test_status_loads_nothing_heavy(project):
    said, loaded = python(RUN, "status", "--project", project)
    assert "pending" in said
    assert loaded == []


def test_the_ledger_is_read_without_anything_heavy(project):
    _, loaded = python(RUN, "ledger", "log", "--project", project)
    assert loaded == []


def test_what_an_unchanged_run_imports_is_light():
    _, loaded = python(
        "import sluiceway.cli.run, sluiceway.cli.terminal_watch, sluiceway.workspace, sluiceway.flow.graph"
    )
    assert loaded == []


@pytest.mark.parametrize("stage", ["spec", "ingest", "validate", "features", "train"])
def test_a_gate_judges_without_anything_heavy(stage):
    _, loaded = python(f"import sluiceway.{stage}.gate")
    assert loaded == []


def test_a_heavy_import_would_be_seen():
    _, loaded = python("import numpy")
    assert loaded == ["numpy"]
