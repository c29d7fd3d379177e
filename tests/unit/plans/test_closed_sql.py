import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.plans.closed_sql import closed_select


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE x AS SELECT 1", "starts with 'CREATE'"),
        ("INSERT INTO x SELECT 1", "starts with 'INSERT'"),
        ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", "this is INSERT"),
        ("DELETE FROM x", "starts with 'DELETE'"),
        ("COPY x TO 'y'", "starts with 'COPY'"),
        ("ATTACH 'x'", "starts with 'ATTACH'"),
        ("PRAGMA x", "starts with 'PRAGMA'"),
        ("SET x = 1", "starts with 'SET'"),
        ("SELECT 1; SELECT 2", "this is SELECT, SELECT"),
        ("SELECT 1; DROP TABLE x", "this is SELECT, DROP"),
        ("", "starts with 'nothing'"),
        ("SELECT (1", "cannot be read: line 1"),
        ("SELECT 'x", "cannot be read"),
        ("SELECT * FROM 'x.csv'", "'x.csv' is a file"),
        ('SELECT * FROM "dir/x.parquet"', "is a file"),
        ("SELECT * FROM read_csv('x')", "no table"),
        ("SELECT * FROM a, read_parquet(['x'])", "no table"),
        ("SELECT * FROM glob('*')", "no table"),
        ("SELECT * FROM duckdb_settings()", "no table"),
        ("SELECT * FROM (SELECT * FROM query('SELECT 1'))", "no table"),
        ("SELECT a IN (SELECT content FROM read_text('x')) FROM b", "no table"),
        ("SELECT getenv('HOME')", "reaches outside"),
        ("SELECT getvariable('x')", "reaches outside"),
        ("SELECT current_setting('threads')", "reaches outside"),
        ("SELECT pg_typeof(a) FROM w", "reaches outside"),
        ("SELECT write_log('x')", "reaches outside; leave it out"),
        ("SELECT nextval('s')", "reaches outside"),
        ("SELECT currval('s')", "reaches outside"),
        ("SELECT version()", "reaches outside"),
        ("SELECT 'HOME'.getenv()", "reaches outside"),
        ("SELECT current_user", "reaches outside"),
        ("SELECT current_role", "write its table's name before it"),
        ("SELECT current_catalog", "reaches outside"),
        ("SELECT session_user", "reaches outside"),
        ("SELECT * FROM duckdb_tables", "belongs to the engine"),
        ("SELECT * FROM pg_class", "belongs to the engine"),
        ("SELECT * FROM information_schema.tables", "names a schema"),
    ],
)
def test_sql_that_changes_or_reaches_outside_is_refused(sql, reason):
    with pytest.raises(DeclarationError, match=reason):
        closed_select(sql)


def test_a_column_may_have_the_name_of_a_setting_where_its_table_is_named():
    closed_select('SELECT w.current_role, "current_user" FROM w')
