"""What the house rules look at: the repository's own files."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def package() -> Path:
    return ROOT / "src" / "sluiceway"


@pytest.fixture(scope="session")
def modules(package) -> list[Path]:
    found = sorted(package.rglob("*.py"))
    assert len(found) > 50
    return found


@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """Every text file that is tracked, or would be: path to content."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    found = {}
    for name in sorted(set(listed) - {""}):
        try:
            found[name] = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    assert "pyproject.toml" in found
    return found


@pytest.fixture(scope="session")
def pages(texts) -> dict[str, str]:
    """What a user reads: the README and the pages below docs/."""
    found = {name: text for name, text in texts.items() if name == "README.md" or re.fullmatch(r"docs/.*\.md", name)}
    assert found
    return found
