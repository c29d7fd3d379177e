"""Which columns are sensitive follows from the spec through all SQL, and what cannot be without them is refused."""

from datetime import UTC, datetime

import pytest
from tests.bound_projects import LANDINGS_SQL, SCHEDULE_SQL, SPEC, project, refusals

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import DeclarationError
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.declare.feature_builders import mean
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import fresh
from sluiceway.pages.spec_page import spec_html
from sluiceway.spec.binding import bind
from sluiceway.spec.gate import gate
from sluiceway.spec.parse import parse_spec
from sluiceway.spec.run import run


def promised(folder, names, **changes):
    made = project(spec=SPEC + f"sensitive: [{names}]\n", **changes)
    return run(made, files=folder, engine=DuckdbEngine())


def test_a_column_is_sensitive_in_every_source_and_in_whatever_is_made_of_it(folder):
    promise = promised(folder, "arr_delay")
    assert promise.hidden("raw") == {"arr_delay"}
    assert promise.hidden("landings") == {"delay"}
    assert promise.hidden("schedule") == promise.hidden("airports") == frozenset()


def test_expressions_and_other_names_do_not_hide_where_a_value_came_from(folder):
    sql = SCHEDULE_SQL.replace("distance", "round(distance / 1.6) AS km, upper(dest) AS town, distance")
    promise = promised(folder, "distance, dest", schedule={"sql": sql})
    assert promise.hidden("schedule") == {"distance", "dest", "km", "town"}


def test_nothing_sensitive_leaves_the_promise_as_it_was(folder):
    bare = run(project(), files=folder, engine=DuckdbEngine())
    assert bare.sensitive == ()
    assert bare.content_id != promised(folder, "arr_delay").content_id


@pytest.mark.parametrize(
    ("names", "changes", "words"),
    [
        ("arr_dely", {}, "spec.yaml:8: sensitive: no column is called 'arr_dely'. Did you mean 'arr_delay'?"),
        ("id", {}, "'id' of schedule is a key or an entity, by which requests find outcomes and features"),
        ("carrier", {"spec": SPEC.replace("acceptance: {slices: [carrier]}\n", "")}, "'carrier' of schedule is a key"),
        ("distance", {"spec": SPEC.replace("[carrier]", "[distance]")}, "acceptance.slices shows the values of 'dist"),
        (
            "distance",
            {"spec": SPEC.replace("[carrier]", "[far]"), "request": {"far": "distance > 1"}},
            "acceptance.slices shows the values of 'far'",
        ),
        ("sched_dep", {}, "the event_time of schedule comes from 'sched_dep'"),
        (
            "delay",
            {"spec": SPEC.replace("[carrier]", "[delays__mean_delay_1h]")},
            "acceptance.slices shows the values of 'delays__mean_delay_1h'",
        ),
        (
            "landed",
            {"raw": {"expectations": [fresh(within="2d", partition="landed")]}},
            "fresh(partition='landed') of raw names partitions in reports",
        ),
        (
            "arr_delay",
            {
                "landings": {
                    "sql": LANDINGS_SQL.replace("r.arr_delay AS delay", "r.arr_delay AS delay, to_json(r) AS j")
                }
            },
            "is the entity of view delays; use an id that says nothing by itself (as the SQL of landings cannot",
        ),
    ],
)
def test_what_cannot_be_hidden_is_refused_with_what_to_do(folder, names, changes, words):
    spec = changes.pop("spec", SPEC) + f"sensitive: [{names}]\n"
    assert any(words in each for each in refusals(folder, spec=spec, **changes))


def test_a_source_that_cannot_be_read_is_told_without_its_values(folder):
    folder.put("data/flights.csv", folder.get("data/flights.csv") + b"3,AA,MIA,1000\n")
    with pytest.raises(DeclarationError) as open_words:
        bind(project(), parse_spec(SPEC, path="spec.yaml"), files=folder, engine=DuckdbEngine())
    secret = SPEC + "sensitive: [arr_delay]\n"
    with pytest.raises(DeclarationError) as found:
        bind(project(spec=secret), parse_spec(secret, path="s"), files=folder, engine=DuckdbEngine())
    assert "MIA" in str(open_words.value)
    assert "MIA" not in str(found.value)
    assert "data/flights.csv" in str(found.value)


def test_a_view_looked_up_by_something_sensitive_is_refused(folder):
    found = refusals(
        folder,
        spec=SPEC.replace("acceptance: {slices: [carrier]}\n", "sensitive: [carrier]\n"),
        view={"features": [mean("delay", over="1h")]},
    )
    assert any("'carrier' of landings is the entity of view delays" in each for each in found)


def test_all_columns_count_where_sql_over_sensitive_ones_cannot_be_followed(folder):
    whole = {"extra": [Source("notes", sql="SELECT to_json(raw) AS note, 1 AS one FROM raw")]}
    promise = promised(folder, "arr_delay", **whole)
    assert promise.hidden("notes") == {"note", "one"}
    [found] = [each for each in promise.sensitive if each.source == "notes"]
    assert "stands for whole rows" in found.untraced
    page = spec_html(promise, gate(promise, promise, NO_OVERRIDES, datetime(2026, 1, 1, tzinfo=UTC)))
    assert "raw stands for whole rows" in page
    later = {"extra": [*whole["extra"], Source("copies", sql="SELECT note AS words FROM notes")]}
    assert promised(folder, "arr_delay", **later).hidden("copies") == {"words"}
