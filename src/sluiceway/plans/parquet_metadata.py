"""Parquet metadata: a file's footer, without what keeps Arrow from reading lists of a fixed size that are missing."""

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC, TAIL = b"PAR1", 8  # a file ends with the footer, its length in 4 bytes, and the magic
ARROW_SCHEMA = b"\x18\x0cARROW:schema"  # in Thrift's compact protocol: field 1, 12 bytes
LEFT_OUT = b"\x18\x0cnone:schema?"


def parquet_metadata(file: IO[bytes] | pa.NativeFile) -> pq.FileMetaData:
    """Read the footer of an open file, which is then at no place in particular.

    Arrow writes its own types beside Parquet's. By these it takes a list to be of fixed size, and breaks off at the
    first that is missing; without them, the same list is read as one of any size.

    Raises:
        ArrowInvalid: it is no Parquet file.
    """
    metadata = pq.read_metadata(file)
    if not any(pa.types.is_fixed_size_list(each.type) for each in metadata.schema.to_arrow_schema()):
        return metadata
    file.seek(-TAIL, 2)
    length = int.from_bytes(file.read(4), "little")
    file.seek(-TAIL - length, 2)
    footer = file.read(length)
    head, marked, rest = footer.rpartition(ARROW_SCHEMA)
    plain = head + LEFT_OUT + rest if marked else footer
    return pq.read_metadata(pa.BufferReader(MAGIC + plain + length.to_bytes(4, "little") + MAGIC))
