"""Hidden columns: those whose values no command shows."""

from sluiceway.artifacts.promise import Hidden, Promise, nothing_hidden
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current


def hidden_columns(kit: Kit) -> Hidden:
    """Say which columns of which source are sensitive, by the newest run; before the first, none is known to be."""
    promise = current("spec", kit)
    return promise.hidden if isinstance(promise, Promise) else nothing_hidden
