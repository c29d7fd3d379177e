"""Online reads of 50 features, 1 id and 100 ids: ours against a raw LMDB get and MessagePack decode.

    python benchmarks/online_read.py

Microseconds are medians over random ids of 20,000 entities, in one process, the contenders taking turns. Ours, like any
reader of features by name, gives dicts; so does the second floor.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import lmdb
import msgspec
import numpy as np

import sluiceway as sw
from measured import table
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.served_view import served
from sluiceway.ports.feature_reader import FeatureRow

ENTITIES, FEATURES, ROUNDS = 20_000, 50, 4000


def view() -> sw.FeatureView:
    source = sw.Source("facts", sql="unused", event_time="t")
    features = [sw.latest(f"f{number}") for number in range(FEATURES)]
    return sw.FeatureView("v", entity="id", source=source, ttl="1d", features=features)


def floor_reader(folder: Path, values: list[list[float]]) -> Callable[[list[int]], list[list[float]]]:
    environment = lmdb.open(str(folder), map_size=1 << 30)
    with environment.begin(write=True) as transaction:
        for number, row in enumerate(values):
            transaction.put(pack_key([number]), msgspec.msgpack.encode(row))
    decode, encode = msgspec.msgpack.Decoder(list[float]).decode, msgspec.msgpack.Encoder().encode

    def read(ids: list[int]) -> list[list[float]]:
        with environment.begin() as transaction:
            return [decode(transaction.get(encode((number,)))) for number in ids]

    return read


def our_reader(folder: Path, values: list[list[float]]) -> Callable[[list[int]], list[FeatureRow]]:
    declared, store = view(), LmdbOnline(folder)
    store.write(
        declared.digest, ((pack_key([n]), pack_value(PackedValue(0, 0, 0, 0, row))) for n, row in enumerate(values))
    )
    reader = OnlineReader([served(declared)], store, now_us=lambda: 0)
    return lambda ids: reader.read({"id": ids})


def main() -> None:
    draw = np.random.default_rng(3)
    values = draw.standard_normal((ENTITIES, FEATURES)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        floor = floor_reader(Path(folder) / "floor", values)
        ours = our_reader(Path(folder) / "ours", values)
        if list(ours([7])[0].features.values()) != floor([7])[0]:
            raise SystemExit("the two read different values")
        named = tuple(view().columns)
        contenders = {
            "raw": floor,
            "named": lambda ids: [dict(zip(named, row, strict=True)) for row in floor(ids)],
            "ours": ours,
        }
        rows = []
        for count in (1, 100):
            spent: dict[str, list[float]] = {name: [] for name in contenders}
            for _ in range(ROUNDS // (1 if count == 1 else 10)):
                ids = draw.integers(0, ENTITIES, count).tolist()
                for name, read in contenders.items():
                    begun = time.perf_counter()
                    read(ids)
                    spent[name].append((time.perf_counter() - begun) * 1e6)
            raw, dicts, ours_us = (median(spent[name]) for name in contenders)
            worst = sorted(spent["ours"])[len(spent["ours"]) * 99 // 100]
            times = (f"{value:.1f}" for value in (raw, dicts, ours_us, worst))
            rows.append([count, *times, f"{ours_us / raw:.2f}", f"{ours_us / dicts:.2f}"])
        print(
            table(
                ["ids", "raw us", "raw as dicts us", "ours us", "ours p99 us", "ours / raw", "ours / raw as dicts"],
                rows,
            )
        )


if __name__ == "__main__":
    main()
