"""Stage 4: the training table as known at each prediction, and the same features where they are served from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.dataset_version import KNOWN_TIME, DatasetVersion
from sluiceway.artifacts.feature_set import AT, FeatureSet, RowCounts
from sluiceway.artifacts.promise import Hidden, nothing_hidden
from sluiceway.core.errors import SourceError
from sluiceway.core.moments import Clock, in_utc
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.features.beside_stream import Watermarks
from sluiceway.features.binding import check_binding
from sluiceway.features.contract import serving_contract
from sluiceway.features.failing_rows import told_of
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.materialise import materialise, snapshot_name
from sluiceway.features.point_in_time import Facts, kept_features
from sluiceway.features.profiles import feature_profiles, freshness, shares
from sluiceway.features.retrieval import check_retrieval
from sluiceway.features.spine_rows import spine_rows
from sluiceway.features.time_audit import audit_time
from sluiceway.features.training_rows import training_rows
from sluiceway.features.training_table import model_columns, training_sql
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.spine import LABELLED, UNLABELLED, UNMATURED
from sluiceway.ports.derived_store import NOTHING_DERIVED, DerivedStore
from sluiceway.ports.engine import Engine
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.plan_runner import PlanRunner
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore


def run(  # noqa: PLR0913 - a stage takes its ports one by one
    dataset: DatasetVersion,
    *,
    project: Project,
    inputs: Sequence[str],
    as_of: datetime | None,
    tables: TableStore,
    engine: Engine,
    online: OnlineStore,
    progress: Progress,
    clock: Clock,
    seed: int,
    hidden: Hidden = nothing_hidden,
    derived: DerivedStore = NOTHING_DERIVED,
    watermarks: Watermarks = MappingProxyType({}),
    elsewhere: PlanRunner | None = None,
) -> FeatureSet:
    """Build, materialise and measure; decide nothing.

    Args:
        dataset: The validated sources.
        project: The pipeline; its label and views are bound to the dataset here.
        inputs: What a caller has at inference time, in the spec's order.
        as_of: The cutoff in UTC, past which nothing is known; by default the label source's newest known time
            that has come.
        tables: Where sources are read and the table ``features/<label>`` is written.
        engine: Computes every plan.
        elsewhere: Computes the views instead; the checks of what it made stay with ``engine``.
        online: Receives each view's values under its digest.
        progress: Told each step.
        clock: Tells when online values are written.
        seed: Decides the samples of both checks.
        hidden: Names the sensitive columns of a source, which the request log will leave out.
        watermarks: How far the landed events of streamed sources go for certain, microseconds since the epoch.
        derived: Keeps each view's columns, so that only what changed is computed again, and work that was broken off
            goes on; without it, all is computed, and sources of any size are held.

    Raises:
        MisuseError, UnknownNameError, DeclarationError: the declaration does not fit the data.
        SourceError: the label's source has no rows.
    """
    pipeline = project.pipeline
    check_binding(dataset, pipeline, inputs)
    cutoff = in_utc(as_of) if as_of else newest_known(dataset, pipeline, tables, now=clock.now())
    large = LargeSources(derived, progress=progress)
    facts = Facts(dataset, HeldTables(tables), engine, microseconds(cutoff), large=large)
    computed = replace(facts, elsewhere=elsewhere)
    keeping = replace(computed, large=replace(large, keep_answers=True))
    progress.say("joining labels")
    everything = spine_rows(facts, pipeline, inputs)
    counts, late = _counts(facts, everything)
    spine = _labelled(everything, pipeline)
    features = []
    for view in pipeline.feature_views:
        progress.say(f"computing {view.name}")
        features.append(kept_features(keeping, view, spine))
    progress.say("writing the training table")
    columns = model_columns(dataset, pipeline, inputs)
    sql = training_sql(dataset, pipeline, inputs)
    with told_of((), engine, what="the training table"):
        table = tables.write(f"features/{pipeline.label.name}", training_rows(facts, sql, spine, features), by=AT)
    progress.say("materialising views")
    now, online_rows, fresh = clock.now(), {}, {}
    there: dict[str, float | None] = {}
    for view, made in zip(pipeline.feature_views, features, strict=True):
        snapshot = materialise(computed, view, online, now=now, watermark=watermarks.get(view.source.name))
        online_rows[view.name] = snapshot.num_rows
        there |= shares(view, snapshot)
        fresh[view.name] = freshness(facts, view, entities=snapshot.num_rows, features=made)
    progress.say("reading features back")
    retrieval = check_retrieval(facts, pipeline.feature_views, spine, online=online, seed=seed, written=now)
    progress.say("auditing times")
    audit = audit_time(facts, project, inputs=inputs, spine=spine, features=features, late=late, seed=seed)
    contract = serving_contract(dataset, pipeline, inputs, hidden)
    return FeatureSet(
        dataset=dataset.content_id,
        table=table,
        key=pipeline.label.each.keys,
        columns=columns,
        cutoff=cutoff,
        views={view.name: view.digest for view in pipeline.feature_views},
        online_rows=online_rows,
        snapshots={view.name: snapshot_name(facts, view) for view in pipeline.feature_views},
        counts=counts,
        retrieval=retrieval,
        time_audit=audit,
        contract=contract,
        profiles=feature_profiles(columns, table, tables, there, hidden=contract.unlogged),
        freshness=fresh,
    )


def newest_known(dataset: DatasetVersion, pipeline: Pipeline, tables: TableStore, *, now: datetime) -> datetime:
    """Find when the newest outcome became known, of those known by now (UTC) if there are any.

    One whose time is wrong and far ahead would end all windows where nothing is in them.

    Raises:
        SourceError: no outcome ever did.
    """
    source = pipeline.label.source.name
    known, times = pl.col(KNOWN_TIME), tables.scan(dataset.table(source)).select(KNOWN_TIME)
    both = times.select(known.filter(known <= now).max().alias("by_now"), known.max().alias("ever"))
    by_now, ever = both.collect(engine="streaming").row(0)
    newest = ever if by_now is None else by_now
    if newest is None:
        raise SourceError(
            f"source {source!r} has no row with a known_time, so no outcome is known; check its rows, or give --as-of"
        )
    return in_utc(newest)


def _counts(facts: Facts, spine: pa.Table) -> tuple[RowCounts, int]:
    """Count rows by class, and those known only after their prediction."""
    kinds = ", ".join(f"count(*) FILTER (WHERE _class = '{kind}')" for kind in (LABELLED, UNLABELLED, UNMATURED))
    positive = f"count(*) FILTER (WHERE _class = '{LABELLED}' AND _label = 1)"
    sql = f"SELECT count(*), {kinds}, {positive}, count(*) FILTER (WHERE _late) FROM spine"
    rows, labelled, unlabelled, unmatured, positives, late = (
        int(column[0].as_py()) for column in facts.ask(sql, spine=spine.select(["_class", "_label", "_late"])).columns
    )
    return RowCounts(rows, labelled, unlabelled, unmatured, positives), late


def _labelled(spine: pa.Table, pipeline: Pipeline) -> pa.Table:
    """Keep the labelled rows, numbered from 0 in the order of prediction time and key."""
    kept = spine.filter(pc.equal(spine.column("_class"), LABELLED)).drop_columns(["_class", "_late"])
    ordered = kept.sort_by([("_at", "ascending"), *((key, "ascending") for key in pipeline.label.each.keys)])
    return ordered.append_column("_row", pa.array(range(ordered.num_rows), pa.int64()))
