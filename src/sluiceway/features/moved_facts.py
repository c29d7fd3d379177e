"""Moved facts: those of which a correction changes the entity, so that their versions lie with several."""

import polars as pl

from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.stored_rows import stored_rows
from sluiceway.plans.quoting import listed, present
from sluiceway.ports.engine import Engine

ROWS_AT_ONCE = 8_000_000


def keys_that_move(view: FeatureView, facts: pl.LazyFrame, *, rows: int, engine: Engine) -> pl.DataFrame:
    """List the keys under which facts have more than one entity; none where the key is a part of the entity.

    Args:
        view: Whose source's keys and entities these are.
        facts: The source's rows.
        rows: How many there are; a statement looks at a share of them, so that it need not hold all keys at once.
        engine: Groups them.
    """
    keys, entities = view.source.keys, view.entities
    if not keys or set(keys) <= set(entities):
        return pl.DataFrame()
    columns = list(dict.fromkeys([*keys, *entities]))
    source = stored_rows(facts.select(columns), rows)
    shares = max(1, -(-rows // ROWS_AT_ONCE))
    whose = f"row({listed(entities)})"
    found = []
    for share in range(shares):
        sql = (
            f"SELECT {listed(keys)} FROM source WHERE {present(keys)} AND hash({listed(keys)}) % {shares} = {share} "
            f"GROUP BY {listed(keys)} HAVING count(*) > 1 AND min({whose}) IS DISTINCT FROM max({whose})"
        )
        found.append(pl.DataFrame(pl.from_arrow(engine.query(sql, {"source": source}))))
    return pl.concat(found)
