"""JSON text: one object a line, or an array of objects; its columns are counted before any of them is made."""

import json
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.json as arrow_json

from sluiceway.core.errors import SourceError
from sluiceway.plans.csv_text import MOST_COLUMNS, TO_UTF_8, UTF_16_MARKS, require_columns
from sluiceway.plans.text_times import with_times

# So few lines that even if each brought columns of its own, their table would be small.
BLOCK_BYTES = 64 * 1024
LARGE = re.compile(rb'"([^"\\]{1,200})"\s*:\s*(-?\d{19,40})\s*[,}\]]')
NAME = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"\s*:')


def read_json_array(plain: bytes | bytearray, *, path: str) -> pa.Table:
    """Read an array of objects, through lines, so that one reader infers the types of both formats.

    Raises:
        SourceError: it is no such array; the message names the file.
    """
    try:
        rows = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{path} is not JSON: {error}; mend it, or name it .ndjson if each line is an object"
        ) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f'{path} must be an array of objects, one a row, as in [{{"id": 1}}, {{"id": 2}}]')
    return read_json_lines("\n".join(json.dumps(row) for row in rows).encode(), path=path)


def read_json_lines(plain: bytes | bytearray, *, path: str) -> pa.Table:
    """Read lines of objects; texts that are all times are times.

    Raises:
        SourceError: there is none, they are no UTF-8 text, have too many columns, or whole numbers beyond 64 bits; the
            message names the file.
        ArrowInvalid: a line is no object.
    """
    if not bytes(plain[:4096]).strip():
        raise SourceError(f"{path} is empty; remove the file or fill it")
    names: set[str] = set()
    for block in _blocks(plain):
        _require_text(block, path)
        names |= _names_in(block)
        require_columns(len(names), path=path)
    _require_small_numbers(plain, path)
    block_size = arrow_json.ReadOptions(block_size=min(len(plain) + 1, 2**31 - 1))
    return with_times(arrow_json.read_json(pa.BufferReader(plain), read_options=block_size))


def _require_small_numbers(plain: bytes | bytearray, path: str) -> None:
    """Refuse whole numbers beyond 64 bits: read as reals, two ids would become one."""
    for found in LARGE.finditer(plain):
        if not -(2**63) <= int(found[2]) < 2**63:
            name = found[1].decode(errors="replace")
            raise SourceError(
                f"{path}: {name} holds {found[2].decode()}, a whole number beyond 64 bits; write such numbers as "
                "texts, in quotes"
            )


def _blocks(plain: bytes | bytearray) -> Iterator[bytes]:
    """Cut whole lines off, up to 64 KiB together; a longer line by itself."""
    start = 0
    while start < len(plain):
        end = plain.rfind(b"\n", start, start + BLOCK_BYTES) + 1 or plain.find(b"\n", start) + 1 or len(plain)
        yield bytes(plain[start:end])
        start = end


def _require_text(block: bytes, path: str) -> None:
    if block[:2] in UTF_16_MARKS:
        raise SourceError(f"{path} is UTF-16 text; {TO_UTF_8.replace('latin1', 'utf-16')}")
    try:
        block.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text (byte {block[error.start]:#04x}); {TO_UTF_8}") from None


def _names_in(block: bytes) -> set[str]:
    """Name the columns of some lines; where they are no lines of objects, whatever looks like a name."""
    if not block.strip():
        return set()
    try:
        if len(block) > BLOCK_BYTES and block.count(b'":') > MOST_COLUMNS:  # Arrow takes 20 s for a million columns
            return set(json.loads(block))
        options = arrow_json.ReadOptions(block_size=len(block) + 1, use_threads=False)
        return set(arrow_json.read_json(pa.BufferReader(block), read_options=options).column_names)
    except (TypeError, ValueError, RecursionError, pa.ArrowException):
        return {found.decode(errors="replace") for found in NAME.findall(block)}
