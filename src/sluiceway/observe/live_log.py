"""The live log: what was asked of late, read as a stream, of which only what a report looks at is held."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.canary_report import Unread
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.observe.logged import ANSWERED, ARRIVAL
from sluiceway.observe.readings import logged_name
from sluiceway.plans.moments_sql import MICROSECOND, microseconds, moment_of
from sluiceway.plans.readable_lines import ReadableLines
from sluiceway.plans.request_log import FEATURE, INPUT, KEY, records_of
from sluiceway.ports.request_log import RequestLog, pieces

MOST_ROWS = 500_000
OWN = ["request_id", "row", ARRIVAL, "at", "status", "latency_us", "version", "probability"]
NOTHING = ServingContract((), (), (), ())
# Lines stand in the order of their answers: a request may have waited so long for its own.
SLACK_US = timedelta(hours=1) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Answered:
    """What a version answered of what is held: how many rows, and when the first and the last of them arrived (UTC)."""

    rows: int
    first: datetime
    last: datetime


class LiveLog:
    """Reads a growing log once, and holds what arrived since some moment: of each version the columns of its model.

    Where that is more rows than ``most_rows``, every second request is dropped, by a hash of its id, as often as it
    takes: ``one_in`` tells of how many requests one is held.

    Args:
        log: What the servers write.
        key: The columns by which outcomes are found.
        bundle_of: Finds a version's bundle; requests that an unknown one answered only count as traffic.
        after: A mark; nothing before it is read.
        most_rows: How many rows are held at most.
    """

    def __init__(
        self,
        log: RequestLog,
        *,
        key: Sequence[str],
        bundle_of: Callable[[str], ModelBundle | None],
        after: str = "",
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._log = log
        self._key = frozenset(key)
        self._bundle_of = bundle_of
        self._mark = after
        self._most_rows = most_rows
        self._tables: dict[str, list[pa.Table]] = defaultdict(list)
        self._lines = ReadableLines()
        self.one_in = 1

    def read(self, since: datetime) -> None:
        """Take in what is new, and let go of what arrived earlier (UTC)."""
        since_us = microseconds(since)
        self._keep(lambda table: pc.greater_equal(table[ARRIVAL], pa.scalar(since, table[ARRIVAL].type)))
        for mark, piece in pieces(self._log, after=self._mark):
            self._mark = mark
            if _may_hold(piece, since_us - SLACK_US):
                records = self._lines.records(mark, piece)
                self._take([each for each in records if each.arrival >= since_us and each.scope == LIVE])

    @property
    def unread(self) -> Unread:
        """How many lines could not be read, and where the first one is."""
        return self._lines.unread

    @property
    def tables(self) -> list[pa.Table]:
        """What is held, as tables of ``plans.request_log`` with fewer columns."""
        return [table for tables in self._tables.values() for table in tables]

    @property
    def answered(self) -> Mapping[str, Answered]:
        """Tell what each version answered, in the order of their first answers."""
        found = [(version, _answered(tables)) for version, tables in self._tables.items()]
        told = [(version, seen) for version, seen in found if seen is not None]
        return dict(sorted(told, key=lambda each: (each[1].first, each[0])))

    def _take(self, records: Sequence[RequestRecord]) -> None:
        by_version: dict[str, list[RequestRecord]] = defaultdict(list)
        for record in records:
            if _is_held(record.request_id, self.one_in):
                by_version[record.version].append(record)
        for version, own in by_version.items():
            self._tables[version].append(self._table(own, self._bundle_of(version) if version else None))
        while sum(table.num_rows for table in self.tables) > self._most_rows:
            self.one_in *= 2
            self._keep(self._is_drawn)

    def _table(self, records: Sequence[RequestRecord], bundle: ModelBundle | None) -> pa.Table:
        """Keep the columns that are looked at; a model is fed float32."""
        if bundle is None:
            return self._lines.table(records, contract=NOTHING, columns=()).select(OWN)
        full = bundle.contract
        inputs = tuple(field for field in full.inputs if field.name in self._key)
        contract = ServingContract(inputs, full.key, full.views, ())
        table = self._lines.table(records, contract=contract, columns=bundle.columns)
        wanted = [name for name in table.column_names if name.startswith((KEY, INPUT, FEATURE))]
        wanted += [logged_name(view.name) for view in full.views]
        numbers = {FEATURE + column.name for column in bundle.columns if column.type == "number"}
        chosen = table.select([*OWN, *wanted])
        fields = [pa.field(each.name, pa.float32()) if each.name in numbers else each for each in chosen.schema]
        return chosen.cast(pa.schema(fields))

    def _is_drawn(self, table: pa.Table) -> pa.Array:
        return pa.array([_is_held(each, self.one_in) for each in table["request_id"].to_pylist()], pa.bool_())

    def _keep(self, chosen: Callable[[pa.Table], pa.Array]) -> None:
        for version, tables in self._tables.items():
            kept = [table.filter(chosen(table)) for table in tables]
            self._tables[version] = [table for table in kept if table.num_rows]


def _is_held(request_id: str, one_in: int) -> bool:
    return one_in == 1 or crc32(request_id.encode()) % one_in == 0


def _may_hold(piece: bytes, since_us: int) -> bool:
    """Tell by its last line whether a piece may hold what is looked for; where that cannot be read, it may."""
    try:
        return any(record.arrival >= since_us for record in records_of(piece[piece.rfind(b"\n", 0, -1) + 1 :]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True


def _answered(tables: Sequence[pa.Table]) -> Answered | None:
    rows, edges = 0, []
    for table in tables:
        got = table.filter(pc.and_(pc.equal(table["status"], ANSWERED), pc.is_valid(table["probability"])))
        if got.num_rows:
            rows += got.num_rows
            at = pc.min_max(got[ARRIVAL].cast(pa.int64()))
            edges += [at["min"].as_py(), at["max"].as_py()]
    return Answered(rows, moment_of(min(edges)), moment_of(max(edges))) if rows else None
