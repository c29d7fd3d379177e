"""``sluiceway data``: dataset versions, down to each file's SHA-256."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.data_keeping import gc, pin, require_there, unpin
from sluiceway.cli.data_tracing import blame, lineage
from sluiceway.cli.difference_text import difference_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.core.errors import MisuseError
from sluiceway.flow.hidden_columns import hidden_columns
from sluiceway.flow.newest_dataset import newest_version
from sluiceway.flow.reference import dataset_by_id, dataset_versions, require_evidence
from sluiceway.ingest.diff import difference, masked
from sluiceway.ingest.integrity import inspect
from sluiceway.ingest.manifest import as_csv, as_json, rows_of
from sluiceway.ledger.making import everything_made
from sluiceway.ledger.pinning import pins
from sluiceway.ledger.sweeping import swept
from sluiceway.pages.provenance_row import PROVENANCE_COLUMNS, provenance_row
from sluiceway.workspace import Workspace

# The verbs that have modules of their own are called by this one's name as well.
__all__ = ["blame", "diff", "gc", "lineage", "log", "pin", "restore", "show", "unpin", "verify"]
Version = Annotated[str | None, Parameter(help="A version, its first digits or a pin; the newest by default.")]


def log(*, common: Common = HERE) -> int:
    """List the dataset versions, newest first."""
    kit = Workspace.open(common.project).kit
    versions = dataset_versions(kit)
    if not versions:
        require_evidence("", kit)
    made = {record.content_id: entry for entry, record in everything_made(kit.ledger) if record.node == "ingest"}
    gone, pinned = swept(kit.ledger), pins(kit.ledger)
    rows = [
        (
            version.version,
            made[name].recorded_at,
            len(version.files),
            size(version),
            sum(t.rows for t in version.tables),
            [pin for pin, held in pinned.items() if held == name],
            gone.get(name),
        )
        for name, version in reversed(versions.items())
    ]
    names = ("version", "recorded_at", "files", "size_bytes", "rows", "pins", "removed_at")
    if common.json:
        print_json({"versions": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        print_table(names[:-1], [log_row(*row) for row in rows])
    return 0


def log_row(
    version: str, when: str, files: int, held: int, rows: int, pinned: list[str], removed: str | None
) -> tuple[str, ...]:
    """Lay a version out as a row; one that a sweep removed says so."""
    told = f"removed {removed[:10]}" if removed else ", ".join(pinned)
    return version, when[:19], str(files), f"{held:,}", f"{rows:,}", told


def size(version: DatasetVersion) -> int:
    """The bytes of a version's files, each content once."""
    return sum({entry.sha256: entry.size_bytes for entry in version.files}.values())


def show(
    version: Version = None,
    *,
    csv: Annotated[bool, Parameter(help="Print the manifest as CSV: path, sha256, date.", negative=())] = False,
    manifest: Annotated[
        bool, Parameter(help="Print it as CSV with sizes, sources, licences and who and when besides.", negative=())
    ] = False,
    common: Common = HERE,
) -> int:
    """Show a version's manifest and its tables."""
    found = chosen(version, Workspace.open(common.project))
    if common.json:
        print_lines(as_json(found).rstrip("\n"))
    elif csv or manifest:
        print_lines(as_csv(found, full=manifest).rstrip("\n"))
    else:
        print_lines(f"version {found.version}", "")
        print_table(("path", "sha256", "date"), [(path, sha256[:16], date) for path, sha256, date in rows_of(found)])
        print_lines("")
        print_table(("table", "rows", "columns"), [(t.name, f"{t.rows:,}", len(t.columns)) for t in found.tables])
        said = [facts for facts in found.sources if facts.provenance]
        if said:
            print_lines("")
            print_table(
                [name.lower() for name in PROVENANCE_COLUMNS], [provenance_row(f.name, f.provenance) for f in said]
            )
        print_lines("", rebuilt_line(found.restore))
    return 0


def rebuilt_line(restore: RestoreReport) -> str:
    """Say how gate 2 rebuilt a version, and from where."""
    taken = [sum(each.from_source for each in restore.origins), sum(each.from_objects for each in restore.origins)]
    whence = f" ({taken[0]} files from their sources, {taken[1]} from stored objects)" if restore.origins else ""
    line = f"rebuilt and compared in {restore.seconds:.1f} s{whence}: {len(restore.unequal)} differences"
    if restore.sample is None:
        return line
    sample = restore.sample
    return (
        f"{line}; a sample of {sample.files} of {sample.of} files, which at 95 % could have missed "
        f"{sample.missed:.2%} damaged; the whole would take {sample.estimated_s:.0f} s (an estimate)"
    )


def diff(
    before: Annotated[str, Parameter(help="The earlier version, its first digits or a pin.")],
    after: Version = None,
    *,
    brief: Annotated[bool, Parameter(help="By the manifests alone, without reading any table.", negative=())] = False,
    common: Common = HERE,
) -> int:
    """Show what changed from one version to another."""
    workspace = Workspace.open(common.project)
    then, now = dataset_by_id(before, workspace.kit), chosen(after, workspace)
    found = difference(then, now)
    if not brief:
        from sluiceway.ingest.table_diff import measured

        for version in (then, now):
            require_there(version, workspace)
        found = measured(found, then, now, tables=workspace.kit.tables, engine=workspace.kit.engine)
        found = masked(found, hidden_columns(workspace.kit))
    if common.json:
        print_json(found)
    else:
        print_lines(f"{found.before} -> {found.after}", *difference_lines(found))
    return 0


def verify(version: Version = None, *, common: Common = HERE) -> int:
    """Hash every stored byte of a version again. Exits 1 and names each file that is not what was stored."""
    workspace = Workspace.open(common.project)
    found = chosen(version, workspace)
    require_there(found, workspace)
    kit = workspace.kit
    report = inspect(found, files=kit.files, objects=kit.objects, tables=kit.tables)
    if common.json:
        print_json(
            {
                "version": found.version,
                "ok": not report.damaged,
                **dict_of(report.damaged, report.changed, report.method),
            }
        )
    else:
        print_lines(*(f"✗ {name}" for name in report.damaged))
        print_lines(*(f"~ source {name} (sluiceway run ingests it as a new version)" for name in report.changed))
        if not report.damaged:
            print_lines(f"✓ version {found.version}: {len(found.files)} files, {size(found):,} bytes, {report.method}")
    return int(bool(report.damaged))


def dict_of(damaged: tuple[str, ...], changed: tuple[str, ...], method: str) -> dict[str, object]:
    """Name the parts of an integrity report for scripts."""
    return {"damaged": list(damaged), "changed_sources": list(changed), "method": method}


def restore(
    version: Version = None,
    *,
    to: Annotated[Path, Parameter(help="The folder to write to; it must be empty or absent.")],
    common: Common = HERE,
) -> int:
    """Write a version's files as they were, every byte checked on the way. What was interrupted goes on."""
    workspace = Workspace.open(common.project)
    if to.exists() and not to.is_dir():
        raise MisuseError(f"--to {to} is not an empty folder; restoring never overwrites")
    found = chosen(version, workspace)
    require_there(found, workspace)
    workspace.restore(found, to)
    if common.json:
        print_json({"version": found.version, "to": str(to), "files": [entry.path for entry in found.files]})
    else:
        print_lines(f"✓ version {found.version}: {len(found.files)} files in {to}")
    return 0


def chosen(version: str | None, workspace: Workspace) -> DatasetVersion:
    """Find a version by its first digits, or the newest.

    Raises:
        MisuseError: nothing was ingested yet.
        UnknownNameError: there is no such version.
        DamagedError: the store has lost it.
    """
    if version is not None:
        return dataset_by_id(version, workspace.kit)
    return newest_version(workspace.kit)
