"""Views beside windows: how fresh each was served, and how full it was."""

from collections.abc import Sequence

from sluiceway.artifacts.health_report import FELL, INCONCLUSIVE, STALE, ViewHealth, Window
from sluiceway.pages.number_text import percent

SERVED_LEGEND = (
    "Stale: the share of rows for which nothing was known of the view that is new enough. Missing: the share of rows "
    "without a value, of the column where it rose most, and what is usual. ▲ too much; ? too little to say"
)


def served_views(windows: Sequence[Window]) -> list[tuple[str, list[ViewHealth | None]]]:
    """Give each view with what was found in every window; ``None`` where it was not there."""
    names = dict.fromkeys(view.view for window in windows for view in window.views)
    return [(name, [_of(window, name) for window in windows]) for name in names]


def served_text(view: ViewHealth | None) -> str:
    """Write how fresh and how full a view was, each with its mark."""
    if view is None:
        return "?"
    return ", ".join(part for part in (_stale_text(view), _missing_text(view)) if part)


def is_ill(view: ViewHealth | None) -> bool:
    """Whether a view was stale, or lost values."""
    return view is not None and (view.freshness == STALE or view.coverage == FELL)


def _stale_text(view: ViewHealth) -> str:
    if view.stale is None or view.freshness == INCONCLUSIVE:
        return "stale ?" if view.within_s is not None else ""
    return f"{percent(view.stale)} stale{' ▲' if view.freshness == STALE else ''}"


def _missing_text(view: ViewHealth) -> str:
    if view.coverage == INCONCLUSIVE:
        return "missing ?"
    return f"{percent(view.missing)} missing (usual {percent(view.usual)}){' ▲' if view.coverage == FELL else ''}"


def _of(window: Window, name: str) -> ViewHealth | None:
    return next((view for view in window.views if view.view == name), None)
