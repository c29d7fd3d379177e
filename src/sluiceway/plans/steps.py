"""Steps: a statement written as named parts, each of which may read those before it."""

from collections.abc import Mapping


def written(steps: Mapping[str, str]) -> str:
    """Write steps as what follows WITH; the names are the plan's own and need no quotes.

    >>> written({"one": "SELECT 1", "two": "SELECT * FROM one"})
    'one AS (SELECT 1), two AS (SELECT * FROM one)'
    """
    return ", ".join(f"{name} AS ({sql})" for name, sql in steps.items())
