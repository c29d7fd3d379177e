"""Leading zeros: whole numbers in CSV that begin with 0, as codes do and numbers do not."""

import re
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

HEAD_BYTES = 1 << 20
ZEROS = r"^[+-]?0\d+$"


def with_leading_zeros(data: bytes | bytearray, columns: Collection[str], *, delimiter: str) -> list[str]:
    """Name those columns of whole numbers in which a value of the text's first MiB has zeros before it.

    Args:
        data: CSV in UTF-8 with a header.
        columns: Those that were read as whole numbers.
        delimiter: What stands between values.
    """
    head = bytes(memoryview(data)[:HEAD_BYTES])
    if not columns or not re.search(rb'[\n"' + re.escape(delimiter.encode()) + rb"][+-]?0\d", head):
        return []
    if len(head) < len(data):
        head = head[: head.rfind(b"\n") + 1]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(head),
            read_options=arrow_csv.ReadOptions(block_size=len(head) + 1, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), include_columns=list(columns)
            ),
        )
    except pa.ArrowInvalid:  # cut within quotes
        return []
    return [name for name in table.column_names if pc.any(pc.match_substring_regex(table[name], ZEROS)).as_py()]
