"""Column measures: by how much a column differs from a reference, and whether chance explains it."""

from dataclasses import replace
from math import isfinite, nan

import numpy as np
import polars as pl

from sluiceway.artifacts.validation_report import (
    CHI_SQUARE,
    JENSEN_SHANNON,
    KS,
    MEAN,
    NULLS,
    PASSED_OVER,
    DriftCheck,
)
from sluiceway.stats.chi_square import chi_square_test
from sluiceway.stats.jensen_shannon import jensen_shannon_distance
from sluiceway.stats.ks_test import ks_test
from sluiceway.stats.mean_shift import mean_shift
from sluiceway.stats.population_stability import QuantileBins
from sluiceway.stats.quantile_shift import quantile_shift
from sluiceway.stats.share_test import share_test
from sluiceway.validate.pair import Pair, too_few
from sluiceway.validate.sample import Sample

MOST_CATEGORIES = 1000


def measured(blank: DriftCheck, pair: Pair, *, is_number: bool) -> DriftCheck:
    """Measure what a check asks for, of a pair with enough rows; where values are too few, its note says so."""
    if blank.test == NULLS:
        return _missing(blank, pair, is_number=is_number)
    if blank.test == JENSEN_SHANNON:
        return _distance(blank, pair, is_number=is_number)
    if blank.test == CHI_SQUARE:
        return _categories(blank, pair.counts(blank.column))
    now, then = pair.samples(blank.column)
    lacking = too_few(now.finite.size, then.finite.size, is_new=blank.is_new)
    if blank.test == KS:
        return _values(blank, now, then) if not lacking else _presence(blank, now, then)
    if lacking:
        return replace(blank, note=f"{lacking} (values that are there)")
    return _mean(blank, now, then) if blank.test == MEAN else _quantile(blank, now, then)


def _values(blank: DriftCheck, now: Sample, then: Sample) -> DriftCheck:
    tested = ks_test(then.values, now.values)
    edges = np.asarray(QuantileBins.of(then.values).edges)
    js = jensen_shannon_distance(then.binned(edges), now.binned(edges))
    return _filled(blank, tested.statistic, tested.p_value, js=js, resolution=tested.resolution)


def _presence(blank: DriftCheck, now: Sample, then: Sample) -> DriftCheck:
    note = "too few values: compared by whether there is one"
    rows = {"then": [then.values.size, then.missing], "now": [now.values.size, now.missing]}
    return _categories(replace(blank, test=CHI_SQUARE, note=note), pl.DataFrame({"value": ["there", None], **rows}))


def _categories(blank: DriftCheck, counts: pl.DataFrame) -> DriftCheck:
    if counts.height > MOST_CATEGORIES:
        note = f"{counts.height:,} categories, more than {MOST_CATEGORIES:,}: not compared"
        return replace(blank, test=PASSED_OVER, note=note)
    before, after = counts["then"].to_numpy(), counts["now"].to_numpy()
    tested = chi_square_test(before, after)
    note = "; ".join(filter(None, [blank.note, f"{tested.pooled} rare categories pooled" if tested.pooled else ""]))
    js = jensen_shannon_distance(before, after)
    return _filled(replace(blank, note=note), tested.cramers_v, tested.p_value, js=js, resolution=tested.resolution)


def _mean(blank: DriftCheck, now: Sample, then: Sample) -> DriftCheck:
    moved = mean_shift(then.finite, now.finite)
    found = _filled(blank, moved.shift, moved.p_value, then=moved.then, now=moved.now, resolution=moved.resolution)
    return found if found.effect is not None else replace(found, note="the mean has no finite value")


def _quantile(blank: DriftCheck, now: Sample, then: Sample) -> DriftCheck:
    moved, unit = quantile_shift(then.finite, now.finite, blank.at or 0.5), mean_shift(then.finite, now.finite).unit
    distance = abs(moved.now - moved.then)
    effect = distance / unit if unit > 0 else (0.0 if not distance else np.nan)
    return _filled(blank, effect, moved.p_value, then=moved.then, now=moved.now)


def _missing(blank: DriftCheck, pair: Pair, *, is_number: bool) -> DriftCheck:
    now, then = pair.missing(blank.column, is_number=is_number)
    p_value = share_test(then, blank.reference_rows, now, blank.rows)
    share, before = now / blank.rows, then / blank.reference_rows
    return _filled(blank, abs(share - before), p_value, then=before, now=share)


def _distance(blank: DriftCheck, pair: Pair, *, is_number: bool) -> DriftCheck:
    if is_number:
        now, then = pair.samples(blank.column)
        edges = np.asarray(QuantileBins.of(then.values).edges)
        before, after = then.binned(edges), now.binned(edges)
    else:
        counts = pair.counts(blank.column)
        if counts.height > MOST_CATEGORIES:
            return replace(blank, note=f"{counts.height:,} categories, more than {MOST_CATEGORIES:,}: not compared")
        before, after = counts["then"].to_numpy(), counts["now"].to_numpy()
    js = jensen_shannon_distance(before, after)
    return _filled(blank, js, chi_square_test(before, after).p_value, js=js)


def _filled(
    blank: DriftCheck,
    effect: float,
    p_value: float,
    *,
    then: float = nan,
    now: float = nan,
    js: float = nan,
    resolution: float = nan,
) -> DriftCheck:
    """Write measures down, those that are no finite number as ``None``."""
    known = isfinite(p_value) and isfinite(effect)
    return replace(
        blank,
        effect=effect if known else None,
        p_value=p_value if known else None,
        then=_finite(then),
        now=_finite(now),
        js=_finite(js),
        resolution=_finite(resolution),
    )


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
