"""MySQL's types, on the real server of MariaDB where the machine has it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.database_servers import Mysql

from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.artifacts.landing import Bound
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import query, table
from sluiceway.ports.extractor import Since

pytestmark = pytest.mark.skipif(Mysql.program is None, reason="no MariaDB or MySQL server is installed here")
MOMENT = datetime(2020, 1, 2, 1, 4, 5, 123456, tzinfo=UTC)
COLUMNS = {
    "big bigint": ("9007199254740993", 9007199254740993),
    "wide bigint unsigned": ("9007199254740993", 9007199254740993),
    "price decimal(12,3)": ("-12.345", Decimal("-12.345")),
    "share double": ("0.1", 0.1),
    "truth boolean": ("true", True),
    "day date": ("'2020-02-29'", date(2020, 2, 29)),
    "local_at datetime(6)": ("'2020-01-02 01:04:05.123456'", MOMENT.replace(tzinfo=None)),
    "at timestamp(6) null": ("'2020-01-02 01:04:05.123456'", MOMENT),
    "name varchar(20)": ("'héllo ''x'' \\\\'", "héllo 'x' \\"),
    "raw varbinary(4)": ("x'00ff'", "00ff"),
    "doc json": ("""'{"a": [1]}'""", '{"a": [1]}'),
    "kind enum('a','b')": ("'b'", "b"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Mysql(tmp_path_factory.mktemp("server"))
    values = ", ".join(written for written, _ in COLUMNS.values())
    nothing = ", ".join("NULL" for _ in COLUMNS)
    made.run(f"CREATE TABLE kept ({', '.join(COLUMNS)})", f"INSERT INTO kept VALUES ({values}), ({nothing})")
    made.run("CREATE TABLE words (word varchar(9))", "INSERT INTO words VALUES ('a'), ('B'), ('b\\\\''')")
    yield made
    made.close()


@pytest.fixture
def extractor(server, tmp_path):
    return EveryExtractor(tmp_path, server.environment)


def read(extractor, origin, since=None):
    with extractor.read(origin, since) as extraction:
        rows = [row for batch in extraction.batches for row in batch.to_pylist()]
    return extraction.schema, rows


def test_types_are_kept_with_their_missing_values(server, extractor):
    _, rows = read(extractor, table(server.url, "kept"))
    assert rows[0] == {column.split()[0]: value for column, (_, value) in COLUMNS.items()}
    assert set(rows[1].values()) == {None}


@pytest.mark.parametrize(
    ("cursor", "place"), [("at", 7), ("local_at", 6), ("day", 5), ("price", 2), ("name", 8), ("share", 3)]
)
def test_every_kind_of_bound_is_compared_as_what_it_is(server, extractor, cursor, place):
    origin, value = table(server.url, "kept", cursor=cursor), list(COLUMNS.values())[place][1]
    counted = extractor.probe(origin, Bound.of(value))
    assert (counted.rows, counted.at, counted.beyond) == (2, 1, 0)


def test_texts_as_cursors_are_compared_by_their_bytes(server, extractor):
    origin = table(server.url, "words", cursor="word")
    schema, _ = read(extractor, origin)
    assert [row["word"] for row in read(extractor, origin, Since(Bound.of("a"), schema))[1]] == ["a", "b\\'"]
    assert extractor.probe(origin, Bound.of("b\\'")).at == 1


def test_a_tinyint_that_is_no_truth_value_is_refused_with_advice(server, extractor):
    server.run("CREATE TABLE odd (x tinyint(1))", "INSERT INTO odd VALUES (7)")
    with pytest.raises(SourceError, match=r"which is no truth value; cast it to an integer in a query\(\)"):
        read(extractor, table(server.url, "odd"))
    assert read(extractor, query(server.url, "SELECT x + 0 AS x FROM odd"))[1] == [{"x": 7}]


def test_a_wrong_password_is_not_repeated(server, tmp_path):
    wrong = EveryExtractor(tmp_path, {**server.environment, "MYSQL_PASSWORD": "hunter2"})
    with pytest.raises(SourceError, match="Access denied") as told:
        read(wrong, table(server.url, "kept"))
    assert "hunter2" not in str(told.value)
