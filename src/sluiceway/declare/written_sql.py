"""Written SQL: DuckDB's dialect, parsed with every function under the name that it was written with."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp


def parsed_all(text: str) -> "list[exp.Expression | None]":
    """Parse each of several statements.

    Raises:
        sqlglot.errors.SqlglotError: it cannot be read.
    """
    found: list[exp.Expression | None] = _parser_class()(dialect=_dialect()).parse(_dialect().tokenize(text), text)
    return found


def parsed_as_written(text: str) -> "exp.Expression":
    """Parse one statement that is known to be right.

    Raises:
        ValueError: it is none, or several.
    """
    (found,) = parsed_all(text)
    if found is None:
        raise ValueError("one statement is wanted, not nothing")
    return found


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlglot.dialects.duckdb import DuckDB

    return DuckDB()


@lru_cache(maxsize=1)
def _parser_class() -> Any:
    """Make DuckDB's parser keep every function under the name it was written with."""
    parser = type(_dialect()).Parser
    kept = {name: parser.FUNCTION_PARSERS[name] for name in ("CAST", "TRY_CAST")}
    return type(parser)("ExpressionParser", (parser,), {"FUNCTIONS": {}, "FUNCTION_PARSERS": kept})
