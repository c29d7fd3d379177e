"""Feast in the point-in-time benchmark: runs in an environment of its own, which ``point_in_time.py --peers`` names."""

import tempfile
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa

from point_in_time_inputs import COLUMNS, TTL_DAYS, spine_of


def feast(folder: Path, offline_store: str) -> Callable[[], pa.Table]:
    """Prepare a registry with both views over the same files; the frame of predictions is pandas, as Feast takes it."""
    warnings.filterwarnings("ignore")
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float64

    place = tempfile.mkdtemp()
    store = FeatureStore(
        config=RepoConfig(
            project="p",
            provider="local",
            registry=f"{place}/r.db",
            offline_store={"type": offline_store},
            online_store={"type": "sqlite", "path": f"{place}/o.db"},
            entity_key_serialization_version=3,
        )
    )
    entity = Entity(name="id", join_keys=["id"], value_type=ValueType.INT64)
    views = [
        FeatureView(
            name=name,
            entities=[entity],
            ttl=timedelta(days=TTL_DAYS[name]),
            schema=[Field(name=column, dtype=Float64) for column in columns],
            source=FileSource(path=str(folder / f"{name}.parquet"), timestamp_field="at"),
        )
        for name, columns in COLUMNS.items()
    ]
    store.apply([entity, *views])
    asked = spine_of(folder).to_pandas().rename(columns={"at": "event_timestamp"})
    wanted = [f"{name}:{column}" for name, columns in COLUMNS.items() for column in columns]
    return lambda: store.get_historical_features(entity_df=asked, features=wanted).to_arrow()
