"""Single precision: a number as models take it, kept as a double. The twin of ``partials.single`` outside of SQL."""

from collections.abc import Callable, Sequence
from math import inf, ldexp
from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class

_single = Struct("f")
_pack, _unpack = _single.pack, _single.unpack

EXACT = 1 << 53
KEPT_BITS = 26  # two more than float32 has: enough to round right, once the last says whether anything lay below it
MOST_BITS = 1024


def as_single(value: float) -> float | None:
    """Round to what a float32 holds; beyond its range, and what is not finite, is ``None``.

    >>> as_single(0.1), as_single(16777217), as_single(1e39)
    (0.10000000149011612, 16777216.0, None)
    """
    if isinstance(value, int) and not -EXACT <= value <= EXACT:
        value = _roundable(value)
    rounded: float = _unpack(_pack(value))[0]
    return rounded if rounded - rounded == 0 else None


def singles_of(count: int) -> Callable[[Sequence[float | None]], Sequence[float | None]]:
    """Make what rounds rows of so many doubles as ``as_single`` does, at a tenth of its cost; ``None`` stays.

    >>> singles_of(3)([0.1, None, 1e39])
    [0.10000000149011612, None, None]
    """
    row = Struct(f"{count}f")
    pack, unpack = row.pack, row.unpack

    def rounded(values: Sequence[float | None]) -> Sequence[float | None]:
        try:
            found: tuple[float, ...] = unpack(pack(*values))
        except (StructError, OverflowError):  # something is missing, or too large
            return [None if value is None else as_single(value) for value in values]
        total = sum(found)
        return found if total - total == 0 else [as_single(value) for value in found]

    return rounded


def _roundable(whole: int) -> float:
    """Make a double that rounds to the float32 which the whole number does; its own double may lie on a tie."""
    size = abs(whole)
    below = size.bit_length() - KEPT_BITS
    if below > MOST_BITS - KEPT_BITS:
        return inf
    kept = size >> below
    rounds_alike = ldexp(kept | (kept << below != size), below)
    return rounds_alike if whole > 0 else -rounds_alike
