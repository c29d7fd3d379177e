"""Layer B: each column's distribution against earlier versions'."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sluiceway.artifacts.table_ref import NUMBERS, NUMERIC
from sluiceway.artifacts.validation_report import CHI_SQUARE, KS, MEAN, NULLS, PASSED_OVER, DriftCheck
from sluiceway.stats.multiple_testing import benjamini_hochberg
from sluiceway.validate.column_measures import measured
from sluiceway.validate.comparisons import Comparison, comparisons
from sluiceway.validate.pair import Pair, too_few
from sluiceway.validate.side import Side
from sluiceway.validate.source_table import SourceTable


def compare_columns(current: SourceTable, pools: Mapping[str, Side]) -> list[DriftCheck]:
    """Compare the columns of a source with the references; p-values are not adjusted yet.

    Args:
        current: The source's rows now.
        pools: The references by the names that comparisons have for them; those without a version are left out.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    found = []
    for comparison in comparisons(current.source, current.kinds):
        against, rows = comparison.against, comparison.rows
        if (against, rows) not in pairs and against in pools:
            pairs[against, rows] = Pair.of(current, pools[against], rows)
        pair = pairs.get((against, rows))
        if pair is not None or comparison.is_declared:
            found.append(_compare(current, comparison, pair))
    return [check for check in found if check is not None]


def adjusted(checks: Sequence[DriftCheck]) -> tuple[DriftCheck, ...]:
    """Adjust the p-values over all checks of all sources."""
    values = benjamini_hochberg([check.p_value for check in checks])
    return tuple(replace(check, p_adjusted=value) for check, value in zip(checks, values, strict=True))


def comparable(kind: str, then: str) -> bool:
    """Tell whether two kinds of one column can be set side by side: texts, times and lists only with their like."""
    return all((kind == apart) == (then == apart) for apart in ("text", "time", NUMBERS))


def _compare(current: SourceTable, comparison: Comparison, pair: Pair | None) -> DriftCheck | None:
    blank = DriftCheck(
        current.source.name,
        comparison.column,
        comparison.test,
        effect=None,
        p_value=None,
        p_adjusted=None,
        reference_rows=0,
        rows=current.height,
        limit=comparison.limit,
        at=comparison.at,
        against=comparison.against,
        on_failure=comparison.on_failure,
    )
    if pair is None:
        return replace(blank, note="there is no earlier version to compare with")
    if comparison.column not in current.kinds:
        return replace(blank, reference_rows=pair.then.height, note=f"there is no column {comparison.column!r}")
    return _of_pair(blank, comparison, pair, current.kinds[comparison.column])


def _of_pair(blank: DriftCheck, comparison: Comparison, pair: Pair, kind: str) -> DriftCheck | None:
    name, kinds = blank.column, pair.then.kinds
    height = pair.then.height if name in kinds else 0
    blank = replace(blank, reference_rows=height, rows=pair.now.height, is_new=pair.now.is_new)
    if blank.test == PASSED_OVER:
        return replace(blank, note="it is declared that it may drift")
    if not height:
        return replace(blank, note="the reference has no rows of this column")
    if not comparable(kind, kinds[name]):
        return replace(blank, note=f"it was {kinds[name]} and is {kind} now") if _speaks(comparison) else None
    if pair.is_same:
        note = "the table is the reference's own"
        return replace(blank, effect=0.0, p_value=1.0, js=0.0, note=note) if _speaks(comparison) else None
    if not pair.now.height and pair.now.is_new:
        return replace(blank, effect=0.0, p_value=1.0, note="no row is new")
    lacking = too_few(blank.rows, height, is_new=blank.is_new)
    if lacking:
        return replace(blank, note=lacking) if _speaks(comparison) else None
    check = measured(blank, pair, is_number=kind in NUMERIC)
    if comparison.is_declared and check.test == PASSED_OVER:
        return replace(check, test=blank.test)  # what was asked for and not measured is no evidence
    return check if comparison.is_declared or _is_found(check) else None


def _speaks(comparison: Comparison) -> bool:
    """Whether to say that nothing could be measured: once a column, by its distribution, unless more was declared."""
    return comparison.is_declared or comparison.test in {KS, CHI_SQUARE}


def _is_found(check: DriftCheck) -> bool:
    """Whether a default band has something to say: of values that are there, or of missing ones on either side."""
    if check.test == NULLS:
        return bool(check.then or check.now)
    return check.test != MEAN or check.effect is not None
