from datetime import UTC, datetime, timedelta

import pyarrow as pa

from sluiceway.start.calendar_parts import calendar_parts
from sluiceway.start.columns import facts_of
from sluiceway.start.moments import moment_of


def test_columns_that_repeat_the_date_are_found_and_the_hour_stays():
    times = [datetime(2023, 11, 1, tzinfo=UTC) + timedelta(hours=5 * number) for number in range(900)]
    facts = facts_of(
        pa.table(
            {
                "at": times,
                "month": [moment.month for moment in times],
                "local_day": [(moment - timedelta(hours=3)).day for moment in times],
                "hour": [moment.hour for moment in times],
                "stars": [number % 5 for number in range(900)],
            }
        )
    )
    assert [found.column for found in calendar_parts(facts, moment_of(facts["at"]))] == ["month", "local_day"]
