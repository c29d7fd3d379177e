"""Stage 1's artifact: the spec, and what could be found out about it before any data was stored."""

from collections.abc import Callable
from dataclasses import dataclass

from sluiceway.artifacts.data_origin import DataOrigin
from sluiceway.core.digest import digest_of
from sluiceway.declare.spec import Spec

Hidden = Callable[[str], frozenset[str]]  # the sensitive columns of a source by its name, in small letters


def nothing_hidden(source: str) -> frozenset[str]:  # noqa: ARG001  # nothing is, of any source
    """Hide nothing."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class InputAvailability:
    """Whether a caller can have an input when asking: which source gives it, or why it cannot be had."""

    name: str
    type: str
    available: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SensitiveColumns:
    """A source's columns whose values nobody may see: those the spec names, and those that are made of them.

    With ``untraced`` its SQL, which reads sensitive columns, cannot be followed, for that reason: then they are all its
    columns.
    """

    source: str
    columns: tuple[str, ...]
    untraced: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """The spec that every gate judges by, and what is known of the columns it is about.

    ``inputs`` says what a caller can supply, ``origins`` where the sources from outside come from, and ``sensitive``
    which columns of which source nobody may see.
    """

    spec: Spec
    inputs: tuple[InputAvailability, ...]
    origins: tuple[DataOrigin, ...] = ()
    sensitive: tuple[SensitiveColumns, ...] = ()

    @property
    def content_id(self) -> str:
        """Identify what is promised."""
        promised = ["promise", self.spec, self.inputs, self.origins]
        return digest_of([*promised, self.sensitive] if self.sensitive else promised)

    def hidden(self, source: str) -> frozenset[str]:
        """Name the columns of a source whose values are masked, in small letters."""
        return frozenset(name.lower() for each in self.sensitive if each.source == source for name in each.columns)
