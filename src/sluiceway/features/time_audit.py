"""The time audit: whether anything in the training rows could have come from after their prediction."""

import math
import random
from collections.abc import Mapping, Sequence

import pyarrow as pa

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.feature_set import TimeAudit
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.features.early_facts import find_early_facts
from sluiceway.features.point_in_time import Facts
from sluiceway.features.recomputation import SCALE, recomputed_sql
from sluiceway.plans.latest import latest_features
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.quoting import same
from sluiceway.plans.window_groups import window_groups

SAMPLE = 200
RELATIVE = 1e-5  # float32 has 6e-8
OF_SCALE = 1e-6  # what cancellation may leave of the greatest value summed


def audit_time(
    facts: Facts,
    project: Project,
    *,
    inputs: Sequence[str],
    spine: pa.Table,
    features: Sequence[pa.Table],
    late: int,
    seed: int,
) -> TimeAudit:
    """Audit the labelled rows.

    Args:
        facts: The sources and the cutoff.
        project: Whose views, label and sources these are.
        inputs: The spec's inputs.
        spine: Labelled rows with ``_row`` from 0 in order, ``_at``, ``_label_known_time`` and entity columns.
        features: One table per feature view, ``_row`` and features, as they will be trained on.
        late: Rows of ``each`` known only after their prediction.
        seed: Decides the sample.
    """
    early = facts.ask(
        "SELECT count(*) FROM spine WHERE _label_known_time <= _at", spine=spine.select(["_at", "_label_known_time"])
    )
    places = sorted(random.Random(seed).sample(range(spine.num_rows), min(SAMPLE, spine.num_rows)))  # noqa: S311 - a sample, no secret
    sample = spine.take(pa.array(places, pa.int64()))
    changed = [
        name
        for view, table in zip(project.pipeline.feature_views, features, strict=True)
        for name in changed_features(facts, view, sample, table)
    ]
    return TimeAudit(
        labels_known_early=int(early.column(0)[0].as_py()),
        inputs_known_late=late,
        early_facts=find_early_facts(facts, project, inputs),
        sampled=len(places),
        future_features=tuple(changed),
        self_fed=self_fed(facts, project.pipeline, spine),
    )


def self_fed(facts: Facts, pipeline: Pipeline, spine: pa.Table) -> tuple[str, ...]:
    """Name the views over sources with the label's key in which a predicted row is known before its prediction."""
    keys = list(pipeline.label.each.keys)
    rows = spine.select([*keys, "_at"])
    named = []
    for view in pipeline.feature_views:
        if list(view.source.keys) != keys:
            continue
        source = facts.whole(view.source.name, [*keys, KNOWN_TIME])
        groups, at = window_groups(view), "epoch_us(spine._at)"
        follows = not groups or any(group.follows for group in groups) or bool(latest_features(view))
        before = f"<= {at}" if follows else f"< {groups[0].known_before(at)}"
        joined = f"spine JOIN source ON {same(keys, 'spine', 'source')}"
        sql = f"SELECT count(*) FROM {joined} WHERE epoch_us(source.{KNOWN_TIME}) {before}"
        if facts.ask(sql, spine=rows, source=source).column(0)[0].as_py():
            named.append(view.name)
    return tuple(named)


def changed_features(facts: Facts, view: FeatureView, sample: pa.Table, features: pa.Table) -> list[str]:
    """Name the view's features that a recomputation without the future does not confirm, on some row of the sample."""
    sql = recomputed_sql(view, facts.kinds_for(view), cutoff=facts.cutoff)
    asked = sample.select(["_row", "_at", *view.entities])
    again = {row["_row"]: row for row in facts.ask(sql, sample=asked, source=facts.rows_about(view, asked)).to_pylist()}
    chosen = facts.ask("SELECT f.* FROM f SEMI JOIN s USING (_row)", f=features, s=asked.select(["_row"])).to_pylist()
    confirmed = [name for each in view.features if not each.is_derived for name in view.columns_of(each)]
    return [name for name in confirmed if not all(_agree(name, row, again[row["_row"]]) for row in chosen)]


def _agree(name: str, row: Mapping[str, FeatureValue], again: Mapping[str, FeatureValue]) -> bool:
    left, right = row[name], again[name]
    if not isinstance(left, float) or not isinstance(right, float):
        return left == right
    scale = again.get(SCALE + name)
    room = OF_SCALE * scale if isinstance(scale, float) else 0.0
    return math.isclose(left, right, rel_tol=RELATIVE, abs_tol=room)
