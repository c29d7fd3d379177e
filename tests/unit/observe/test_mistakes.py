import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.declare.spec import Costs
from sluiceway.observe.mistakes import by_day, cost_of, f1_of
from sluiceway.observe.rows import DAY_US, Rows
from sluiceway.stats.classification import confusion

COSTS = Costs("EUR", 120, 30)
answers = st.lists(
    st.tuples(st.integers(0, 4), st.floats(0, 1), st.sampled_from([0.0, 1.0, float("nan")])), min_size=1, max_size=60
)


def rows(drawn):
    drawn = sorted(drawn, key=lambda each: each[0])
    day, said, came = (np.array(each, dtype=float) for each in zip(*drawn, strict=True))
    return Rows((day * DAY_US).astype(np.int64), pl.DataFrame(), said, came)


@given(answers)
@settings(deadline=None)
def test_days_add_up_to_the_scores_of_all_rows(drawn):
    some = rows(drawn)
    found = by_day(some, threshold=0.4)
    known = ~np.isnan(some.outcome)
    plain = confusion(some.outcome[known] > 0, some.probability[known], threshold=0.4)
    assert (found.rows, found.positives) == (plain.rows, plain.true_positives + plain.false_negatives)
    assert found.f1 == pytest.approx(plain.f_beta(1.0), nan_ok=True)
    assert found.cost(COSTS) == pytest.approx(plain.cost(false_negative=120, false_positive=30), nan_ok=True)
    assert found.days.tolist() == sorted(set(some.days[known]))


def test_rows_without_an_outcome_or_an_answer_do_not_count():
    found = by_day(rows([(0, 0.9, 1.0), (0, 0.9, float("nan")), (0, float("nan"), 1.0)]), threshold=0.5)
    assert found.counts.tolist() == [[1, 0, 0, 1]]


def test_each_row_of_totals_has_its_own_score():
    totals = np.array([[2.0, 1, 1, 10], [0, 0, 0, 5], [0, 0, 0, 0]])
    assert f1_of(totals)[0] == pytest.approx(2 / 3)
    assert np.isnan(f1_of(totals)[1:]).all()
    assert cost_of(totals, COSTS)[:2].tolist() == [15.0, 0.0]
    assert np.isnan(cost_of(totals, COSTS)[2])
