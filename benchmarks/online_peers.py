"""Feast's online reads, for ``online_read.py``, run by an environment of its own.

    python online_peers.py redis|sqlite PORT FOLDER ENTITIES FEATURES ROUNDS SEED

Prints the microseconds of each read as JSON: of one id, then of a hundred, then whether the values were right.
"""

import json
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CHUNK = 5_000


def opened(kind: str, port: str, folder: Path, values: Any) -> Any:
    """Declare one view of floats, and write every entity's values online."""
    import pandas as pd
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
    from feast.types import Float64

    names = [f"f{number}" for number in range(values.shape[1])]
    online = {
        "redis": f'{{type: redis, connection_string: "127.0.0.1:{port},db=1"}}',
        "sqlite": f"{{type: sqlite, path: {folder}/online.db}}",
    }
    (folder / "feature_store.yaml").write_text(
        f"project: p\nprovider: local\nregistry: {folder}/registry.db\nonline_store: {online[kind]}\n"
        "offline_store: {type: dask}\nentity_key_serialization_version: 3\ntelemetry: false\n"
    )
    frame = pd.DataFrame(values, columns=names)
    frame.insert(0, "id", range(len(values)))
    frame["event_timestamp"] = datetime.now(UTC)
    frame.iloc[:10].to_parquet(folder / "some.parquet")
    store = FeatureStore(repo_path=str(folder))
    entity = Entity(name="id", join_keys=["id"], value_type=ValueType.INT64)
    source = FileSource(path=str(folder / "some.parquet"), timestamp_field="event_timestamp")
    schema = [Field(name=name, dtype=Float64) for name in names]
    store.apply(
        [entity, FeatureView(name="v", entities=[entity], ttl=timedelta(days=3650), schema=schema, source=source)]
    )
    for begin in range(0, len(frame), CHUNK):
        store.write_to_online_store("v", df=frame.iloc[begin : begin + CHUNK])
    wanted = [f"v:{name}" for name in names]
    return lambda ids: store.get_online_features(features=wanted, entity_rows=[{"id": each} for each in ids]).to_dict()


def main() -> None:
    import numpy as np

    warnings.filterwarnings("ignore")
    kind, port, folder, (entities, features, rounds, seed) = *sys.argv[1:4], map(int, sys.argv[4:])
    draw = np.random.default_rng(seed)
    values = draw.standard_normal((entities, features))
    read = opened(kind, port, Path(folder), values)
    is_right = read([7])["f3"] == [values[7][3]]
    spent: dict[int, list[float]] = {1: [], 100: []}
    for count, taken in spent.items():
        for _ in range(rounds // (1 if count == 1 else 10)):
            ids = draw.integers(0, entities, count).tolist()
            begun = time.perf_counter()
            read(ids)
            taken.append((time.perf_counter() - begun) * 1e6)
    sys.stdout.write(json.dumps([spent[1], spent[100], is_right]) + "\n")


if __name__ == "__main__":
    main()
