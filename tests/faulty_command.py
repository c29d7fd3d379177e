"""The command with a fault planted in its process: what the run writes into the store that a rehearsal's server reads.

``python faulty_command.py FAULT SINCE WORDS…`` is ``sluiceway WORDS…``, whose rehearsals have the fault from a moment
of their virtual clock on. The server, its store and everything else are the real ones. Faults:

* ``one-barrier-late``: what becomes known is written one barrier after the one at which it was due;
* ``a-value-too-high``: the first feature of all that is written is one too high.
"""

import sys
from collections.abc import Callable

from sluiceway.__main__ import run
from sluiceway.core.moments import parse_moment
from sluiceway.online.live_view import Item, LiveView
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.packed_value import pack_value, unpack_value

Advance = Callable[[LiveView, int], list[Item]]
advance: Advance = LiveView.advance


def one_barrier_late(since_us: int) -> Advance:
    """Hold back what became known until the next time that something does."""
    held: dict[str, list[Item]] = {}

    def late(view: LiveView, to_us: int) -> list[Item]:
        changes = advance(view, to_us)
        if to_us < since_us:
            return changes
        due = held.get(view.name, [])
        held[view.name] = changes
        return due

    return late


def a_value_too_high(since_us: int) -> Advance:
    """Raise the first feature of what is written, wherever it is a number."""

    def changed(view: LiveView, to_us: int) -> list[Item]:
        changes = advance(view, to_us)
        return changes if to_us < since_us else [(key, _raised(value)) for key, value in changes]

    return changed


def _raised(data: bytes) -> bytes:
    value = unpack_value(data)
    first, *others = value.features
    features = [first + 1.0 if isinstance(first, float) else first, *others]
    return pack_value(value._replace(features=features))


FAULTS = {"one-barrier-late": one_barrier_late, "a-value-too-high": a_value_too_high}

if __name__ == "__main__":
    fault, since, *words = sys.argv[1:]
    LiveView.advance = FAULTS[fault](microseconds(parse_moment(since)))  # type: ignore[method-assign]
    sys.exit(run(words))
