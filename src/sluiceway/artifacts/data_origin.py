"""Where the rows of a source come from in the world, as declared."""

from dataclasses import dataclass

from sluiceway.declare.provenance import Provenance


@dataclass(frozen=True, slots=True)
class DataOrigin:
    """A source, and what is declared of where its rows come from."""

    source: str
    provenance: Provenance | None
