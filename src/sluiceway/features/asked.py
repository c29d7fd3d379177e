"""Asked: the predictions that were due in a span of time, as a caller would have asked for them."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.point_in_time import Facts
from sluiceway.features.spine_rows import spine_rows
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.quoting import listed


def asked_between(
    facts: Facts, pipeline: Pipeline, inputs: Sequence[str], *, began: datetime, until: datetime
) -> pa.Table:
    """Give a row for each prediction due in ``[began, until)``, in the order of ``_at`` and the label's key.

    A row has the key, the inputs, the entities, what the request alone tells, ``_at``, and what came of it as far as
    the facts go: ``_label`` (0 or 1, null where there is no outcome) and ``_label_known_time``. Rows that nobody could
    have asked about, as they became known only after their prediction, are left out.

    Args:
        facts: The sources, as far as anything is known.
        pipeline: Whose label says what is predicted, and when.
        inputs: What a caller has at inference time.
        began: The first moment, UTC.
        until: The first moment past the span, UTC.
    """
    due = f"epoch_us(_at) >= {microseconds(began)} AND epoch_us(_at) < {microseconds(until)} AND NOT _late"
    first = ["_at", *pipeline.label.each.keys]
    sql = (
        f"SELECT {listed(first)}, spine.* EXCLUDE (_class, _late, {listed(first)}) FROM spine WHERE {due} ORDER BY ALL"
    )
    return facts.ask(sql, spine=spine_rows(facts, pipeline, inputs))
