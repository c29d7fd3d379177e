from datetime import UTC, datetime

from sluiceway.core.verdict import Criterion, Outcome
from sluiceway.pages.criteria_table import criteria_table

ENDS = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_worst_stand_first_and_equals_keep_their_order():
    said = [Outcome.PASSED, Outcome.STOPPED, Outcome.NO_REFERENCE, Outcome.OVERRIDDEN, Outcome.STOPPED]
    rows = criteria_table(Criterion(f"c{place}", 1, 1, each) for place, each in enumerate(said)).rows
    assert [row[1] for row in rows] == ["c1", "c4", "c3", "c2", "c0"]


def test_an_overridden_criterion_says_until_when():
    [row] = criteria_table([Criterion("c", 1, 0, Outcome.OVERRIDDEN, "agreed", "", ENDS)]).rows
    assert row[-1] == "agreed, until 2026-01-02 00:00 UTC"


def test_a_measure_is_told_from_a_limit_that_it_barely_misses():
    [row] = criteria_table([Criterion.at_most("c", measured=0.050012, limit=0.05)]).rows
    assert row[2:4] == ("0.050012", "0.05")
