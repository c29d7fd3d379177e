import math
from dataclasses import replace
from datetime import timedelta
from math import nan

import numpy as np
import pyarrow as pa
import pytest
from tests.canaries import BEGAN, COLUMNS, CONTRACT, SPEC, Server, a_bundle, a_rival, flights, honest, outcomes_of

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.deploy.quality import Quality, feature_arrays
from sluiceway.plans.request_log import request_table
from sluiceway.server.coverage import is_covered
from sluiceway.stats.classification import log_loss
from sluiceway.stats.confidence_sequence import confidence_sequence, difference_of_means

FLOWN = flights(2, a_day=600)
LATER = BEGAN + timedelta(days=30)
NEW = FeatureColumn("rain", "number", "view")


def logged(champion, challenger, *, flown=FLOWN, split=0.5, fails=lambda flight: "", columns=COLUMNS):
    """The log of a canary that tries out a share of the aircraft."""
    state = RolloutState(
        "live", champion.served, 2, BEGAN, "", challenger.served, split, 0, (split,), 1.0, ("tailnum",)
    )
    server = Server(None, None, champion, challenger, fails=fails, state=state)
    lines = b"".join(encode(server.record(flight)) + b"\n" for flight in flown)
    return request_table([lines], contract=CONTRACT, columns=columns)


def seen(champion, challenger, at=LATER, **how):
    quality = Quality(champion, challenger, outcomes_of(FLOWN), SPEC)
    quality.take(logged(champion, challenger, **how))
    return quality.evidence(at)


def on_canary(table):
    """The flights on the challenger's arm, as outcomes and winds."""
    numbers = table.filter([arm == CHALLENGER for arm in table["arm"].to_pylist()])["key:flight"].to_pylist()
    return np.array([FLOWN[n].late for n in numbers]), np.array([FLOWN[n].wind for n in numbers])


def test_both_models_score_the_canarys_rows():
    one, two = a_rival("v1"), a_rival("v2", lambda wind: honest(wind + 0.3))
    truth, wind = on_canary(logged(one, two))
    ours = np.array([honest(float(np.float32(each)) + 0.3) for each in wind])
    theirs = np.array([honest(float(np.float32(each))) for each in wind])
    found = seen(one, two)
    assert (found.rows, found.positives) == (truth.size, truth.sum())
    assert found.challenger_log_loss == pytest.approx(log_loss(truth, ours))
    assert found.champion_log_loss == pytest.approx(log_loss(truth, theirs))
    losses = [-np.log(np.where(truth == 1, p, 1 - p)) for p in (ours, theirs)]
    bounds = confidence_sequence(losses[0] - losses[1])
    told = (found.difference.value, found.difference.low, found.difference.high)
    assert told == pytest.approx((bounds.mean, bounds.low, bounds.high))
    assert found.margin == pytest.approx(0.05 * found.champion_log_loss)


def test_cost_is_per_row_at_each_models_own_threshold():
    found = seen(a_rival("v1", lambda wind: 0.5, threshold=0.6), a_rival("v2", lambda wind: 0.5, threshold=0.4))
    assert found.champion_cost == pytest.approx(180 * found.positives / found.rows)
    assert found.challenger_cost == pytest.approx(30 * (found.rows - found.positives) / found.rows)


def test_an_outcome_that_has_not_matured_does_not_count():
    one, two = a_rival("v1"), a_rival("v2")
    counts = [seen(one, two, BEGAN + timedelta(hours=hours)).rows for hours in (11, 24, 36, 60, 600)]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[1] < counts[2] < counts[3] == counts[4]


def test_nothing_is_said_before_an_outcome_is_known():
    found = seen(a_rival("v1"), a_rival("v2"), BEGAN)
    assert (found.rows, found.champion_log_loss, found.challenger_cost, found.margin) == (0, None, None, None)
    assert found.difference.high is None


def test_the_same_model_twice_differs_by_exactly_nothing():
    found = seen(a_rival("v1"), a_rival("v2"))
    assert (found.difference.low, found.difference.high) == (0.0, 0.0)


def test_rows_where_the_champion_stepped_in_are_not_the_challengers():
    failing = {"fails": lambda flight: "raised" if flight.number % 2 else ""}
    both, half = seen(a_rival("v1"), a_rival("v2")), seen(a_rival("v1"), a_rival("v2"), **failing)
    assert 0 < half.rows < both.rows


def test_a_challenger_without_any_probability_has_no_quality():
    found = seen(a_rival("v1"), a_rival("v2", lambda wind: nan))
    assert (found.rows, found.challenger_log_loss) == (0, None)


def test_models_of_other_columns_are_each_judged_by_their_own_rows():
    one, two = a_rival("v1", columns=(*COLUMNS, NEW)), a_rival("v2", lambda wind: honest(wind + 0.3))
    table = logged(one, two, columns=(*COLUMNS, NEW))
    quality = Quality(one, two, outcomes_of(FLOWN), SPEC)
    quality.take(table)
    found = quality.evidence(LATER)
    losses = {}
    for arm, model in ((CHAMPION, honest), (CHALLENGER, lambda wind: honest(wind + 0.3))):
        rows = [
            FLOWN[n]
            for n, on in zip(table["key:flight"].to_pylist(), table["arm"].to_pylist(), strict=True)
            if on == arm
        ]
        given = np.array([model(float(np.float32(each.wind))) for each in rows])
        losses[arm] = -np.log(np.where([each.late for each in rows], given, 1 - given))
    bounds = difference_of_means(losses[CHALLENGER], losses[CHAMPION])
    assert not quality.is_paired
    assert found.rows == losses[CHALLENGER].size
    assert found.champion_log_loss == pytest.approx(losses[CHAMPION].mean())
    assert (found.difference.low, found.difference.high) == pytest.approx((bounds.low, bounds.high))


def test_a_champion_is_covered_when_all_it_takes_means_the_same():
    ours = a_bundle("v2", columns=(*COLUMNS, NEW), views={"weather": "d1", "landings": "d2"})
    assert is_covered(a_bundle("v1", views={"weather": "d1"}), ours)
    assert not is_covered(a_bundle("v1", views={"weather": "d9"}), ours)
    assert not is_covered(ours, a_bundle("v1", views=ours.views))
    assert not is_covered(a_bundle("v1", columns=(replace(COLUMNS[0], type="text"),)), ours)


def test_missing_values_reach_the_model_as_training_wrote_them():
    rows = [replace(FLOWN[0], wind=None, tailnum=None), replace(FLOWN[1], wind=0.1)]
    made = feature_arrays(_table(rows), a_bundle("v1"))
    assert made["wind"].dtype == np.float32
    assert math.isnan(made["wind"][0])
    assert made["wind"][1] == np.float32(0.1)
    assert made["tailnum"].tolist() == ["", FLOWN[1].tailnum]


def _table(rows):
    lines = [
        encode({"request_id": "r", "row": 0, "rows": 1, "arrival": 0, "at": 0, "scope": "live", "status": 200,
                "latency_us": 1, "features": {"wind": each.wind, "tailnum": each.tailnum}})
        for each in rows
    ]  # fmt: skip
    return request_table([b"\n".join(lines)], contract=CONTRACT, columns=COLUMNS)


def test_it_makes_no_difference_in_how_many_pieces_the_log_is_read():
    one, two = a_rival("v1"), a_rival("v2", lambda wind: honest(wind + 0.3))
    table, quality = logged(one, two), Quality(one, two, outcomes_of(FLOWN), SPEC)
    for start in range(0, table.num_rows, 100):
        quality.take(table.slice(start, 100))
        quality.evidence(LATER)
    assert quality.evidence(LATER) == seen(one, two)


def test_where_the_log_leaves_something_out_both_are_judged_by_what_they_said_then():
    discreet = replace(CONTRACT, unlogged=("wind",))
    one, two = a_rival("v1"), a_rival("v2", lambda wind: honest(wind + 0.3))
    whole = logged(one, two)
    said = pa.array([honest(float(np.float32(wind))) for wind in whole["feature:wind"].to_pylist()])
    lacking = whole.set_column(whole.column_names.index("rival"), "rival", said)
    nothing = pa.nulls(whole.num_rows, pa.float64())
    lacking = lacking.set_column(whole.column_names.index("feature:wind"), "feature:wind", nothing)
    sides = (replace(each, bundle=replace(each.bundle, contract=discreet)) for each in (one, two))
    quality, open_quality = Quality(*sides, outcomes_of(FLOWN), SPEC), Quality(one, two, outcomes_of(FLOWN), SPEC)
    quality.take(lacking)
    open_quality.take(whole)
    found, expected = quality.evidence(LATER), open_quality.evidence(LATER)
    assert quality.is_paired
    assert (found.rows, found.positives) == (expected.rows, expected.positives)
    assert found.challenger_log_loss == pytest.approx(expected.challenger_log_loss, rel=1e-6)
    assert found.champion_log_loss == pytest.approx(expected.champion_log_loss, rel=1e-6)
