"""Nearest texts: the values of a column that are spelled most like another."""

from sluiceway.plans.quoting import quoted


def nearest_texts_sql(column: str, *, many: int) -> str:
    """Select the values of ``source`` that the fewest changed letters make ``asked.value``, and that are not it."""
    name = quoted(column)
    steps = f"levenshtein(lower({name}), lower(asked.value)) AS steps"
    others = f"SELECT DISTINCT {name}, {steps} FROM source, asked WHERE {name} <> asked.value"
    return f"{others} ORDER BY steps, {name} LIMIT {many}"
