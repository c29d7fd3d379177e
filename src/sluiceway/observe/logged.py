"""What was logged: the requests of one served version, what came of them, and until when it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Logged:
    """The log of one scope, ``live`` or ``rehearsal``, and the outcomes.

    ``requests`` are tables of ``plans.request_log``; of every version, as traffic is measured over all of them, and
    drift and performance over the rows that ``version`` answered. ``outcomes`` has the label's ``key``, ``_at``,
    ``_label`` and ``_label_known_time``; an outcome counts once ``matures`` has passed since its prediction. Rows of
    moments from ``since`` (``None``: the first) to ``until`` (UTC, virtual in a rehearsal) are looked at.
    """

    scope: str
    version: str
    requests: "Sequence[pa.Table]"
    outcomes: "pa.Table"
    key: tuple[str, ...]
    matures: timedelta
    until: datetime
    since: datetime | None = None
