"""Masking: values of sensitive columns are taken out of what was measured; counts stay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sluiceway.artifacts.example_rows import MASK, ExampleRows
from sluiceway.artifacts.promise import Hidden
from sluiceway.artifacts.validation_report import MEAN, QUANTILE, DriftCheck, RuleCheck
from sluiceway.core.errors import SluicewayError
from sluiceway.declare.expectation import Expectation
from sluiceway.pages.histogram import Histogram
from sluiceway.plans.lineage import column_lineage

Schemas = Mapping[str, Sequence[str]]
SENSITIVE_NOTE = "sensitive: 1 where it holds, 0 where it does not"


def masked_rows(shown: ExampleRows, hidden: Collection[str]) -> ExampleRows:
    """Mask the values of some columns; that one is missing may be seen."""
    return _masked_places(shown, [name.lower() in hidden for name in shown.columns])


def _masked_places(shown: ExampleRows, marks: Sequence[bool]) -> ExampleRows:
    if not any(marks):
        return shown
    rows = tuple(
        tuple(MASK if mark and value is not None else value for mark, value in zip(marks, row, strict=False))
        for row in shown.rows
    )
    return replace(shown, rows=rows)


def masked_check(check: RuleCheck, hidden: Collection[str]) -> RuleCheck:
    """Mask the values of hidden columns in a check's rows, and, of a rule about one, all words and numbers."""
    shown = replace(check, broken_rows=masked_rows(check.broken_rows, hidden))
    if not any(name.lower() in hidden for name in (*check.about, check.column)):
        return shown
    shown = shown if check.is_share else without_number(shown)
    return replace(shown, examples=(MASK,)) if check.examples else shown


def without_number(check: RuleCheck) -> RuleCheck:
    """Keep of a number that is made of sensitive values only whether it is within its bounds: 1, or 0."""
    held = None if check.measured is None else float(check.holds)
    note = check.note or SENSITIVE_NOTE
    return replace(check, measured=held, low=1.0, high=1.0, note=note)


def masked_sql_check(check: RuleCheck, expectation: Expectation, hidden: Hidden, schemas: Schemas) -> RuleCheck:
    """Mask what a statement found in outputs that are made of hidden columns, or in all where that cannot be told."""
    marks = hidden_outputs(expectation.text or "", hidden, schemas)
    if expectation.low is not None or expectation.high is not None:
        return check if marks == [False] else without_number(check)
    names = check.broken_rows.columns
    if len(marks) < len(names):
        marks = [True] * len(names)
    return replace(check, broken_rows=_masked_places(check.broken_rows, marks))


def hidden_outputs(sql: str, hidden: Hidden, schemas: Schemas) -> list[bool]:
    """Tell of each output of a statement, in order, whether it is made of hidden columns; of none if it cannot be."""
    spelled = {name.lower(): name for name in schemas}
    try:
        traced = column_lineage(sql, schemas, need_names=False)
    except SluicewayError:
        return []
    return [
        any(column.lower() in hidden(spelled.get(table.lower(), table)) for table, column in origins)
        for origins in traced.values()
    ]


def masked_drift(check: DriftCheck, hidden: Collection[str]) -> DriftCheck:
    """Mask the mean or quantile of a hidden column, which among few rows is a value; by how much it moved stays."""
    is_hidden = check.column.lower() in hidden
    return replace(check, then=None, now=None) if is_hidden and check.test in {MEAN, QUANTILE} else check


def masked_histogram(drawn: Histogram, hidden: Collection[str]) -> Histogram:
    """Mask the labels of a histogram of a hidden column; how many rows each bin has stays."""
    _, _, name = drawn.column.partition(".")
    if name.lower() not in hidden:
        return drawn
    return replace(drawn, labels=tuple(MASK for _ in drawn.labels))
