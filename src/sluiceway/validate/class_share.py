"""Layer C: the positive class's share, now and in the reference."""

from sluiceway.artifacts.validation_report import ClassShareCheck
from sluiceway.declare.expression import Expression
from sluiceway.declare.pipeline import Label
from sluiceway.ports.engine import Engine
from sluiceway.stats.class_share import class_share_change
from sluiceway.validate.side import Side


def measure_class_share(label: Label, current: Side, reference: Side | None, engine: Engine) -> ClassShareCheck:
    """Count the rows of the label's source that meet its condition, out of those for which it is known.

    Every row that was told counts, corrections too.

    Raises:
        SourceError: the engine refuses the condition.
    """
    positives, rows = _count(label.condition, current, engine)
    then_positives, then_rows = _count(label.condition, reference, engine) if reference else (0, 0)
    change = class_share_change(
        positives=positives, rows=rows, reference_positives=then_positives, reference_rows=then_rows
    )
    return ClassShareCheck(
        label=label.name,
        share=change.share,
        reference_share=change.reference_share,
        relative_change=change.relative_change,
        low=change.low,
        high=change.high,
        rows=rows,
        reference_rows=then_rows,
        condition=label.condition.text,
    )


def _count(condition: Expression, side: Side, engine: Engine) -> tuple[int, int]:
    names = {name.lower() for name in condition.columns}
    columns = [name for name in side.kinds if name.lower() in names]
    if len(columns) < len(names) or not side.height:
        return 0, 0
    sql = f"SELECT count(*) FILTER (WHERE {condition.sql}), count({condition.sql}) FROM facts"
    positives = rows = 0
    for piece in side.pieces(columns or list(side.kinds)[:1]):
        found = engine.query(sql, {"facts": piece})
        positives += int(found.column(0)[0].as_py())
        rows += int(found.column(1)[0].as_py())
    return positives, rows
