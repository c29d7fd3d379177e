"""Latest join: ``plans.latest`` in memory, for facts whose corrections need no look.

What is joined as of a time is narrow: entities, times and places in the source. Values are fetched for the facts that
matched and rounded there.
"""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.stored_facts import StoredFacts
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns
from sluiceway.plans.latest import latest_features
from sluiceway.plans.list_columns import sort_key
from sluiceway.plans.moments_sql import length
from sluiceway.plans.number_lists import numbers_in

PLACE = "_place"
AT = "_t"


def latest_join(
    view: FeatureView, kinds: Mapping[str, str], *, spine: pa.Table, source: pa.Table | StoredFacts, cutoff: int
) -> pa.Table:
    """Give ``_row`` and the view's latest features for every row of the spine, in the order of prediction times.

    Args:
        view: Whose latest features to compute; no fact of its source may be superseded (see ``plans.latest``).
        kinds: Each source column's kind.
        spine: ``_row``, ``_at`` and the entity columns.
        source: The facts, held or stored.
        cutoff: Microseconds since the epoch; nothing known later is looked at.
    """
    facts = source if isinstance(source, StoredFacts) else pl.DataFrame(pl.from_arrow(source, rechunk=False))
    asked = _asked(view, spine, facts.schema)
    hits = _sorted(asked.filter(_present(view, AT)), AT).join_asof(
        _marks(view, facts, cutoff),
        left_on=AT,
        right_on=KNOWN,
        by=list(view.entities),
        strategy="backward",
        check_sortedness=False,  # polars cannot check it by entity; both sides were sorted here
    )
    fresh = pl.col(AT) - pl.col(EVENT) <= length(view.ttl) if view.ttl else pl.lit(value=True)
    places = hits.select(pl.when(fresh).then(PLACE)).to_series()
    found = hits.select("_row").hstack(values_at(view, kinds, facts, places))
    rest = asked.filter(~_present(view, AT)).select("_row")
    return pl.concat([found, rest], how="diagonal").to_arrow()


def _asked(view: FeatureView, spine: pa.Table, schema: pl.Schema) -> pl.DataFrame:
    entities = [pl.col(name).cast(schema[name]) for name in view.entities]
    asked = pl.DataFrame(pl.from_arrow(spine.select(["_row", "_at", *view.entities])))
    return asked.select("_row", pl.col("_at").to_physical().alias(AT), *entities)


def _marks(view: FeatureView, facts: pl.DataFrame | StoredFacts, cutoff: int) -> pl.DataFrame:
    """Keep the facts that are newest when they become known: entities, times and places, sorted by ``_known``."""
    entities = [pl.col(name) for name in view.entities]
    times = [pl.col(EVENT_TIME).to_physical().alias(EVENT), pl.col(KNOWN_TIME).to_physical().alias(KNOWN)]
    marks = facts.select(*entities, *times).with_row_index(PLACE)
    marks = _sorted(marks.filter(_present(view, EVENT) & (pl.col(KNOWN) <= cutoff)), KNOWN)
    marks = _without_ties(view, facts, marks)
    lag = marks.get_column(KNOWN) - marks.get_column(EVENT)
    if lag.min() == lag.max():  # what became known later is newer
        return marks
    return marks.filter(pl.col(EVENT) == pl.col(EVENT).cum_max().over(view.entities))


def _without_ties(view: FeatureView, facts: pl.DataFrame | StoredFacts, marks: pl.DataFrame) -> pl.DataFrame:
    """Keep one fact of those that an entity has at one known_time: the newest, then the greatest other columns."""
    moments = marks.get_column(KNOWN)
    shared = (moments == moments.shift(1)) | (moments == moments.shift(-1))
    tied = marks.filter(shared).filter(pl.struct(*view.entities, KNOWN).is_duplicated())
    if tied.is_empty():
        return marks
    names = fact_columns(view)
    others = facts.select(*(pl.col(name).gather(tied.get_column(PLACE)) for name in names))
    others = others.select(sort_key(name, facts.schema[name]).alias(f"_{name}") for name in names)
    order = [KNOWN, EVENT, *others.columns]
    ordered = tied.hstack(others).sort(order, nulls_last=False, maintain_order=True)
    losers = ordered.filter(~pl.struct(*view.entities, KNOWN).is_last_distinct()).get_column(PLACE)
    return marks.filter(~pl.col(PLACE).is_in(losers.implode()))


def values_at(
    view: FeatureView, kinds: Mapping[str, str], facts: pl.DataFrame | StoredFacts, places: pl.Series
) -> pl.DataFrame:
    """Give the latest features that stand in some rows of the facts, nothing where a place is missing."""
    names = list(dict.fromkeys(str(feature.column) for feature in latest_features(view)))
    found = facts.select(*(pl.col(name).gather(places) for name in names))  # at once, or each use would gather anew
    columns = []
    for feature in latest_features(view):
        column = str(feature.column)
        value = pl.col(column)
        if feature.size is not None:
            made = [_single(pl.lit(each)) for each in numbers_in(found.get_column(column), feature.size)]
        else:
            made = [_single(value) if kinds[column] in {"integer", "number"} else value.cast(pl.String)]
        columns += [each.alias(name) for name, each in zip(view.columns_of(feature), made, strict=True)]
    return found.select(columns)


def _single(value: pl.Expr) -> pl.Expr:
    """Round as ``plans.partials.single`` does."""
    rounded = value.cast(pl.Float32, strict=False).cast(pl.Float64)
    return pl.when(rounded.is_finite()).then(rounded)


def _present(view: FeatureView, moment: str) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in (*view.entities, moment))


def _sorted(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    return frame if frame.get_column(column).is_sorted() else frame.sort(column, maintain_order=True)
