"""Ours: the same model on the shelf of two projects; one feeds it from the request's numbers, the other by lookup.

With lookup, a request names six entities, and six views of five features are read from LMDB. Half of the views have a
time to live, which no value has outlived.
"""

import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from serving_model import ENTITIES, NAMES, TRAINED_ON, Questions, Trained
from serving_process import HOST, Service
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.sqlite_state import SqliteState
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.artifacts.serving_contract import Field, ServedView, ServingContract
from sluiceway.core.moments import SystemClock
from sluiceway.deploy.rollout import FIRST, first
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.rolling import Transition, record_transition
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.ports.object_store import ObjectStore
from sluiceway.server.board import Board
from sluiceway.server.shelf import shelve
from sluiceway.train.onnx_export import to_onnx

DIRECT, LOOKUP = "ours", "ours, with lookup"
VIEWS, EACH = 6, 5
LOOKED_UP = 20_000
DAY_US = 86_400_000_000


def direct(trained: Trained, folder: Path) -> Service:
    """Serve a model whose features are its request's numbers."""
    contract = ServingContract(tuple(Field(name, "number") for name in NAMES), (), (), ())
    show(trained, contract, folder)
    asked = trained.questions(lambda row: dict(zip(NAMES, row, strict=True)), probability)
    return service(DIRECT, asked, folder)


def with_lookup(trained: Trained, folder: Path) -> Service:
    """Serve a model whose features are read by entity."""
    views = tuple(map(view, range(VIEWS)))
    inputs = tuple(Field(view.entities[0], "integer") for view in views)
    show(trained, ServingContract(inputs, (), views, ()), folder)
    fill(folder / ".sluiceway" / "online", views, trained)
    entities = np.random.default_rng(6).integers(0, ENTITIES, (LOOKED_UP, VIEWS))
    rows = np.hstack([trained.rows[entities[:, place], columns(place)] for place in range(VIEWS)])
    asked = [dict(zip((field.name for field in inputs), row, strict=True)) for row in entities.tolist()]
    return service(LOOKUP, Questions.of(asked, trained.expected(rows), probability), folder)


def probability(answer: dict[str, float]) -> float:
    return answer["probability"]


def service(name: str, asked: Questions, folder: Path) -> Service:
    command = (str(Path(sys.executable).with_name("sluiceway")), "serve", "--host", HOST, "--port", "{port}")
    return Service(name, command, "/predict", asked, folder)


def columns(place: int) -> slice:
    """Where a view's features stand among all."""
    return slice(place * EACH, (place + 1) * EACH)


def view(place: int) -> ServedView:
    aged = place % 2 == 1
    return ServedView(
        name=f"view_{place}",
        digest=sha256(f"view {place}".encode()).hexdigest(),
        entities=(f"entity_{place}",),
        columns=NAMES[columns(place)],
        aged=NAMES[columns(place)] if aged else (),
        ttl_us=DAY_US if aged else None,
    )


def show(trained: Trained, contract: ServingContract, folder: Path) -> None:
    """Put the model on a project's shelf, and its name on the board, as the champion; no training of ours made it."""
    objects: ObjectStore = ObstoreObjects.local(folder / ".sluiceway" / "objects")
    origin = "view" if contract.views else "input"
    columns = tuple(FeatureColumn(name, "number", origin) for name in NAMES)
    onnx = to_onnx(trained.classifier, columns)
    digest = sha256(onnx).hexdigest()
    bundle = ModelBundle(
        name="benchmark",
        role="model",
        onnx=f"models/{digest}.onnx",
        onnx_sha256=digest,
        size_bytes=len(onnx),
        columns=columns,
        threshold=0.5,
        views={view.name: view.digest for view in contract.views},
        params={},
        trials=(),
        feature_set="benchmark",
        dataset="benchmark",
        train_rows=TRAINED_ON,
        seed=5,
        contract=contract,
    )
    objects.put(bundle.onnx, onnx)
    state = first(LIVE, shelve(bundle, "v1", objects), at=datetime.now(UTC))
    record_transition(Ledger(SqliteState(folder / ".sluiceway" / "ledger.db"), SystemClock()), Transition(FIRST, state))
    Board(objects, LIVE).show(state)


def fill(folder: Path, views: tuple[ServedView, ...], trained: Trained) -> None:
    """Write every entity's features of every view."""
    store, now_us = LmdbOnline(folder), time.time_ns() // 1000
    for place, each in enumerate(views):
        rows = trained.rows[:, columns(place)].tolist()
        values = (pack_value(PackedValue(now_us, now_us, now_us, now_us, row)) for row in rows)
        store.replace(each.digest, ((pack_key((key,)), value) for key, value in enumerate(values)), snapshot="all")
