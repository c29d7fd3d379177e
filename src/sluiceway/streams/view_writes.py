"""View writes: what one view's stream wants written with a partition's next commit."""

from dataclasses import dataclass, field

from sluiceway.ports.pane_store import Row


@dataclass(slots=True)
class Writes:
    """What a view wants written: rows of state, and served values, of which ``forced`` went back in time."""

    put: list[Row] = field(default_factory=list)
    drop: list[bytes] = field(default_factory=list)
    online: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    forced: list[tuple[str, bytes, bytes]] = field(default_factory=list)
