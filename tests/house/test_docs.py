"""The documentation names everything that a user can name, its code runs, and its links lead somewhere."""

import ast
import re
import subprocess
import sys

import pytest

from sluiceway.adapters.settings_file import KEYS
from sluiceway.cli.app import build
from sluiceway.core import errors

FLAG = re.compile(r"--[a-z][a-z-]+")
BLOCK = re.compile(r"^```(python(?: run)?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands(app, words=()):
    """Every command, as the words that call it, with the flags it takes."""
    for name in app:
        if name.startswith("-"):
            continue
        command = app[name]
        below = [each for each in command if not each.startswith("-")]
        if below:
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def flags_of(command):
    """The flags that a command takes; what is given by its place needs no name."""
    found = set()
    for argument in command.assemble_argument_collection():
        if argument.index is not None:
            continue
        found |= {name for name in argument.names if FLAG.fullmatch(name)}
    return found


@pytest.fixture(scope="module")
def documented(pages):
    return "\n".join(pages.values())


@pytest.fixture(scope="module")
def listed():
    return dict(commands(build()))


def headings(text):
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_command_line_has_the_promised_commands(listed):
    promised = """run|status|check|data log|data show|data diff|data verify|data restore
    |validate report|validate override|features list|features get|models list|models show|ledger log|ledger verify"""
    assert set(re.split(r"\s*\|", promised)) <= set(listed)


def test_every_command_is_documented(listed, documented):
    said = " ".join(documented.split())  # a command may be broken over two lines
    assert [name for name in listed if not re.search(rf"(sluiceway |`){name}\b", said)] == []


def test_every_flag_is_documented(listed, documented):
    known = set(FLAG.findall(documented))
    lacking = {name: sorted(flags_of(command) - known) for name, command in listed.items()}
    assert {name: flags for name, flags in lacking.items() if flags} == {}


def test_every_command_takes_project_and_json(listed):
    assert [name for name, command in listed.items() if not {"--project", "--json"} <= flags_of(command)] == []


def test_every_documented_command_exists(listed, documented):
    groups = {name.split()[0] for name in listed}
    called = set(re.findall(r"^\s*(?:\$ )?sluiceway ([a-z]+(?: [a-z]+)?)", documented, re.MULTILINE))
    known = set(listed) | groups
    assert [words for words in called if words not in known and words.split()[0] not in set(listed)] == []


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_documented(key, documented):
    assert f"`{key}`" in documented


def test_how_the_environment_sets_a_setting_is_documented(documented):
    assert any(f"SLUICEWAY_{key.upper()}" in documented for key in KEYS)


def test_every_port_is_documented(package, documented):
    ports = {
        node.name
        for path in (package / "ports").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(each) == "Protocol" for each in node.bases)
    }
    assert len(ports) >= 8
    assert sorted(name for name in ports if f"`{name}`" not in documented) == []


def test_every_error_is_documented(documented):
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert len(kinds) >= 10
    assert sorted(name for name in kinds if f"`{name}`" not in documented) == []


def test_every_error_stands_in_the_tree_that_its_module_draws():
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert sorted(name for name in kinds if name not in errors.__doc__) == []


def test_every_python_block_is_python(pages):
    for name, page in pages.items():
        for _, code in BLOCK.findall(page):
            compile(code, name, "exec")


def test_every_python_block_marked_run_runs(pages, tmp_path):
    for name, page in pages.items():
        for kind, code in BLOCK.findall(page):
            if kind == "python run":
                done = subprocess.run(
                    [sys.executable, "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True
                )
                assert done.returncode == 0, f"{name}:\n{code}\n{done.stderr}"


def test_every_internal_link_leads_somewhere(texts, root):
    broken = []
    for name, text in texts.items():
        if not name.endswith(".md"):
            continue
        for link in LINK.findall(text):
            if "://" in link or link.startswith("mailto:"):
                continue
            path, _, anchor = link.partition("#")
            target = (root / name).parent / path if path else root / name
            if not target.exists() or (anchor and anchor not in headings(target.read_text())):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_the_readme_shows_the_example_as_it_is(root):
    text = (root / "README.md").read_text()
    example = root / "examples/purchases"
    for name in ("spec.yaml", "pipeline.py", "sql/outcomes.sql", "sql/receipts.sql"):
        assert (example / name).read_text().rstrip() in text, f"README.md shows another {name} than the example has"
