"""Example rows: a few of the rows that break a rule, as people are shown them."""

from dataclasses import dataclass

from sluiceway.core.discreet import MASK as MASK  # noqa: PLC0414  # what a masked value looks like


@dataclass(frozen=True, slots=True)
class ExampleRows:
    """Rows as texts under their columns' names, ``None`` for missing; at most 20, the same for the same data.

    Values of sensitive columns are ``MASK``.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()


NO_ROWS = ExampleRows()
