"""The import contract holds, and covers everything."""

import configparser
import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def contracts(root):
    parser = configparser.ConfigParser()
    parser.read(root / ".importlinter")
    return parser


def test_every_import_contract_is_kept(root):
    lint = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run(
        [sys.executable, "-c", lint],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_layers_name_exactly_the_rooms_on_disk(contracts, package):
    listed = contracts["importlinter:contract:layers"]["layers"].replace("|", "\n").split()
    on_disk = {path.stem for path in package.glob("*.py")} - {"__init__"}
    on_disk |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(listed) == sorted(on_disk)


def test_the_layers_are_exhaustive(contracts):
    layers = contracts["importlinter:contract:layers"]
    assert layers["type"] == "layers"
    assert layers["containers"] == "sluiceway"
    assert layers.getboolean("exhaustive")
    assert "exhaustive_ignores" not in layers


def test_no_import_is_excused(contracts):
    excused = {name: contracts[name]["ignore_imports"] for name in contracts if "ignore_imports" in contracts[name]}
    assert excused == {}


def test_every_inner_room_is_kept_from_side_effects(contracts, package):
    edge = {"adapters", "cli"}
    inner = {f"sluiceway.{path.parent.name}" for path in package.glob("*/__init__.py")} - {
        f"sluiceway.{e}" for e in edge
    }
    assert set(contracts["importlinter:contract:side-effects-live-at-the-edge"]["source_modules"].split()) == inner
