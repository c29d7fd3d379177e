"""What is typed often: CPU seconds of the help and of ``status``, beside an interpreter that does nothing.

The aim is at most 0.2 CPU s each. Best of five, because other work on the machine only ever adds.
"""

import sys
import tempfile
from pathlib import Path

from measured import best_of, sluiceway, table

TIMES = 5
CLOSED = 1  # the exit code of a gate that is closed; anything above is an error
FLIGHTS = Path(__file__).resolve().parents[1] / "examples" / "flights"


def main() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as empty:
        commands = {
            "`python -c pass`": [sys.executable, "-c", "pass"],
            "`sluiceway --help`": [sluiceway(), "--help"],
            "`sluiceway status`, nothing run yet": [sluiceway(), "status", "--project", empty],
        }
        if (FLIGHTS / ".sluiceway").is_dir():
            commands["`sluiceway status`, flights"] = [sluiceway(), "status", "--project", str(FLIGHTS)]
        found = {name: best_of(TIMES, command) for name, command in commands.items()}
    broken = [name for name, each in found.items() if each.exit_code > CLOSED]
    if broken:
        sys.exit(f"could not be measured, because it failed: {', '.join(broken)}")
    floor = next(iter(found.values())).cpu_s
    rows = [
        (name, f"{each.cpu_s:.3f}", f"{each.cpu_s / floor:.1f}", f"{each.memory_mib:.0f}")
        for name, each in found.items()
    ]
    sys.stdout.write(table(("command", "CPU s", "times `python -c pass`", "memory, MiB"), rows) + "\n")


if __name__ == "__main__":
    main()
