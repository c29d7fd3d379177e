"""Hidden columns: those whose values no command shows."""

from sluiceway.artifacts.promise import Hidden, Promise, nothing_hidden
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current


def hidden_columns(kit: Kit) -> Hidden:
    """Say which columns of which source are sensitive, by the newest run; before the first, none is known to be.

    Whatever is called as the spec's sensitive columns are counts, too: an older version may have had it.
    """
    promise = current("spec", kit)
    if not isinstance(promise, Promise):
        return nothing_hidden
    named = frozenset(name.lower() for name in promise.spec.sensitive)
    return lambda source: promise.hidden(source) | named
