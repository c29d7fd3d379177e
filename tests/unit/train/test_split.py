"""The split: time decides, and nothing of the holdout was known in training."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.core.errors import TrainingError
from sluiceway.declare.pipeline import Split
from sluiceway.train.frame import Frame, load_frame
from sluiceway.train.split import microseconds, moment, split

HOUR = 3_600_000_000


def frame_of(at, known, y):
    at, known = np.asarray(at, dtype=np.int64), np.asarray(known, dtype=np.int64)
    return Frame((), pl.DataFrame(), np.asarray(y, dtype=np.int64), at, known, pl.DataFrame())


def hourly(rows, *, late=1):
    at = np.arange(rows) * HOUR
    return frame_of(at, at + late * HOUR, np.arange(rows) % 2)


@given(
    hours=st.lists(st.integers(0, 2000), min_size=400, max_size=400),
    late=st.lists(st.integers(0, 100), min_size=400, max_size=400),
    share=st.floats(0.2, 0.6),
    gap=st.integers(1, 60),
)
@settings(max_examples=40, deadline=None)
def test_every_row_is_where_its_times_put_it(world, hours, late, share, gap):
    at = np.sort(np.array(hours)) * HOUR
    frame = frame_of(at, at + np.array(late) * HOUR, np.arange(400) % 2)
    made = split_or_none(frame, world(split=Split(holdout=share, gap=f"{gap}h")).pipeline)
    if made is None:
        return
    begin = microseconds(made.holdout_from)
    for place in range(400):
        in_holdout = frame.at[place] >= begin
        in_train = frame.at[place] + gap * HOUR < begin and frame.known[place] <= begin
        assert (made.holdout[place], made.train[place]) == (in_holdout, in_train)
    assert made.train.sum() + made.holdout.sum() + made.in_gap == 400


def split_or_none(frame, pipeline):
    try:
        return split(frame, pipeline)
    except TrainingError:
        return None


def test_a_date_is_the_holdouts_first_moment(world):
    made = split(hourly(400), world(split=Split(holdout="1970-01-11T00:00:00Z")).pipeline)
    assert np.flatnonzero(made.holdout)[0] == 240
    assert np.flatnonzero(made.train)[-1] == 227  # the gap is the label's maturity, 12 hours


def test_a_duration_counts_back_from_the_last_prediction(world):
    made = split(hourly(400), world(split=Split(holdout="100h")).pipeline)
    assert made.holdout_from == moment(299 * HOUR)


def test_a_share_is_of_the_time_span(world):
    made = split(hourly(401), world(split=Split(holdout=0.25)).pipeline)
    assert made.holdout_from == moment(300 * HOUR)


def test_labels_known_only_after_the_holdout_began_are_not_trained_on(world):
    late = hourly(400, late=48)
    made = split(late, world(split=Split(holdout="100h", gap="1h")).pipeline)
    assert (late.known[made.train] <= microseconds(made.holdout_from)).all()
    assert made.in_gap == 47


@pytest.mark.parametrize("holdout", ["1969-01-01", "1971-01-01", "1970-01-16T00:00:00Z"])
def test_a_side_without_enough_rows_is_refused_with_numbers(world, holdout):
    with pytest.raises(TrainingError, match=r"side of the split has \d+ rows, \d+ of them positive.*at least 50"):
        split(hourly(400), world(split=Split(holdout=holdout)).pipeline)


def test_a_side_with_one_class_is_refused(world):
    frame = hourly(400)
    frame.y[300:] = 0
    with pytest.raises(TrainingError, match="holdout side of the split has 100 rows, 0 of them positive"):
        split(frame, world(split=Split(holdout="99h")).pipeline)


def test_no_labelled_rows_is_refused(world):
    with pytest.raises(TrainingError, match="no labelled rows"):
        split(hourly(0), world().pipeline)


def test_a_frame_does_not_depend_on_the_order_of_storage(world, rows):
    here = world()
    shuffled = world(rows=rows().sample(fraction=1.0, shuffle=True, seed=3))
    one, two = (load_frame(each.features, each.tables) for each in (here, shuffled))
    assert one.x.equals(two.x)
    assert one.keys.equals(two.keys)
    assert (one.y == two.y).all()
    assert (np.diff(one.at) >= 0).all()


def test_a_frame_holds_what_the_exported_model_takes(world):
    made = world()
    frame = load_frame(made.features, made.tables)
    assert frame.x.schema == {"carrier": pl.String, "tail": pl.String, "wind": pl.Float32, "delay": pl.Float32}
    assert frame.x.null_count().sum_horizontal().item() == 0
    assert (frame.x["carrier"] == "").sum() == made.rows["carrier"].null_count()
    assert frame.x["wind"].is_nan().sum() == made.rows["wind"].null_count()
    assert moment(frame.at[0]) == made.rows["_at"].min()
    assert moment(frame.known[0]) - moment(frame.at[0]) == timedelta(hours=1)
