"""Entities as people type them: ``column=value`` for each column, read as the column's kind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.feature_view import FeatureView

SHOWN = 6


def views_of(given: dict[str, str], every: Sequence[FeatureView]) -> list[FeatureView]:
    """Choose the views whose entity columns are all given.

    Raises:
        UnknownNameError: no view has a column that is given.
        MisuseError: no view has all of its columns given.
    """
    unknown = sorted(set(given) - {name for view in every for name in view.entities})
    if unknown:
        raise UnknownNameError("entity", unknown[0], sorted({name for view in every for name in view.entities}))
    views = [view for view in every if set(view.entities) <= set(given)]
    if not views:
        wanted = " or ".join(sorted({", ".join(view.entities) for view in every}))
        raise MisuseError(f"no view has the entity ({', '.join(given)}); give {wanted}")
    return views


def in_lines(views: Sequence[FeatureView], values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give each feature a line with its value; a list of numbers, however many, has but one."""
    taken = [(view, each) for view in views for each in view.features if each.is_list]
    lists = {f"{view.name}__{each.name}": view.columns_of(each) for view, each in taken}
    whole = {column: name for name, columns in lists.items() for column in columns}
    for name, value in values.items():
        if name not in whole:
            yield name, value
        elif name == lists[whole[name]][0]:
            numbers = [values[column] for column in lists[whole[name]]]
            yield f"{whole[name]}[{len(numbers)}]", list_text(numbers)


def list_text(numbers: Sequence[object]) -> str:
    """Write the first few of many numbers.

    >>> list_text([0.5, None])
    '[0.5, missing]'
    """
    shown = ["missing" if each is None else str(each) for each in numbers[:SHOWN]]
    more = [f"… and {len(numbers) - SHOWN:,} more with --json"] if len(numbers) > SHOWN else []
    return f"[{', '.join([*shown, *more])}]"


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Read every ``column=value``.

    Raises:
        MisuseError: there is no equals sign, or a column is given twice.
    """
    given = dict(pair(text) for text in texts)
    if len(given) < len(texts):
        raise MisuseError("an entity column is given twice; give each once")
    return given


def typed(given: dict[str, str], views: Sequence[FeatureView], dataset: DatasetVersion) -> dict[str, Any]:
    """Read each entity's value as its column's kind.

    Raises:
        MisuseError: a value is not of that kind.
    """
    kinds = {column.name: column.type for view in views for column in dataset.table(view.source.name).columns}
    return {name: value_of(name, text, kinds.get(name, "text")) for name, text in given.items()}


def value_of(name: str, text: str, kind: str) -> object:
    """Read one value.

    Raises:
        MisuseError: it is no whole number where the column holds whole numbers.
    """
    if kind == "boolean":
        return text.lower() == "true"
    try:
        return int(text) if kind == "integer" else text
    except ValueError:
        raise MisuseError(f"{name}={text!r}: {name} is a whole number") from None


def pair(text: str) -> tuple[str, str]:
    """Read ``column=value``.

    Raises:
        MisuseError: there is no equals sign.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise MisuseError(f"{text!r} is not column=value; write it like origin=JFK")
    return name, value
