"""The serving contract: all that a server must know of a model's features to ask for them without the user's code."""

from dataclasses import dataclass
from typing import Any

from sluiceway.core.digest import plain_fields


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request; ``kind`` is integer, number, text, time or boolean."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class ServedView:
    """A view as it is read online: under ``digest``, by ``entities``, giving ``columns`` in the packed order.

    ``aged`` are the columns that go missing once the value's event time lies more than ``ttl_us`` microseconds back.
    """

    name: str
    digest: str
    entities: tuple[str, ...]
    columns: tuple[str, ...]
    aged: tuple[str, ...] = ()
    ttl_us: int | None = None


@dataclass(frozen=True, slots=True)
class RequestFeature:
    """A feature computed at the request; ``tree`` is its expression (see ``declare.expression_tree``).

    ``reads`` are the columns of views, and the request features before it, that it reads beside the request's inputs,
    with the kinds that they are stored as.
    """

    name: str
    text: str
    tree: tuple[Any, ...]
    reads: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", _frozen(self.tree))  # JSON gives lists, which are neither equal nor hashable


@dataclass(frozen=True, slots=True)
class ServingContract:
    """What a request must hold, may hold, and how it becomes features.

    ``inputs`` are the spec's inputs, then the entity columns that are none. ``key`` are the label's key columns that
    are no inputs: a caller may give them, so that outcomes find their request. ``unlogged`` names the inputs and the
    columns of the model whose values are sensitive: the request log leaves them out.
    """

    inputs: tuple[Field, ...]
    key: tuple[Field, ...]
    views: tuple[ServedView, ...]
    request: tuple[RequestFeature, ...]
    unlogged: tuple[str, ...] = ()

    @property
    def meaning(self) -> dict[str, object]:
        """What identifies the contract; what is empty because it is seldom there is not in it."""
        fields = plain_fields(self)
        fields["request"] = [_without_empty(plain_fields(feature), "reads") for feature in self.request]
        return _without_empty(fields, "unlogged")

    @property
    def entities(self) -> tuple[str, ...]:
        """The columns that name whose features are read, each once."""
        return tuple(dict.fromkeys(name for view in self.views for name in view.entities))

    def differing(self, other: "ServingContract") -> tuple[str, ...]:
        """Name the fields in which requests for the two differ; where there are none, one request suits both."""
        pairs = ((self.inputs, other.inputs), (self.key, other.key))
        return tuple(sorted({field.name for ours, theirs in pairs for field in set(ours) ^ set(theirs)}))


def _without_empty(fields: dict[str, object], name: str) -> dict[str, object]:
    return fields if fields[name] else {key: value for key, value in fields.items() if key != name}


def _frozen(node: Any) -> Any:
    return tuple(map(_frozen, node)) if isinstance(node, list | tuple) else node
