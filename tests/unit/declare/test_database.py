"""What is declared of a database holds no secret, and names nothing that is not a name."""

import pytest

from sluiceway.core.digest import digest_of
from sluiceway.core.errors import DeclarationError
from sluiceway.declare.database import query, table
from sluiceway.declare.source import Source

URL = "postgresql://${PGUSER}:${PGPASSWORD}@db.example/shop"


def refused(make):
    with pytest.raises(DeclarationError) as found:
        make()
    return str(found.value)


def test_a_table_is_named_by_its_parts():
    assert table(URL, "public.flights", cursor="updated_at").table == ("public", "flights")
    assert table(URL, "flights").shown == f"{URL} flights"


@pytest.mark.parametrize(
    "name",
    [
        'x"; DROP TABLE y; --',
        "x'y",
        "a.b.c.d",
        "",
        ".",
        "a..b",
        "x;y",
        "x\ny",
        "x\0",
        "1x",
        "x" * 64,
        "a/b",
        "x--(",
        None,
        3,
    ],
)
def test_a_hostile_name_is_refused_and_shown(name):
    said = refused(lambda: table(URL, name))
    assert repr(name) in said
    assert "query()" in said


@pytest.mark.parametrize("cursor", ['at"', "at; --", "", "a.b"])
def test_a_hostile_cursor_is_refused(cursor):
    assert "no column's name" in refused(lambda: table(URL, "flights", cursor=cursor))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@db/shop",
        "postgresql://me:hunter2/x@db/shop",
        "postgresql://db/shop?password=hunter2",
        "mysql://${USER}:x${PASSWORD}hunter2@db/shop",
    ],
)
def test_a_secret_that_is_spelled_out_is_refused_and_not_repeated(url):
    said = refused(lambda: table(url, "flights"))
    assert "${NAME}" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("url", ["oracle://db/shop", "shop.db", "", None, "postgresql://db\n/shop"])
def test_an_address_of_another_kind_is_refused(url):
    assert "table():" in refused(lambda: table(url, "flights"))


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM flights",
        "SELECT 1; DROP TABLE flights",
        "SELECT 1) AS x; DROP TABLE flights; --",
        "SELECT 1) UNION (SELECT 2",
        "SELECT (1",
        "",
        "-- nothing",
        "SELECT 'open",
    ],
)
def test_what_is_no_single_query_is_refused(sql):
    assert "query()" in refused(lambda: query(URL, sql))


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1;", "WITH x AS (SELECT ';' AS y) SELECT * FROM x -- ;", "select $$;)$$ AS body", 'SELECT (1) AS "a;b"'],
)
def test_a_single_query_is_taken_whatever_its_texts_hold(sql):
    assert query(URL, sql).sql == {"SELECT 1;": "SELECT 1"}.get(sql, sql)


def test_every_part_of_a_declaration_decides_its_rows():
    origins = [
        table(URL, "flights"),
        table(URL, "flights", cursor="at"),
        table(URL, "planes"),
        table("postgresql://other/shop", "flights"),
        query(URL, "SELECT * FROM flights"),
    ]
    assert len({digest_of(Source("x", origin).meaning) for origin in origins}) == len(origins)
