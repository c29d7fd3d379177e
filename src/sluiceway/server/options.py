"""Options: how one server serves."""

from dataclasses import dataclass, field

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.errors import MisuseError
from sluiceway.server.limits import Limits


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """How one server serves.

    ``scope`` is ``live`` or ``rehearsal``; in a rehearsal every request says its own moment. ``key`` is what callers
    must show, ``None`` when all may call. ``as_of_us`` is the moment that everything is answered for, microseconds
    since 1970, ``None`` for the present. The board is looked at every ``look_every_s`` seconds. While the online store
    cannot be read, requests are refused, or with ``answers_without_store`` answered as if it knew nobody. With
    ``expects_views``, a store that lost a view cannot be read. With ``is_ready_alone``, a server that takes events is
    ready while there is no model.
    """

    scope: str = LIVE
    key: str | None = None
    as_of_us: int | None = None
    limits: Limits = field(default_factory=Limits)
    look_every_s: float = 1.0
    answers_without_store: bool = False
    expects_views: bool = False
    is_ready_alone: bool = False

    def __post_init__(self) -> None:
        """Refuse a key that no header can carry, or that is none."""
        if self.key is not None and not self.key.strip():
            raise MisuseError("the key is blank, so that everybody had it; give another one, or none")
        if self.key is not None and self.key != self.key.strip():
            raise MisuseError("the key begins or ends with a blank, which a header loses; leave the blanks out")
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise MisuseError("the key is not of printable ASCII characters alone, so that no caller could send it")
