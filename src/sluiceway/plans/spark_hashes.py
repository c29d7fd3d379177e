"""Spark hashes: the least hashes that ``plans.distinct`` counts by, in Spark SQL.

A hash is an unsigned integer of 64 bits, which Spark lacks; here it is one of 128.
"""

from collections.abc import Sequence

from sluiceway.plans.spark_value import DECIMAL, HUGE, SparkValue, let, refused

HASHES = "hashes"
FIRST_PLACES = range(31, 15, -2)  # the later eight bytes of an MD5 in hexadecimal digits, the last byte first


def hashed(text: SparkValue) -> SparkValue:
    """Give the later half of a text's MD5, as ``md5_number_lower`` does."""
    digits = ", ".join(f"substring(_it, {place}, 2)" for place in FIRST_PLACES)
    number = f"CAST(conv(concat({digits}), 16, 10) AS {DECIMAL})"
    return SparkValue(let(f"md5(CAST({text.text} AS BINARY))", number), HUGE)


def least_hashes(parts: Sequence[SparkValue], where: str) -> SparkValue:
    """Aggregate hashes to the least of them, each once, in order; ``where`` is a FILTER or nothing.

    Args:
        parts: The hash, and how many to keep.
        where: What follows an aggregate that sees but some rows.
    """
    hash_value, kept = parts
    if hash_value.kind != HUGE:
        raise refused("only hashes are kept, the least of different ones")
    gathered = f"collect_set({hash_value.text}){where}"
    return SparkValue(f"slice(array_sort({gathered}), 1, {kept.text.removesuffix('L')})", HASHES)


def item(hashes: SparkValue, place: int) -> SparkValue:
    """Take one of the hashes; the first has place 1."""
    if hashes.kind != HASHES:
        raise refused("only hashes are lists")
    return SparkValue(f"try_element_at({hashes.text}, {place})", HUGE)
