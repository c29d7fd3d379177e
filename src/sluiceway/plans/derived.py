"""Derived features: expressions over the other features of a view, computed when those are.

They see what the others are stored as: numbers that float32 holds, and texts. Where all others are missing, as of an
entity of which nothing is known, so are they.
"""

from collections.abc import Mapping, Sequence

from sluiceway.core.errors import DeclarationError, UnknownNameError
from sluiceway.declare.expression import bind_expression
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.expression_sql import sql_of
from sluiceway.declare.expression_total import total
from sluiceway.declare.expression_tree import Tree
from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.names import refuse
from sluiceway.plans.partials import single
from sluiceway.plans.quoting import listed, quoted

STORED = {"integer": "number", "number": "number", "text": "text", "boolean": "text"}


def derived_features(view: FeatureView) -> tuple[Feature, ...]:
    """Pick the features that are computed from others."""
    return tuple(feature for feature in view.features if feature.is_derived)


def feature_kinds(view: FeatureView, kinds: Mapping[str, str]) -> dict[str, str]:
    """Tell what each value of a view is stored as, by its name in the view: ``number`` or ``text``.

    Args:
        view: Whose features.
        kinds: Each source column's kind.

    Raises:
        DeclarationError: a derived feature's expression does not fit the features it reads, or gives a time.
    """
    found: dict[str, str] = {}
    for feature in view.features:
        if feature.computed:
            try:
                kind = str(bind_expression(feature.computed, found))
            except DeclarationError as error:
                raise refuse(f"view {view.name!r}, derived feature {feature.name!r}: {error}") from None
            if kind not in STORED:
                raise refuse(
                    f"view {view.name!r}, derived feature {feature.name!r}: {feature.expression!r} is {kind}, it must "
                    f"be one of {', '.join(STORED)}"
                )
            found[feature.name] = STORED[kind]
        else:
            is_number = feature.is_window or feature.size is not None
            stored = "number" if is_number else STORED.get(kinds[str(feature.column)], "text")
            found |= dict.fromkeys(feature.names, stored)
    return found


def derived_sql(view: FeatureView, kinds: Mapping[str, str], rows: str, *, keep: Sequence[str]) -> str:
    """Select some columns and all of the view's features, in its order, from rows that lack the derived ones.

    Args:
        view: Whose features.
        kinds: Each source column's kind.
        rows: A statement that gives the columns to keep and the view's other features.
        keep: Which columns to take along.
    """
    stored = feature_kinds(view, kinds)
    names = [name for feature in view.features for name in feature.names]
    columns = dict(zip(names, view.columns, strict=True))
    others = [quoted(name) for each in view.features if not each.is_derived for name in view.columns_of(each)]
    there = " OR ".join(f"{name} IS NOT NULL" for name in others)
    for feature in derived_features(view):
        made = sql_of(total(with_columns(feature.computed.tree, columns))) if feature.computed else "NULL"
        value = single(made) if stored[feature.name] == "number" else f"CAST({made} AS VARCHAR)"
        rows = f"SELECT *, CASE WHEN {there} THEN {value} END AS {quoted(columns[feature.name])} FROM ({rows})"
    return f"SELECT {listed([*keep, *view.columns])} FROM ({rows})"


def with_columns(tree: Tree, names: Mapping[str, str]) -> Tree:
    """Replace the columns of an expression's tree, found without regard to case; others stay."""
    if len(tree) == 2 and tree[0] == "column":  # noqa: PLR2004 - a column node is a tag and a name
        try:
            return ("column", names[column_named(tree[1], names)])
        except UnknownNameError:
            return tree
    return tuple(with_columns(part, names) if isinstance(part, tuple) else part for part in tree)
