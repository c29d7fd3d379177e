"""What DuckDB's own settings are."""

import subprocess
import sys

import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import SourceError


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_as_set(threads):
    found = DuckdbEngine(threads).query("SELECT current_setting('threads') AS n", {})
    assert found.to_pydict() == {"n": [threads]}


@pytest.mark.parametrize("sql", ["SET VARIABLE x = 1", "CREATE TABLE t AS SELECT 1", "CHECKPOINT"])
def test_a_statement_that_is_no_select_is_refused(sql):
    with pytest.raises(SourceError, match="write a SELECT"):
        DuckdbEngine().query(sql, {})


@pytest.mark.parametrize("sql", ["FROM range(2)", "WITH t AS (SELECT 1) SELECT * FROM t", "VALUES (1)", "(SELECT 1)"])
def test_whatever_selects_is_a_select(sql):
    assert DuckdbEngine().query(sql, {}).num_rows


def test_a_long_statement_is_shortened_in_the_message():
    with pytest.raises(SourceError) as failure:
        DuckdbEngine().query(f"SELECT missing, {', '.join(['1'] * 1000)}", {})
    assert str(failure.value).endswith("…")


def test_the_folder_it_runs_in_stays_empty(tmp_path):
    script = "from sluiceway.adapters.duckdb_engine import DuckdbEngine; DuckdbEngine().query('SELECT 1 AS x', {})"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_importing_the_engine_loads_no_heavy_library():
    script = "import sys, sluiceway.adapters.duckdb_engine; print({'duckdb', 'pyarrow', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
