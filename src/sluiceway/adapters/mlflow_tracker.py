"""The tracker on MLflow, in a SQLite file: runs and models for MLflow's own pages to show."""

import logging
import os
import posixpath
import re
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sluiceway.adapters.memory_tracker import BUNDLE_TAG, IDENTITY_TAG, newest_first, require_recorded, require_version
from sluiceway.adapters.mlflow_registry import knows, registered, registered_versions
from sluiceway.core.errors import SourceError
from sluiceway.ports.tracker import RegisteredModel, TrackedRun

Value = TypeVar("Value")

LONGEST_PARAM = 6000
LONGEST_NAME = 250
BATCH = 100
DISALLOWED = re.compile(r"[^\w\-. :/]")
# Nothing is sent anywhere, nothing is drawn on the terminal.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


class MlflowTracker:
    """Runs and models in ``mlflow.db`` of a folder, files in its ``artifacts``. MLflow is loaded by the first write.

    Names have what MLflow refuses replaced by ``_``, and parameters are cut at 6000 characters. MLflow keeps the
    folder's absolute path in each experiment: after a move, files of old experiments are still written to the old one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._creating = Lock()

    def record(self, run: TrackedRun) -> str:
        """Record a run unless its identity is already there; return MLflow's id of it.

        A run that a kill left unfinished is completed.
        """
        with self._client() as client:
            experiment = _experiment_id(client, run.experiment, (self._folder / "artifacts").absolute().as_uri())
            found = _run_of(client, [experiment], run.identity)
            if found is None:
                found = client.create_run(experiment, tags={**_named(run.tags), IDENTITY_TAG: run.identity})
            if found.info.status != "FINISHED":
                _fill(client, found, run)
            return str(found.info.run_id)

    def register(self, name: str, *, identity: str, bundle: str, tags: Mapping[str, str]) -> RegisteredModel:
        """Make a new version of a model, or find the one with this identity.

        Raises:
            MisuseError: no run of this identity was recorded.
        """
        with self._client() as client:
            run = _run_of(client, [found.experiment_id for found in client.search_experiments()], identity)
            require_recorded(run, identity)
            versions = _versions(client, name)
            if all(version.identity != identity for version in versions):
                own = {IDENTITY_TAG: identity, BUNDLE_TAG: bundle}
                _create_version(client, name, run, {**_named(tags), **own})
                versions = _versions(client, name)
            return next(version for version in versions if version.identity == identity)

    def versions(self, name: str | None = None) -> list[RegisteredModel]:
        """Return the versions of one model or of all, newest first. Makes nothing where there is nothing."""
        if not self._database.exists():
            return []
        found = registered_versions(self._database)
        if found is not None:
            return newest_first(each for each in found if name in {None, each.name})
        with self._client() as client:
            return _versions(client, name)

    def knows(self, identity: str) -> bool:
        """Tell whether some model's version has this identity."""
        return self._database.exists() and knows(self._database, identity)

    def alias(self, name: str, version: int, alias: str) -> None:
        """Point an alias at a version, and away from the one that had it. Raises ``UnknownNameError``."""
        require_version(self.versions(name), name, version)
        with self._client() as client:
            client.set_registered_model_alias(name, alias, str(version))

    @property
    def _database(self) -> Path:
        return self._folder / "mlflow.db"

    @contextmanager
    def _client(self) -> Iterator[Any]:
        for variable, value in QUIET.items():
            os.environ.setdefault(variable, value)
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._creating:
                if not self._database.exists():
                    self._create()
                client = _open(self._database)
            yield client
        except (MlflowException, SQLAlchemyError) as error:
            reason = str(error).partition("\n")[0]
            raise SourceError(f"the tracker {self._database} failed: {reason}; check the file and the disk") from error

    def _create(self) -> None:
        """Make the database aside: a kill amid MLflow's migrations leaves one that it can neither use nor repair."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("mlflow.db.*"):
            left.unlink(missing_ok=True)
        staged = self._folder / f"mlflow.db.{os.getpid()}"
        _open(staged).search_experiments()
        staged.rename(self._database)


def _open(database: Path) -> Any:
    """Open with MLflow, quietly: it logs its migrations, and SQLAlchemy deprecates what it uses."""
    from mlflow import MlflowClient

    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    place = f"sqlite:///{database.absolute()}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MlflowClient(tracking_uri=place, registry_uri=place)


def _experiment_id(client: Any, name: str, artifacts: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=artifacts))
        except MlflowException:  # another thread came first, or this raises again
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _run_of(client: Any, experiments: list[str], identity: str) -> Any:
    runs = client.search_runs(experiments, filter_string=f"tags.`{IDENTITY_TAG}` = '{identity}'", max_results=1)
    return runs[0] if runs else None


def _fill(client: Any, found: Any, run: TrackedRun) -> None:
    """Log everything in batches; doing it twice changes nothing, as the times are the run's own."""
    from mlflow.entities import Metric, Param

    run_id, at_ms = found.info.run_id, found.info.start_time
    params = [Param(key, value[:LONGEST_PARAM]) for key, value in _named(run.params).items()]
    metrics = [Metric(key, value, at_ms, 0) for key, value in _named(run.metrics).items()]
    for start in range(0, max(len(params), len(metrics)), BATCH):
        part = slice(start, start + BATCH)
        client.log_batch(run_id, params=params[part], metrics=metrics[part])
    with tempfile.TemporaryDirectory() as folder:
        for name, content in run.files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if run.files:
            client.log_artifacts(run_id, folder)
    client.set_terminated(run_id, "FINISHED")


def _create_version(client: Any, name: str, run: Any, tags: Mapping[str, str]) -> None:
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    client.create_model_version(name, source=run.info.artifact_uri, run_id=run.info.run_id, tags=tags)


def _versions(client: Any, name: str | None) -> list[RegisteredModel]:
    only = None if name is None else f"name = '{name}'"
    aliases: dict[tuple[str, int], list[str]] = defaultdict(list)
    for model in _all_pages(client.search_registered_models, only):
        for alias, version in model.aliases.items():
            aliases[model.name, int(version)].append(alias)
    return newest_first(
        registered(
            each.name, int(each.version), at_ms=each.creation_timestamp, tags=dict(each.tags),
            aliases=aliases[each.name, int(each.version)],
        )
        for each in _all_pages(client.search_model_versions, only)
    )  # fmt: skip


def _all_pages(search: Any, only: str | None) -> Iterator[Any]:
    token = None
    while True:
        page = search(filter_string=only, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _named(values: Mapping[str, Value]) -> dict[str, Value]:
    return {_allowed(key): value for key, value in values.items()}


def _allowed(name: str) -> str:
    """Spell a name so that MLflow takes it: few signs, 250 characters, and a tidy path if it is one."""
    spelled = DISALLOWED.sub("_", name)[:LONGEST_NAME]
    tidy = posixpath.normpath(spelled) == spelled and not spelled.startswith(("/", "."))
    return spelled if tidy else "_" + spelled.replace("/", "_")[: LONGEST_NAME - 1]
