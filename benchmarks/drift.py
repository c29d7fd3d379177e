"""Drift: PSI and Kolmogorov-Smirnov of 50 number columns, 1 M rows against a reference that was profiled before.

    python benchmarks/drift.py [--rows 1000000] [--evidently]

Float64 in memory to 50 PSI and 50 D. The floor counts equal bins over the reference's range in one pass of NumPy, which
gives both only roughly, and cannot tell a common value from its neighbours. Ours is all that stage 7 does with the
columns of a window: PSI over quantile bins exactly, D to a thousandth, adjusted p-values, verdicts and words; it casts
to float32 first, as models are fed. Seconds are the best of three rounds in one thread, the contenders taking turns.
With ``--evidently`` its DataDriftPreset is timed on 100,000 rows, in an environment of its own; that needs the network
once.
"""

import argparse
import json
import subprocess
import time
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from measured import table
from serving_peers import NotInstalledError, environment
from sluiceway.declare.spec import Acceptance
from sluiceway.observe.columns import profile_of
from sluiceway.observe.drift import feature_drift
from sluiceway.observe.mistakes import Mistakes
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.stats.ks_test import ks_test

COLUMNS, BINS, PSI_BINS, ROUNDS = 50, 4096, 32, 3
AIMED_ROWS, AIM_S = 1_000_000, 0.5
PEER_ROWS = 100_000
ACCEPTANCE = Acceptance()
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


class Stage7:
    """What stage 7 does with a window: every column compared, p-values adjusted, verdicts and words."""

    def __init__(self, then: pl.DataFrame) -> None:
        profiles = {name: profile_of(then[name]) for name in then.columns}
        rows = Rows(np.empty(0, dtype=np.int64), then, np.empty(0), np.empty(0))
        limits = dict.fromkeys(profiles, ACCEPTANCE.max_psi)
        mistakes = Mistakes(rows.at, np.empty((0, 4)))
        began = datetime(2026, 1, 1, tzinfo=UTC)
        self.reference = Reference(
            "", began, began, rows, profiles, profile_of(pl.Series([0.5])), limits, frozenset(), 0.5, mistakes, 0.0,
            0.0, {}, frozenset(),
        )  # fmt: skip

    def compare(self, now: pl.DataFrame) -> list[Found]:
        rows = Rows(np.empty(0, dtype=np.int64), now, np.empty(0), np.empty(0))
        return [(each.psi or 0.0, each.effect or 0.0) for each in feature_drift(rows, self.reference, ACCEPTANCE)]


class Floor:
    """The floor for every column in turn."""

    def __init__(self, then: pl.DataFrame) -> None:
        self.columns = {name: Binned(then[name].to_numpy()) for name in then.columns}

    def compare(self, now: pl.DataFrame) -> list[Found]:
        return [binned.compare(now[name].to_numpy()) for name, binned in self.columns.items()]


def drawn(rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The reference, and a window in which every fifth column stayed and the others moved by up to 0.4 deviations."""
    rng = np.random.default_rng(5)
    then = {f"c{number}": rng.standard_normal(rows) for number in range(COLUMNS)}
    now = {name: values + 0.1 * (number % 5) for number, (name, values) in enumerate(then.items())}
    return pl.DataFrame(then), pl.DataFrame(now)


def timed(contender: Floor | Stage7, now: pl.DataFrame) -> tuple[float, float, list[Found]]:
    """CPU seconds, wall seconds, and what was found."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = contender.compare(now)
    return time.process_time() - cpu, time.perf_counter() - wall, found


def require_right(found: list[Found], then: pl.DataFrame, now: pl.DataFrame) -> None:
    """Refuse to time what is wrong: D beside the exact one, PSI beside what such a shift of a normal gives."""
    for place in (0, 4):
        psi, distance = found[place]
        exact = ks_test(then[f"c{place}"].to_numpy(), now[f"c{place}"].to_numpy()).statistic
        shift = 0.1 * (place % 5)
        if not (exact - 0.001 <= distance <= exact + 1e-9 and abs(psi - shift**2) < 0.02 * max(shift, 0.05)):
            raise SystemExit(f"column {place}: PSI {psi}, D {distance}, exact D {exact}")


def evidently() -> dict[str, float] | str:
    """CPU seconds of the peer by method, or why there are none."""
    try:
        python = str(environment("evidently") / "bin" / "python")
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
    then, now = drawn(given.rows)
    contenders: dict[str, Floor | Stage7] = {"equal bins in NumPy": Floor(then), "stage 7": Stage7(then)}
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, contender in contenders.items():
            cpu, wall, found = timed(contender, now)
            rounds[name].append((cpu, wall))
    require_right(found, then, now)
    least = {name: [min(each) for each in zip(*measured, strict=True)] for name, measured in rounds.items()}
    base = least["equal bins in NumPy"][0]
    rows = [(name, f"{cpu:.3f}", f"{cpu / base:.2f}", f"{wall:.3f}") for name, (cpu, wall) in least.items()]
    print(table((f"{COLUMNS} columns, {given.rows:,} rows", "CPU s", "ratio", "wall s"), rows))
    if given.rows == AIMED_ROWS:
        wall = least["stage 7"][1]
        aim = ("PSI and KS of every column, wall s at most", AIM_S, f"{wall:.3f}", "yes" if wall <= AIM_S else "**no**")
        print("\n" + table(("aim", "limit", "measured", "reached"), [aim]))
    if given.evidently:
        peer = evidently()
        said = peer if isinstance(peer, str) else ", ".join(f"{name} {value:.1f} CPU s" for name, value in peer.items())
        print(f"\nEvidently, {PEER_ROWS:,} rows: {said}")


if __name__ == "__main__":
    main()
