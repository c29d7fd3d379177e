"""Answers: the result on standard output, as JSON for scripts or as a table for people."""

import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from sluiceway.core.digest import plain

LARGE = 1e5
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def print_json(value: object) -> None:
    """Print a value as JSON, indented."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def print_lines(*lines: str) -> None:
    """Print lines."""
    sys.stdout.write("".join(f"{harmless(line)}\n" for line in lines))


def harmless(line: str) -> str:
    """Write signs that would steer a terminal, which data may hold, so that they are seen and do nothing."""
    return CONTROL.sub(lambda found: repr(found[0])[1:-1], line)


def warn(text: str) -> None:
    """Tell a person something on standard error."""
    sys.stderr.write(f"note: {text}\n")


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns of text, numbers to the right, as wide as they need to be."""
    print_lines(*table_lines(headings, rows))


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lay out columns of text, numbers to the right, as wide as they need to be."""
    cells = [[text(cell) for cell in row] for row in rows]
    widths = [max([len(heading), *(len(row[i]) for row in cells)]) for i, heading in enumerate(headings)]
    numeric = [bool(cells) and all(looks_numeric(row[i]) for row in cells) for i in range(len(headings))]
    lines = []
    for row in [list(headings), *cells]:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def looks_numeric(cell: str) -> bool:
    """Whether a cell should stand to the right."""
    return cell in {"", "-"} or cell.lstrip("-").replace(".", "", 1).replace(",", "").replace("e-", "").isdigit()


def text(cell: Any) -> str:
    """Write a cell: six significant digits are enough for a person."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if LARGE <= abs(cell) < math.inf else f"{cell:.6g}"
    return str(cell)
