"""Distinct: how many different values there are, from the least of their hashes, in SQL and in plain Python alike.

Kept are the ``KEPT`` least hashes of 64 bits, each once. Fewer than that are all there are, and are counted. Else the
share of all possible hashes that lies below the greatest one kept tells how dense they are: an estimate with a
standard error of ``1 / sqrt(KEPT - 2)``, 3 %. The hash is the later half of the MD5 of a value as text, which both
have.

Reference: Bar-Yossef et al., "Counting Distinct Elements in a Data Stream" (2002), algorithm 1; the unbiased form is
from Beyer et al., "On Synopses for Distinct-Value Estimation Under Multiset Operations" (2007).
"""

from collections.abc import Collection
from hashlib import md5
from heapq import nsmallest
from math import floor

from sluiceway.plans.closure_texts import as_text

KEPT = 1024
HASHES = 2.0**64
COUNTED = ("integer", "text", "boolean")


def distinct_sql(value: str) -> str:
    """Aggregate a value, in SQL, to the least hashes."""
    return f"min(DISTINCT md5_number_lower(CAST({value} AS VARCHAR)), {KEPT})"


def merged_sql(left: str, right: str) -> str:
    """Merge two lists of least hashes in SQL; a missing one adds nothing."""
    both = f"list_concat(coalesce({left}, []::UBIGINT[]), coalesce({right}, []::UBIGINT[]))"
    return f"list_sort(list_distinct({both}))[1:{KEPT}]"


def counted_sql(hashes: str) -> str:
    """Tell in SQL how many values there are."""
    estimate = f"floor({(KEPT - 1) * HASHES!r} / CAST({hashes}[{KEPT}] AS DOUBLE) + 0.5)"
    return f"CASE WHEN coalesce(len({hashes}), 0) < {KEPT} THEN coalesce(len({hashes}), 0) ELSE {estimate} END"


def hash_of(value: object) -> int:
    """Hash an integer, a text or a boolean as ``distinct_sql`` does.

    >>> hash_of("a")
    7000413967451013937
    """
    return int.from_bytes(md5(as_text(value).encode(), usedforsecurity=False).digest()[8:], "little")


def least(hashes: Collection[int]) -> list[int]:
    """Keep the least of different hashes, in order."""
    return sorted(hashes) if len(hashes) <= KEPT else nsmallest(KEPT, hashes)


def counted(hashes: Collection[int]) -> int:
    """Tell how many values there are, given all different hashes, or the least of them.

    >>> counted([3, 5])
    2
    """
    if len(hashes) < KEPT:
        return len(hashes)
    return floor((KEPT - 1) * HASHES / float(least(hashes)[-1]) + 0.5)
