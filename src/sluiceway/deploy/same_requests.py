"""Same requests: whether one request suits two models, as it must where one is tried out beside the other."""

from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.errors import MisuseError

Version = tuple[str, ServingContract]


def require_same_requests(champion: Version, challenger: Version) -> None:
    """Check two versions, each with its contract.

    Raises:
        MisuseError: their inputs or their keys differ.
    """
    (first, ours), (second, theirs) = champion, challenger
    for what, one, other in (("inputs", ours.inputs, theirs.inputs), ("keys", ours.key, theirs.key)):
        differing = sorted({field.name for field in set(one) ^ set(other)})
        if differing:
            raise MisuseError(
                f"{second} cannot be tried out beside {first}: their {what} differ in {', '.join(differing)}; roll out "
                f"a model with the same {what}, or serve it by itself, in a project of its own"
            )
