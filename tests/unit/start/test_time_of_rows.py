from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.start.columns import facts_of
from sluiceway.start.time_of_rows import time_of_rows

START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=number) for number in range(60)]
FACTS = facts_of(
    pa.table(
        {
            "closed_at": [moment + timedelta(days=2) for moment in HOURS],
            "opened_at": HOURS,
            "birth_date": [START - timedelta(days=9_000 + number) for number in range(60)],
            "seldom": [moment if number % 3 == 0 else None for number, moment in enumerate(HOURS)],
            "price": range(60),
        }
    )
)


def test_the_earliest_time_that_nearly_all_rows_have_is_taken_and_the_others_are_asked_about():
    found = time_of_rows(FACTS, given=None)
    assert found.chosen.name == "opened_at"
    assert "is it closed_at?" in found.doubt
    assert "birth_date" not in found.doubt


def test_a_given_time_is_taken_without_a_question():
    found = time_of_rows(FACTS, given="closed_at")
    assert (found.chosen.name, found.doubt) == ("closed_at", "")


@pytest.mark.parametrize(("given", "why"), [("price", "are no times"), ("seldom", "only 33.3 % of the rows have one")])
def test_a_time_that_cannot_be_is_refused(given, why):
    with pytest.raises(MisuseError, match=why):
        time_of_rows(FACTS, given=given)


def test_a_time_that_nothing_is_called_is_refused():
    with pytest.raises(UnknownNameError, match="opened_at"):
        time_of_rows(FACTS, given="opened")


def test_without_a_fitting_time_the_reason_is_told():
    found = time_of_rows({name: FACTS[name] for name in ("birth_date", "seldom")}, given=None)
    assert found.chosen is None
    assert "birth_date, seldom" in found.reason
