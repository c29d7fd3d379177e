"""Sluiceway: nothing flows to production until its gate opens.

``import sluiceway as sw`` gives a project all that it declares with.
"""

from sluiceway.declare.encoding import encode
from sluiceway.declare.expectation import column, fresh, reference, row
from sluiceway.declare.feature_view import FeatureView, RequestView, count, latest, mean
from sluiceway.declare.feature_view import maximum as max  # noqa: A004
from sluiceway.declare.feature_view import minimum as min  # noqa: A004
from sluiceway.declare.feature_view import total as sum  # noqa: A004
from sluiceway.declare.files import files
from sluiceway.declare.pipeline import Label, Pipeline, Search, Split
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import rows, rows_change, sql_check, unique

__version__ = "0.1.0"

__all__ = [
    "FeatureView",
    "Label",
    "Pipeline",
    "RequestView",
    "Search",
    "Source",
    "Split",
    "column",
    "count",
    "encode",
    "files",
    "fresh",
    "latest",
    "max",
    "mean",
    "min",
    "reference",
    "row",
    "rows",
    "rows_change",
    "sql_check",
    "sum",
    "unique",
]
