"""Binding: the declaration set beside the data before anything runs, and every misfit told at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluiceway.artifacts.promise import SensitiveColumns
from sluiceway.artifacts.table_ref import Column
from sluiceway.declare.project import Project
from sluiceway.declare.spec import Spec
from sluiceway.plans.ancestry import Ancestry
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.spec.findings import Findings, kinds_of
from sluiceway.spec.leakage import check_leaks
from sluiceway.spec.parse import lines_of
from sluiceway.spec.pipeline_checks import check_inputs, check_label, check_spec, check_view
from sluiceway.spec.sensitive import sensitive_columns
from sluiceway.spec.sensitive_checks import check_sensitive
from sluiceway.spec.source_checks import check_source
from sluiceway.spec.source_columns import source_columns
from sluiceway.spec.sql_checks import check_statements

NONE_LANDED: Mapping[str, tuple[Column, ...]] = {}
NONE_ACCEPTED = NONE_LANDED


@dataclass(frozen=True, slots=True)
class Binding:
    """A declaration that fits its data: the columns of every source, without the two times that ingest adds.

    ``sensitive`` are those of them whose values nobody may see.
    """

    columns: Mapping[str, tuple[Column, ...]]
    sensitive: tuple[SensitiveColumns, ...] = ()


def bind(
    project: Project,
    spec: Spec,
    *,
    files: ObjectStore,
    engine: Engine,
    landed: Mapping[str, tuple[Column, ...]] = NONE_LANDED,
    accepted: Mapping[str, tuple[Column, ...]] = NONE_ACCEPTED,
) -> Binding:
    """Check every name and type of a declaration against the data, and refuse inputs that would leak.

    An input that ``each`` lacks is no misfit: gate 1 judges whether inputs can be had.

    Args:
        project: What is declared.
        spec: The spec, parsed.
        files: The project's folder; source files are read whole, as types follow from values.
        engine: Runs the sources' SQL on tables without rows.
        landed: The columns of the sources that are extracted from databases and APIs.
        accepted: The own columns of each source in the last version that passed gate 2.

    Raises:
        DeclarationError: anything does not fit; all of it is in the report.
    """
    pipeline = project.pipeline
    lines = lines_of(project.spec_text, path=pipeline.spec)
    findings = Findings(pipeline.spec, lines, is_discreet=bool(spec.sensitive))
    columns, own = source_columns(
        project, files=files, engine=engine, landed=landed, accepted=accepted, findings=findings
    )
    kinds = {name: kinds_of(found) for name, found in columns.items()}
    for name in kinds:
        with findings.about(project.sources[name].written_at):
            check_source(project.sources[name], kinds, findings)
    check_statements(project.sources, columns, engine, findings)
    with findings.about(pipeline.label.written_at):
        check_label(pipeline.label, kinds, findings)
    for view in pipeline.feature_views:
        with findings.about(view.written_at):
            check_view(view, pipeline.label, kinds, findings)
    check_inputs(pipeline, spec, kinds, findings)
    check_spec(pipeline, spec, findings)
    findings.settle()
    each = kinds[pipeline.label.each.name]
    there = [name for name in spec.inputs if name in each]
    check_leaks(pipeline.label, there, Ancestry(project.sources, _names(columns), _names(own)), findings)
    sensitive = sensitive_columns(spec, project.sources, columns, own)
    check_sensitive(spec, pipeline, project.sources, columns, sensitive, findings)
    findings.settle()
    return Binding(columns, sensitive)


def _names(columns: Mapping[str, tuple[Column, ...]]) -> dict[str, list[str]]:
    return {source: [column.name for column in found] for source, found in columns.items()}
