"""The choice of columns: what a model may learn from, what is left out and why, and what looks like a leak."""

from dataclasses import dataclass, replace

import polars as pl

from sluiceway.core.errors import MisuseError
from sluiceway.start.calendar_parts import calendar_parts
from sluiceway.start.columns import Facts
from sluiceway.start.personal import personal
from sluiceway.start.question import LeftOut
from sluiceway.start.suspects import ranks_alone, suspects
from sluiceway.start.time_of_rows import TimeOfRows
from sluiceway.start.unusable import unusable

MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """Columns of the data: ``inputs`` to send, those ``left_out``, ``suspects`` with the reason, and ROC AUCs alone.

    Suspects are no inputs, unless nothing else is left. ``too_many`` counts those that were passed over because others
    tell more.
    """

    inputs: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    suspects: dict[str, str]
    ranks: dict[str, float]
    too_many: int = 0

    @property
    def keeps_suspects(self) -> bool:
        """Whether columns that look like leaks are kept, as nothing would be left without them."""
        return any(name in self.inputs for name in self.suspects)

    def narrowed(self, names: set[str]) -> "Choice":
        """Keep only these inputs, and count the others."""
        kept = tuple(name for name in self.inputs if name in names)
        return replace(self, inputs=kept, too_many=len(self.inputs) - len(kept))


def chosen(facts: Facts, truth: pl.Series, time: TimeOfRows, *, taken: set[str], entities: tuple[str, ...]) -> Choice:
    """Choose what a model may learn from.

    Args:
        facts: Every column.
        truth: The outcome of each row.
        time: The time of the rows.
        taken: Columns that are something else: the target, the time, the key.
        entities: Columns that are looked up by, which are inputs in any case.

    Raises:
        MisuseError: no column is left.
    """
    kept = set(entities)
    left_out = without_use(facts, time, besides=taken | kept)
    out = taken.union(each.column for each in left_out)
    candidates = [name for name in facts if name not in out]
    ranks = ranks_alone(facts, truth, names=candidates)
    suspected = {name: why for name, why in suspects(facts, truth, ranks).items() if name not in kept}
    inputs = tuple(name for name in candidates if name not in suspected) or tuple(candidates)
    if not inputs and time.chosen is None:
        reasons = "; ".join(f"{each.column}: {each.reason}" for each in left_out[:MOST_TOLD]) or "there are no others"
        raise MisuseError(f"no column is left to learn from ({reasons}); give data that tells more of each row")
    return Choice(inputs, left_out, suspected, ranks)


def without_use(facts: Facts, time: TimeOfRows, *, besides: set[str]) -> tuple[LeftOut, ...]:
    """Find the columns that no model should see: of no use, other times, and dates taken apart; each once."""
    words = "a time; compute what it tells in the SQL, such as the days until then"
    other_times = [name for moment in time.others if moment.how and len(moment.columns) == 1 for name in moment.columns]
    found = [*personal(list(facts)), *unusable(facts, besides=besides), *(LeftOut(name, words) for name in other_times)]
    if time.chosen is not None:
        found += calendar_parts(facts, time.chosen)
    reasons = {each.column: each for each in reversed(found) if each.column not in besides}
    return tuple(reasons[name] for name in facts if name in reasons)
