"""Stage 2 as a node."""

from typing import Any

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import SourceError
from sluiceway.flow.discreetly import discreetly
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.ingest.gate import STAGE_VERSION, gate
from sluiceway.ledger.sweeping import swept


def run(job: Job) -> Artifact:
    """Store, derive, and prove that it can be rebuilt.

    Raises:
        SourceError: a file changed between being identified and being stored.
    """
    from sluiceway.flow.accepted import accepted_versions
    from sluiceway.ingest.run import run

    kit = job.kit
    with kit.scratch() as scratch, discreetly(job):
        version = run(
            job.project,
            files=kit.files,
            objects=kit.objects,
            tables=kit.tables,
            engine=kit.engine,
            progress=job.progress,
            scratch=scratch,
            whole_below=int(job.settings.rebuild_whole_gib * 1024**3),
            earlier=accepted_versions(kit),
        )
    require_as_identified(version, job.observed["files"])
    return version


def require_as_identified(version: DatasetVersion, identified: Any) -> None:
    """Refuse a version of other bytes than its recipe says; large files are identified without hashing, and pass."""
    stored = {(entry.source, entry.path): entry.sha256 for entry in version.files}
    for source, files in identified:
        for path, *identity in files:
            if len(identity) == 1 and stored.get((source, path)) != identity[0]:
                raise SourceError(f"{path} changed while it was being ingested; run again when nothing writes to it")


def present(kit: Kit, version: DatasetVersion) -> bool:
    """Whether the tables are there, and no sweep removed the version; stored files are the gate's to judge."""
    return version.content_id not in swept(kit.ledger) and all(kit.tables.has(table) for table in version.tables)


def inspect(kit: Kit, version: DatasetVersion) -> DatasetVersion:
    """Look at the stored bytes and the sources as they are now."""
    from sluiceway.ingest.integrity import inspected

    return inspected(version, files=kit.files, objects=kit.objects, tables=kit.tables)


INGEST = Node(
    "ingest",
    stage_named("ingest"),
    STAGE_VERSION,
    DatasetVersion,
    needs=(),
    reads="sources",
    run=run,
    present=present,
    by=("files", "rebuild_whole_gib"),
    gate=gate,
    inspect=inspect,
)
