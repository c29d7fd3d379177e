"""Times that are texts, as JSON has them: a column of them is one of times when all of its values are ISO 8601."""

import pyarrow as pa
import pyarrow.compute as pc

NAIVE = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?$"
ZONED = NAIVE[:-1] + r"(Z|[+-]\d\d(:?\d\d)?)$"


def with_times(table: pa.Table) -> pa.Table:
    """Turn columns of texts into times where each value is one; with a zone in all of them, or in none.

    Arrow does so itself while no value has a fraction of a second.
    """
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            times = _times(table.column(place))
            if times is not None:
                table = table.set_column(place, field.name, times)
    return table


def _times(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    for pattern, kind in ((ZONED, pa.timestamp("us", "UTC")), (NAIVE, pa.timestamp("us"))):
        if pc.all(pc.match_substring_regex(texts, pattern)).as_py() and texts.null_count < len(texts):
            try:
                return texts.cast(kind)
            except pa.ArrowInvalid:  # such as 30 February
                return None
    return None
