"""A view in SQL is the view that is declared of the same meaning."""

import re
from datetime import timedelta

import pytest

import sluiceway as sw
from sluiceway.core.errors import DeclarationError

LANDINGS = sw.Source("landings", sw.files("a.csv"), key="flight_id", event_time="landed_at")
DAY = "WINDOW day AS (RANGE INTERVAL 24 HOURS PRECEDING)"


def view(select, rest=DAY):
    return sw.sql_view("v", source=LANDINGS, sql=f"SELECT carrier, {select} FROM landings GROUP BY carrier {rest}")


@pytest.mark.parametrize(
    ("select", "features"),
    [
        ("avg(d) OVER day AS mean_delay", [sw.mean("d", over="24h", name="mean_delay")]),
        ("avg(d) OVER day AS mean_d_24h", [sw.mean("d", over="24h")]),
        ("avg(d) OVER day", [sw.mean("d", over="24h")]),
        ("count(*) FILTER (WHERE gone AND x>3) OVER day AS n",
         [sw.count(over="24h", where="gone and (x > 3)", name="n")]),
        ("stddev(d) OVER (RANGE INTERVAL '3 hours' PRECEDING) AS s", [sw.std("d", over="3h", name="s")]),
        ("count(DISTINCT tail) OVER day AS planes", [sw.count_distinct("tail", over="24h", name="planes")]),
        ("last(gate) AS latest_gate, count(gate) OVER day", [sw.latest("gate"), sw.count("gate", over="24h")]),
        ("sum(d) OVER day AS a, min(d) OVER DAY AS b, a / nullif(b, 0) AS r",
         [sw.sum("d", over="24h", name="a"), sw.min("d", over="24h", name="b"), sw.derived("r", "a / nullif(b,0)")]),
    ],
)  # fmt: skip
def test_the_digest_is_that_of_the_declared_view(select, features):
    assert view(select).digest == sw.FeatureView("v", "carrier", LANDINGS, features).digest


def test_an_entity_may_have_several_columns_and_a_view_its_words():
    sql = f"SELECT carrier, origin, count(*) OVER day AS n FROM landings GROUP BY carrier, origin {DAY}"
    made = sw.sql_view("v", source=LANDINGS, sql=sql, every="1h", owner="ops", tags=["delays"])
    assert (made.entities, made.every, made.owner, made.tags) == (("carrier", "origin"), "1h", "ops", ("delays",))


def test_how_fresh_it_must_be_served_is_said_as_for_any_view():
    made = sw.sql_view(
        "v", source=LANDINGS, fresh_within="2h",
        sql="SELECT count(*) OVER (RANGE INTERVAL 1 DAY PRECEDING) AS n FROM landings GROUP BY carrier",
    )  # fmt: skip
    assert made.may_be_behind == timedelta(hours=2)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT", "it must read FROM landings"),
        ("", "it is empty. Write one SELECT, as in: SELECT carrier"),
        ("DELETE FROM landings", "it is no SELECT. Write one SELECT"),
        ("SELECT count(*) OVER day AS n FROM flights GROUP BY carrier", "it must read FROM landings"),
        ("SELECT count(*) OVER (RANGE INTERVAL 1 DAY PRECEDING) AS n FROM landings", "GROUP BY must name the entity"),
        ("SELECT avg(d) OVER dya FROM landings GROUP BY carrier", "no window is called dya; there is none"),
        ("SELECT avg(d) AS m FROM landings GROUP BY carrier", "avg(d) has no window"),
        (
            "SELECT median(d) OVER (RANGE INTERVAL 1 DAY PRECEDING) FROM landings GROUP BY carrier",
            "median over a window",
        ),
        ("SELECT avg(d) OVER (ROWS 3 PRECEDING) FROM landings GROUP BY carrier", "a window is RANGE INTERVAL"),
        ("SELECT avg(d + 1) OVER (RANGE INTERVAL 1 DAY PRECEDING) FROM landings GROUP BY carrier", "of one column"),
        ("SELECT avg(d) OVER (RANGE INTERVAL 1 MONTH PRECEDING) FROM landings GROUP BY carrier", "use whole seconds"),
        ("SELECT carrier, 1 + 1 FROM landings WHERE d > 3 GROUP BY carrier", "WHERE is not allowed here"),
        ("SELECT carrier, 1 + 1 FROM landings GROUP BY carrier", "needs a name"),
        ("SELEC carrier, last(d) FROM landings GROUP BY carrier", "perhaps SELEC is meant to be SELECT"),
        ("SELECT carrier, last(d) FROM landings GRUOP BY carrier", "perhaps GRUOP is meant to be GROUP"),
        ("SELECT carrier, lst(d) AS n FROM landings GROUP BY carrier", "no function is called lst; did you mean last?"),
        ("SELECT carrier, d FROM landings GROUP BY carrier", "its newest value is last(d)"),
        ("SELECT * FROM landings GROUP BY carrier", "* is no feature"),
        ("SELECT last(d) OVER (RANGE INTERVAL 1 DAY PRECEDING) FROM landings GROUP BY carrier", "last takes no window"),
        ("SELECT cuont(*) OVER (RANGE INTERVAL 1 DAY PRECEDING) FROM landings GROUP BY c", "did you mean count?"),
        ("WITH x AS (SELECT 1) SELECT carrier, last(d) FROM landings GROUP BY carrier", "WITH is not allowed here"),
    ],
)
def test_what_is_no_such_select_is_refused_by_name(sql, told):
    with pytest.raises(DeclarationError, match=re.escape(told)):
        sw.sql_view("v", source=LANDINGS, sql=sql)


def test_a_refusal_of_one_thing_says_nothing_of_others():
    with pytest.raises(DeclarationError) as refused:
        view("avg(d) AS m")
    assert str(refused.value).endswith("say avg(d) OVER (RANGE INTERVAL 24 HOURS PRECEDING)")


def test_a_feature_may_have_another_name_as_well():
    assert view("count(*) OVER day AS n, n AS m").features[1] == sw.derived("m", "n")
