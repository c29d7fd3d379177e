"""Spark lists: those that plans make (least hashes, last facts, a text's parts), and what is taken out of them."""

from collections.abc import Sequence

from sluiceway.plans.spark_value import HUGE, SparkValue, refused

HASHES, FACTS, FACT, TEXTS = "hashes", "facts", "fact", "texts"
ITEMS = {HASHES: HUGE, FACTS: FACT, TEXTS: "text"}
MEMBERS = {"known": "integer", "event": "integer", "value": "number"}  # of a fact, see ``last_values``


def least_hashes(parts: Sequence[SparkValue], where: str) -> SparkValue:
    """Aggregate hashes to the least of them, each once, in order; ``where`` is a FILTER or nothing.

    Args:
        parts: The hash, and how many to keep.
        where: What follows an aggregate that sees but some rows.
    """
    hash_value, kept = parts
    if hash_value.kind != HUGE:
        raise refused("only hashes are kept, the least of different ones")
    gathered = f"collect_set({hash_value.text}){where}"
    return SparkValue(f"slice(array_sort({gathered}), 1, {kept.text.removesuffix('L')})", HASHES)


def last_facts(parts: Sequence[SparkValue], where: str) -> SparkValue:
    """Aggregate facts to the greatest of them, the greatest first; missing ones are passed over.

    Args:
        parts: The fact, and how many to keep.
        where: What follows an aggregate that sees but some rows.
    """
    fact, kept = parts
    if fact.kind != FACT:
        raise refused("only facts with their times are kept, the last of them")
    gathered = f"sort_array(collect_list({fact.text}){where}, false)"
    return SparkValue(f"slice({gathered}, 1, {kept.text.removesuffix('L')})", FACTS)


def fact(members: Sequence[tuple[str, SparkValue]]) -> SparkValue:
    """Put a fact together, whose members order it from the first to the last."""
    if {name: value.kind for name, value in members} != MEMBERS:
        raise refused("only facts with their times are structs")
    made = ", ".join(f"'{name}', {value.text}" for name, value in members)
    return SparkValue(f"named_struct({made})", FACT)


def item(values: SparkValue, place: int) -> SparkValue:
    """Take one out of a list; the first has place 1, and one that is not there is missing."""
    kind = ITEMS.get(str(values.kind))
    if kind is None:
        raise refused("only hashes, facts and parts of texts are lists")
    return SparkValue(f"try_element_at({values.text}, {place})", kind)


def member(value: SparkValue, name: str) -> SparkValue:
    """Take one member of a fact."""
    if value.kind != FACT or name not in MEMBERS:
        raise refused("only facts have members")
    return SparkValue(f"{value.text}.{name}", MEMBERS[name])
