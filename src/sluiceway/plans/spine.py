"""The spine: each prediction that was due, what a caller knew then, and what came of it.

A row of the label's ``each`` that stands several times under one key counts once: in its newest version known by that
version's own prediction time, or, where all were known too late, in the earliest. What came of it is the newest version
of the label's source under the same key known by the cutoff; in both, ties go to the later event_time, then to the
greater other columns.

A row is ``unmatured`` while ``at + matures`` lies past the cutoff, whatever is known of it already (else early
outcomes, which differ from late ones, would be over-represented); ``unlabelled`` when it has matured without an
outcome, or has no key or no prediction time; otherwise ``labelled``.
"""

from collections.abc import Mapping, Sequence

from sluiceway.declare.expression import Expression
from sluiceway.declare.expression_total import total_sql
from sluiceway.declare.pipeline import Label
from sluiceway.plans.corrections import ties
from sluiceway.plans.moments_sql import length
from sluiceway.plans.quoting import listed, present, quoted
from sluiceway.plans.steps import written

LABELLED = "labelled"
UNLABELLED = "unlabelled"
UNMATURED = "unmatured"


def spine_sql(
    label: Label,
    *,
    columns: Sequence[str],
    request: Mapping[str, Expression],
    outcome_columns: Sequence[str],
    cutoff: int,
) -> str:
    """Select every row of ``each`` with its class.

    Reads two tables: ``each`` and ``outcomes``, the label's source. Gives the key, ``columns``, the request columns,
    ``_at``, ``_class``, ``_late`` (known only after the prediction), ``_label`` (0 or 1) and ``_label_known_time``.

    Args:
        label: What is predicted.
        columns: Columns of ``each`` to keep: inputs, entities and the key.
        request: Request-time features over these columns.
        outcome_columns: The columns of the label's source, in the order of their names, to tell versions apart by.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
    """
    keys = label.each.keys
    made = "".join(f", {total_sql(expression)} AS {quoted(name)}" for name, expression in request.items())
    steps = {
        "told": _told(label, columns, cutoff),
        "chosen": _chosen(keys, columns),
        "outcome": _outcome(label, outcome_columns, cutoff),
        "asked": f"SELECT {listed(columns)}, _at, _known{made} FROM chosen",
    }
    overdue = f"epoch_us(_at) + {length(label.matures)} <= {cutoff}"
    kind = (
        f"CASE WHEN _at IS NULL OR NOT ({present(keys)}) THEN '{UNLABELLED}' WHEN NOT ({overdue}) THEN '{UNMATURED}' "
        f"WHEN _label IS NULL THEN '{UNLABELLED}' ELSE '{LABELLED}' END"
    )
    return (
        f"WITH {written(steps)} SELECT asked.* EXCLUDE (_known), {kind} AS _class, "
        f"coalesce(_known > epoch_us(_at), FALSE) AS _late, _label, _label_known_time "
        f"FROM asked LEFT JOIN outcome ON {_same_keys(keys)}"
    )


def _same_keys(keys: Sequence[str]) -> str:
    return " AND ".join(f"asked.{quoted(key)} = outcome.{quoted('_key_' + key)}" for key in keys)


def _told(label: Label, columns: Sequence[str], cutoff: int) -> str:
    at = f"CAST({label.moment.sql} AS TIMESTAMPTZ) AS _at"
    if label.each.is_timeless:
        return (
            f"SELECT {listed(columns)}, {at}, CAST(NULL AS BIGINT) AS _known, CAST(NULL AS BIGINT) AS _event FROM each"
        )
    times = "epoch_us(_known_time) AS _known, epoch_us(_event_time) AS _event"
    return f"SELECT {listed(columns)}, {at}, {times} FROM each WHERE epoch_us(_known_time) <= {cutoff}"


def _chosen(keys: Sequence[str], columns: Sequence[str]) -> str:
    known = "_known <= epoch_us(_at)"
    nearest = f"coalesce({known}, FALSE) DESC, CASE WHEN {known} THEN -_known ELSE _known END"
    rank = f"row_number() OVER (PARTITION BY {listed(keys)} ORDER BY {nearest}, _event DESC, {ties(sorted(columns))})"
    return f"SELECT * FROM told QUALIFY NOT ({present(keys)}) OR {rank} = 1"


def _outcome(label: Label, columns: Sequence[str], cutoff: int) -> str:
    keys = label.source.keys
    order = f"epoch_us(_known_time) DESC, epoch_us(_event_time) DESC, {ties(columns)}"
    newest = f"row_number() OVER (PARTITION BY {listed(keys)} ORDER BY {order}) = 1"
    named = ", ".join(f"{quoted(key)} AS {quoted('_key_' + key)}" for key in keys)
    value = f"CAST(CAST({label.condition.sql} AS BOOLEAN) AS BIGINT) AS _label"
    return (
        f"SELECT {named}, {value}, _known_time AS _label_known_time "
        f"FROM outcomes WHERE epoch_us(_known_time) <= {cutoff} QUALIFY {newest}"
    )
