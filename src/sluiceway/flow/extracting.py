"""Extracting: what is new in databases and APIs lands before any recipe is known, as their content decides recipes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sluiceway.artifacts.table_ref import Column
from sluiceway.declare.project import Project
from sluiceway.flow.kit import Kit
from sluiceway.ingest.landed_files import known_landing, landed_identity
from sluiceway.ports.extractor import Origin
from sluiceway.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class Extracted:
    """How many rows came from where in a run, how many there are in all, and how they were read."""

    source: str
    origin: str
    new_rows: int
    rows: int
    how: str

    def __str__(self) -> str:
        return f"{self.source}: {self.new_rows:,} new rows of {self.rows:,} from {self.origin} ({self.how})"


def landed_now(
    origins: Mapping[str, Origin],
    kit: Kit,
    *,
    progress: Callable[[], Progress],
    say: Callable[[str], None],
    afresh: bool = False,
) -> tuple[list[object], tuple[Extracted, ...]]:
    """Land what is new; return the identity of each source as files have one, and what came.

    Raises:
        SourceError: an origin cannot be reached or read; what landed before stays as it was.
    """
    if not origins:
        return [], ()
    from sluiceway.ingest.landing import Lander

    identities: list[object] = []
    told: list[Extracted] = []
    for source, origin in sorted(origins.items()):
        with kit.scratch() as scratch:
            lander = Lander(source, origin, kit.extractor, kit.objects, scratch, progress(), kit.clock.now())
            landed = lander.land(afresh=afresh)
        identities.append([source, landed_identity(landed.landing)])
        told.append(Extracted(source, origin.shown, landed.new_rows, landed.landing.rows, landed.how))
        say(str(told[-1]))
    return identities, tuple(told)


def landed_columns(project: Project, kit: Kit) -> dict[str, tuple[Column, ...]]:
    """Name the columns of every extract that has landed."""
    landings = {name: known_landing(name, kit.objects) for name, source in project.sources.items() if source.extract}
    return {name: landing.columns for name, landing in landings.items() if landing is not None}


def columns_at_origin(project: Project, kit: Kit) -> dict[str, tuple[Column, ...]]:
    """Ask every origin for its columns now; nothing lands.

    Raises:
        SourceError: an origin cannot be reached or read.
    """
    from sluiceway.plans.table_digest import columns_of

    found = {}
    for name, source in project.sources.items():
        if source.extract is not None:
            with kit.extractor.read(source.extract) as extraction:
                found[name] = columns_of(extraction.schema.empty_table())
    return found
