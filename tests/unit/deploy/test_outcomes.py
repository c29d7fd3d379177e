from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from sluiceway.deploy.outcomes import OutcomeIndex, Outcomes
from sluiceway.plans.moments_sql import microseconds

AT = datetime(2013, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIME = pa.timestamp("us", "UTC")


def outcomes(**changes):
    columns = {
        "flight": pa.array([1, 2, 3, 4], pa.int64()),
        "_at": pa.array([AT, AT + HOUR, AT, AT], TIME),
        "_label": pa.array([1, 0, None, 1], pa.int64()),
        "_label_known_time": pa.array([AT + HOUR, AT + 60 * HOUR, None, None], TIME),
    }
    return Outcomes(pa.table(columns | changes), ("flight",), 36 * HOUR)


def logged(**columns):
    return pa.table({name.replace("__", ":"): values for name, values in columns.items()})


def test_an_outcome_counts_once_it_is_mature_and_known():
    found = OutcomeIndex(outcomes()).find(logged(key__flight=[2, 1]))
    assert found.rows.tolist() == [0, 1]
    assert found.labels.tolist() == [0, 1]
    assert found.mature_us.tolist() == [microseconds(AT + 60 * HOUR), microseconds(AT + 36 * HOUR)]


def test_what_has_no_outcome_or_is_nobodys_is_not_found():
    found = OutcomeIndex(outcomes()).find(logged(key__flight=[9, 3, None, 1]))
    assert found.rows.tolist() == [3]


def test_an_outcome_whose_time_is_not_known_never_counts():
    found = OutcomeIndex(outcomes()).find(logged(key__flight=[4]))
    assert found.mature_us[0] > microseconds(datetime(9999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("prefix", ["key", "input"])
def test_the_key_may_be_an_input_too(prefix):
    assert OutcomeIndex(outcomes()).find(logged(**{f"{prefix}__flight": [1]})).rows.tolist() == [0]


def test_without_the_key_nothing_is_found():
    assert OutcomeIndex(outcomes()).find(logged(input__tailnum=["N1"])).rows.size == 0


def test_a_key_of_several_columns_fits_whole_or_not_at_all():
    made = outcomes()
    table = made.table.append_column("leg", pa.array(["a", "a", "b", "b"]))
    index = OutcomeIndex(Outcomes(table, ("flight", "leg"), made.matures))
    assert index.find(logged(key__flight=[1, 1, 4], input__leg=["a", "b", "b"])).rows.tolist() == [0, 2]


def test_moments_of_another_precision_are_read_alike():
    coarse = outcomes(_at=pa.array([AT] * 4, pa.timestamp("s", "UTC")))
    assert OutcomeIndex(coarse).find(logged(key__flight=[1])).mature_us[0] == microseconds(AT + 36 * HOUR)
