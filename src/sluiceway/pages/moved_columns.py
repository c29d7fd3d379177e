"""Columns beside windows: how far each moved in each, those that moved most first."""

from collections.abc import Sequence

from sluiceway.artifacts.health_report import DRIFT, INCONCLUSIVE, MOVED, SEASONAL, FeatureDrift, Window

MARKS = {DRIFT: "▲", SEASONAL: "≈", MOVED: "·"}
LEGEND = (
    "▲ drifted; ≈ seasonal, moved no further than while the model learnt; "
    "· moved for certain, but less than the limit; ? too few rows to say"
)
PREDICTIONS = "predictions"


def moved_columns(windows: Sequence[Window]) -> list[tuple[str, list[FeatureDrift | None]]]:
    """Give the predictions, then each column, with what was found in every window; ``None`` where it was not there."""
    names = dict.fromkeys(drift.column for window in windows for drift in window.drift)
    rows = {name: [_of(window, name) for window in windows] for name in names}
    ranked = sorted(rows.items(), key=lambda row: (-max(map(_psi, row[1])), row[0]))
    return [(PREDICTIONS, [window.prediction for window in windows]), *ranked]


def psi_text(drift: FeatureDrift | None) -> str:
    """Write a PSI with its mark; a question mark where too few rows were seen."""
    if drift is None or drift.psi is None or drift.verdict == INCONCLUSIVE:
        return "?"
    return f"{drift.psi:.2f} {MARKS.get(drift.verdict, '')}".rstrip()


def _of(window: Window, column: str) -> FeatureDrift | None:
    return next((drift for drift in window.drift if drift.column == column), None)


def _psi(drift: FeatureDrift | None) -> float:
    if drift is None or drift.psi is None or drift.verdict == INCONCLUSIVE:
        return 0.0
    return drift.psi
