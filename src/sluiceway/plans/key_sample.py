"""Samples by key: the same entities are in them whoever draws, whenever, however often."""

from collections.abc import Sequence
from zlib import crc32

from sluiceway.plans.packed_value import pack_key

WHOLE = 1 << 32


def is_drawn(entity: Sequence[object], share: float) -> bool:
    """Whether an entity is in the sample that holds a share (0 to 1) of all; a larger sample holds a smaller one.

    >>> is_drawn(["JFK"], 1.0), is_drawn(["JFK"], 0.0)
    (True, False)
    """
    return crc32(pack_key(entity)) < share * WHOLE
