"""A source's provenance as a row of a table."""

from sluiceway.declare.provenance import Provenance

PROVENANCE_COLUMNS = ("Source", "From", "Licence", "Provider", "Annotator", "Collected")


def provenance_row(source: str, provenance: Provenance | None) -> tuple[str, ...]:
    """Lay out what is declared of a source; what is not says so by a dash."""
    if provenance is None:
        return (source, *("-",) * (len(PROVENANCE_COLUMNS) - 1))
    said = (provenance.source, provenance.licence, provenance.provider, provenance.annotator, provenance.collected)
    return (source, *(value or "-" for value in said))
