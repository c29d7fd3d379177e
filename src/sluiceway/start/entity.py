"""The entity: whose history may tell something, such as a customer's or a machine's."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.start.columns import ColumnFacts, Facts
from sluiceway.start.personal import is_personal

NAMED = re.compile(
    r"(^|_)(id|uuid|guid|no|nr|num|number|code|key)$|customer|client|user|account|member|patient|device|machine|sensor|"
    r"vehicle|tail|store|shop|merchant|seller|product|item|sku|station|site|carrier|driver|host|card|player|team|employee",
    re.IGNORECASE,
)
LOOKED_UP = ("integer", "text", "boolean")
LEAST_ROWS_A_VALUE, LEAST_VALUES = 3, 2
MOST_ENTITIES = 3


@dataclass(frozen=True, slots=True)
class Entity:
    """The columns that say whose row it is, if any, and why. ``others`` might say so as well."""

    names: tuple[str, ...]
    reason: str
    others: tuple[str, ...] = ()
    is_given: bool = False

    @property
    def doubt(self) -> str:
        """What only a person can tell about the choice; empty where nothing is."""
        if self.is_given or not self.names:
            return ""
        more = f"; there is also {', '.join(self.others)}" if self.others else ""
        return f"whose history matters? Taken: that of {' and of '.join(self.names)}, {self.reason}{more}"


def entity_of(facts: Facts, *, given: str | None, besides: Collection[str]) -> Entity:
    """Choose whose history to look at: as given, else up to three that are named so and stand in several rows each.

    Args:
        facts: Every column.
        given: What ``--entity`` says.
        besides: Columns that are something else, such as the target.

    Raises:
        UnknownNameError: no column has the given name.
        MisuseError: the given column cannot be looked up by.
    """
    if given is not None:
        return _given(facts, given, besides)
    named = [each for each in facts.values() if each.name not in besides and may_be_entity(each)]
    fitting = [each for each in named if not is_personal(each.name)]
    ranked = sorted(fitting, key=lambda each: -each.distinct)
    if not ranked:
        return Entity((), "no column is named like one and stands in at least three rows each")
    best, others = ranked[:MOST_ENTITIES], ranked[MOST_ENTITIES:]
    each_has = ", ".join(f"{each.distinct:,}" for each in best)
    words = f"by {'its name' if len(best) == 1 else 'their names'}, with {each_has} values in several rows each"
    return Entity(tuple(each.name for each in best), words, tuple(each.name for each in others))


def may_be_entity(facts: ColumnFacts) -> bool:
    """Tell whether a column is named like an entity, and stands in several rows each."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", facts.name)
    repeats = facts.distinct >= LEAST_VALUES and facts.rows_a_value >= LEAST_ROWS_A_VALUE
    return facts.kind in {"integer", "text"} and repeats and NAMED.search(name) is not None


def _given(facts: Facts, name: str, besides: Collection[str]) -> Entity:
    if name not in facts:
        raise UnknownNameError("column", name, facts)
    if name in besides:
        raise MisuseError(
            f"--entity {name}: it is the target or the time already; name the column that says whose row it is"
        )
    if facts[name].kind not in LOOKED_UP:
        kinds = ", ".join(LOOKED_UP)
        raise MisuseError(
            f"--entity {name}: it is a {facts[name].kind}, and only {kinds} can be looked up by; name another"
        )
    if not facts[name].there:
        raise MisuseError(f"--entity {name}: every value is missing; name another column")
    return Entity((name,), "as --entity says", is_given=True)
