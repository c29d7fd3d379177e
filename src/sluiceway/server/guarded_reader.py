"""A guarded reader: features from a store that may be slow, gone or emptied, for which nobody waits long."""

import struct
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import msgspec

from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.core.errors import SluicewayError, SourceError, TransientError
from sluiceway.ports.feature_reader import FeatureReader, FeatureRow, Moments
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.progress import Progress
from sluiceway.server.features_there import is_filled
from sluiceway.server.metrics import Metrics

REST_S, LOOK_S = 1.0, 1.0
REFUSED, MISSING = "refused", "missing"


class StoreGuard:
    """What the readers of one process know of their store. Safe to share between threads.

    After a read failed, reads fail at once for a second, so that requests wait for a store that is gone at most once a
    second; then the next one tries again. ``error`` says why it last failed, and nothing once it answers.
    """

    def __init__(
        self,
        online: OnlineStore,
        metrics: Metrics,
        progress: Progress,
        *,
        answers_without: bool = False,
        looks_for_views: bool = False,
        now_s: Callable[[], float] = perf_counter,
    ) -> None:
        """Take the store.

        Args:
            online: Is asked, at most once a second, whether it lost a view of which an entity is unknown.
            metrics: Count reads and failures.
            progress: Hears when the store fails, and when it is back.
            answers_without: Whether features that cannot be read are missing, instead of an error.
            looks_for_views: Whether a view that holds nothing at all is an error.
            now_s: The clock, in seconds.
        """
        self.error = ""
        self.answers_without = answers_without
        self._online = online
        self._metrics = metrics
        self._progress = progress
        self._looks_for_views = looks_for_views
        self._now_s = now_s
        self._rests_until = 0.0
        self._looked: dict[str, float] = {}

    def read(self, ask: Callable[[], list[FeatureRow]], views: Sequence[ServedView]) -> list[FeatureRow]:
        """Read, unless the store failed just now.

        Raises:
            SluicewayError: the store cannot be read, or lost a view.
            msgspec.MsgspecError, struct.error: a value is damaged.
        """
        began = self._now_s()
        if self.error and began < self._rests_until:
            raise TransientError(self.error)
        try:
            rows = ask()
            self._metrics.count_online_read(self._now_s() - began)
            if self._looks_for_views:
                self._look_for(views, rows)
        except SluicewayError as error:
            self._fail(error)
            raise
        if self.error:
            self.error = ""
            self._progress.say("the online store answers again")
        return rows

    def count_failure(self, outcome: str) -> None:
        """Count a read that failed, by what became of it."""
        self._metrics.count_online_error(outcome)

    def _look_for(self, views: Sequence[ServedView], rows: Sequence[FeatureRow]) -> None:
        """Tell an entity that is unknown from a store that was emptied."""
        for view in views:
            if any(row.views.get(view.name) is None for row in rows):
                now = self._now_s()
                if now - self._looked.get(view.digest, -LOOK_S) >= LOOK_S or self.error:
                    self._looked[view.digest] = now
                    if not is_filled(self._online, view.digest):
                        raise SourceError(
                            f"the online store holds nothing of {view.name} any more; fill it: sluiceway run --until "
                            "features"
                        )

    def _fail(self, error: SluicewayError) -> None:
        if str(error) != self.error:
            self._progress.say(f"features cannot be read: {error}")
        self._rests_until = self._now_s() + REST_S
        self.error = str(error)


class GuardedReader:
    """Reads the features of a contract's views. Safe to share between threads."""

    def __init__(self, reader: FeatureReader, views: Sequence[ServedView], guard: StoreGuard) -> None:
        self._reader = reader
        self._views = tuple(views)
        self._guard = guard
        self._columns = tuple(dict.fromkeys(column for view in views for column in view.columns))

    def read(self, entities: Mapping[str, Sequence[object]], *, now_us: Moments = None) -> list[FeatureRow]:
        """Return a row per position, as ``FeatureReader`` says, or where that is declared, rows without features.

        Raises:
            SluicewayError, msgspec.MsgspecError, struct.error: the store cannot be read, or a value is damaged.
        """
        guard = self._guard
        try:
            return guard.read(lambda: self._reader.read(entities, now_us=now_us), self._views)
        except (SluicewayError, msgspec.MsgspecError, struct.error) as error:
            guard.count_failure(MISSING if guard.answers_without else REFUSED)
            if not guard.answers_without:
                raise
            return self._missing(len(next(iter(entities.values()), ())), f"features are missing: {error}")

    def _missing(self, rows: int, why: str) -> list[FeatureRow]:
        views = [view.name for view in self._views]
        return [FeatureRow(dict.fromkeys(self._columns), dict.fromkeys(views), why) for _ in range(rows)]
