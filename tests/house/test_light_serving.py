"""Serving starts quickly and stays small: no SQL, no frames, no tracker, and nothing that trains."""

import json
import subprocess
import sys

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.serving_contract import Field, RequestFeature, ServedView, ServingContract
from sluiceway.declare.expression import parse_expression

HEAVY = ("sqlglot", "polars", "duckdb", "pandas", "mlflow", "pyarrow", "sklearn", "scipy", "lightgbm", "optuna")
TEXT = "hour(at_zone(t, 'America/New_York')) + length(s)"
CONTRACT = ServingContract(
    (Field("t", "time"), Field("s", "text")),
    (),
    (ServedView("v", "a" * 64, ("s",), ("v__x",)),),
    (RequestFeature("made", TEXT, parse_expression(TEXT).tree),),
)
COLUMNS = (FeatureColumn("s", "text", "input"), FeatureColumn("v__x", "number", "view"))
CODE = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path

import sluiceway.online.predictor
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.online.model_row import ModelRow
from sluiceway.online.reader import OnlineReader

columns = (*decode(tuple[FeatureColumn, ...], sys.argv[2].encode()), FeatureColumn("made", "number", "request"))
contract = decode(ServingContract, sys.argv[1].encode())
reader = OnlineReader(contract.views, LmdbOnline(Path(sys.argv[3])), now_us=lambda: 0)
looked_up = reader.read({"s": ["JFK"]})[0].features
row = ModelRow(columns, contract).of({"s": "JFK", "t": datetime(2024, 3, 10, 12, tzinfo=UTC)}, looked_up)
print(json.dumps([row, sorted(sys.modules)]))
"""


def test_a_row_is_served_without_anything_heavy(tmp_path):
    given = [encode(CONTRACT).decode(), encode(COLUMNS).decode(), str(tmp_path / "online")]
    done = subprocess.run([sys.executable, "-c", CODE, *given], capture_output=True, text=True, check=True)
    row, modules = json.loads(done.stdout)
    assert row == {"s": "JFK", "v__x": None, "made": 11.0}
    assert [name for name in HEAVY if name in modules] == []
