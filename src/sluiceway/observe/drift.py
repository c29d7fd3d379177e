"""Drift: each column of a window, and the predictions, beside the reference."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

import polars as pl

from sluiceway.artifacts.health_report import DRIFT, INCONCLUSIVE, MOVED, NEGLIGIBLE, SEASONAL, STABLE, FeatureDrift
from sluiceway.declare.spec import Acceptance
from sluiceway.observe.columns import Profile, compare, in_words
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows
from sluiceway.stats.multiple_testing import benjamini_hochberg
from sluiceway.stats.reference_profile import Comparison

PROBABILITY = "probability"


def feature_drift(rows: Rows, reference: Reference, acceptance: Acceptance) -> tuple[FeatureDrift, ...]:
    """Compare every column of the model; p-values are adjusted over all of them."""
    found = [
        _compared(profile, rows.features[name], limit=reference.limits[name])
        for name, profile in reference.profiles.items()
    ]
    adjusted = _adjusted([each for each, _ in found])
    return tuple(
        replace(each, verdict=_verdict(each, compared, acceptance))
        for each, (_, compared) in zip(adjusted, found, strict=True)
    )


def prediction_drift(rows: Rows, reference: Reference, acceptance: Acceptance) -> FeatureDrift:
    """Compare the predicted probabilities."""
    now = pl.Series(PROBABILITY, rows.probability)
    found, compared = _compared(reference.probability, now, limit=acceptance.max_psi)
    return replace(found, verdict=_verdict(found, compared, acceptance))


def _compared(profile: Profile, now: pl.Series, *, limit: float) -> tuple[FeatureDrift, Comparison]:
    compared = compare(profile, now)
    total = profile.counts.sum()
    was, is_now = in_words(profile, compared)
    p_value = _known(compared.p_value)
    drift = FeatureDrift(
        column=now.name,
        psi=_known(compared.stability.index),
        noise_floor=_known(compared.stability.noise_floor),
        limit=limit,
        test=compared.test,
        effect=_known(compared.effect),
        p_adjusted=p_value,
        p_value=p_value,
        js=_known(compared.js),
        missing=_known(compared.missing) or 0.0,
        reference_missing=float(profile.counts[-1] / total) if total else 0.0,
        verdict=INCONCLUSIVE,
        then=was,
        now=is_now,
    )
    return drift, compared


def _adjusted(found: Sequence[FeatureDrift]) -> list[FeatureDrift]:
    values = benjamini_hochberg([each.p_adjusted for each in found])
    return [replace(each, p_adjusted=value) for each, value in zip(found, values, strict=True)]


def _verdict(drift: FeatureDrift, compared: Comparison, acceptance: Acceptance) -> str:
    """PSI decides what is told; the tests say whether what stays below its limit is more than chance."""
    stability = compared.stability
    if not stability.is_conclusive:
        return INCONCLUSIVE
    if stability.exceeds(drift.limit):
        return DRIFT
    if acceptance.strict_drift and compared.p_value < acceptance.drift_p_value:
        return DRIFT
    if stability.exceeds(acceptance.max_psi):
        return SEASONAL
    if drift.p_adjusted is None or drift.p_adjusted >= acceptance.drift_p_value:
        return STABLE
    return MOVED if (drift.effect or 0.0) >= acceptance.drift_practical_floor else NEGLIGIBLE


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None
