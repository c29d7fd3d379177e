from dataclasses import replace

import numpy as np
import pytest

from sluiceway.observe.performance import measure

from .conftest import SPEC


def test_the_reference_itself_is_as_declared(reference):
    found = measure(reference.rows, reference, SPEC.costs)
    assert (found.f1, found.cost) == (reference.f1, reference.cost)
    assert (found.f1_change.change, found.cost_change.change, found.extra_cost) == (0.0, 0.0, 0.0)
    assert found.f1_change.low < 0 < found.f1_change.high
    assert found.matured == 1.0


def test_wrong_outcomes_cost_and_the_bounds_agree(reference):
    found = measure(replace(reference.rows, outcome=1 - reference.rows.outcome), reference, SPEC.costs)
    assert found.f1_change.high < -0.05
    assert found.cost_change.low > 0.05
    assert found.extra_cost == pytest.approx((found.cost - reference.cost) * len(reference.rows))
    assert found.extra_cost > 0


def test_rows_without_a_matured_outcome_are_left_out_and_counted(reference):
    known = np.where(np.arange(len(reference.rows)) % 4 == 0, np.nan, reference.rows.outcome)
    found = measure(replace(reference.rows, outcome=known), reference, SPEC.costs)
    assert found.matured == pytest.approx(0.75, abs=0.001)
    assert found.rows == int((~np.isnan(known)).sum())


def test_without_a_matured_outcome_there_is_nothing_to_say(reference):
    assert measure(replace(reference.rows, outcome=np.full(len(reference.rows), np.nan)), reference, SPEC.costs) is None
    assert measure(reference.rows.take(np.arange(0)), reference, SPEC.costs) is None


def test_under_200_outcomes_no_change_is_claimed(reference):
    found = measure(reference.rows.take(np.arange(199)), reference, SPEC.costs)
    assert found.f1 is not None
    assert (found.f1_change.change, found.cost_change.change) == (None, None)


def test_without_positives_and_alarms_f1_is_unknown_and_cost_is_not(reference):
    calm = replace(reference.rows, outcome=np.zeros(len(reference.rows)), probability=np.zeros(len(reference.rows)))
    found = measure(calm, reference, SPEC.costs)
    assert (found.f1, found.f1_change.change) == (None, None)
    assert (found.cost, found.cost_change.change) == (0.0, -1.0)
