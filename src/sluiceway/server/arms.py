"""Arms: who is on the canary. The same entity always is, while the share does not shrink."""

from collections.abc import Sequence
from hashlib import blake2b

from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.errors import MisuseError
from sluiceway.plans.packed_value import pack_key

BITS = 53  # as many as a float holds exactly


def share_of(values: Sequence[object], salt: str) -> float:
    """Place an entity between 0 and 1, evenly over all entities; below the canary's share it is on the canary.

    Args:
        values: What identifies it, with their types: ``1`` and ``"1"`` are two entities.
        salt: Another one shuffles all entities anew; a rollout takes its challenger's bundle.

    >>> share_of(["AA"], "one") == share_of(["AA"], "one") != share_of(["AA"], "two")
    True
    """
    digest = blake2b(salt.encode() + b"\0" + pack_key(values), digest_size=8).digest()
    return (int.from_bytes(digest) >> (64 - BITS)) / (1 << BITS)


def deciding(by: Sequence[str], contract: ServingContract) -> tuple[str, ...]:
    """Name the columns whose values decide the arm: those asked for, else all entities, else all inputs.

    Raises:
        MisuseError: one is asked for that requests do not have.
    """
    fields = {field.name for field in (*contract.inputs, *contract.key)}
    unknown = [name for name in by if name not in fields]
    if unknown:
        raise MisuseError(f"the rollout goes by {', '.join(unknown)}, which requests do not have; check rollout.by")
    return tuple(by) or contract.entities or tuple(field.name for field in contract.inputs)
