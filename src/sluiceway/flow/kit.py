"""The kit: every port a run may need, and the settings it runs by."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from sluiceway.core.moments import Clock
from sluiceway.ledger.chain import Ledger
from sluiceway.ports.alerter import Alerter
from sluiceway.ports.derived_store import NOTHING_DERIVED, DerivedStore
from sluiceway.ports.engine import Engine
from sluiceway.ports.event_sources import EventSources
from sluiceway.ports.extractor import Extractor, NoExtractor
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.plan_runner import PlanRunner
from sluiceway.ports.project_reader import ProjectReader
from sluiceway.ports.rehearsal import Rehearsal
from sluiceway.ports.request_log import RequestLog
from sluiceway.ports.schema_registry import SchemaRegistry
from sluiceway.ports.sweepable import Sweepable
from sluiceway.ports.table_store import TableStore
from sluiceway.ports.tracker import Tracker


def from_the_start(moment: datetime) -> str:  # noqa: ARG001  # a log that cannot tell days apart is read whole
    """Begin where a log begins."""
    return ""


def no_panes() -> PaneStore | None:
    """Keep no streams."""
    return None


def no_schemas() -> SchemaRegistry | None:
    """Know no registry."""
    return None


@dataclass(frozen=True, slots=True)
class Kit:
    """The backends that ``workspace.py`` picked.

    ``files`` is the project's own folder, and what lies behind URLs; both are only read.
    ``scratch`` lends an empty place for as long as it is held, ``rehearse`` a server that answers by the rehearsal's
    board, with an online store and a log of its own. ``requests`` is the log of live traffic; ``logged_since`` gives a
    mark of it behind which lies all that was logged from a moment (UTC) on. ``sweepable`` are the stores that can be
    swept of what nothing needs. ``derived`` keeps what can be made again. ``elsewhere`` computes views
    instead of ``engine``. ``arriving`` is where topics are, and ``schemas`` opens what knows the schemas of their
    messages, and ``panes`` what streams keep beside online values, where these can be.
    """

    reader: ProjectReader
    files: ObjectStore
    objects: ObjectStore
    scratch: Callable[[], AbstractContextManager[ObjectStore]]
    tables: TableStore
    online: OnlineStore
    engine: Engine
    tracker: Tracker
    ledger: Ledger
    clock: Clock
    rehearse: Callable[[], AbstractContextManager[Rehearsal]]
    requests: RequestLog
    alerter: Alerter
    logged_since: Callable[[datetime], str] = from_the_start
    sweepable: tuple[Sweepable, ...] = ()
    extractor: Extractor = field(default_factory=NoExtractor)
    derived: DerivedStore = NOTHING_DERIVED
    arriving: EventSources | None = None
    schemas: Callable[[], SchemaRegistry | None] = no_schemas
    panes: Callable[[], PaneStore | None] = no_panes
    elsewhere: PlanRunner | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is told besides the declaration.

    ``as_of`` is the virtual present (UTC): nothing known later is used; ``None`` stands for all that the data knows.
    ``reference`` is what layers B and C compare with by default: ``previous``, ``rolling N`` or a version's first
    digits; ``None`` takes the previous one, the last that passed gate 3.
    ``rebuild_whole_gib``: sets of files with more GiB than this are rebuilt by a sample at gate 2.
    ``replay_until`` is how far stage 7 replays what came after that present; ``None`` stands for not at all.
    """

    as_of: datetime | None = None
    seed: int = 0
    threads: int = 2
    reference: str | None = None
    replay_until: datetime | None = None
    rebuild_whole_gib: float = 8.0
