"""Faults: what goes wrong in production, planted on purpose into a copy of good rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sluiceway.declare.spec import ServiceLevel
from sluiceway.observe.alerts import (
    COST,
    COST_PER_ROW,
    DATA_DRIFT,
    ERRORS,
    F1,
    FAILURES,
    LATENCY,
    P99,
    PERFORMANCE,
    PREDICTION_DRIFT,
)
from sluiceway.observe.drift import PROBABILITY
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.observe.traffic import Requests
from sluiceway.stats.reference_profile import NumberProfile

SHIFT, NULLS, KILOMETRES, TURNED, RENAMED = 1.8, 0.3, 1.609344, 0.2, 0.3
FAILING, SLOW = 0.02, 0.05
SURE = 1e-6
SERVER_ERROR = 503

Plant = Callable[[Rows, Requests, np.random.Generator], tuple[Rows, Requests]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to which column, and the alert that it must raise: kind and subject; the control raises none."""

    name: str
    column: str
    expected: str
    plant: Plant


def faults(reference: Reference, sla: ServiceLevel) -> list[Fault]:
    """Choose what to plant: the silent control, then faults of the data, of the outcomes and of the service.

    Columns are chosen by rule, none of them seasonal: the strongest number is shifted, the next loses values, the one
    that lies farthest from zero changes its unit, inputs before others, and the strongest text gets new values.
    """
    usable = [name for name in reference.profiles if name not in reference.seasonal and _varies(reference, name)]
    strongest = sorted(usable, key=lambda name: (-reference.strength.get(name, 0.0), name))
    numbers = [name for name in strongest if isinstance(reference.profiles[name], NumberProfile)]
    texts = [name for name in strongest if reference.rows.features.schema[name] == pl.String]
    found = [Fault("control: nothing", "", "", lambda rows, requests, _: (rows, requests))]
    found += [_of_column(f"shifted by {SHIFT} standard deviations", name, _shift) for name in numbers[:1]]
    found += [_of_column(f"{NULLS:.0%} of its values lost", name, _lose) for name in numbers[1:2] or numbers[:1]]
    found += [
        _of_column(f"in another unit, times {KILOMETRES:.4g}", name, _convert) for name in _unit(numbers, reference)
    ]
    found += [_of_column(f"{RENAMED:.0%} of its values renamed", name, _rename) for name in texts[:1]]
    return [*found, _of_predictions(), *_of_outcomes(reference.threshold), *_of_service(sla)]


def _of_column(name: str, column: str, change: Callable[[pl.Series, np.random.Generator], pl.Series]) -> Fault:
    def plant(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        changed = change(rows.features[column], rng)
        return replace(rows, features=rows.features.with_columns(changed.alias(column))), requests

    return Fault(name, column, f"{DATA_DRIFT}: {column}", plant)


def _of_predictions() -> Fault:
    def shift(rows: Rows, requests: Requests, _: np.random.Generator) -> tuple[Rows, Requests]:
        held = np.clip(rows.probability, SURE, 1 - SURE)
        odds = np.log(held / (1 - held))
        return replace(rows, probability=1 / (1 + np.exp(-odds - SHIFT * np.nanstd(odds)))), requests

    name = f"predictions shifted by {SHIFT} standard deviations of their log odds"
    return Fault(name, "", f"{PREDICTION_DRIFT}: {PROBABILITY}", shift)


def _of_outcomes(threshold: float) -> list[Fault]:
    """A world that turns against the model, and a label that turned round."""

    def turn(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        was_right = (rows.probability >= threshold) == (rows.outcome > 0)
        chosen = was_right & (rng.random(len(rows)) < TURNED)
        return replace(rows, outcome=np.where(chosen, 1 - rows.outcome, rows.outcome)), requests

    def invert(rows: Rows, requests: Requests, _: np.random.Generator) -> tuple[Rows, Requests]:
        return replace(rows, outcome=1 - rows.outcome), requests

    return [
        Fault(f"{TURNED:.0%} of the right answers turned wrong", "", f"{PERFORMANCE}: {F1}", turn),
        Fault("outcomes told the wrong way round", "", f"{COST}: {COST_PER_ROW}", invert),
    ]


def _of_service(sla: ServiceLevel) -> list[Fault]:
    failing = min(max(FAILING, 20 * (1 - sla.success_rate)), 1.0)

    def fail(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        chosen = rng.random(len(requests)) < failing
        return rows, replace(requests, status=np.where(chosen, SERVER_ERROR, requests.status))

    def delay(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        slow = np.int64(2000 * sla.latency_p99_ms)
        chosen = rng.random(len(requests)) < SLOW
        return rows, replace(requests, latency_us=np.where(chosen, slow, requests.latency_us))

    return [
        Fault(f"{failing:.0%} of the requests failed", "", f"{ERRORS}: {FAILURES}", fail),
        Fault(f"{SLOW:.0%} of the requests twice as slow as promised", "", f"{LATENCY}: {P99}", delay),
    ]


def _shift(values: pl.Series, _: np.random.Generator) -> pl.Series:
    present = values.filter(values.is_finite()).to_numpy()
    return values + SHIFT * float(present.std())


def _lose(values: pl.Series, rng: np.random.Generator) -> pl.Series:
    return pl.Series(np.where(rng.random(len(values)) < NULLS, np.float32(np.nan), values.to_numpy()))


def _convert(values: pl.Series, _: np.random.Generator) -> pl.Series:
    return values * KILOMETRES


def _rename(values: pl.Series, rng: np.random.Generator) -> pl.Series:
    chosen = pl.Series(rng.random(len(values)) < RENAMED)
    return (
        pl.DataFrame({"was": values, "chosen": chosen})
        .select(pl.when("chosen").then(pl.col("was") + " (new)").otherwise("was"))
        .to_series()
    )


def _unit(numbers: list[str], reference: Reference) -> list[str]:
    """Of the numbers above zero, that whose middle lies farthest from it, measured in its spread."""
    above = {name: _decile(reference, name) for name in numbers if _lowest(reference, name) > 0}
    far = {name: middle / (high - low) for name, (low, middle, high) in above.items()}
    return sorted(far, key=lambda name: (name not in reference.inputs, -far[name], name))[:1]


def _lowest(reference: Reference, name: str) -> float:
    return float(np.nanmin(reference.rows.features[name].to_numpy()))


def _decile(reference: Reference, name: str) -> tuple[float, float, float]:
    low, middle, high = np.nanquantile(reference.rows.features[name].to_numpy(), [0.1, 0.5, 0.9])
    return float(low), float(middle), float(high)


def _varies(reference: Reference, name: str) -> bool:
    profile = reference.profiles[name]
    if not isinstance(profile, NumberProfile):
        return bool(profile.categories)
    if not profile.grid.size:
        return False
    low, _, high = _decile(reference, name)
    return high > low
