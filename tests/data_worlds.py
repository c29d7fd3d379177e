"""A kit in memory with dataset versions, models and verdicts, as runs leave them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.memory_tracker import MemoryTracker
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.digest import digest_of, sha256_hex
from sluiceway.core.errors import DamagedError
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.flow.cache import keep
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Node
from sluiceway.flow.stages import stage_named
from sluiceway.flow.sweeping import plan_sweep, sweep
from sluiceway.ingest.integrity import inspect
from sluiceway.ingest.restore import restore_to
from sluiceway.ingest.run import run
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.running import record_published
from sluiceway.ledger.standing import Standing, record_verdict
from sluiceway.ports.progress import Silence

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SOURCES = {"a": Source("a", files("data/*.csv")), "b": Source("b", sql="SELECT x + 1 AS y FROM a")}
PROJECT = Project(None, SOURCES, "", "code")
ENGINE = DuckdbEngine(1)


@dataclass(frozen=True)
class Model:
    """A candidate as the sweep sees one: evidence that names a dataset, a model and curves."""

    dataset: str
    onnx: str
    curves: str

    @property
    def content_id(self):
        return digest_of(["model", self.dataset, self.onnx])


@dataclass(frozen=True)
class Views:
    """A feature set as the sweep sees one: evidence that names a dataset and views."""

    dataset: str
    views: dict[str, str]

    @property
    def content_id(self):
        return digest_of(["features", self.dataset, self.views])


@dataclass
class World:
    """A kit in memory, with what was put into it."""

    kit: Kit
    versions: list[DatasetVersion] = field(default_factory=list)
    trees: dict[str, dict[str, bytes]] = field(default_factory=dict)
    models: list[Model] = field(default_factory=list)

    def ingest(self, tree):
        """Ingest a folder as a run would, and judge it at gate 3."""
        folder = ObstoreObjects.memory()
        for name, data in tree.items():
            folder.put(f"data/{name}.csv", data)
        stores = {"objects": self.kit.objects, "tables": self.kit.tables, "engine": ENGINE}
        version = run(PROJECT, files=folder, **stores, progress=Silence(), scratch=ObstoreObjects.memory())
        self.keep("ingest", "ingest", version)
        self.versions = [each for each in self.versions if each.content_id != version.content_id] + [version]
        self.trees[version.content_id] = {f"data/{name}.csv": data for name, data in tree.items()}
        return version

    def keep(self, name, stage, artifact, **parents):
        node = Node(name, stage_named(stage), 1, type(artifact), (), "", run, present=run)
        recipe = digest_of([name, artifact.content_id])
        keep(node, recipe, artifact, parents=parents, kit=self.kit, settings=Settings())
        return recipe

    def judge(self, stage, artifact, *, passes=True, **upstream):
        gate = {"validate": 3, "train": 5}[stage]
        verdict = Verdict((Criterion.at_least("rows", measured=int(passes), limit=1),))
        standing = Standing(gate, stage, artifact, upstream, verdict, None, 0)
        record_verdict(self.kit.ledger, standing, as_of=None)

    def train(self, version, *, registered=True):
        """Make a model of a version, and register it or not."""
        onnx = f"model of {version.content_id} {registered}".encode()
        key = f"models/{sha256_hex(onnx)}.onnx"
        curves = f"reports/evaluation-{digest_of(['curves', key])[:12]}.json"
        self.kit.objects.put(key, onnx)
        self.kit.objects.put(curves, b"{}")
        model = Model(version.content_id, key, curves)
        self.keep("evaluate", "train", model, ingest=version.content_id)
        if registered:
            facts = {"model": "m", "version": len(self.models) + 1}
            record_published(self.kit.ledger, "evaluate", model.content_id, facts, as_of=None)
        self.models.append(model)
        return model

    def make_features(self, version, *digests):
        """Make a feature set of a version, and fill its views."""
        made = Views(version.content_id, {f"view_{number}": digest for number, digest in enumerate(digests)})
        self.keep("features", "features", made, ingest=version.content_id)
        for digest in digests:
            self.kit.online.replace(digest, [(b"k", bytes(20))], snapshot=made.content_id)
        return made

    def sweep(self, *, last=1):
        plan = plan_sweep(self.kit, Settings(), last=last)
        sweep(plan, self.kit)
        return plan

    def is_whole(self, version):
        """Whether a version verifies, and restores to what was ingested."""
        damaged = inspect(
            version, files=ObstoreObjects.memory(), objects=self.kit.objects, tables=self.kit.tables
        ).damaged
        target = ObstoreObjects.memory()
        try:
            restore_to(version, objects=self.kit.objects, target=target)
        except DamagedError:
            return False
        restored = {info.key: target.get(info.key) for info in target.list()}
        return damaged == () and restored == self.trees[version.content_id]


class Unread:
    """A project that nobody has declared yet."""

    def fingerprint(self):
        """Return what no declaration has."""
        return "none"


def a_world(objects=None):
    objects, tables = objects or ObstoreObjects.memory(), MemoryTables()
    clock = FixedClock(NOW)
    online = MemoryOnline()
    nothing = dict.fromkeys(("files", "engine", "rehearse", "alerter", "scratch"))
    kit = Kit(
        reader=Unread(),
        objects=objects,
        tables=tables,
        online=online,
        tracker=MemoryTracker(),
        requests=MemoryRequests(),
        ledger=Ledger(MemoryState(), clock),
        clock=clock,
        sweepable=(objects, tables, online),
        **nothing,
    )
    return World(kit)


def tree(*numbers):
    """Files that other trees may share: one for each number."""
    return {str(number): f"x\n{number}\n".encode() for number in numbers}
