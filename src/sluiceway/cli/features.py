"""``sluiceway features``: what features there are, and an entity's values, as served now or known at some moment."""

from sluiceway.cli.features_catalogue import list_, search, show
from sluiceway.cli.features_get import get
from sluiceway.cli.features_history import history
from sluiceway.cli.features_materialize import materialize
from sluiceway.cli.features_skew import skew

# Each verb has a module of its own, and is called by this one's name.
__all__ = ["get", "history", "list_", "materialize", "search", "show", "skew"]
