from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from sluiceway.observe.charts import charts, moved, numbers

from .conftest import SERVED, SPEC, rows_of


@pytest.fixture(scope="module")
def drawn(world, reference, quiet, quiet_rows):
    return charts(quiet, world.logged(quiet_rows).rows(world.bundle.columns), reference, SPEC)


def test_predictions_are_drawn_for_each_window_with_rows(drawn, quiet, quiet_rows):
    assert [each.column for each in drawn.predictions] == ["July 2024", "August 2024"]
    assert sum(sum(each.current) for each in drawn.predictions) == quiet_rows.height
    assert all(each.note.startswith("PSI 0.0") for each in drawn.predictions)


def test_days_tell_the_cost_of_each(drawn, reference, quiet):
    assert drawn.reference_days.days[0] == "2024-05-01"
    assert (drawn.days.days[0], drawn.days.days[-1]) == ("2024-07-01", "2024-08-31")
    assert len(drawn.days.cost) == 62
    rows = [window.performance.rows for window in quiet.windows]
    costs = [window.performance.cost for window in quiet.windows]
    assert np.mean(drawn.days.cost) == pytest.approx(np.average(costs, weights=rows), rel=0.05)


def test_columns_of_the_newest_window_that_moved_are_drawn_drift_before_season(world, reference):
    changed = rows_of(SERVED, 31).with_columns(distance=pl.col("distance") * 2, carrier=pl.lit("UA"))
    report = world.observe(world.logged(changed))
    found = moved(report.windows, world.logged(changed).rows(world.bundle.columns), reference)
    assert {each.column for each in found[:2]} == {"carrier", "distance"}
    assert found[-1].column == "origin_weather__latest_wind"
    carrier = next(each for each in found if each.column == "carrier")
    assert carrier.labels == ("UA", "B6", "DL", "AA")
    assert (carrier.current[0], carrier.current[1:]) == (changed.height, (0, 0, 0))


def test_where_nothing_moved_no_column_is_drawn(quiet, reference):
    still = replace(quiet.windows[0], drift=tuple(replace(each, verdict="stable") for each in quiet.windows[0].drift))
    assert moved([still], reference.rows, reference) == ()


def test_numbers_share_bins_and_outliers_count_in_the_outermost():
    then, now = np.arange(1000.0), np.append(np.arange(1000.0), [1e9, np.nan])
    found = numbers("x", then, now)
    assert (sum(found.reference), sum(found.current)) == (1000, 1001)
    assert found.labels == ("5.003", "995.1") or len(found.labels) == 2
    assert numbers("x", np.array([np.nan]), np.array([])).note == "no values"
    assert sum(numbers("x", np.ones(5), np.ones(3)).current) == 3
