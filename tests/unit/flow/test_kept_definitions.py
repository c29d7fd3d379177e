"""Definitions that are kept are declared again as they were."""

from dataclasses import replace

import pytest

import sluiceway as sw
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.flow.kept_definitions import keep_definition, kept_definition

SOURCE = sw.Source("facts", sql="unused", key="k", event_time="t", known_time="coalesce(u, t)")
FEATURES = [
    sw.count(over="1h"), sw.mean("x", over="2h", where="x > 0 and y = 'a''b'", name="some"), sw.std("x", over="1d"),
    sw.count_distinct("y", over="1h"), sw.last_n("x", n=3, over="1h"), sw.max("x", over="1h", fresh=True),
    sw.latest("y"), sw.latest("v", size=4), sw.derived("ratio", "count_1h / nullif(some, 0)"),
]  # fmt: skip
VIEWS = [
    sw.FeatureView("v", ("a", "b"), SOURCE, FEATURES, every="1h", description="words", tags=["t"]),
    sw.FeatureView("v", "a", SOURCE, [sw.latest("y")], ttl="30d", fresh_within="2d", owner="me"),
    sw.FeatureView("v", "a", SOURCE, [sw.count(over="1h")], windows="event_time", lateness="10m"),
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_definition_is_declared_again_with_the_same_digest_and_limit(view, tmp_path):
    objects = ObstoreObjects.local(tmp_path)
    assert kept_definition(view.digest, objects) is None
    keep_definition(view, objects)
    again = kept_definition(view.digest, objects).over(SOURCE)
    assert (again.digest, again.columns, again.may_be_behind) == (view.digest, view.columns, view.may_be_behind)
    other = sw.Source("facts", sql="unused", key="k", event_time="t")
    assert kept_definition(view.digest, objects).over(other).digest != view.digest
    assert kept_definition(view.digest, objects).again(view.digest, other) is None


APART = [
    sw.column("x").between(0, 9.5, at_least=0.9, on_failure="quarantine"),
    sw.column("y").one_of("a", 1, 2.5, at_least=0.8, on_failure="quarantine"),
    sw.row("x > 0", at_least=0.99, on_failure="quarantine"),
]


@pytest.mark.parametrize("before", [[], APART[:1], APART, [sw.column("x").not_null()]])
@pytest.mark.parametrize("now", [[], APART[1:], APART])
def test_rules_that_set_rows_apart_may_come_and_go(before, now, tmp_path):
    objects = ObstoreObjects.local(tmp_path)
    source = replace(SOURCE, expectations=before)
    for each in VIEWS:
        view = replace(each, source=source)
        keep_definition(view, objects)
        again = kept_definition(view.digest, objects).again(view.digest, replace(SOURCE, expectations=now))
        assert (again.digest, again.columns) == (view.digest, view.columns)
