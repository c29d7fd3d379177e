"""Columns: a number or a text, profiled once from the reference, and compared in each window."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.pages.number_text import percent
from sluiceway.stats.reference_profile import CategoryProfile, Comparison, NumberProfile, Spread

Profile = NumberProfile | CategoryProfile
NAMED = 3
WORTH_SAYING = 0.005
LARGE = 1000


def profile_of(values: pl.Series, *, is_name: bool = False) -> Profile:
    """Take a column's past; a number that only names something, such as a customer, is compared as texts are."""
    if is_name or values.dtype == pl.String:
        return CategoryProfile.of(_rows(values))
    return NumberProfile.of(values.to_numpy())


def compare(profile: Profile, values: pl.Series) -> Comparison:
    """Compare a column's present with its past."""
    if isinstance(profile, CategoryProfile):
        return profile.compare(_rows(values))
    return profile.compare(values.to_numpy())


def places(profile: Profile, values: pl.Series) -> NDArray[np.int64]:
    """Tell each row's bin."""
    if isinstance(profile, NumberProfile):
        return profile.places(values.to_numpy())
    named = _names(values)
    distinct = named.unique()
    found = pl.Series(profile.places(distinct.to_list()))
    return named.replace_strict(distinct, found, return_dtype=pl.Int64).to_numpy()


def in_words(profile: Profile, compared: Comparison) -> tuple[str, str]:
    """Say how a column was and how it is: the middle and the spread of a number, the categories that moved most."""
    if isinstance(profile, CategoryProfile):
        return _shares(profile, profile.counts, compared), _shares(profile, compared.counts, compared)
    return spread(profile.spread, profile.missing), spread(compared.spread, compared.missing)


def spread(quantiles: Spread, missing: float) -> str:
    """Write the median and where the middle 80 % lie, and how many are missing."""
    if not quantiles:
        return "no values"
    low, middle, high = map(_figure, quantiles)
    lacking = f", {percent(missing)} missing" if missing >= WORTH_SAYING else ""
    return f"median {middle} (80 % from {low} to {high}){lacking}"


def _figure(value: float) -> str:
    """Three digits are enough to see what moved."""
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.3g}"


def _rows(values: pl.Series) -> dict[str | None, int]:
    return dict(_names(values).value_counts().iter_rows())


def _names(values: pl.Series) -> pl.Series:
    """Texts as they are; numbers as texts, each that is whole without a point, whatever stands beside it."""
    if values.dtype == pl.String:
        return values
    present = values.fill_nan(None).alias("number")
    whole = present.cast(pl.Int64, strict=False).alias("whole")
    is_whole = pl.col("whole").cast(present.dtype) == pl.col("number")
    named = pl.when(is_whole).then(pl.col("whole").cast(pl.String)).otherwise(pl.col("number").cast(pl.String))
    return pl.DataFrame([present, whole]).select(named.alias(values.name)).to_series()


def _shares(profile: CategoryProfile, counts: NDArray[np.int64], compared: Comparison) -> str:
    then, now = (side / max(side.sum(), 1) for side in (profile.counts, compared.counts))
    most = np.argsort(-np.abs(now - then), kind="stable")[:NAMED]
    return ", ".join(f"{profile.names[place]} {percent(float(counts[place] / max(counts.sum(), 1)))}" for place in most)
