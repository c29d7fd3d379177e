"""The flights example from raw files to a registered model: cold, then unchanged.

The aims on two cores: cold at most 90 s of wall time and 3 GiB, unchanged at most 1 s of CPU.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from measured import Measured, measured, sluiceway, table

FLIGHTS = Path(__file__).resolve().parents[1] / "examples" / "flights"


def main() -> None:
    """Measure both runs on a copy, and print the table; exit 1 when a gate stayed closed."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "flights"
        shutil.copytree(FLIGHTS, project, ignore=shutil.ignore_patterns(".sluiceway", "__pycache__"))
        command = [sluiceway(), "run", "--json", "--project", str(project)]
        runs = {"cold": measured(command), "unchanged": measured(command)}
    sys.stdout.write(
        table(("run", "exit code", "wall s", "CPU s", "memory, MiB"), [row(*item) for item in runs.items()]) + "\n"
    )
    sys.exit(int(any(run.exit_code for run in runs.values())))


def row(name: str, run: Measured) -> tuple[str, ...]:
    """One line of the table."""
    return (name, str(run.exit_code), f"{run.wall_s:.2f}", f"{run.cpu_s:.2f}", f"{run.memory_mib:.0f}")


if __name__ == "__main__":
    main()
