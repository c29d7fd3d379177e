"""The flights example from raw files to a served, canaried, monitored model, seven gates: cold, then unchanged.

The aims on two quiet cores: cold at most 120 s of wall time and 3 GiB, unchanged at most 1 s.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from measured import Measured, measured, sluiceway, table

COLD_S, UNCHANGED_S, MOST_MIB = 120, 1, 3 * 1024
FLIGHTS = Path(__file__).resolve().parents[1] / "examples" / "flights"


def main() -> None:
    """Measure both runs on a copy, and print the table; exit 1 when a gate stayed closed."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "flights"
        shutil.copytree(FLIGHTS, project, ignore=shutil.ignore_patterns(".sluiceway", "__pycache__"))
        command = [sluiceway(), "run", "--json", "--project", str(project)]
        runs = {"cold": measured(command), "unchanged": measured(command)}
    rows = [row(name, run, reached=reached(name, run)) for name, run in runs.items()]
    sys.stdout.write(table(("run", "exit code", "wall s", "CPU s", "memory, MiB", "reached"), rows) + "\n")
    sys.exit(int(any(run.exit_code for run in runs.values())))


def reached(name: str, run: Measured) -> bool:
    """Whether a run kept to its aim; an unchanged run is judged by its CPU, which other work does not stretch."""
    if name == "cold":
        return run.wall_s <= COLD_S and run.memory_mib <= MOST_MIB
    return run.cpu_s <= UNCHANGED_S


def row(name: str, run: Measured, *, reached: bool) -> tuple[str, ...]:
    """One line of the table."""
    measured = (f"{run.wall_s:.2f}", f"{run.cpu_s:.2f}", f"{run.memory_mib:.0f}")
    return (name, str(run.exit_code), *measured, "yes" if reached else "**no**")


if __name__ == "__main__":
    main()
