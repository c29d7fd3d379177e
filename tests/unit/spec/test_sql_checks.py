import pytest
from tests.bound_projects import SPEC, project, refusals

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.declare.table_rules import sql_check
from sluiceway.spec.binding import bind
from sluiceway.spec.parse import parse_spec


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (sql_check("SELECT * FROM landigs"), "no source is called 'landigs'. Did you mean 'landings'?"),
        (sql_check("SELECT delai FROM landings"), 'Referenced column "delai" not found'),
        (sql_check("DELETE FROM landings"), "SELECT"),
        (sql_check("SELECT 1, 2", between=(0, 1)), "must give one number, it gives 2 columns"),
        (sql_check("SELECT carrier FROM landings", between=(0, 1)), "must give a number, it gives string"),
    ],
)
def test_a_statement_that_does_not_fit_is_one_problem(folder, check, words):
    [found] = refusals(folder, schedule={"expectations": [check]})
    assert "source 'schedule', expectation 'sql: " in found
    assert words in found


def test_a_statement_sees_every_source_with_its_times(folder):
    statement = "SELECT count(*) FROM landings l JOIN airports a ON true WHERE l._known_time > l._event_time"
    check = sql_check(statement, between=(0, 1))
    made = project(schedule={"expectations": [check]})
    assert bind(made, parse_spec(SPEC, path="spec.yaml"), files=folder, engine=DuckdbEngine()).columns
