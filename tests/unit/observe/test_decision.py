from dataclasses import replace
from datetime import UTC, datetime

from sluiceway.artifacts.health_report import (
    ALERT,
    WARNING,
    Alert,
    FeatureDrift,
    Interval,
    Performance,
    Traffic,
    Window,
)
from sluiceway.observe.decision import decide

DAYS = [datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13)]
KNOWN, UNKNOWN = Interval(0.0, -0.1, 0.1), Interval(None, None, None)


def window(month, *alerts, conclusive=True, matured=True, seasonal=()):
    verdicts = [(name, "seasonal") for name in seasonal] or [("distance", "stable" if conclusive else "inconclusive")]
    drift = tuple(
        FeatureDrift(name, 0.1, 0.0, 0.2, "ks", 0.1, 0.5, 0.1, 0.0, 0.0, verdict) for name, verdict in verdicts
    )
    change = KNOWN if matured else UNKNOWN
    said = replace(drift[0], column="probability", verdict="stable" if conclusive else "inconclusive")
    return Window(
        DAYS[month - 1],
        DAYS[month],
        Traffic(1000, 0, 1.0, 1.0, 1.0),
        drift,
        said,
        Performance(1000, 1.0, 100, 0.5, 0.5, change, 10.0, 10.0, change, 0.0),
        alerts,
    )


def scored(f1=KNOWN, cost=KNOWN):
    return Performance(1000, 1.0, 100, 0.5, 0.5, f1, 10.0, 10.0, cost, 0.0)


def alert(kind, subject="x", severity=ALERT, since=None):
    return Alert(severity, kind, subject, f"{subject} is bad", 1.0, 0.2, since)


def test_nothing_moved_so_nothing_is_to_do():
    found = decide([window(7)])
    assert found.retrain is False
    assert found.reasons == (
        "July 2024: neither F1 nor cost is surely worse than declared",
        "no column moved beyond its limit",
    )


def test_a_sure_loss_asks_for_a_new_model_and_says_since_when():
    found = decide([window(7, alert("cost", "a request", since=datetime(2024, 7, 9, tzinfo=UTC)))])
    assert (found.retrain, found.reasons) == (True, ("July 2024, since 2024-07-09: a request is bad",))
    assert decide([window(7, alert("performance", "F1"))]).retrain is True


def test_a_warning_asks_for_nothing():
    assert decide([window(7, alert("cost", severity=WARNING), alert("performance", severity=WARNING))]).retrain is False


def test_data_and_predictions_must_move_together():
    columns = [alert("data_drift", name) for name in "abcde"]
    both = decide([window(7, *columns, alert("prediction_drift"))])
    assert both.reasons == ("July 2024: the predictions moved together with a, b, c and 2 more columns",)
    assert both.retrain is True
    only_data, only_predictions = decide([window(7, *columns)]), decide([window(7, alert("prediction_drift"))])
    assert (only_data.retrain, only_predictions.retrain) == (False, False)
    assert only_data.reasons[-1] == "a, b, c and 2 more columns moved, but the predictions did not"


def test_what_moves_with_the_season_asks_for_nothing_and_is_named():
    found = decide([window(7, seasonal=("temp", "dewp"))])
    assert found.retrain is False
    assert found.reasons[-1] == "temp, dewp moved, no further than while the model learnt"


def test_trouble_that_has_passed_asks_for_nothing():
    assert decide([window(6, alert("cost")), window(7)]).retrain is False


GOES_ON = {"is_over": False}


def test_a_window_that_goes_on_overrules_nothing_unless_its_bound_shows_recovery():
    bad, begun = window(6, alert("cost", "a request")), replace(window(7), **GOES_ON)
    assert decide([bad, replace(begun, performance=scored(cost=Interval(0.0, -0.2, 0.3)))]).reasons == (
        "June 2024: a request is bad",
    )
    assert decide([bad, replace(begun, performance=scored(cost=Interval(0.0, -0.2, 0.1)))]).retrain is False
    worse = window(6, alert("performance", "F1"))
    assert decide([worse, replace(begun, performance=scored(f1=Interval(0.0, -0.3, 0.2)))]).retrain is True
    assert decide([worse, replace(begun, performance=scored(f1=Interval(0.0, -0.1, 0.2)))]).retrain is False


def test_columns_and_predictions_stand_until_they_are_surely_back():
    moved = window(6, alert("data_drift", "distance"), alert("prediction_drift", "probability"))
    assert decide([moved, window(7)]).retrain is False
    still = replace(window(7, alert("data_drift", "distance")), **GOES_ON)
    still = replace(still, drift=(replace(still.drift[0], psi=0.5, verdict="drift"),))
    assert decide([moved, still]).retrain is False  # the predictions are back: 0.1 is within 0.2
    unsure = replace(still, prediction=replace(still.prediction, noise_floor=0.15))
    assert decide([moved, unsure]).reasons == ("June 2024: the predictions moved together with distance",)


def test_each_is_judged_by_the_newest_window_that_can_be():
    bad, unripe = window(6, alert("cost", "a request")), window(7, matured=False)
    assert decide([bad, unripe]).reasons == ("June 2024: a request is bad",)
    few = window(8, conclusive=False, matured=False)
    moved = window(7, alert("data_drift", "a"), alert("prediction_drift"), matured=False)
    assert len(decide([bad, moved, few]).reasons) == 2


def test_a_window_that_has_just_begun_is_not_looked_at():
    early = replace(window(8, alert("data_drift", "hour"), alert("prediction_drift")), is_early=True, is_over=False)
    assert decide([window(7), early]).retrain is False
    assert decide([window(7, alert("cost")), replace(window(8), is_early=True)]).retrain is True
    own = replace(window(7, alert("cost")), is_reference=True)
    found = decide([own])
    assert (found.retrain, found.reasons) == (False, ("nothing was asked but what it was judged by before",))
    assert decide([own, window(8)]) == decide([window(8)])


def test_too_little_seen_says_so():
    assert decide([]).reasons == ("too few requests were seen to judge by",)
    assert decide([window(7, conclusive=False, matured=False)]).retrain is False
    unripe = decide([window(7, matured=False)])
    assert unripe.reasons[0] == "too few outcomes have matured to tell how good the model still is"


def test_service_trouble_is_no_reason_to_train():
    assert decide([window(7, alert("errors"), alert("latency"))]).retrain is False
