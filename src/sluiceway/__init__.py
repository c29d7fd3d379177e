"""Sluiceway: nothing flows to production until its gate opens.

``import sluiceway as sw`` gives a project all that it declares with.
"""

from sluiceway.declare.api import api, api_key, bearer, by_cursor, by_link, by_offset, by_page
from sluiceway.declare.column_rules import column
from sluiceway.declare.database import query, table
from sluiceway.declare.encoding import encode
from sluiceway.declare.feature_builders import count, count_distinct, derived, last_n, latest, mean
from sluiceway.declare.feature_builders import deviation as std
from sluiceway.declare.feature_builders import maximum as max  # noqa: A004
from sluiceway.declare.feature_builders import minimum as min  # noqa: A004
from sluiceway.declare.feature_builders import total as sum  # noqa: A004
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.files import files, images
from sluiceway.declare.pipeline import Label, Pipeline, Search, Split
from sluiceway.declare.provenance import Provenance
from sluiceway.declare.request_view import RequestView
from sluiceway.declare.source import Source
from sluiceway.declare.sql_view import sql_view
from sluiceway.declare.stream import topic
from sluiceway.declare.table_rules import fresh, reference, row, rows, rows_change, sql_check, unique

__version__ = "0.1.0"

__all__ = [
    "FeatureView",
    "Label",
    "Pipeline",
    "Provenance",
    "RequestView",
    "Search",
    "Source",
    "Split",
    "api",
    "api_key",
    "bearer",
    "by_cursor",
    "by_link",
    "by_offset",
    "by_page",
    "column",
    "count",
    "count_distinct",
    "derived",
    "encode",
    "files",
    "fresh",
    "images",
    "last_n",
    "latest",
    "max",
    "mean",
    "min",
    "query",
    "reference",
    "row",
    "rows",
    "rows_change",
    "sql_check",
    "sql_view",
    "std",
    "sum",
    "table",
    "topic",
    "unique",
]
