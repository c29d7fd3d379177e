"""A small project that is set beside its data, and what is refused of it."""

from types import SimpleNamespace

import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import DeclarationError
from sluiceway.declare.feature_builders import mean
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.files import files
from sluiceway.declare.pipeline import Label, Pipeline
from sluiceway.declare.project import Project
from sluiceway.declare.request_view import RequestView
from sluiceway.declare.source import Source
from sluiceway.spec.binding import bind
from sluiceway.spec.parse import parse_spec

SPEC = """\
problem: {name: late_arrival, statement: 'Late?', owner: ops}
target: {kind: binary, label: late, positive: 1}
inputs: [carrier, distance]
costs: {currency: USD, false_negative: 180, false_positive: 30}
metric: {name: f_beta, beta: auto}
sla: {latency_p99_ms: 50, success_rate: 0.999}
acceptance: {slices: [carrier]}
"""
FLIGHTS = b"""id,carrier,dest,distance,sched_dep,landed,arr_delay
1,AA,MIA,1000,2013-01-01T10:00:00Z,2013-01-01T12:00:00Z,5
2,UA,SFO,2500,2013-01-01T11:00:00Z,2013-01-01T18:00:00Z,NA
"""
AIRPORTS = b"faa,lat\nMIA,25.8\nSFO,37.6\n"
SCHEDULE_SQL = "SELECT id, carrier, dest, distance, sched_dep FROM raw"
LANDINGS_SQL = """SELECT r.id, r.carrier, r.landed AS landed_at, r.arr_delay AS delay
FROM raw r WHERE r.arr_delay IS NOT NULL"""
CLASH_SQL = SCHEDULE_SQL.replace("dest", "dest AS _event_time")
NO_CARRIER = SPEC.replace("[carrier, distance]", "[distance]").replace("slices: [carrier]", "")


def parts(**changes):
    """The declaration of a small project, with what a test puts in its place."""
    settings = {
        "raw": {"origin": files("data/flights.csv")},
        "airports": {"origin": files("data/airports.csv"), "key": "faa"},
        "schedule": {"sql": SCHEDULE_SQL, "key": "id", "event_time": "sched_dep"},
        "landings": {"sql": LANDINGS_SQL, "key": "id", "event_time": "landed_at"},
        "label": {"expression": "delay > 30", "at": "sched_dep", "matures": "36h"},
        "view": {"entity": "carrier", "features": [mean("delay", over="1h")]},
        "request": None,
        "extra": [],
        "spec": SPEC,
    }
    for name, change in changes.items():
        old = settings[name]
        settings[name] = {**old, **change} if isinstance(old, dict) else change
    return SimpleNamespace(**settings)


def project(**changes):
    part = parts(**changes)
    sources = [Source(name, **getattr(part, name)) for name in ("raw", "airports", "schedule", "landings")]
    by_name = {source.name: source for source in [*sources, *part.extra]}
    label = Label("late", by_name["landings"], each=by_name["schedule"], **part.label)
    view = FeatureView("delays", source=by_name["landings"], **part.view)
    views = [view, RequestView(**part.request)] if part.request else [view]
    pipeline = Pipeline(spec="spec.yaml", views=views, label=label, model=lambda trial: trial)
    return Project(pipeline, by_name, part.spec, "code")


def bound(made, folder):
    return bind(made, parse_spec(made.spec_text, path="spec.yaml"), files=folder, engine=DuckdbEngine())


def refusals(folder, **changes):
    with pytest.raises(DeclarationError) as refused:
        bound(project(**changes), folder)
    return [str(problem) for problem in refused.value.problems]
