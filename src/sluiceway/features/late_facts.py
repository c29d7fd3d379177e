"""Late facts: what became known before a request, by its own times, and landed only after its features were made."""

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.quoting import listed, same
from sluiceway.plans.request_log import INPUT


def late_fact(view: FeatureView, table: pa.Table, place: int, *, before: Facts, now: Facts) -> str:
    """Say how many facts about a request's entity were not there before and are now, and the newest of them.

    Args:
        view: Whose source to look at.
        table: Rows of ``plans.request_log``.
        place: The request's row.
        before: The sources when its features were made.
        now: The sources now.
    """
    asked = pa.table(
        {name: table[INPUT + name].slice(place, 1) for name in view.entities} | {"_at": table["at"].slice(place, 1)}
    )
    columns = listed([*fact_columns(view), EVENT_TIME, KNOWN_TIME])
    known = f"SELECT * FROM (SELECT {columns} FROM now EXCEPT ALL SELECT {columns} FROM before)"
    about = f"{same(view.entities, 'n', 'asked')} AND n.{KNOWN_TIME} <= asked._at"
    sql = f"SELECT count(*), max({KNOWN_TIME}) FROM ({known}) AS n JOIN asked ON {about}"
    found = now.ask(sql, now=now.rows(view), before=before.rows(view), asked=asked)
    many, newest = (column[0].as_py() for column in found.columns)
    if not many:
        return ""
    facts = "a fact" if many == 1 else f"{many:,} facts"
    came = f"came behind version {before.dataset.version}; version {now.dataset.version} has them"
    return f"{facts} of {view.source.name}, the newest known at {iso(newest)}, {came}"
