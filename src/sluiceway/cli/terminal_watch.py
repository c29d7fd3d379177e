"""The story of a run on standard error: what works now, how far it is, what each gate said."""

import sys
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sluiceway.cli.gates import MARKS, verdict_words
from sluiceway.flow.node import Node
from sluiceway.ledger.standing import Standing
from sluiceway.ports.progress import NOTE

COLOURS = {
    "passed": "green",
    "overridden": "yellow",
    "warned": "yellow",
    "no_reference": "cyan",
    "inconclusive": "yellow",
    "stopped": "red",
}


EXTRACT = "extract"


class Line:
    """One node's line while it works."""

    def __init__(self, bars: Progress, name: str, note: Callable[[str], None]) -> None:
        self._bars, self._name, self._note = bars, name, note
        self.task = bars.add_task("", name=name, total=None)

    def say(self, text: str) -> None:
        """Tell what is being done now; a note stays."""
        if text.startswith(NOTE):
            self._note(f"  {self._name:<9} {text}")
            return
        self._bars.update(self.task, description=text)

    def advance(self, done: int, total: int) -> None:
        """Tell how much of it is done."""
        self._bars.update(self.task, completed=done, total=total)


class TerminalWatch:
    """Moving lines on a terminal; plain lines, one per event, anywhere else."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (
            SpinnerColumn(),
            TextColumn("{task.fields[name]:<9}"),
            BarColumn(24),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        self._bars = Progress(*columns, console=self._console, transient=True, disable=not sys.stderr.isatty())
        self._lines: dict[str, Line] = {}
        self._started = time.perf_counter()

    def __enter__(self) -> "TerminalWatch":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begins(self, node: Node) -> Line:
        """Open a line for a node."""
        line = Line(self._bars, node.name, self._print)
        self._lines[node.name] = line
        return line

    def ends(self, node: Node, *, seconds: float, cached: bool, note: str) -> None:
        """Close a node's line."""
        if node.name in self._lines:
            self._bars.remove_task(self._lines.pop(node.name).task)
        how = "cached" if cached else f"{seconds:5.1f} s"
        self._console.print(
            f"  {node.name:<9} {how:>7}{f'  ({note})' if note else ''}", style="dim" if cached else None
        )

    def extracts(self) -> Line:
        """Open a line for what is read from databases and APIs."""
        if EXTRACT not in self._lines:
            self._lines[EXTRACT] = Line(self._bars, EXTRACT, self._print)
        return self._lines[EXTRACT]

    def tells(self, text: str) -> None:
        """Print a line, and close the one of reading."""
        if EXTRACT in self._lines:
            self._bars.remove_task(self._lines.pop(EXTRACT).task)
        self._print(f"  {EXTRACT:<9} {text}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False)

    def judged(self, standing: Standing) -> None:
        """Tell what a gate said."""
        outcome = standing.verdict.outcome.value
        open_count = sum(criterion.outcome.is_open for criterion in standing.verdict.criteria)
        said = verdict_words(outcome, standing.scope)
        word = f"[{COLOURS[outcome]}]{MARKS[outcome]} gate {standing.gate} {said}[/]"
        total = len(standing.verdict.criteria)
        self._console.print(f"{word}  {standing.stage}: {open_count} of {total} criteria hold")
