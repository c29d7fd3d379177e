import pytest

from sluiceway.core.errors import SourceError
from sluiceway.plans.lineage import column_lineage, mixes_rows, tables_read

RAW = "year month day carrier flight origin dest sched_dep_time sched_arr_time tailnum distance time_hour minute "
SCHEMAS = {
    "raw_flights": f"{RAW} dep_delay arr_delay".split(),
    "airports": ["faa", "tzone"],
    "schedule": ["flight_id", "carrier", "origin", "scheduled_departure", "scheduled_arrival"],
    "weather": ["origin", "Time_Hour", "temp"],
}
KEY = "printf('%04d-%02d-%02d/%s/%d', f.year, f.month, f.day, f.carrier, f.flight)"
SCHEDULE = f"""
WITH flight AS (
    SELECT {KEY} AS flight_id, f.carrier, nullif(f.tailnum, 'NA') AS tailnum,
        make_timestamptz(f.year, f.month, f.day, f.sched_dep_time // 100, f.sched_dep_time % 100, 0) AS clock,
        f.time_hour + to_minutes(f.minute) AS scheduled_departure,
        to_minutes((f.sched_arr_time // 100) * 60 + f.sched_arr_time % 100) AS arrival_clock,
        coalesce(a.tzone, 'America/Puerto_Rico') AS zone,
    FROM raw_flights f LEFT JOIN airports a ON a.faa = f.dest
), candidate AS (
    SELECT *, date_trunc('day', scheduled_departure AT TIME ZONE zone) + arrival_clock AS arrives_local FROM flight
)
SELECT flight_id, carrier, tailnum, clock, scheduled_departure,
    CASE WHEN timezone(zone, arrives_local) > scheduled_departure THEN timezone(zone, arrives_local)
         ELSE (arrives_local + INTERVAL 1 DAY) AT TIME ZONE zone END AS scheduled_arrival,
    row_number() OVER (PARTITION BY tailnum ORDER BY scheduled_departure) AS leg
FROM candidate  -- lands after midnight
"""
LANDINGS = f"""
SELECT s.flight_id, s.origin, f.dep_delay, f.arr_delay, s.scheduled_arrival + to_minutes(f.arr_delay) AS landed_at
FROM raw_flights f JOIN schedule s ON s.flight_id = {KEY} WHERE f.arr_delay IS NOT NULL
"""


def of(table, *columns):
    return {(table, column) for column in columns}


def test_tables_are_those_read_and_not_those_a_with_defines():
    assert tables_read(SCHEDULE) == {"raw_flights", "airports"}
    assert tables_read(LANDINGS) == {"raw_flights", "schedule"}


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("WITH raw AS (SELECT * FROM raw) SELECT * FROM raw", {"raw"}),
        ("FROM raw", {"raw"}),
        ("(SELECT 1 AS a)", set()),
        ("SELECT a FROM Raw UNION ALL SELECT b FROM w", {"Raw", "w"}),
        ("SELECT (SELECT max(x) FROM q) FROM r WHERE EXISTS (SELECT 1 FROM z)", {"q", "r", "z"}),
        ("SELECT * FROM r ASOF JOIN w ON r.o = w.o AND r.t >= w.t, range(3), unnest([1]) u(x)", {"r", "w"}),
        ("-- comment\nWITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) FROM t", set()),
    ],
)
def test_tables_are_found_wherever_they_stand(sql, tables):
    assert tables_read(sql) == tables


def test_the_schedule_is_traced_through_both_steps_and_the_join():
    found = column_lineage(SCHEDULE, SCHEMAS)
    leaves = of("raw_flights", "time_hour", "minute")
    assert list(found) == [
        "flight_id",
        "carrier",
        "tailnum",
        "clock",
        "scheduled_departure",
        "scheduled_arrival",
        "leg",
    ]
    assert found["flight_id"] == of("raw_flights", "year", "month", "day", "carrier", "flight")
    assert found["clock"] == of("raw_flights", "year", "month", "day", "sched_dep_time")
    assert found["scheduled_departure"] == leaves
    assert found["scheduled_arrival"] == leaves | of("raw_flights", "sched_arr_time") | of("airports", "tzone")
    assert found["leg"] == leaves | of("raw_flights", "tailnum")


def test_landings_come_from_the_delay_and_the_schedule_but_not_from_the_condition():
    found = column_lineage(LANDINGS, SCHEMAS)
    assert found["landed_at"] == of("raw_flights", "arr_delay") | of("schedule", "scheduled_arrival")
    assert found["arr_delay"] == of("raw_flights", "arr_delay")
    assert found["flight_id"] == of("schedule", "flight_id")


@pytest.mark.parametrize(
    ("select", "column", "origins"),
    [
        ("* EXCLUDE (temp) FROM weather", "Time_Hour", of("weather", "Time_Hour")),
        ("* REPLACE (temp + 1 AS temp) FROM weather", "temp", of("weather", "temp")),
        ("TEMP AS Warmth, Warmth * 2 AS Double FROM WEATHER", "Double", of("weather", "temp")),
        ("avg(temp) OVER (PARTITION BY origin) AS m FROM weather", "m", of("weather", "temp", "origin")),
        (
            "origin, temp FROM schedule JOIN weather USING (origin)",
            "origin",
            of("schedule", "origin") | of("weather", "origin"),
        ),
        (
            "distance AS d FROM raw_flights UNION ALL SELECT temp FROM weather",
            "d",
            of("raw_flights", "distance") | of("weather", "temp"),
        ),
        (
            "(SELECT max(temp) FROM weather w WHERE w.origin = f.origin) AS t FROM raw_flights f",
            "t",
            of("weather", "temp"),
        ),
        ("count(*) AS n FROM weather WHERE temp > 1", "n", set()),
        ("1 AS one FROM weather", "one", set()),
    ],
)
def test_columns_are_traced_through_each_construct(select, column, origins):
    assert column_lineage(f"SELECT {select}", SCHEMAS)[column] == origins


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM unknown", "no columns are known of table 'unknown'"),
        ("SELECT nothing AS n FROM weather", "has no column 'nothing'"),
        ("SELECT upper(origin) FROM weather", "no name of its own"),
        ("SELECT COLUMNS('t.*') FROM weather", "no name of its own"),
        ("SELECT a.origin, b.origin FROM weather a, schedule b", "2 columns called 'origin'"),
        ("SELECT nowhere AS n FROM weather, schedule", "cannot be traced|has no column"),
    ],
)
def test_what_cannot_be_traced_is_an_error_and_not_an_empty_lineage(sql, reason):
    with pytest.raises(SourceError, match=reason):
        column_lineage(sql, SCHEMAS)


@pytest.mark.parametrize(
    ("sql", "mixes"),
    [
        ("SELECT lead(temp) OVER (ORDER BY observed_at) AS next FROM weather", True),
        ("SELECT origin, max(temp) AS most FROM weather GROUP BY origin", True),
        ("SELECT a.temp, b.temp AS next FROM weather a JOIN weather b ON a.origin = b.origin", True),
        ("WITH w AS (SELECT * FROM weather) SELECT a.temp FROM w a JOIN w b USING (origin)", True),
        ("SELECT f.distance, a.tzone FROM raw_flights f JOIN airports a ON a.faa = f.dest", False),
        ("SELECT upper(origin) AS origin FROM weather WHERE temp > 1", False),
    ],
)
def test_sql_that_looks_across_rows_is_told_from_sql_that_does_not(sql, mixes):
    assert mixes_rows(sql) is mixes


@pytest.mark.parametrize(
    "over",
    [
        "OVER w",
        "OVER (w ROWS 3 PRECEDING)",
        "OVER v",
        "OVER (PARTITION BY c ORDER BY d)",
    ],
)
def test_a_window_that_is_called_by_its_name_counts_as_if_it_were_written_out(over):
    sql = f"SELECT count(*) {over} AS n FROM t WINDOW w AS (PARTITION BY c ORDER BY d), v AS (w)"
    assert column_lineage(sql, {"t": ["c", "d", "e"]}) == {"n": {("t", "c"), ("t", "d")}}


def test_windows_of_one_name_in_two_selects_stay_apart():
    sql = """SELECT a.n, count(*) OVER w AS m FROM (SELECT c, count(*) OVER w AS n FROM t WINDOW w AS (ORDER BY d)) AS a
             WINDOW w AS (ORDER BY a.c)"""
    assert column_lineage(sql, {"t": ["c", "d"]}) == {"n": {("t", "d")}, "m": {("t", "c")}}


@pytest.mark.parametrize(
    "select",
    [
        "to_json(weather) AS j FROM weather",
        "to_json(w) AS j FROM weather w",
        "(weather).temp AS t FROM weather",
        "weather::VARCHAR AS t FROM weather",
        "max(weather) AS m FROM weather",
        "struct_pack(*COLUMNS(*)) AS s FROM weather",
        "row(weather.*) AS r FROM weather",
        "q AS j FROM (SELECT * FROM weather) q",
    ],
)
def test_a_whole_row_hides_which_columns_it_is_made_of_and_is_not_traced(select):
    with pytest.raises(SourceError, match="stands for whole rows"):
        column_lineage(f"SELECT {select}", SCHEMAS)


def test_a_column_that_is_called_as_a_table_is_a_column():
    schemas = {"weather": ["weather", "temp"]}
    assert column_lineage("SELECT weather AS w, count(*) AS n FROM weather GROUP BY ALL", schemas) == {
        "w": of("weather", "weather"),
        "n": set(),
    }
