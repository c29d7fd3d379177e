import sluiceway as sw
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.declare.project import Project
from sluiceway.features.raw_origins import raw_origins


def project_and_dataset(**sources):
    declared = {
        name: sw.Source(name, sw.files("a.csv") if sql is None else None, sql=sql) for name, (sql, _) in sources.items()
    }
    refs = tuple(
        TableRef(f"sources/{name}", name, 0, tuple(Column(column, "integer") for column in columns))
        for name, (_, columns) in sources.items()
    )
    return Project(None, declared, "", ""), DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))


def test_columns_are_traced_through_sources_made_from_sources():
    project, dataset = project_and_dataset(
        raw=(None, ["id", "a", "b"]),
        middle=("SELECT id, a + b AS total FROM raw", ["id", "total"]),
        top=("SELECT m.id, m.total > 30 AS late, r.b FROM middle m JOIN raw r USING (id)", ["id", "late", "b"]),
    )
    traced = raw_origins(project, dataset, "top")
    assert traced["late"] == {("raw", "a"), ("raw", "b")}
    assert traced["b"] == {("raw", "b")}


def test_a_source_of_files_is_its_own_origin():
    project, dataset = project_and_dataset(raw=(None, ["a"]))
    assert raw_origins(project, dataset, "raw") == {"a": {("raw", "a")}}


def test_what_cannot_be_traced_has_no_origin():
    project, dataset = project_and_dataset(top=("SELECT x FROM nowhere", ["x"]))
    assert raw_origins(project, dataset, "top") == {}
