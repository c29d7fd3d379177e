"""Spark hashes: the hashes that ``plans.distinct`` counts by, in Spark SQL.

A hash is an unsigned integer of 64 bits, which Spark lacks; here it is one of 128.
"""

from sluiceway.plans.spark_value import DECIMAL, HUGE, SparkValue, let

FIRST_PLACES = range(31, 15, -2)  # the later eight bytes of an MD5 in hexadecimal digits, the last byte first


def hashed(text: SparkValue) -> SparkValue:
    """Give the later half of a text's MD5, as ``md5_number_lower`` does."""
    digits = ", ".join(f"substring(_it, {place}, 2)" for place in FIRST_PLACES)
    number = f"CAST(conv(concat({digits}), 16, 10) AS {DECIMAL})"
    return SparkValue(let(f"md5(CAST({text.text} AS BINARY))", number), HUGE)
