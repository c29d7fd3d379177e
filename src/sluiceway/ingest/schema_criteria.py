"""Schema criteria: gate 2 tells how each source's columns changed, and stops where the source says freeze."""

from collections.abc import Iterator

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.source_schema import SourceSchema
from sluiceway.core.verdict import Criterion

SAID = {
    "": "accepted, as nothing else is declared",
    "evolve": "accepted",
    "freeze": 'correct the source, or accept it with schema="evolve"',
    "discard": "unknown columns are dropped",
}


def schema_criteria(version: DatasetVersion) -> Iterator[Criterion]:
    """Judge the schema of each source that declares a policy, or whose columns changed."""
    for schema in version.schemas:
        found = [str(change) for change in version.changes if change.source == schema.source]
        if schema.policy == "freeze" and not version.compared_with:
            found += [f"{name} is missing in some of its files" for name in schema.uneven]
        if schema.policy or found:
            yield _criterion(schema, found, version.compared_with)


def _criterion(schema: SourceSchema, found: list[str], compared_with: str) -> Criterion:
    against = f"compared with version {compared_with[:12]}" if compared_with else "the first version"
    told = [*found, *(f"{name} dropped with {values:,} values" for name, values in schema.discarded)]
    what = f"{', '.join(told)}; {SAID[schema.policy]}; {against}" if told else f"as before; {against}"
    return Criterion.judged(
        f"{schema.source}: changed columns" + (f" ({schema.policy})" if schema.policy else ""),
        measured=len(found),
        limit=0 if schema.policy == "freeze" else "told",
        passed=not found if schema.policy == "freeze" else True,
        detail=what if compared_with or told else f"{len(schema.columns)} columns; {against}",
    )
