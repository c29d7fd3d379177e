"""What of a declaration a node reads decides what runs again when it changes."""

from dataclasses import replace

import sluiceway as sw
from sluiceway.declare.project import Project
from sluiceway.flow.material import featured, freshness

FLIGHTS = sw.Source("flights", sw.files("f.csv"), key="flight_id", event_time="at")
VIEW = sw.FeatureView("carriers", "carrier", FLIGHTS, [sw.count(over="1h")])


def project(view):
    label = sw.Label("late", FLIGHTS, "late", each=FLIGHTS, at="at", matures="1d")
    pipeline = sw.Pipeline(spec="spec.yaml", views=[view], label=label, model=lambda trial: None)
    return Project(pipeline, {"flights": FLIGHTS}, "", "0" * 64)


def test_how_fresh_views_must_be_served_makes_stage_7_run_again_and_no_features():
    before, after = project(VIEW), project(replace(VIEW, fresh_within="2h"))
    assert featured(before) == featured(after)
    assert freshness(before) != freshness(after)
