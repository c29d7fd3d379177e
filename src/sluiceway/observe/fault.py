"""A fault: what is planted, where, and what must be said of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sluiceway.artifacts.health_report import Alert
from sluiceway.observe.rows import Rows
from sluiceway.observe.traffic import Requests

# Of the present values, the least share whose loss or renaming shows: where much is missing already, 30 % more do not.
SHARES = (0.3, 0.6, 0.9)
# By how much a fault must clear its limit on the reference, so that rows drawn from it clear it too.
MARGIN = 1.25

Plant = Callable[[Rows, Requests, np.random.Generator], tuple[Rows, Requests]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to which column or view, and the alert that it must raise: kind and subject; the control none.

    ``id`` is one of ``FAULTS``. A fault that nothing could show is not planted; ``not_applicable`` says why.
    ``follows`` are what may be raised as well: kinds of alerts, or one alert of a kind, as ``expected`` names it.
    """

    name: str
    column: str
    expected: str
    plant: Plant
    id: str = ""
    not_applicable: str = ""
    follows: frozenset[str] = frozenset()

    def may_raise(self, alert: Alert) -> bool:
        """Whether an alert beside its own may follow from it."""
        return not self.follows.isdisjoint({alert.kind, f"{alert.kind}: {alert.subject}"})


def keep(rows: Rows, requests: Requests, _: np.random.Generator) -> tuple[Rows, Requests]:
    """Change nothing."""
    return rows, requests
