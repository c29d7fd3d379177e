"""Findings: everything that is wrong with a declaration, gathered before any of it is told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sluiceway.artifacts.table_ref import NUMBERS, Column
from sluiceway.core.errors import DeclarationError, Problem, UnknownNameError
from sluiceway.declare.expression import Expression, bind_expression
from sluiceway.declare.written_at import WrittenAt

Kinds = Mapping[str, str]
TEXT_HINT = (
    "; a column is text as soon as one value is no number or time: mend that row, or, if it means that there is none, "
    "name it in files(nulls=[…])"
)

A_LIST = "a list of numbers; take its numbers as features by a view with sw.latest(…, size=…)"
LIST_HINT = f"; it is {A_LIST}"


def kinds_of(columns: Sequence[Column]) -> dict[str, str]:
    """Give each column's type by its name."""
    return {column.name: column.type for column in columns}


def text_hint(name: str, wanted: Sequence[str]) -> str:
    """Say why a column is perhaps text, and how it comes to a kind that is wanted; nothing where text is."""
    if "text" in wanted:
        return ""
    if "time" not in wanted or not name.isidentifier():
        return TEXT_HINT
    read = f"SELECT * REPLACE (strptime({name}, '%d/%m/%Y %H:%M') AS {name}) FROM …"  # noqa: S608 - nobody runs it
    iso = "Times are read as such where each is ISO 8601, as in 2024-01-31T09:00:00Z, with a zone in all or in none"
    return f'{TEXT_HINT}. {iso}; others by the source\'s own sql="{read}"'


@dataclass(slots=True)
class Findings:
    """Problems so far. ``spec_path`` and ``spec_lines`` place those that belong to the spec.

    Where it ``is_discreet``, some columns are sensitive, and no problem repeats a value. ``discarded`` names the source
    of each column that is dropped as unknown. ``empty`` names that of each column
    without any value. ``written_at`` is where what is being checked was declared.
    """

    spec_path: str = ""
    spec_lines: Mapping[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_discreet: bool = False
    discarded: dict[str, str] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)
    written_at: WrittenAt | None = None

    @contextmanager
    def about(self, written_at: WrittenAt | None) -> Iterator[None]:
        """Place what is noted meanwhile at the line of a declaration."""
        before, self.written_at = self.written_at, written_at or self.written_at
        try:
            yield
        finally:
            self.written_at = before

    def note(self, message: str) -> None:
        """Add a problem of the pipeline."""
        if message not in {problem.message for problem in self.problems}:
            at = self.written_at
            self.problems.append(Problem(message, at.path, at.line) if at else Problem(message))

    def note_spec(self, section: str, message: str) -> None:
        """Add a problem of the spec, at the line of one of its sections."""
        self.problems.append(Problem(message, self.spec_path, self.spec_lines.get(section, 0)))

    def column(self, where: str, name: str, columns: Kinds) -> str | None:
        """Return a column's type, or ``None`` after noting that there is no such column."""
        if name not in columns:
            self.note(f"{where}: {UnknownNameError('column', name, columns)}")
        return columns.get(name)

    def typed(self, where: str, name: str, columns: Kinds, *, allowed: Sequence[str]) -> None:
        """Note a column that is missing, or is of none of these types."""
        kind = self.column(where, name, columns)
        if kind is not None and kind not in allowed:
            hint = text_hint(name, allowed) if kind == "text" and name not in self.empty else ""
            hint = LIST_HINT if kind == NUMBERS else hint
            self.note(f"{where}: column {name!r} is {kind}, it must be {' or '.join(allowed)}{hint}")

    def expression(self, where: str, expression: Expression, columns: Kinds, *, wanted: Sequence[str]) -> None:
        """Note an expression that the columns do not allow, or whose value is of none of these types."""
        try:
            kind = bind_expression(expression, columns)
        except DeclarationError as error:
            self.note(f"{where}: {error}")
            return
        if kind not in wanted:
            hint = "; leave at_zone out, times are UTC" if kind == "local" else ""
            hint = text_hint(expression.text, wanted) if kind == "text" else hint
            self.note(f"{where}: {expression.text!r} is {kind}, it must be {' or '.join(wanted)}{hint}")

    def settle(self) -> None:
        """Tell everything that was found.

        Raises:
            DeclarationError: there was anything.
        """
        said = "\n".join(problem.message for problem in self.problems)
        for column, source in self.discarded.items():
            if re.search(rf"(?<!\w){re.escape(column)}(?!\w)", said):
                self.note(
                    f"source {source!r} discards {column!r}, which the last accepted version does not have: "
                    'schema="evolve" accepts it'
                )
        for column, source in self.empty.items() if " is text" in said else ():
            self.note(
                f"source {source!r}: column {column!r} has no value in any row, so its kind is not known and it is "
                f"taken for text; in CSV, declare it: files(kinds={{{column!r}: 'number'}})"
            )
        if self.problems:
            raise DeclarationError(self.problems)
