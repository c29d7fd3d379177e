"""The draft: everything that a first project says, decided from a sample, with what only a person can answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sluiceway.plans.data_sample import DataSample
from sluiceway.ports.engine import Engine
from sluiceway.ports.progress import Progress
from sluiceway.start.choice import Choice, chosen
from sluiceway.start.columns import Facts, facts_of
from sluiceway.start.entity import Entity, entity_of
from sluiceway.start.most_telling import MOST_INPUTS, earlier_rows, most_telling
from sluiceway.start.personal import is_personal
from sluiceway.start.safe_names import python_name, safe_names
from sluiceway.start.target import Target, target_of
from sluiceway.start.time_of_rows import TimeOfRows, time_of_rows

KEY, PRETENDED_TIME = "row_id", "asked_at"
FEW_VALUES, MOST_SLICES, MOST_MARKS = 8, 2, 6


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks for: the target, and the time and the entity where they are given; who answers for it."""

    target: str
    time: str | None = None
    entity: str | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A project before it is written. ``names`` gives columns of the data the names they have in the project.

    ``source`` and ``label`` are names of the project; ``key`` is a column of the data, or nothing where
    rows are numbered.
    """

    sample: DataSample
    facts: Facts
    wishes: Wishes
    target: Target
    time: TimeOfRows
    entity: Entity
    choice: Choice
    source: str
    label: str
    key: str | None
    names: dict[str, str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns of the data that a model may learn from, or look up by."""
        return self.choice.inputs

    @property
    def at(self) -> str:
        """What the project calls the moment of a prediction."""
        return self.names[self.time.chosen.name] if self.time.chosen else PRETENDED_TIME

    @property
    def key_name(self) -> str:
        """What the project calls the key."""
        return self.names[self.key] if self.key else KEY

    @property
    def input_names(self) -> list[str]:
        """What the project calls what a caller sends: the time and the entity first, where the data has them."""
        first = [self.at] if self.time.chosen else []
        return [*first, *(self.names[name] for name in self.inputs)]

    @property
    def entities(self) -> dict[str, str]:
        """What the project calls the entities whose history is looked at, and their views; none without a time."""
        if self.time.chosen is None:
            return {}
        names = [self.names[name] for name in self.entity.names]
        return {name: python_name(f"{name}_history", besides=[*self.names.values(), self.label]) for name in names}

    @property
    def span(self) -> timedelta:
        """How long the data lasts."""
        if self.time.chosen is None:
            return timedelta(days=365)
        return self.time.chosen.last - self.time.chosen.first

    @property
    def personal(self) -> list[str]:
        """The columns of the data that are called as if they told of a person, but not the entity and the target."""
        used = {*self.entity.names, *self.target.columns}
        return [name for name in self.facts if is_personal(name) and name not in used]

    @property
    def slices(self) -> list[str]:
        """Inputs of few values, that groups may be made by."""
        found = [name for name in self.inputs if self.facts[name].kind in {"text", "boolean"}]
        return [self.names[name] for name in found if 1 < self.facts[name].distinct <= FEW_VALUES][:MOST_SLICES]


def drafted(sample: DataSample, wishes: Wishes, *, engine: Engine, progress: Progress) -> Draft:
    """Look at a sample, and decide all that can be decided.

    Raises:
        UnknownNameError: a wish names a column that the data lacks.
        MisuseError: the target cannot be learnt, a wish cannot be met, or no column is left to learn from.
        SourceError: the data has a column that no source can have.
    """
    progress.say(f"counting {sample.table.num_columns:,} columns of {sample.table.num_rows:,} rows")
    facts = facts_of(sample.table)
    target = target_of(wishes.target, facts, table=sample.table, engine=engine)
    time = time_of_rows({name: facts[name] for name in facts if name not in target.columns}, given=wishes.time)
    taken = {*target.columns, *(time.chosen.columns if time.chosen else ())}
    entity = entity_of(facts, given=wishes.entity, besides=taken)
    key = key_of(facts, besides=taken, is_whole=sample.is_whole) if time.chosen else None
    progress.say(f"asking each of {len(facts):,} columns what it tells of the outcome")
    choice = chosen(facts, target.truth, time, taken={*taken, *_named(key)} - set(entity.names), entities=entity.names)
    if len(choice.inputs) > MOST_INPUTS:
        earlier = earlier_rows(time, marks(facts, target), table=sample.table, engine=engine)
        best = most_telling(facts, target.truth, choice.inputs, earlier=earlier)
        choice = choice.narrowed(best.union(entity.names))
    label = python_name(target.wish)
    own = _named(time.chosen.name if time.chosen else None, key)
    names = safe_names(dict.fromkeys([*own, *choice.inputs]), besides=[label])
    source = python_name(stem(sample.shown), besides=[*facts, *names.values(), label])
    return Draft(sample, facts, wishes, target, time, entity, choice, source, label, key, names)


def marks(facts: Facts, target: Target) -> list[str]:
    """Name the columns that decide the random order of rows without a time: the first few, never the target."""
    others = [name for name in facts if name not in target.columns]
    return ([name for name in others if not is_personal(name)] or others)[:MOST_MARKS]


def key_of(facts: Facts, *, besides: Iterable[str], is_whole: bool) -> str | None:
    """Find a column that identifies rows: all its values differ, and it is named so or, of all rows, comes first."""
    others = set(besides)
    for place, each in enumerate(facts.values()):
        may_be = (is_whole and not place) or re.search(r"(^|_)(id|uuid|guid|key)$|Id$", each.name) is not None
        if each.name not in others and each.kind in {"integer", "text"} and each.is_unique and may_be:
            return each.name
    return None


def stem(path: str) -> str:
    """Name a source after its file or folder.

    >>> stem("shop/purchases.csv.gz"), stem("logs/"), stem("logs/2013-*.csv")
    ('purchases', 'logs', 'logs')
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    fixed = [part for part in parts if not re.search(r"[*?\[]", part)]
    if not fixed:
        return "data"
    return fixed[-1].split(".")[0] or "data" if fixed[-1] is parts[-1] else fixed[-1]


def _named(*names: str | None) -> list[str]:
    return [name for name in names if name]
