"""Unfinished readings: how far one has come is written down part by part, so that after a kill the next goes on."""

from dataclasses import dataclass, field, replace

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.landing import Begun, Bound, Counted, LandedPart, Landing, begun_key, recalled_begun
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import UnknownObjectError
from sluiceway.ports.object_store import ObjectStore

NOTHING = b"{}"


def base_of(landing: Landing | None) -> str:
    """Identify the landing that a reading goes on from."""
    return "" if landing is None else sha256_hex(encode(landing))


def known_begun(source: str, base: Landing | None, objects: ObjectStore) -> Landing | None:
    """Return how far a reading has come that did not end, if it went on from just this landing."""
    try:
        begun = recalled_begun(objects.get(begun_key(source)))
    except UnknownObjectError:
        return None
    return begun.landing if begun is not None and begun.base == base_of(base) else None


def forget_begun(source: str, objects: ObjectStore) -> None:
    """Note that no reading is unfinished."""
    if objects.has(begun_key(source)):
        objects.put(begun_key(source), NOTHING)


@dataclass(slots=True)
class Unfinished:
    """Keeps the parts of one reading as they are cut, where rows come by their cursor and the origin was counted.

    ``landing`` is what the reading adds to, ``base`` identifies the landing before it, and ``before`` counts the
    origin's rows that lie before what is read. What is written down never claims more than is kept: the part comes
    first. Whoever goes on counts again, so that rows which came in out of order are noticed as any others that come in
    behind the cursor.
    """

    base: str
    landing: Landing
    before: int
    objects: ObjectStore
    scratch: ObjectStore
    kept: set[str] = field(default_factory=set)
    ends: bool = False

    def keep(self, part: LandedPart, *, bound: Bound | None, at: int, rows: int) -> None:
        """Keep a part of which every row, and of the reading every row up to ``bound``, has been cut.

        Args:
            part: As it lies in the scratch place.
            bound: The largest value of the cursor so far.
            at: How many of the rows that were read are exactly there.
            rows: How many rows were read.
        """
        if self.ends or bound is None or not part.rows:
            return
        self.objects.put(object_key(part.sha256), self.scratch.stream(part.sha256))
        self.kept.add(part.sha256)
        counted = Counted(self.before + rows, at, 0)
        self.landing = replace(self.landing, parts=(*self.landing.parts, part), bound=bound, counted=counted)
        self.objects.put(begun_key(self.landing.source), encode(Begun(self.base, self.landing)))

    def end(self) -> None:
        """Keep no more: the rows do not come in the order of their cursor after all."""
        if not self.ends:
            self.ends = True
            forget_begun(self.landing.source, self.objects)
