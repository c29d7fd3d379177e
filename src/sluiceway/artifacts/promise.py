"""Stage 1's artifact: the spec, and what could be found out about it before any data was stored."""

from dataclasses import dataclass

from sluiceway.artifacts.data_origin import DataOrigin
from sluiceway.core.digest import digest_of
from sluiceway.declare.spec import Spec


@dataclass(frozen=True, slots=True)
class InputAvailability:
    """Whether a caller can have an input when asking: which source gives it, or why it cannot be had."""

    name: str
    type: str
    available: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Promise:
    """The spec that every gate judges by, what a caller can supply, and where the sources from outside come from."""

    spec: Spec
    inputs: tuple[InputAvailability, ...]
    origins: tuple[DataOrigin, ...] = ()

    @property
    def content_id(self) -> str:
        """Identify what is promised."""
        return digest_of(["promise", self.spec, self.inputs, self.origins])
