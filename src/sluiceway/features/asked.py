"""Asked: the predictions that were due in a span of time, as a caller would have asked for them."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.dataset_version import KNOWN_TIME, DatasetVersion
from sluiceway.core.errors import SourceError
from sluiceway.core.moments import in_utc
from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.point_in_time import Facts
from sluiceway.features.spine_rows import spine_rows
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.quoting import listed
from sluiceway.ports.table_store import TableStore


def asked_between(
    facts: Facts, pipeline: Pipeline, inputs: Sequence[str], *, began: datetime, until: datetime
) -> pa.Table:
    """Give a row for each prediction due in ``[began, until)``, in the order of ``_at`` and the label's key.

    A row has the key, the inputs, the entities, the request's features, ``_at``, and what came of it as far as the
    facts go: ``_label`` (0 or 1, null where there is no outcome) and ``_label_known_time``. Rows that nobody could have
    asked about, as they became known only after their prediction, are left out.

    Args:
        facts: The sources, to the end of what is known (see ``newest_fact``), since outcomes come late.
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


def newest_fact(dataset: DatasetVersion, pipeline: Pipeline, tables: TableStore) -> datetime:
    """Find when the newest fact, of the views or the label, became known: the end of the data.

    Raises:
        SourceError: nothing ever did.
    """
    label = pipeline.label
    sources = {source.name: source for source in (label.source, *(view.source for view in pipeline.feature_views))}
    if not label.each.is_timeless:
        sources[label.each.name] = label.each
    newest = [pc.max(tables.read(dataset.table(name), [KNOWN_TIME]).column(0)).as_py() for name in sources]
    moments = [in_utc(moment) for moment in newest if moment is not None]
    if not moments:
        raise SourceError(f"no row of {', '.join(sources)} has a known_time; check the rows of these sources")
    return max(moments)
