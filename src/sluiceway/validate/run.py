"""Stage 3: measure a dataset version against what is expected of it and against a reference; decide nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.data_origin import DataOrigin
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Hidden, nothing_hidden
from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    ReferencePool,
    RuleCheck,
    ValidationReport,
)
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.pages.histogram import Histogram
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore
from sluiceway.validate.class_share import measure_class_share
from sluiceway.validate.drift import adjusted, compare_columns
from sluiceway.validate.freshness import measure_freshness
from sluiceway.validate.histograms import histograms
from sluiceway.validate.implied_rules import implied_rules
from sluiceway.validate.masking import (
    masked_check,
    masked_drift,
    masked_histogram,
    masked_sql_check,
)
from sluiceway.validate.measured import Measured
from sluiceway.validate.row_counts import measure_row_counts
from sluiceway.validate.row_rules import measure_rows
from sluiceway.validate.rules import declared_rules, measure
from sluiceway.validate.side import Side, pooled
from sluiceway.validate.source_table import SourceTable, read_source, validated_sources
from sluiceway.validate.sql_checks import measure_sql_checks


@dataclass(slots=True)
class Findings:
    """What was measured so far, source by source."""

    rules: list[RuleCheck] = field(default_factory=list)
    freshness: list[FreshnessCheck] = field(default_factory=list)
    drift: list[DriftCheck] = field(default_factory=list)
    histograms: list[Histogram] = field(default_factory=list)
    class_shares: list[ClassShareCheck] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Versions:
    """The version under validation and its references by name, all as known at ``as_of``."""

    dataset: DatasetVersion
    references: Mapping[str, tuple[DatasetVersion, ...]]
    as_of: datetime | None
    tables: TableStore
    hidden: Hidden = nothing_hidden

    def current(self, source: Source) -> SourceTable:
        """Read a source's rows now."""
        return read_source(source, self.dataset, self.as_of, self.tables)

    def pools(self, source: Source) -> dict[str, Side]:
        """Read a source's rows in each reference that there is."""
        found: dict[tuple[DatasetVersion, ...], Side] = {}
        for versions in filter(None, self.references.values()):
            if versions not in found:
                tables = [read_source(source, version, self.as_of, self.tables) for version in versions]
                found[versions] = pooled(tables)
        return {name: found[versions] for name, versions in self.references.items() if versions}


def run(  # noqa: PLR0913 - a stage takes its ports one by one
    dataset: DatasetVersion,
    references: Mapping[str, tuple[DatasetVersion, ...]],
    *,
    project: Project,
    as_of: datetime | None,
    tables: TableStore,
    objects: ObjectStore,
    engine: Engine,
    progress: Progress,
    hidden: Hidden = nothing_hidden,
) -> ValidationReport:
    """Measure layers A, B and C, one source at a time, and store the report with its histograms as JSON.

    Values of the columns that are ``hidden``, by source, are nowhere in it.

    Rows that became known after ``as_of`` are left out on both sides. The same rows give the same report, in whatever
    order they are stored. ``references`` are the earlier versions, newest first, by the names that expectations have
    for them; what nothing was declared of is compared with those without a name.

    Raises:
        SourceError: the engine refuses a declared condition.
    """
    versions = Versions(dataset, references, as_of, tables, hidden)
    findings = Findings()
    sources = list(validated_sources(project))
    for done, source in enumerate(sources):
        progress.say(f"validating {source.name}")
        _measure_source(source, versions, project, engine, findings)
        progress.advance(done + 1, len(sources))
    report = ValidationReport(
        dataset=dataset.content_id,
        reference=next((version.content_id for version in references.get("", ())), None),
        as_of=as_of,
        rules=tuple(findings.rules),
        freshness=tuple(findings.freshness),
        drift=adjusted(findings.drift),
        class_shares=tuple(findings.class_shares),
        json="",
        origins=tuple(DataOrigin(facts.name, facts.provenance) for facts in dataset.sources if facts.provenance),
        pools=tuple(
            ReferencePool(name, tuple(version.content_id for version in pool))
            for name, pool in sorted(references.items())
            if pool
        ),
    )
    return _stored(report, findings.histograms, objects)


def _measure_source(source: Source, versions: Versions, project: Project, engine: Engine, findings: Findings) -> None:
    current, pools = versions.current(source), versions.pools(source)
    then = pools.get("")
    label, hidden = project.pipeline.label, versions.hidden(source.name)
    rules = [*declared_rules(current, _referred_keys(source, versions, project)), *implied_rules(current)]
    checks = [*measure(current, rules), *measure_rows(current, engine), *measure_row_counts(current, then)]
    findings.rules += [masked_check(check, hidden) for check in checks]
    findings.rules += _sql_checks(current, versions, project, engine)
    findings.freshness += measure_freshness(current, versions.as_of)
    findings.drift += [masked_drift(check, hidden) for check in compare_columns(current, pools)]
    findings.histograms += [masked_histogram(drawn, hidden) for drawn in histograms(current, then)]
    if source.name == label.source.name:
        findings.class_shares.append(measure_class_share(label, Side.of(current), then, engine))


def _sql_checks(current: SourceTable, versions: Versions, project: Project, engine: Engine) -> list[RuleCheck]:
    """Run the source's own statements, which may read any source."""
    named = {name.lower(): source for name, source in project.sources.items()}
    statements = [each for each in current.source.expectations if each.kind == "sql"]
    checks = measure_sql_checks(current, lambda name: versions.current(named[name]), engine)
    if not any(versions.hidden(name) for name in project.sources):
        return checks
    schemas = {name: versions.dataset.table(name).column_names for name in project.sources} if statements else {}
    return [
        masked_sql_check(check, each, versions.hidden, schemas) for check, each in zip(checks, statements, strict=True)
    ]


def _referred_keys(source: Source, versions: Versions, project: Project) -> Mapping[str, pl.DataFrame | None]:
    """Read the key of each source that a ``reference`` names; ``None`` where it lacks a column of it."""
    found: dict[str, pl.DataFrame | None] = {}
    for expectation in source.expectations:
        if expectation.kind == "reference" and expectation.other and expectation.text:
            other = versions.current(project.source(expectation.other))
            keys = other.source.keys
            is_whole = all(name in other.kinds for name in keys)
            found[expectation.other] = pl.DataFrame([other.column(name) for name in keys]) if is_whole else None
    return found


def _stored(report: ValidationReport, drawn: list[Histogram], objects: ObjectStore) -> ValidationReport:
    """Name the report by its content, and store it with its histograms."""
    named = replace(report, json=f"reports/validation-{report.content_id[:12]}.json")
    objects.put(named.json, encode(Measured(named, tuple(drawn))))
    return named
