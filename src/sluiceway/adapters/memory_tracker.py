"""The tracker in memory: for tests."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from threading import RLock

from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import Clock, SystemClock
from sluiceway.ports.tracker import RegisteredModel, TrackedRun

IDENTITY_TAG = "sluiceway.identity"
BUNDLE_TAG = "sluiceway.bundle"


class MemoryTracker:
    """Runs and models in lists. Shared by the threads of one process, and gone with it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._runs: list[TrackedRun] = []
        self._models: list[RegisteredModel] = []
        self._lock = RLock()

    def record(self, run: TrackedRun) -> str:
        """Record a run unless its identity is already there; return its place as text."""
        with self._lock:
            for place, old in enumerate(self._runs):
                if (old.experiment, old.identity) == (run.experiment, run.identity):
                    return str(place)
            self._runs.append(run)
            return str(len(self._runs) - 1)

    def register(self, name: str, *, identity: str, bundle: str, tags: Mapping[str, str]) -> RegisteredModel:
        """Make a new version of a model, or find the one with this identity.

        Raises:
            MisuseError: no run of this identity was recorded.
        """
        with self._lock:
            require_recorded(next((run for run in self._runs if run.identity == identity), None), identity)
            versions = self.versions(name)
            for version in versions:
                if version.identity == identity:
                    return version
            now = self._clock.now()
            made = RegisteredModel(name, len(versions) + 1, identity, bundle, now, aliases=(), tags=dict(tags))
            self._models.append(made)
            return made

    def versions(self, name: str | None = None) -> list[RegisteredModel]:
        """Return the versions of one model or of all, newest first."""
        with self._lock:
            return newest_first(model for model in self._models if name in {None, model.name})

    def knows(self, identity: str) -> bool:
        """Tell whether some model's version has this identity."""
        return any(model.identity == identity for model in self.versions())

    def alias(self, name: str, version: int, alias: str) -> None:
        """Point an alias at a version, and away from the one that had it. Raises ``UnknownNameError``."""
        with self._lock:
            require_version(self.versions(name), name, version)
            self._models = [
                _pointed(model, alias, here=model.version == version) if model.name == name else model
                for model in self._models
            ]


def newest_first(models: Iterable[RegisteredModel]) -> list[RegisteredModel]:
    """Sort by when they were registered, the latest first."""
    return sorted(models, key=lambda model: (model.registered_at, model.version, model.name), reverse=True)


def require_recorded(run: object | None, identity: str) -> None:
    """Refuse to register what no run stands behind."""
    if run is None:
        raise MisuseError(f"no run with identity {identity[:12]} was recorded; record it before registering its model")


def require_version(versions: Iterable[RegisteredModel], name: str, version: int) -> None:
    """Refuse a version that the model does not have."""
    known = [str(model.version) for model in versions]
    if str(version) not in known:
        raise UnknownNameError(f"version of model {name!r}", str(version), known)


def _pointed(model: RegisteredModel, alias: str, *, here: bool) -> RegisteredModel:
    others = {old for old in model.aliases if old != alias}
    return replace(model, aliases=tuple(sorted(others | {alias} if here else others)))
