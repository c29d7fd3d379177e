"""One command, measured from outside: wall time, CPU time and memory, of itself and everything it starts."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Started in a fresh interpreter, so that the figures are the command's alone and not those of earlier ones.
MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command used. ``memory_mib`` is the largest resident set of one of its processes."""

    exit_code: int
    wall_s: float
    cpu_s: float
    memory_mib: float


def measured(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end; its standard output is dropped, its errors are shown."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    code, wall, cpu, memory = done.stdout.split()
    return Measured(int(code), float(wall), float(cpu), float(memory) / (2**20 if sys.platform == "darwin" else 2**10))


def best_of(times: int, command: Sequence[str]) -> Measured:
    """The run that used the least CPU: what the machine's other work adds is left out."""
    return min((measured(command) for _ in range(times)), key=lambda each: each.cpu_s)


def sluiceway() -> str:
    """The command line of this environment."""
    return str(Path(sys.executable).with_name("sluiceway"))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
