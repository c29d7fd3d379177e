"""Table differences: what changed inside a table, by keys and by each column's statistics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import TYPE_CHECKING, Any

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.artifacts.table_ref import TableRef, source_of
from sluiceway.ingest.diff import ColumnChange, ColumnStatistics, KeyDifference, TableDifference, VersionDifference
from sluiceway.plans.quoting import quoted
from sluiceway.ports.engine import Engine
from sluiceway.ports.table_store import TableStore

if TYPE_CHECKING:
    import pyarrow as pa

# Above so many rows distinct values are estimated: to count them takes memory for each.
COUNTED_UP_TO = 1_000_000
ORDERED = ("integer", "number", "time")
AVERAGED = ("integer", "number", "boolean")
SAME_MEAN = 1e-9


@dataclass(frozen=True, slots=True)
class Sides:
    """The two versions of a table, each with its rows; ``None`` where a version has no such table."""

    name: str
    before: TableRef | None
    after: TableRef | None
    rows: "Mapping[str, pa.Table]"

    def kinds(self, side: str) -> dict[str, str]:
        """Give a side's column types by name."""
        ref = self.before if side == "before" else self.after
        return {column.name: column.type for column in ref.columns} if ref else {}

    @property
    def shared(self) -> list[str]:
        """The columns that both have, with the same type."""
        before, after = self.kinds("before"), self.kinds("after")
        return [name for name, kind in before.items() if after.get(name) == kind]


def measured(
    found: VersionDifference, before: DatasetVersion, after: DatasetVersion, *, tables: TableStore, engine: Engine
) -> VersionDifference:
    """Look into every table that differs, at its rows on both sides.

    Args:
        found: The difference of the two manifests.
        before: The earlier version.
        after: The later one.
        tables: Where their rows are.
        engine: Counts.

    Raises:
        UnknownTableError: a table is not there.
        DamagedError: it is not what was written.
    """
    return replace(
        found, tables=tuple(_measured(table, before, after, tables=tables, engine=engine) for table in found.tables)
    )


def _measured(
    table: TableDifference, before: DatasetVersion, after: DatasetVersion, *, tables: TableStore, engine: Engine
) -> TableDifference:
    refs = {
        side: next((ref for ref in version.tables if ref.name == table.name), None)
        for side, version in (("before", before), ("after", after))
    }
    rows = {side: tables.read(ref) for side, ref in refs.items() if ref is not None}
    sides = Sides(table.name, refs["before"], refs["after"], rows)
    name = source_of(table.name)
    key = after.facts(name).key or before.facts(name).key
    return replace(table, columns=tuple(_columns(sides, engine)), keys=_keys(sides, key, engine))


def _columns(sides: Sides, engine: Engine) -> Iterator[ColumnChange]:
    """Yield the columns whose statistics differ."""
    then, now = (_statistics(sides, side, engine) for side in ("before", "after"))
    for name in dict.fromkeys([*then, *now]):
        if not alike(then.get(name), now.get(name)):
            yield ColumnChange(name, then.get(name), now.get(name))


def alike(one: ColumnStatistics | None, other: ColumnStatistics | None) -> bool:
    """Whether two columns look the same; sums of the same floats in another order differ in their last bits."""
    if one is None or other is None:
        return one is other
    means = one.mean is other.mean or (
        one.mean is not None and other.mean is not None and isclose(one.mean, other.mean, rel_tol=SAME_MEAN)
    )
    return means and replace(one, mean=None) == replace(other, mean=None)


def _statistics(sides: Sides, side: str, engine: Engine) -> dict[str, ColumnStatistics]:
    kinds, rows = sides.kinds(side), sides.rows.get(side)
    if rows is None or not kinds:
        return {}
    estimated = rows.num_rows > COUNTED_UP_TO
    wanted = [part for place, (name, kind) in enumerate(kinds.items()) for part in _asked(place, name, kind, estimated)]
    [answer] = engine.query(f"SELECT {', '.join(wanted)} FROM side", {"side": rows}).to_pylist()
    return {name: _answered(place, answer, rows.num_rows, estimated) for place, name in enumerate(kinds)}


def _asked(place: int, name: str, kind: str, estimated: bool) -> Iterator[str]:
    column = f"nullif({quoted(name)}, 'NaN'::DOUBLE)" if kind == "number" else quoted(name)  # NaN is no value
    distinct = f"approx_count_distinct({column})" if estimated else f"count(DISTINCT {column})"
    yield f"count({column}) AS held_{place}, {distinct} AS d_{place}"
    if kind in AVERAGED:
        yield f"avg({column}::DOUBLE) AS mean_{place}"
    if kind in ORDERED:
        yield f"min({column}) AS low_{place}, max({column}) AS high_{place}"


def _answered(place: int, answer: Mapping[str, Any], rows: int, estimated: bool) -> ColumnStatistics:
    held = answer[f"held_{place}"]
    return ColumnStatistics(
        missing=1 - held / rows if rows else None,
        distinct=answer[f"d_{place}"],
        mean=answer.get(f"mean_{place}"),
        low=answer.get(f"low_{place}"),
        high=answer.get(f"high_{place}"),
        distinct_is_estimated=estimated,
    )


def _keys(sides: Sides, key: Sequence[str], engine: Engine) -> KeyDifference | None:
    """Compare key by key, where both sides have the key: its rows are the same when their hashes add up to the same."""
    if not key or sides.before is None or sides.after is None or not set(key) <= set(sides.shared):
        return None
    compared = [name for name in sides.shared if name not in {*key, EVENT_TIME, KNOWN_TIME}]
    names = [f"k{place}" for place in range(len(key))]
    chosen = ", ".join(f"{quoted(column)} AS {name}" for column, name in zip(key, names, strict=True))
    sums = "".join(f", sum(hash({quoted(column)})) AS h{place}" for place, column in enumerate(compared))
    side = f"SELECT {chosen}, count(*) AS n{sums} FROM {{}} GROUP BY {', '.join(map(quoted, key))}"
    joined = " AND ".join(f"b.{name} IS NOT DISTINCT FROM a.{name}" for name in names)
    differs = [f"b.h{place} <> a.h{place}" for place in range(len(compared))]
    counted = [
        "count(*) FILTER (b.n IS NULL) AS added",
        "count(*) FILTER (a.n IS NULL) AS removed",
        f"count(*) FILTER ({' OR '.join(['b.n <> a.n', *differs])}) AS changed",
        *(f"count(*) FILTER ({test}) AS c{place}" for place, test in enumerate(differs)),
    ]
    sql = f"WITH b AS ({side.format('before')}), a AS ({side.format('after')}) "
    sql += f"SELECT {', '.join(counted)} FROM b FULL JOIN a ON {joined}"
    [answer] = engine.query(sql, sides.rows).to_pylist()
    by_column = {column: answer[f"c{place}"] for place, column in enumerate(compared) if answer[f"c{place}"]}
    return KeyDifference(tuple(key), answer["added"], answer["removed"], answer["changed"], by_column)
