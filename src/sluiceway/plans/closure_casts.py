"""Casts at request time: what does not convert raises, as it stops the query in DuckDB."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sluiceway.plans.closure_texts import as_text

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
SPECIAL = re.compile(r"[+-]?(inf|infinity|nan)", re.IGNORECASE)
TRUE, FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
BIGINT = range(-(2**63), 2**63)


def to_number(value: str | float) -> float:
    """Make a double.

    Raises:
        ValueError: the text is no number.
    """
    if isinstance(value, str) and not (NUMBER.fullmatch(value.strip()) or SPECIAL.fullmatch(value.strip())):
        raise ValueError(f"{value!r} cannot be CAST to double")
    return float(value)


def to_integer(value: str | float) -> int:
    """Make a 64-bit integer: a double rounds halves to even, a text rounds halves away from zero.

    Raises:
        ValueError: the text is no number, or it does not fit.
    """
    if isinstance(value, str):
        if not NUMBER.fullmatch(value.strip()):
            raise ValueError(f"{value!r} cannot be CAST to bigint")
        whole = int(Decimal(value.strip()).to_integral_value(ROUND_HALF_UP))
    elif not math.isfinite(value):
        raise ValueError(f"{value!r} cannot be CAST to bigint")
    else:
        whole = round(value)
    if whole not in BIGINT:
        raise ValueError(f"{value!r} is past what a bigint holds")
    return whole


def to_boolean(value: str | float) -> bool:
    """Make a boolean: a number is true unless zero, a text is one of true, t, yes, y, 1 and their opposites.

    Raises:
        ValueError: the text is none of these.
    """
    if not isinstance(value, str):
        return value != 0
    word = value.lower()
    if word not in TRUE | FALSE:
        raise ValueError(f"{value!r} cannot be CAST to boolean")
    return word in TRUE


CASTS: dict[str, Callable[[Any], object]] = {
    "number": to_number,
    "integer": to_integer,
    "text": as_text,
    "boolean": to_boolean,
}
