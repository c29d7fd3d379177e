"""Requests that were logged as some store would have told them, and their comparison with what is known."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.serving_contract import Field, RequestFeature, ServingContract
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.point_in_time import Facts
from sluiceway.features.skew import Answers, Found, Skew, nothing_aside, nothing_earlier
from sluiceway.features.training_table import model_columns
from sluiceway.features.vectors_as_of import vectors_as_of
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import FEATURE, INPUT, VIEW
from sluiceway.plans.served_view import served

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key="id", event_time="departs")
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
DELAYS = sw.FeatureView(
    "delays", entity="carrier", source=LANDINGS, features=[sw.mean("delay", over="6h"), sw.count(over="6h")]
)
GATES = sw.FeatureView(
    "gates", entity="carrier", source=LANDINGS, ttl="4h", features=[sw.latest("delay"), sw.latest("gate")]
)
INPUTS = ("carrier", "distance", "departs")
MEAN, COUNT, LAST = "delays__mean_delay_6h", "delays__count_6h", "gates__latest_delay"
DECLARED = {"hour": "hour(departs)", "third": "distance / 3"}


def pipeline(*views, **request):
    label = sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="12h")
    views = [*(views or (DELAYS, GATES)), sw.RequestView(**(request or DECLARED))]
    return sw.Pipeline(spec="spec.yaml", views=views, label=label, model=lambda trial: None)


def at(hour):
    return START + timedelta(hours=hour)


def landing(number):
    moment = at(number / 2)
    own = {"id": number, "carrier": "XY"[number % 2], "delay": 10.123456 * (number % 7), "gate": f"g{number}"}
    return {**own, "_event_time": moment, "_known_time": moment}


def facts_of(landings):
    tables = MemoryTables()
    one = {"id": 0, "carrier": "X", "distance": 1.0, "departs": at(0), "_event_time": at(0), "_known_time": at(0)}
    refs = [
        tables.write(f"sources/{name}", pa.Table.from_pylist(rows))
        for name, rows in {"schedule": [one], "landings": landings}.items()
    ]
    dataset = DatasetVersion((), tuple(refs), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, HeldTables(tables), DuckdbEngine(threads=1), microseconds(at(1000)))


LANDED = [landing(number) for number in range(100)]


def requests(*hours, carrier="X"):
    """Requests at moments in hours: 10 minutes behind, so that the panes' ends are not the moments themselves."""
    many = len(hours)
    return pa.table(
        {
            "request_id": [f"r{number}" for number in range(many)],
            "at": pa.array([at(each) + timedelta(minutes=12) for each in hours], TIME),
            INPUT + "carrier": [carrier] * many,
            INPUT + "distance": [float(each) for each in hours],
            INPUT + "departs": pa.array([at(each) for each in hours], TIME),
        }
    )


def served_by(known, asked, declared, *, behind=timedelta(0)):
    """Log what a store would have told that knew these facts, and was so far behind."""
    place = asked.column_names.index("at")
    then = pa.array([moment - behind for moment in asked["at"].to_pylist()], TIME)
    values = vectors_as_of(known, declared, INPUTS, asked.set_column(place, "at", then))
    table = asked
    for name in values.column_names:
        table = table.append_column(FEATURE + name, values[name])
    for view in declared.feature_views:
        step = timedelta(minutes=5)
        ends = [START + (moment - START) // step * step if view is not GATES else moment for moment in then.to_pylist()]
        table = table.append_column(f"{VIEW}{view.name}:digest", pa.array([view.digest[:12]] * asked.num_rows))
        for part in ("written", "known_through"):
            table = table.append_column(f"{VIEW}{view.name}:{part}", pa.array(ends, TIME))
    return table


def answers(facts, table, declared, **contract):
    columns = model_columns(facts.dataset, declared, INPUTS)
    taken = {
        "inputs": (Field("carrier", "text"), Field("distance", "number"), Field("departs", "time")),
        "key": (),
        "views": tuple(served(view) for view in declared.feature_views),
        "request": tuple(RequestFeature(n, e.text, e.tree) for n, e in declared.request_columns.items()),
    }
    return Answers("v1", ServingContract(**{**taken, **contract}), columns, table)


def compare(facts, table, *, declared=None, now=None, earlier=nothing_earlier, aside=nothing_aside, **contract):
    declared, found = declared or pipeline(), Found()
    Skew(facts, now or declared, INPUTS, earlier, aside).compare(answers(facts, table, declared, **contract), found)
    return found


def changed(table, name, values):
    place = table.column_names.index(FEATURE + name)
    return table.set_column(place, FEATURE + name, pa.chunked_array([values]))


def causes(found):
    return {name: dict(each.causes) for name, each in found.features.items() if each.causes}
