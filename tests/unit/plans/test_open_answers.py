import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.plans.closed_sql import closed_select


@pytest.mark.parametrize(
    "expression",
    [
        *("now()", "current_date", "current_time", "current_timestamp", "random()", "uuid()", "uuidv7()", "today()"),
        *("localtimestamp", "localtime", "transaction_timestamp()", "txid_current()", "get_current_timestamp()"),
        *("list_shuffle([1, 2])", "gen_random_uuid()", "t.now()"),
    ],
)
def test_a_function_of_the_moment_or_of_chance_is_refused(expression):
    with pytest.raises(DeclarationError, match="gives another answer at every run; leave it out"):
        closed_select(f"SELECT origin, {expression} AS x FROM weather")


@pytest.mark.parametrize(
    "expression",
    [
        *("'today'::DATE", "CAST('now' AS TIMESTAMPTZ)", "DATE 'tomorrow'", "TIMESTAMP ' Yesterday'"),
        *("TRY_CAST('NOW' AS TIMESTAMP)", "date('today')", "'now'::TIME"),
    ],
)
def test_a_word_for_a_moment_is_refused(expression):
    with pytest.raises(DeclarationError, match="write the date itself, such as DATE '2024-01-31'"):
        closed_select(f"SELECT origin FROM weather WHERE t > {expression}")


@pytest.mark.parametrize(
    "source",
    ["w USING SAMPLE 10", "w USING SAMPLE reservoir(10 ROWS) REPEATABLE (1)", "w TABLESAMPLE 10%"],
)
def test_a_sample_is_refused(source):
    with pytest.raises(DeclarationError, match="choose rows by a condition"):
        closed_select(f"SELECT * FROM {source}")


def test_age_to_today_is_refused():
    with pytest.raises(DeclarationError, match=r"write age\(later, earlier\)"):
        closed_select("SELECT age(t) AS x FROM w")


@pytest.mark.parametrize("pick", ["first(a)", "any_value(a)", "arbitrary(a)", "last(a)", "first(a) FILTER (WHERE b)"])
def test_a_pick_without_an_order_is_refused(pick):
    with pytest.raises(DeclarationError, match=r"write first\(x ORDER BY y\), or max\(x\)"):
        closed_select(f"SELECT {pick} AS x FROM w GROUP BY c")


@pytest.mark.parametrize(
    "window",
    [
        *("row_number() OVER ()", "rank() OVER (PARTITION BY a)", "lag(a) OVER ()", "ntile(4) OVER unordered"),
        *("first_value(a) OVER (PARTITION BY b)", "lead(a IGNORE NULLS) OVER ()", "first(a) OVER ()"),
        *("sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", "nth_value(a, 2) OVER longer"),
    ],
)
def test_a_window_that_needs_an_order_and_has_none_is_refused(window):
    named = "WINDOW unordered AS (PARTITION BY a), longer AS (unordered ROWS 1 PRECEDING)"
    with pytest.raises(DeclarationError, match="add ORDER BY to the window"):
        closed_select(f"SELECT {window} AS x FROM w {named}")


@pytest.mark.parametrize(
    "query",
    [
        *("SELECT * FROM w LIMIT 5", "(SELECT * FROM w) LIMIT 5", "SELECT * FROM w OFFSET 3", "FROM w LIMIT 10%"),
        "SELECT a FROM w UNION ALL SELECT a FROM v LIMIT 3",
        "SELECT a FROM w FETCH FIRST 3 ROWS ONLY",
        "SELECT a FROM w WHERE b > (SELECT c FROM v LIMIT 1) ORDER BY a",
        "SELECT DISTINCT ON (a) a, b FROM w",
    ],
)
def test_rows_taken_without_an_order_are_refused(query):
    with pytest.raises(DeclarationError, match="add ORDER BY"):
        closed_select(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM w ORDER BY a LIMIT 5",
        "SELECT a FROM w UNION ALL SELECT a FROM v ORDER BY a LIMIT 3",
        "SELECT DISTINCT a FROM w",
        "SELECT DISTINCT ON (a) a, b FROM w ORDER BY a, b",
        "SELECT first(a ORDER BY b) AS x, arbitrary(a ORDER BY b) AS y, any_value(a ORDER BY b) AS z FROM w",
        "SELECT first(a) OVER (ORDER BY b) AS x, any_value(a) FILTER (WHERE c) OVER (ORDER BY b) AS y FROM w",
        "SELECT rank() OVER win AS x, first_value(a) OVER more AS y FROM w "
        "WINDOW win AS (PARTITION BY a ORDER BY b), more AS (win ROWS 1 PRECEDING)",
        "SELECT row_number() OVER (parts ORDER BY b) AS x FROM w WINDOW parts AS (PARTITION BY a)",
        "SELECT sum(a) OVER (PARTITION BY b) AS x, count(*) OVER () AS n FROM w",
        "SELECT * FROM w QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1",
        "SELECT age(t, u) AS x, CASE WHEN a = 'today' THEN CAST('2024-01-01' AS DATE) END AS y FROM w",
        "SELECT hash(a) % 10 AS x, date_trunc('day', t) AS d, 'now' AS word FROM w",
    ],
)
def test_what_settles_its_answer_passes(query):
    closed_select(query)
