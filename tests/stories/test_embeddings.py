"""An embedding from its file and its topic to what is served: one list, one line, and its numbers as features."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.streamed_project import SPEC, StreamedProject

from sluiceway.flow.recall import current
from sluiceway.plans.packed_value import pack_key, unpack_value
from sluiceway.workspace import Workspace

PIPELINE = """import sluiceway as sw

items = sw.Source("items", sw.files("items.parquet"), event_time="at",
                  expectations=[sw.column("embedding").not_null(at_least=0.5), sw.column("embedding").is_a("numbers")],
                  stream=sw.topic("items", lateness="10m", key="item", clock="events"))
visits = sw.Source("visits", sw.files("visits.csv"), key="visit", event_time="at")
outcomes = sw.Source("outcomes", sw.files("outcomes.csv"), key="visit", event_time="at")
faces = sw.FeatureView("faces", entity="item", source=items, every="5m", features=[
    sw.latest("embedding", size=4), sw.count("embedding", over="24h"),
    sw.derived("step", "latest_embedding_0 - latest_embedding_3")])

def model(trial):
    raise NotImplementedError

pipeline = sw.Pipeline("spec.yaml", [faces], model=model,
    label=sw.Label("late", outcomes, "spent > 15", each=visits, at="at", matures="1h"))
"""
AT = [f"2024-01-01T00:0{minute}:00Z" for minute in range(4)]
ITEMS = [("A", [0.1, -0.0, 2.0, 3.0]), ("A", [0.5, None, 1e39, float("nan")]), ("B", None), ("C", [1.0, 2.0, 3.0, 4.0])]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embeddings") / "project"
    folder.mkdir()
    (folder / "spec.yaml").write_text(SPEC.replace("[carrier]", "[item]"))
    (folder / "pipeline.py").write_text(PIPELINE)
    times = pa.array([each.replace("Z", "") for each in AT]).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    lists = pa.array([each for _, each in ITEMS], pa.list_(pa.float32(), 4))
    items = pa.table({"item": [name for name, _ in ITEMS], "embedding": lists, "at": times})
    pq.write_table(items, folder / "items.parquet")
    (folder / "visits.csv").write_text("visit,item,at\n1,A,2024-01-01T00:10:00Z\n2,C,2024-01-01T00:20:00Z\n")
    (folder / "outcomes.csv").write_text("visit,spent,at\n1,1,2024-01-01T00:30:00Z\n2,30,2024-01-01T00:40:00Z\n")
    made = StreamedProject(folder)
    made("run", "--until", "features", "--as-of", "2024-01-01T02:00:00Z")
    return made


def kit_of(project):
    return Workspace.open(project.folder, environment=project.environment).kit


def numbers(project, item, *more):
    told = json.loads(project("features", "get", f"item={item}", "--json", *more))["features"]
    return [told[f"faces__latest_embedding_{place}"] for place in range(4)], told


def test_a_list_is_one_column_from_the_file_on_and_its_numbers_are_features(project):
    kit = kit_of(project)
    kept = kit.tables.read(current("ingest", kit).table("items"))
    assert kept.schema.field("embedding").type == pa.list_(pa.float64())
    single = 0.10000000149011612
    assert kept.column("embedding").to_pylist()[:3] == [[single, 0.0, 2.0, 3.0], [0.5, None, float("inf"), None], None]
    found, told = numbers(project, "A")
    assert found == [0.5, None, None, None]
    assert (told["faces__count_embedding_24h"], told["faces__step"]) == (2.0, None)
    assert numbers(project, "C")[0] == [1.0, 2.0, 3.0, 4.0]
    assert numbers(project, "C")[1]["faces__step"] == -3.0
    assert numbers(project, "B")[0] == [None] * 4
    assert numbers(project, "A", "--as-of", AT[0])[0] == [single, 0.0, 2.0, 3.0]


def test_a_list_of_many_numbers_is_one_line_where_people_read(project):
    listed = project("features", "list")
    assert "faces__latest_embedding[4]" in listed
    assert "faces__latest_embedding_0" not in listed
    assert len(json.loads(project("features", "list", "--json"))["features"]) == 4 + 2 + 1
    shown = project("features", "show", "faces__latest_embedding")
    assert shown.startswith("faces__latest_embedding[4]\n  latest embedding, its 4 numbers")
    assert "faces__latest_embedding_2" in project("features", "show", "faces__latest_embedding_2")
    assert "latest_embedding_0" not in project("features", "show", "faces")
    assert "faces__latest_embedding[4]  [1.0, 2.0, 3.0, 4.0]" in project("features", "get", "item=C")
    for more in ((), ("--as-of", AT[0])):
        assert "did you mean item=C" in project("features", "get", "item=c", "--json", *more, code=2)
    project("features", "list", "--html", "catalogue.html")
    assert "faces__latest_embedding[4]" in (project.folder / "catalogue.html").read_text()


def test_arrays_in_messages_are_the_same_lists_and_land_beside_the_file(project):
    sent = [
        {"item": "C", "embedding": [7, 0.1, None, 1e39], "at": "2024-01-01T00:50:00Z"},
        {"item": "D", "embedding": [7, 8], "at": "2024-01-01T00:51:00Z"},
        {"item": "C", "embedding": "[1, 2, 3, 4]", "at": "2024-01-01T00:52:00Z"},
        {"item": "C", "embedding": [1, 2, "3", 4], "at": "2024-01-01T00:53:00Z"},
    ]
    from sluiceway.adapters.event_place import EventPlace
    from sluiceway.adapters.spool import Spool

    spool = Spool(EventPlace("", project.folder / ".sluiceway", {}).state / "events" / "items")
    spool.append([json.dumps(each).encode() for each in sent])
    project("stream", "run", "--until-idle")
    (partition,) = project.partitions()
    assert partition["dead"] == 2  # a text, and a list with a text in it
    view = Workspace.open(project.folder, environment=project.environment).kit.reader.load().pipeline.feature_views[0]
    store = project.online()
    served = {name: unpack_value(store.read(view.digest, [pack_key([name])])[0]).features for name in "CD"}
    store.close()
    assert served["C"][:4] == [7.0, 0.10000000149011612, None, None]
    assert served["D"][:4] == [None] * 4
    project("run", "--until", "ingest", "--as-of", "2024-01-01T03:00:00Z")
    kit = kit_of(project)
    assert kit.tables.read(current("ingest", kit).table("items")).column("embedding").to_pylist()[4:] == [
        [7.0, 0.1, None, 1e39],
        [7.0, 8.0],
    ]
    assert numbers(project, "C", "--as-of", "2024-01-01T02:00:00Z")[0] == served["C"][:4]
