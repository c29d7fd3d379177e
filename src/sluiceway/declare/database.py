"""Databases: facts that are rows of a table, or of a query."""

import re
from dataclasses import dataclass

from sluiceway.declare.address import require_address
from sluiceway.declare.names import refuse

SCHEMES = ("postgresql", "mysql", "sqlite", "duckdb")
PLAIN_NAME = re.compile(r"[^\W\d][\w$ -]{0,62}")
MOST_PARTS = 3
BEGINNINGS = ("select", "with", "values")


@dataclass(frozen=True, slots=True)
class Database:
    """Rows of one table or one query, read whole, or beyond the largest value of a cursor column seen so far.

    ``table`` holds the parts of its name; it is empty where ``sql`` is the query. The address holds no secret.
    """

    url: str
    table: tuple[str, ...] = ()
    sql: str = ""
    cursor: str | None = None

    @property
    def scheme(self) -> str:
        """What kind of database it is."""
        return self.url.partition("://")[0]

    @property
    def shown(self) -> str:
        """Name it for people; the address is as declared, without secrets."""
        what = ".".join(self.table) or f"query {' '.join(self.sql.split())[:60]}"
        return f"{self.url} {what}"

    @property
    def meaning(self) -> list[object]:
        """What decides its rows, ready to be hashed."""
        return ["database", self.url, list(self.table), self.sql, self.cursor]


def table(url: str, name: str, *, cursor: str | None = None) -> Database:
    """Name a table of a database.

    Args:
        url: ``postgresql://``, ``mysql://``, ``sqlite:///`` or ``duckdb:///``; secrets as ``${ENV_VAR}``.
        name: The table, with its schema where it has one: ``public.flights``. It is quoted, so that case counts.
        cursor: A column that only grows, such as ``updated_at``: each run reads only the rows at and beyond its
            largest value so far. Without one, every run reads everything.

    Raises:
        DeclarationError: the address spells a secret out, or a name cannot be one.

    Example:
        ``sw.table("postgresql://${PGUSER}:${PGPASSWORD}@db.example/shop", "public.orders", cursor="updated_at")``
    """
    owner = "table()"
    require_address(owner, url, schemes=SCHEMES)
    parts = _parts(name)
    if not 1 <= len(parts) <= MOST_PARTS or not all(PLAIN_NAME.fullmatch(part) for part in parts):
        raise refuse(
            f"{owner}: {name!r} is no table's name; write table or schema.table, of letters, digits, _, $, - and "
            "spaces, 63 at most each, and name anything else in a query()"
        )
    return Database(url, table=parts, cursor=_cursor(owner, cursor))


def query(url: str, sql: str, *, cursor: str | None = None) -> Database:
    """Name the rows of one ``SELECT``, in the database's own dialect.

    Args:
        url: As for ``table``.
        sql: One ``SELECT``, or ``WITH … SELECT``; it runs in a session that only reads.
        cursor: A column of its result that only grows, as for ``table``.

    Raises:
        DeclarationError: the address spells a secret out, or the text is no single query.

    Example:
        ``sw.query("sqlite:///data/shop.db", "SELECT id, total, paid_at FROM orders", cursor="paid_at")``
    """
    owner = "query()"
    require_address(owner, url, schemes=SCHEMES)
    return Database(url, sql=_single(owner, sql, url), cursor=_cursor(owner, cursor))


def _parts(name: object) -> tuple[str, ...]:
    return tuple(name.split(".")) if isinstance(name, str) else ()


def _cursor(owner: str, cursor: str | None) -> str | None:
    if cursor is not None and not PLAIN_NAME.fullmatch(str(cursor)):
        raise refuse(f"{owner}: cursor={cursor!r} is no column's name")
    return cursor


def _single(owner: str, sql: object, url: str) -> str:
    """Refuse what is not one query. What a query does beyond reading, the session refuses when it runs."""
    from sqlglot import tokenize
    from sqlglot.errors import SqlglotError
    from sqlglot.tokenizer_core import TokenType

    if not isinstance(sql, str):
        raise refuse(f"{owner}: the query must be a text")
    dialect = {"postgresql": "postgres"}.get(url.partition("://")[0], url.partition("://")[0])
    try:
        tokens = tokenize(sql, read=dialect)
    except SqlglotError as error:
        raise refuse(f"{owner}: the query cannot be read: {error}") from None
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        sql = sql[: tokens.pop().start]
    if not tokens or tokens[0].text.lower() not in BEGINNINGS:
        raise refuse(f"{owner}: the query must begin with SELECT or WITH, and only read")
    depth = 0
    for token in tokens:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type == TokenType.SEMICOLON or depth < 0:
            raise refuse(f"{owner}: write one query, without ';' in it and with its parentheses closed")
    if depth:
        raise refuse(f"{owner}: a parenthesis of the query is not closed")
    return sql.strip()
