"""Readable lines: a request log that somebody has damaged, read as far as it can be, and what cannot counted."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from sluiceway.artifacts.canary_report import Unread
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.plans.request_log import record_table, records_of, request_schema

UNFIT = (ValueError, TypeError, OverflowError)  # and what Arrow derives from them


class ReadableLines:
    """Makes records of lines, and a table of records. One line that cannot be read never hides the others."""

    def __init__(self) -> None:
        self._lines = 0
        self._first = ""

    @property
    def unread(self) -> Unread:
        """How many lines could not be read so far, and where the first one is."""
        return Unread(self._lines, self._first)

    def records(self, mark: str, chunk: bytes) -> list[RequestRecord]:
        """Read the whole lines of a chunk, which ends at a mark of the log."""
        try:
            return records_of(chunk)
        except (msgspec.DecodeError, UnicodeDecodeError):
            made = []
            for number, line in enumerate(chunk.splitlines(), start=1):
                try:
                    made += records_of(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    self._count(f"line {number:,} of the part of the log that ends at {mark}: {error}")
            return made

    def table(
        self, records: Sequence[RequestRecord], *, contract: ServingContract, columns: Sequence[FeatureColumn]
    ) -> "pa.Table":
        """Turn records into a table, as ``record_table`` does, without those whose values are of other kinds."""
        try:
            return record_table(records, contract=contract, columns=columns)
        except UNFIT as error:
            if len(records) == 1:
                self._count(f"request {records[0].request_id}, row {records[0].row}: {error}")
                return request_schema(contract, columns).empty_table()
            middle = len(records) // 2
            halves = [
                self.table(half, contract=contract, columns=columns) for half in (records[:middle], records[middle:])
            ]
            return pa.concat_tables(halves).combine_chunks()

    def _count(self, where: str) -> None:
        self._lines += 1
        self._first = self._first or where
