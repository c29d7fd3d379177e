from datetime import timedelta

import polars as pl

import sluiceway as sw
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.validate.gate import gate
from sluiceway.validate.source_table import SourceTable
from sluiceway.validate.suggest import suggest


def suggested(world, frames=None, *, hidden=(), now=None, declared=()):
    frames = frames or world.frames()
    source = world.project(list(declared)).source("schedule")
    frame = frames["schedule"]
    ref = world.dataset(frames).table("schedule")
    return suggest(SourceTable(source, ref, frame), version="v1", now=now or world.now, hidden=hidden)


def read(made):
    """Run what was written, as a project's pipeline would."""
    scope = {"sw": sw}
    exec(made.text(), scope)  # that it is Python is what is tested
    return scope[made.name]


def test_the_rows_keep_what_was_suggested_of_them(world):
    expectations = read(suggested(world))
    report = world.run(world.frames(), expectations=expectations, as_of=world.now)
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    assert [each.name for each in verdict.closed] == []
    kinds = {each.kind for each in expectations}
    assert kinds >= {"typed", "not_null", "unique", "between", "one_of", "rows", "rows_change", "fresh"}


def test_each_line_says_why(world):
    text = suggested(world).text()
    assert 'sw.column("flight_id").unique(),  # all 1,500 values differ, as those of a key do' in text
    assert 'sw.column("origin").one_of("EWR", "JFK", "LGA", at_least=0.99),  # 3 values in 1,500 rows' in text
    assert all("  # " in line for line in text.splitlines()[3:-1])


def test_missing_values_get_some_slack(world):
    frames = world.frames()
    lost = pl.when(pl.int_range(1500) < 150).then(None).otherwise(pl.col("dest")).alias("dest")
    frames["schedule"] = frames["schedule"].with_columns(lost)
    assert (
        'sw.column("dest").not_null(at_least=0.85),  # 10 % missing now, with some slack'
        in suggested(world, frames).text()
    )


def test_freshness_of_old_rows_is_only_a_comment(world):
    made = suggested(world, now=world.now + timedelta(days=4000))
    assert "    # sw.fresh(within=" in made.text()
    assert "fresh" not in {each.kind for each in read(made)}


def test_no_value_of_a_sensitive_column_is_written(world):
    text = suggested(world, hidden=["origin", "distance"]).text()
    assert "EWR" not in text
    assert '# sw.column("distance").between(…, …),' in text
    assert 'sw.column("origin").not_null()' in text


def test_names_and_values_of_any_kind_are_quoted(world):
    frame = pl.DataFrame({'a "b"\n': ['x"y', "z\\"] * 30})
    ref = TableRef("sources/schedule", "", 60, (Column('a "b"\n', "text"),))
    source = sw.Source("odd", sw.files("o.csv"))
    made = suggest(SourceTable(source, ref, frame), version="v1", now=world.now)
    one_of = next(each for each in read(made) if each.kind == "one_of")
    assert (one_of.column, set(one_of.values)) == ('a "b"\n', {'x"y', "z\\"})


def test_a_table_without_rows_gets_no_more_than_its_types(world):
    frames = {name: frame.clear() for name, frame in world.frames().items()}
    assert {each.kind for each in read(suggested(world, frames))} == {"rows_change", "typed"}


def test_no_second_freshness_is_suggested(world):
    assert "sw.fresh(" in suggested(world).text()
    assert "sw.fresh(" not in suggested(world, declared=[sw.fresh(within="9d")]).text()
