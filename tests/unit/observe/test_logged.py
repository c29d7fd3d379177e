from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tests import bundles

from .conftest import SERVED, rows_of

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def asked():
    return rows_of(SERVED, 10, a_day=20)


def columns(logged):
    return logged.rows(bundles.COLUMNS)


def test_rows_are_what_the_model_was_fed_and_said(world, asked):
    found = columns(world.logged(asked))
    assert len(found) == asked.height
    assert found.features.columns == [each.name for each in bundles.COLUMNS]
    assert found.features["distance"].to_list() == asked["distance"].to_list()
    assert found.probability.tolist() == world.probability(asked).tolist()
    assert found.outcome.tolist() == asked["_label"].to_list()


def test_lines_of_several_logs_in_any_order_are_put_in_order(world, asked):
    parts = [world.log(asked[100:]), world.log(asked[:100]), world.log(asked[:0])]
    found = columns(world.logged(asked, requests=parts))
    assert found.at.tolist() == asked["_at"].dt.timestamp("us").to_list()


def test_rows_that_another_version_answered_or_nobody_are_left_out_but_their_requests_count(world, asked):
    parts = [
        world.log(asked[:50]),
        world.log(asked[50:80], version="v0"),
        world.log(asked[80:90], status=503),
        world.log(asked[90:95], status=422),
    ]
    logged = world.logged(asked, requests=parts)
    assert len(columns(logged)) == 50
    traffic = logged.traffic()
    assert (len(traffic), int(traffic.failed.sum())) == (95, 10)


def test_a_request_with_many_rows_is_one_request(world, asked):
    table = pl.DataFrame(world.log(asked[:30])).with_columns(
        row=(pl.int_range(pl.len()) % 3).cast(pl.Int64), rows=pl.lit(3, pl.Int64)
    )
    logged = world.logged(asked, requests=[table.to_arrow()])
    assert len(columns(logged)) == 30
    assert len(logged.traffic()) == 10


def test_only_moments_from_since_and_before_until_are_looked_at(world, asked):
    logged = world.logged(asked, since=SERVED + DAY, until=SERVED + 2 * DAY)
    inside = asked.filter((pl.col("_at") >= SERVED + DAY) & (pl.col("_at") < SERVED + 2 * DAY))
    assert len(columns(logged)) == inside.height > 0
    assert len(logged.traffic()) == inside.height


def test_an_outcome_counts_once_it_has_matured_even_if_it_was_known_before(world, asked):
    until = SERVED + 5 * DAY
    found = columns(world.logged(asked, until=until, matures=timedelta(days=2)))
    known = ~np.isnan(found.outcome)
    edge = (until - timedelta(days=2)).timestamp() * 1e6
    assert known.tolist() == (found.at <= edge).tolist()
    assert 0 < known.sum() < len(found)


def test_an_outcome_that_became_known_later_is_not_known(world, asked):
    late = asked.with_columns(_label_known_time=pl.col("_label_known_time") + timedelta(days=90))
    assert np.isnan(columns(world.logged(asked, outcomes=late)).outcome).all()


def test_rows_without_an_outcome_stay_unknown(world, asked):
    some = asked.with_columns(_label=pl.when(pl.int_range(pl.len()) % 2 == 0).then("_label")).filter(
        pl.int_range(pl.len()) % 3 > 0
    )
    found = columns(world.logged(asked, outcomes=some))
    places = np.arange(asked.height)
    assert (~np.isnan(found.outcome)).tolist() == ((places % 2 == 0) & (places % 3 > 0)).tolist()


def test_a_key_that_is_an_input_is_found_among_the_inputs(world, asked):
    table = world.log(asked)
    carriers = pa.array(asked["carrier"].to_list())
    table = table.set_column(table.column_names.index("input:carrier"), "input:carrier", carriers)
    outcomes = pl.DataFrame(
        {
            "carrier": ["UA", "B6", "DL", "AA"],
            "_at": [SERVED] * 4,
            "_label": [1, 0, 0, 0],
            "_label_known_time": [SERVED] * 4,
        }
    )
    found = columns(world.logged(asked, requests=[table], key=("carrier",), outcomes=outcomes))
    assert found.outcome.tolist() == (asked["carrier"] == "UA").cast(pl.Float64).to_list()


def test_a_key_that_nobody_logged_leaves_all_outcomes_unknown(world, asked):
    outcomes = asked.with_columns(booking="flight_id")
    assert np.isnan(columns(world.logged(asked, key=("booking",), outcomes=outcomes)).outcome).all()


@pytest.mark.parametrize("requests", [0, 1])
def test_a_log_without_lines_has_no_rows(world, asked, requests):
    logged = replace(world.logged(asked), requests=[world.log(asked[:0])] * requests)
    assert (len(columns(logged)), len(logged.traffic())) == (0, 0)


def test_moments_may_lie_before_1970(world):
    old = rows_of(datetime(1969, 12, 1, tzinfo=UTC), 2, a_day=5)
    found = columns(world.logged(old))
    assert (found.at < 0).all()
    assert not np.isnan(found.outcome).any()
