"""Column folds: everything that was found of one column, behind one line; those that failed first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sluiceway.artifacts.validation_report import DriftCheck, RuleCheck
from sluiceway.core.verdict import Outcome, Verdict
from sluiceway.pages.failure_cards import FIGURE_REM, Check, figure_of, finding
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.page import Block, Finding, Findings, Fold, Gallery

WHOLE_ROWS = "(whole rows)"
MOST_HISTOGRAMS = 200


@dataclass(slots=True)
class _Column:
    found: list[Finding] = field(default_factory=list)
    histogram: Histogram | None = None
    effect: float = 0.0

    @property
    def outcome(self) -> Outcome | None:
        order = list(Outcome)
        return max((each.outcome for each in self.found), key=order.index, default=None)


def column_folds(verdict: Verdict, checks: Mapping[str, Check], histograms: Sequence[Histogram]) -> list[Fold]:
    """Make a fold for each column of each source: its checks with what was measured, and its distribution.

    Columns that hold the gate shut come first, then those that moved most. ``checks`` are by their criteria's names.
    """
    columns: dict[str, _Column] = {each.column: _Column(histogram=each) for each in histograms}
    for criterion in verdict.criteria:
        check = checks.get(criterion.name)
        if isinstance(check, RuleCheck | DriftCheck):
            column = columns.setdefault(f"{check.source}.{check.column or WHOLE_ROWS}", _Column())
            column.found.append(finding(criterion, check))
            if isinstance(check, DriftCheck) and not check.is_band:
                column.effect = max(column.effect, check.effect or 0.0)
    ranked = sorted(columns.items(), key=lambda item: _rank(item[1]))
    return [_fold(name, column, is_drawn=place < MOST_HISTOGRAMS) for place, (name, column) in enumerate(ranked)]


def _rank(column: _Column) -> tuple[int, float]:
    outcome = column.outcome
    return (-list(Outcome).index(outcome) if outcome and not outcome.is_open else 0, -column.effect)


def _fold(name: str, column: _Column, *, is_drawn: bool) -> Fold:
    found = sorted(column.found, key=lambda each: each.outcome.is_open)
    blocks: list[Block] = [Findings(found)] if found else []
    drawn = column.histogram
    if drawn is not None and drawn.current and is_drawn:
        blocks.append(Gallery([figure_of(drawn)], width_rem=FIGURE_REM))
    failed = sum(not each.outcome.is_open for each in found)
    count = len(found)
    words = f"{failed} of {count} checks failed" if failed else f"{count} check{'' if count == 1 else 's'}"
    note = drawn.note if drawn is not None else ""
    return Fold(name, blocks, column.outcome, ", ".join(filter(None, [words if count else "", note])))
