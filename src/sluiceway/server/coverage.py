"""Coverage: whether one model could answer from what another is given."""

from sluiceway.artifacts.model_bundle import ModelBundle


def is_covered(champion: ModelBundle, challenger: ModelBundle) -> bool:
    """Whether what a challenger is given holds all that the champion takes, each column with the same meaning."""
    views = all(challenger.views.get(name) == digest for name, digest in champion.views.items())
    return views and set(champion.columns) <= set(challenger.columns)
