"""Drift: PSI and Kolmogorov-Smirnov of 50 number columns, 1 M rows against a reference that was profiled before.

    python benchmarks/drift.py [--rows 1000000] [--evidently]

Float64 in memory to 50 PSI and 50 D. The floor counts equal bins over the reference's range in one pass of NumPy, which
gives both only roughly, and cannot tell a common value from its neighbours. Ours takes PSI over quantile bins exactly,
and D to a thousandth, and casts to float32 first, as models are fed. CPU seconds are the best of three rounds, the
contenders taking turns in one thread; wall seconds are with two. The aim is 0.5 s. With ``--evidently`` its
DataDriftPreset is timed on 100,000 rows, in an environment of its own; that needs the network once.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from measured import table
from serving_peers import ENVIRONMENTS, NotInstalledError, uv
from sluiceway.stats.ks_test import ks_test
from sluiceway.stats.reference_profile import NumberProfile

COLUMNS, BINS, PSI_BINS, ROUNDS, THREADS = 50, 4096, 32, 3, 2
PEER, PEER_ROWS = ("evidently==0.7.23", "pandas<3"), 100_000
Values = NDArray[np.float64]
Found = tuple[float, float]

PEER_SCRIPT = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
rows, columns = map(int, sys.argv[1:])
rng = np.random.default_rng(5)
names = [f"c{number}" for number in range(columns)]
frames = [pd.DataFrame({name: rng.standard_normal(rows) + shift for name in names}) for shift in (0.0, 0.1)]
spent = {}
for method in ("psi", "ks"):
    kinds = DataDefinition(numerical_columns=names)
    then, now = (Dataset.from_pandas(frame, data_definition=kinds) for frame in frames)
    began = time.process_time()
    Report([DataDriftPreset(num_method=method)]).run(now, then)
    spent[method] = time.process_time() - began
print(json.dumps(spent))
"""


class Binned:
    """The floor: counts in bins of equal width, wherever the values lie."""

    def __init__(self, values: Values) -> None:
        self.low, self.high = np.quantile(values, [0.0001, 0.9999])
        self.counts = self.count(values)

    def count(self, values: Values) -> NDArray[np.int64]:
        place = ((values - self.low) * (BINS / (self.high - self.low))).astype(np.int32)
        np.clip(place, 0, BINS - 1, out=place)
        return np.bincount(place, minlength=BINS)

    def compare(self, values: Values) -> Found:
        counts = self.count(values)
        then, now = self.counts / self.counts.sum(), counts / counts.sum()
        distance = float(np.abs(then.cumsum() - now.cumsum()).max())
        few, many = (np.maximum(side.reshape(PSI_BINS, -1).sum(axis=1), 1e-9) for side in (then, now))
        return float(((many - few) * np.log(many / few)).sum()), distance


def ours(profile: NumberProfile, values: Values) -> Found:
    found = profile.compare(values)
    return found.stability.index, found.effect


def floor(profile: Binned, values: Values) -> Found:
    return profile.compare(values)


def drawn(rows: int, shift: float) -> list[Values]:
    rng = np.random.default_rng(5)
    return [rng.standard_normal(rows) + shift * (number % 5) for number in range(COLUMNS)]


def cpu_seconds(
    work: Callable[..., Found], profiles: Sequence[object], columns: list[Values]
) -> tuple[float, list[Found]]:
    began = time.process_time()
    found = [work(profile, values) for profile, values in zip(profiles, columns, strict=True)]
    return time.process_time() - began, found


def wall_seconds(work: Callable[..., Found], profiles: Sequence[object], columns: list[Values]) -> float:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, profiles[:THREADS], columns[:THREADS]))
        began = time.perf_counter()
        list(pool.map(work, profiles, columns))
        return time.perf_counter() - began


def require_right(found: list[Found], then: list[Values], now: list[Values]) -> None:
    """Refuse to time what is wrong: D beside the exact one, PSI beside what such a shift of a normal gives."""
    for place in (0, 4):
        psi, distance = found[place]
        exact = ks_test(then[place], now[place]).statistic
        shift = 0.1 * (place % 5)
        if not (exact - 0.001 <= distance <= exact + 1e-9 and abs(psi - shift**2) < 0.02 * max(shift, 0.05)):
            raise SystemExit(f"column {place}: PSI {psi}, D {distance}, exact D {exact}")


def evidently() -> dict[str, float] | str:
    """CPU seconds of the peer by method, or why there are none."""
    folder = ENVIRONMENTS / "evidently"
    python = str(folder / "bin" / "python")
    try:
        if not (folder / "bin" / "python").is_file():
            uv("venv", "--python", sys.executable, str(folder))
        uv("pip", "install", "--compile-bytecode", "--python", python, *PEER)
    except NotInstalledError as error:
        return str(error)
    command = [python, "-c", PEER_SCRIPT, str(PEER_ROWS), str(COLUMNS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    spent: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--evidently", action="store_true", help="also time Evidently, on 100,000 rows")
    given = parser.parse_args()
    then, now = (
        drawn(given.rows, 0.0),
        [values + 0.1 * (place % 5) for place, values in enumerate(drawn(given.rows, 0.0))],
    )
    contenders: dict[str, tuple[Callable[..., Found], list[object]]] = {
        "equal bins in NumPy": (floor, [Binned(values) for values in then]),
        "stage 7's profiles": (ours, [NumberProfile.of(values) for values in then]),
    }
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, (work, profiles) in contenders.items():
            seconds, found = cpu_seconds(work, profiles, now)
            spent[name].append(seconds)
    require_right(found, then, now)
    least = {name: min(rounds) for name, rounds in spent.items()}
    base = least["equal bins in NumPy"]
    rows = [
        (name, f"{least[name]:.3f}", f"{least[name] / base:.2f}", f"{wall_seconds(work, profiles, now):.3f}")
        for name, (work, profiles) in contenders.items()
    ]
    print(table((f"{COLUMNS} columns, {given.rows:,} rows", "CPU s", "ratio", f"wall s, {THREADS} threads"), rows))
    if given.evidently:
        peer = evidently()
        said = peer if isinstance(peer, str) else ", ".join(f"{name} {value:.1f} CPU s" for name, value in peer.items())
        print(f"\nEvidently, {PEER_ROWS:,} rows: {said}")


if __name__ == "__main__":
    main()
