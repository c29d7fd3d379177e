"""Skew: what the model was given online beside what offline computes for the same moments, value by value, exactly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isclose
from typing import TYPE_CHECKING, Any

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.online.reader import DIGITS
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.request_log import FEATURE, VIEW
from sluiceway.plans.snapshot import window_end
from sluiceway.plans.window_groups import window_features

if TYPE_CHECKING:
    import pyarrow as pa

ANSWERED = 200
EXAMPLES = 5
ROUNDING = 1e-6  # float32 has 6e-8


def compare(
    logged: "pa.Table",
    offline: "pa.Table",
    columns: Sequence[FeatureColumn],
    views: Sequence[FeatureView] = (),
    compute: "Callable[[pa.Table], pa.Table] | None" = None,
) -> SkewEvidence:
    """Compare every value of every answered request; missing equals missing, and nothing else does.

    A feature that was not logged cannot be compared: the examples then say so, and its values are not counted.

    Args:
        logged: The table of logged requests (see ``plans.request_log``).
        offline: The model's columns computed offline, for the same rows in the same order.
        columns: The model's columns.
        views: Their definitions, by which the cause of a difference can be told.
        compute: Computes the model's columns offline for other rows. Without it no value is called stale: a store
            writes what changed, so a value may be old, and right.

    Raises:
        MisuseError: the tables have different numbers of rows.
    """
    import pyarrow.compute as pc

    if logged.num_rows != offline.num_rows:
        raise MisuseError(f"{logged.num_rows} logged rows cannot be compared with {offline.num_rows} computed offline")
    if not logged.num_rows:  # filtering a table without chunks ends the process
        return SkewEvidence(rows=0, values=0, unequal={}, examples=())
    answered = pc.equal(logged.column("status"), ANSWERED)
    logged, offline = logged.filter(answered), offline.filter(answered)
    compared = [column for column in columns if FEATURE + column.name in logged.column_names]
    places = {column: _unequal(logged, offline, column) for column in compared}
    worst = sorted((column for column in compared if places[column]), key=lambda column: -len(places[column]))
    examples = [f"{column.name} was not logged, so it was not compared" for column in columns if column not in compared]
    by_name = {view.name: view for view in views}
    for column in worst[:EXAMPLES]:
        pair = _pair(logged, offline, column, places[column][0])
        cause = _cause(pair, column, by_name, compute)
        examples.append(f"{pair} ({cause}; {len(places[column]):,} of {logged.num_rows:,} rows)")
    return SkewEvidence(
        rows=logged.num_rows,
        values=logged.num_rows * len(compared),
        unequal={column.name: len(places[column]) for column in worst},
        examples=tuple(examples),
    )


def _unequal(logged: "pa.Table", offline: "pa.Table", column: FeatureColumn) -> list[int]:
    """Find the rows in which a column differs."""
    import pyarrow.compute as pc

    left, right = (
        _values(table.column(name), column) for table, name in ((logged, FEATURE + column.name), (offline, column.name))
    )
    differs = pc.if_else(
        pc.and_(pc.is_valid(left), pc.is_valid(right)),
        pc.not_equal(left, right),
        pc.xor(pc.is_valid(left), pc.is_valid(right)),
    )
    return list(pc.indices_nonzero(differs).to_pylist())


def _values(values: "pa.ChunkedArray", column: FeatureColumn) -> "pa.ChunkedArray":
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type != "number":
        return values.cast(pa.string())
    numbers = values.cast(pa.float64())
    return pc.if_else(pc.is_nan(numbers), None, numbers)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One value both ways, the request that it was for, and what was read for it."""

    name: str
    request_id: str
    at: datetime
    logged: FeatureValue
    offline: FeatureValue
    row: "pa.Table"

    @property
    def read(self) -> Mapping[str, Any]:
        """The logged row."""
        return dict(self.row.to_pylist()[0])

    def __str__(self) -> str:
        values = f"{self.logged!r} logged, {self.offline!r} offline"
        return f"{self.name} of request {self.request_id} at {iso(self.at)}: {values}"


def _pair(logged: "pa.Table", offline: "pa.Table", column: FeatureColumn, place: int) -> _Pair:
    table = logged.slice(place, 1)
    row, other = table.to_pylist()[0], offline.column(column.name)[place].as_py()
    return _Pair(column.name, row["request_id"], row["at"], row[FEATURE + column.name], other, table)


def _cause(
    pair: _Pair,
    column: FeatureColumn,
    views: Mapping[str, FeatureView],
    compute: "Callable[[pa.Table], pa.Table] | None",
) -> str:
    """Say what most likely made the two differ."""
    name = _view_of(pair, column)
    if name is not None and pair.read[f"{VIEW}{name}:digest"] is None:
        return f"nothing was read: view {name} had no value for this entity"
    if _is_close(pair):
        return "differs by rounding"
    if name is None:
        return "differs"
    was_right = compute is not None and _was_right(pair, column, name, compute)
    return _reading(pair, name, views.get(name), was_right=was_right)


def _view_of(pair: _Pair, column: FeatureColumn) -> str | None:
    """Find the view that a feature is of; the longest name that fits, as names may hold two underscores themselves."""
    if column.origin != "view":
        return None
    ending = ":digest"
    names = [name[len(VIEW) : -len(ending)] for name in pair.read if name.startswith(VIEW) and name.endswith(ending)]
    return max((name for name in names if column.name.startswith(f"{name}__")), key=len, default=None)


def _is_close(pair: _Pair) -> bool:
    both = isinstance(pair.logged, float) and isinstance(pair.offline, float)
    return both and isclose(pair.logged, pair.offline, rel_tol=ROUNDING)  # type: ignore[arg-type]  # both are floats


def _was_right(pair: _Pair, column: FeatureColumn, name: str, compute: "Callable[[pa.Table], pa.Table]") -> bool:
    """Whether the value was the offline one at the moment as of which it was written."""
    place = pair.row.column_names.index("at")
    then = pair.row.set_column(place, pair.row.schema.field("at"), pair.row.column(f"{VIEW}{name}:written"))
    return not _unequal(then, compute(then), column)


def _reading(pair: _Pair, name: str, view: FeatureView | None, *, was_right: bool) -> str:
    """Tell of the value that was read, and whether it was right once, and older than the request could expect."""
    digest, written, through = (pair.read[f"{VIEW}{name}:{part}"] for part in ("digest", "written", "known_through"))
    told = f"view {name} was written at {iso(written)} and knew what was known through {iso(through)}"
    if view is None:
        return f"differs; {told}"
    if digest != view.digest[:DIGITS]:
        return f"another definition: view {name} was read under {digest}, it is {view.digest[:DIGITS]} now"
    needed = microseconds(pair.at)
    if window_features(view):
        needed = window_end(view, needed)
    if was_right and microseconds(through) < needed:
        return f"stale: {told}, {iso(moment_of(needed))} was due"
    return f"differs; {told}"
