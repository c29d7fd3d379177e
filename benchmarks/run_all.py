"""Run every benchmark, one after the other, and write what they print to ``docs/benchmarks.md``."""

import ast
import subprocess
import sys
from pathlib import Path

from machine import describe

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
NO_BENCHMARKS = {
    "machine.py",
    "measured.py",
    "online_peers.py",
    "posted_events_floor.py",
    "run_all.py",
    "streaming_peers.py",
    "streaming_worker.py",
    "validation_peers.py",
}
WORDS = {"online_read.py": ["--peers"], "streaming.py": ["--peers"], "validation.py": ["--peers"]}
PARTS = "serving_"  # of serving.py
OPENING = """# Benchmarks

Each table comes from the file in `benchmarks/` that its heading names. `make bench` runs all of them at their default
sizes and writes this page; tables of other sizes and of peers, and the notes below tables, were added by hand, from the
commands above them.
Figures are comparable only inside one table: each is a run of its own, on this machine.
"""


def main() -> int:
    """Run them all; exit 1 when one failed, after the others have run."""
    sections, failed = [OPENING, describe()], []
    for path in sorted(HERE.glob("*.py")):
        if path.name not in NO_BENCHMARKS and not path.name.startswith(PARTS):
            sys.stderr.write(f"{path.name}\n")
            done = subprocess.run(
                [sys.executable, str(path), *WORDS.get(path.name, ())],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
            sys.stdout.write(done.stdout)
            failed += [path.name] if done.returncode else []
            sections.append(section(path, done.stdout, done.returncode))
    PAGE.write_text("\n\n".join(part.strip() for part in sections) + "\n", encoding="utf-8")
    sys.stderr.write(f"wrote {PAGE}\n" + "".join(f"failed: {name}\n" for name in failed))
    return int(bool(failed))


def section(path: Path, printed: str, code: int) -> str:
    """A benchmark's heading, what it says it measures, and its table."""
    means = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    failure = f"It failed with exit code {code}." if code else ""
    return "\n\n".join(part for part in (f"## {path.name}", means, printed.strip(), failure) if part)


if __name__ == "__main__":
    sys.exit(main())
