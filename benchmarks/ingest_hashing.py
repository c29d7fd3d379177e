"""How fast ingest hashes files, and hashes and stores them, next to SHA-256 alone on all cores.

``python benchmarks/ingest_hashing.py 512`` takes the size in MiB. Files are made in a temporary folder and removed. The
floor is SHA-256 of bytes in memory, a thread for each core. What is stored is also written, which costs half as much as
SHA-256 where the processor has instructions for it: its own floor reads, hashes and writes in one pass. Each figure is
the best of three rounds that measure all in turn, so that what else the machine does slows all alike; per CPU second it
is slowed least. The target is 80 % of each floor.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from measured import table
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.hashing import hash_all
from sluiceway.ingest.storing import store_files
from sluiceway.ports.progress import Silence

MIB = 1024 * 1024
ROUNDS = 3
CORES = os.cpu_count() or 1


@dataclass
class Best:
    """The least time so far."""

    wall_s: float = field(default=float("inf"))
    cpu_s: float = field(default=float("inf"))

    def time(self, work: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self.wall_s = min(self.wall_s, time.perf_counter() - wall)
        self.cpu_s = min(self.cpu_s, time.process_time() - cpu)


def hash_memory(block: bytes, total_mib: int) -> None:
    """The floor that nothing which hashes can beat."""

    def one(blocks: int) -> str:
        digest = hashlib.sha256()
        for _ in range(blocks):
            digest.update(block)
        return digest.hexdigest()

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(one, [total_mib * MIB // CORES // len(block)] * CORES))


def copy_once(folder: Path, keys: list[str], target: Path) -> None:
    """The floor of hashing and storing: one pass, one buffer, nothing checked, nothing renamed."""
    target.mkdir()

    def one(key: str) -> str:
        digest, buffer = hashlib.sha256(), memoryview(bytearray(MIB // 4))
        with (
            (folder / key).open("rb", buffering=0) as source,
            (target / Path(key).name).open("wb", buffering=0) as sink,
        ):
            while size := source.readinto(buffer):
                digest.update(buffer[:size])
                sink.write(buffer[:size])
        return digest.hexdigest()

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(one, keys))


def make_files(folder: Path, sizes_mib: list[int]) -> None:
    block = os.urandom(MIB)
    folder.mkdir(parents=True)
    for number, size in enumerate(sizes_mib):
        with (folder / f"{number}.csv").open("wb") as file:
            for place in range(size):
                file.write(place.to_bytes(8, "little") + number.to_bytes(8, "little") + block[16:])


def store_anew(project: Project, store: ObstoreObjects, target: Path) -> None:
    store_files(project, files=store, objects=ObstoreObjects.local(target), progress=Silence())


def measure(label: str, sizes_mib: list[int], folder: Path) -> list[list[str]]:
    total, target = sum(sizes_mib), folder / "objects"
    make_files(folder / "data", sizes_mib)
    store, block = ObstoreObjects.local(folder), os.urandom(MIB)
    project = Project(None, {"big": Source("big", files("data/*.csv"))}, "", "")  # type: ignore[arg-type]
    keys = [info.key for info in store.list("data")]
    floor, hashing, copying, storing = Best(), Best(), Best(), Best()
    for _ in range(ROUNDS):
        floor.time(lambda: hash_memory(block, total))
        hashing.time(lambda: hash_all(keys, store=store))
        copying.time(lambda: copy_once(folder, keys, target))
        shutil.rmtree(target)
        storing.time(lambda: store_anew(project, store, target))
        shutil.rmtree(target)
    shutil.rmtree(folder)
    found = {f"SHA-256 alone, {CORES} cores": floor, f"hash {label}": hashing, f"hash and store {label}": storing}
    rows = [row(what, best, floor, total) for what, best in found.items()]
    against = "of reading, hashing and writing in one pass"
    return [*rows, row(f"{against}: {label}", storing, copying, total)]


def row(what: str, best: Best, floor: Best, total_mib: int) -> list[str]:
    return [
        what,
        f"{total_mib / best.wall_s:,.0f}",
        f"{floor.wall_s / best.wall_s:.0%}",
        f"{total_mib / best.cpu_s:,.0f}",
        f"{floor.cpu_s / best.cpu_s:.0%}",
    ]


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    place = Path(tempfile.mkdtemp(prefix="sluiceway-bench-"))
    try:
        rows = measure("files of 16 MiB", [16] * (total // 16), place / "small")
        rows += measure(f"two files of {total // 2} MiB", [total // 2] * 2, place / "large")
    finally:
        shutil.rmtree(place)
    print(table(["work", "MiB/s", "of SHA-256", "MiB per CPU s", "of SHA-256"], rows))


if __name__ == "__main__":
    main()
