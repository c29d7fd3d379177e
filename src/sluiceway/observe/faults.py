"""Faults: what goes wrong in production, planted on purpose into a copy of good rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from sluiceway.artifacts.health_report import (
    CONTROL,
    COST,
    COVERAGE,
    DATA_DRIFT,
    ERRORS,
    FAILING,
    INVERTED,
    LATENCY,
    LOSS,
    PERFORMANCE,
    PREDICTION_DRIFT,
    PREDICTIONS,
    RENAMING,
    SHIFT,
    SLOW,
    UNIT,
    WRONG,
)
from sluiceway.declare.spec import ServiceLevel, Spec
from sluiceway.observe.alerts import COST_PER_ROW, F1, FAILURES, P99
from sluiceway.observe.columns import compare
from sluiceway.observe.drift import PROBABILITY
from sluiceway.observe.fault import MARGIN, SHARES, Fault, keep
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.observe.traffic import Requests
from sluiceway.observe.view_faults import view_faults
from sluiceway.stats.reference_profile import NumberProfile

STANDARD_DEVIATIONS, KILOMETRES, TURNED = 1.8, 1.609344, 0.2
FAILING_SHARE, SLOW_SHARE = 0.02, 0.05
SURE = 1e-6
UNAVAILABLE = 503
# What moves with a column, and with the predictions.
PREDICTED, SCORED = frozenset({PREDICTION_DRIFT}), frozenset({PERFORMANCE, COST})

Change = Callable[[pl.Series, np.random.Generator], pl.Series]
# What a fault is called, the column it would be planted into, and how.
Candidate = tuple[str, str, Change]


def faults(reference: Reference, spec: Spec) -> list[Fault]:
    """Choose what to plant: the silent control, then faults of the data, the outcomes, the service and the views.

    Columns are chosen by rule, none of them seasonal: the strongest number is shifted, the next loses values, the one
    that lies farthest from zero changes its unit, inputs before others, and the strongest text gets new values; each
    time the first whose PSI, with the fault planted into the reference itself, clears the limit.
    """
    usable = [name for name in reference.profiles if name not in reference.seasonal and _varies(reference, name)]
    strongest = sorted(usable, key=lambda name: (-reference.strength.get(name, 0.0), name))
    numbers = [name for name in strongest if isinstance(reference.profiles[name], NumberProfile)]
    texts = [name for name in strongest if reference.rows.features.schema[name] == pl.String]
    losing = [(share, name) for some in (numbers[1:], numbers[:1], texts) for share in SHARES for name in some]
    candidates: dict[str, list[Candidate]] = {
        SHIFT: [(f"shifted by {STANDARD_DEVIATIONS} standard deviations", name, _shift) for name in numbers],
        LOSS: [(f"{share:.0%} of its values lost", name, _lose(share)) for share, name in losing],
        UNIT: [(f"in another unit, times {KILOMETRES:.4g}", name, _convert) for name in _unit(numbers, reference)],
        RENAMING: [(f"{share:.0%} of its values renamed", name, _rename(share)) for share in SHARES for name in texts],
    }
    found = [Fault("control: nothing", "", "", keep, CONTROL)]
    limit = spec.acceptance.max_psi
    found += [_of_a_column(fault, planned, reference, limit=limit) for fault, planned in candidates.items()]
    found += [_of_predictions(), *_of_outcomes(reference.threshold), *_of_service(spec.sla)]
    return [*found, *view_faults(reference, spec.acceptance, follows=PREDICTED | SCORED)]


def _of_a_column(fault: str, candidates: Sequence[Candidate], reference: Reference, *, limit: float) -> Fault:
    """Plant into the first column that shows it."""
    for name, column, change in candidates:
        if _shows(change, column, reference, limit=limit):
            emptied = {f"{COVERAGE}: {view.name}" for view in reference.views if column in view.columns}
            follows = PREDICTED | SCORED | (emptied if fault == LOSS else set())
            return _of_column(name, column, change, fault, follows=follows)
    why = f"in none of {len({column for _, column, _ in candidates})} columns would its PSI clear {limit:g}"
    return Fault(fault, "", DATA_DRIFT, keep, fault, why if candidates else "the model has no column for it")


def _shows(change: Change, column: str, reference: Reference, *, limit: float) -> bool:
    """Whether the fault's PSI on the reference clears the limit; under 200 rows nothing is sure, and it is tried."""
    changed = change(reference.rows.features[column], np.random.default_rng(0))
    found = compare(reference.profiles[column], changed).stability
    return not found.is_conclusive or found.index > MARGIN * limit + found.noise_floor


def _of_column(name: str, column: str, change: Change, fault: str, *, follows: frozenset[str]) -> Fault:
    def plant(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        changed = change(rows.features[column], rng)
        return replace(rows, features=rows.features.with_columns(changed.alias(column))), requests

    return Fault(name, column, f"{DATA_DRIFT}: {column}", plant, fault, follows=follows)


def _of_predictions() -> Fault:
    def shift(rows: Rows, requests: Requests, _: np.random.Generator) -> tuple[Rows, Requests]:
        held = np.clip(rows.probability, SURE, 1 - SURE)
        odds = np.log(held / (1 - held))
        return replace(rows, probability=1 / (1 + np.exp(-odds - STANDARD_DEVIATIONS * np.nanstd(odds)))), requests

    name = f"predictions shifted by {STANDARD_DEVIATIONS} standard deviations of their log odds"
    return Fault(name, "", f"{PREDICTION_DRIFT}: {PROBABILITY}", shift, PREDICTIONS, follows=SCORED)


def _of_outcomes(threshold: float) -> list[Fault]:
    """A world that turns against the model, and a label that turned round."""

    def turn(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        was_right = (rows.probability >= threshold) == (rows.outcome > 0)
        chosen = was_right & (rng.random(len(rows)) < TURNED)
        return replace(rows, outcome=np.where(chosen, 1 - rows.outcome, rows.outcome)), requests

    def invert(rows: Rows, requests: Requests, _: np.random.Generator) -> tuple[Rows, Requests]:
        return replace(rows, outcome=1 - rows.outcome), requests

    return [
        Fault(
            f"{TURNED:.0%} of the right answers turned wrong", "", f"{PERFORMANCE}: {F1}", turn, WRONG, follows=SCORED
        ),
        Fault("outcomes told the wrong way round", "", f"{COST}: {COST_PER_ROW}", invert, INVERTED, follows=SCORED),
    ]


def _of_service(sla: ServiceLevel) -> list[Fault]:
    failing = min(max(FAILING_SHARE, 20 * (1 - sla.success_rate)), 1.0)

    def fail(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        chosen = rng.random(len(requests)) < failing
        return rows, replace(requests, status=np.where(chosen, UNAVAILABLE, requests.status))

    def delay(rows: Rows, requests: Requests, rng: np.random.Generator) -> tuple[Rows, Requests]:
        slow = np.int64(2000 * sla.latency_p99_ms)
        chosen = rng.random(len(requests)) < SLOW_SHARE
        return rows, replace(requests, latency_us=np.where(chosen, slow, requests.latency_us))

    return [
        Fault(f"{failing:.0%} of the requests failed", "", f"{ERRORS}: {FAILURES}", fail, FAILING),
        Fault(f"{SLOW_SHARE:.0%} of the requests twice as slow as promised", "", f"{LATENCY}: {P99}", delay, SLOW),
    ]


def _shift(values: pl.Series, _: np.random.Generator) -> pl.Series:
    present = values.filter(values.is_finite()).to_numpy()
    return values + STANDARD_DEVIATIONS * float(present.std())


def _lose(share: float) -> Change:
    """Lose so many of the present values; which are missing already changes nothing."""

    def lose(values: pl.Series, rng: np.random.Generator) -> pl.Series:
        nothing: str | float = "" if values.dtype == pl.String else float("nan")
        return _replaced(values, pl.lit(nothing, dtype=values.dtype), share, rng)

    return lose


def _convert(values: pl.Series, _: np.random.Generator) -> pl.Series:
    return values * KILOMETRES


def _rename(share: float) -> Change:
    def rename(values: pl.Series, rng: np.random.Generator) -> pl.Series:
        named = pl.when(pl.col("was") == "").then(pl.lit("")).otherwise(pl.col("was") + " (new)")
        return _replaced(values, named, share, rng)

    return rename


def _replaced(values: pl.Series, by: pl.Expr, share: float, rng: np.random.Generator) -> pl.Series:
    """Replace a share of the values, drawn at random."""
    chosen = pl.Series(rng.random(len(values)) < share)
    both = pl.DataFrame({"was": values, "chosen": chosen})
    return both.select(pl.when("chosen").then(by).otherwise("was").alias(values.name)).to_series()


def _unit(numbers: list[str], reference: Reference) -> list[str]:
    """Order the numbers above zero: inputs first, then by how far their middle lies from it, in their spread."""
    above = {name: _decile(reference, name) for name in numbers if _lowest(reference, name) > 0}
    far = {name: middle / (high - low) for name, (low, middle, high) in above.items()}
    return sorted(far, key=lambda name: (name not in reference.inputs, -far[name], name))


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
