"""What every extractor promises: databases on real servers, an API over real HTTP, and the one in memory."""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest
from tests.database_servers import SERVERS, Mysql

from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.adapters.memory_extractor import MemoryExtractor
from sluiceway.artifacts.landing import Bound, Counted
from sluiceway.core.errors import SourceError
from sluiceway.declare.api import api, bearer, by_page
from sluiceway.declare.database import table
from sluiceway.ports.extractor import Since

START = datetime(2013, 1, 1, tzinfo=UTC)
ROWS = [(number, f"row {number}", None if number % 3 else number / 2, number) for number in range(2500)]
NEED_MYSQL = pytest.mark.skipif(Mysql.program is None, reason="no MariaDB or MySQL server is installed here")
KINDS = ["memory", "sqlite", "duckdb", "postgres", pytest.param("mysql", marks=NEED_MYSQL), "api"]


class Filled:
    """An extractor, with an origin that holds the rows it was filled with; their cursor is their number."""

    def __init__(self, extractor, origin, fill, missing):
        self.extractor, self.origin, self.fill, self.missing = extractor, origin, fill, missing

    def read(self, since=None):
        """Read everything; return it sorted by number, with the counts."""
        with self.extractor.read(self.origin, since) as extraction:
            batches = list(extraction.batches)
        assert all(batch.schema == extraction.schema for batch in batches)
        return pa.Table.from_batches(batches, extraction.schema).sort_by("id"), extraction.counted


def in_memory(folder):
    extractor, origin = MemoryExtractor(ordered=True), table("duckdb:///memory", "rows", cursor="id")

    def fill(rows):
        columns = [list(column) for column in zip(*rows, strict=True)]
        extractor.put(origin, pa.table(dict(zip(("id", "name", "share", "again"), columns, strict=True))))

    yield Filled(extractor, origin, fill, table("duckdb:///memory", "nowhere"))


def in_database(kind):
    def made(folder):
        server = SERVERS[kind](folder)
        types = "id bigint, name varchar(40), share double precision, again bigint"
        server.run(f"CREATE TABLE held ({types.replace('precision', '') if kind == 'mysql' else types})")

        def fill(rows):
            values = ", ".join(f"({a}, '{b}', {'NULL' if c is None else c}, {d})" for a, b, c, d in rows)
            server.run("DELETE FROM held", f"INSERT INTO held VALUES {values}")

        origin, missing = table(server.url, "held", cursor="id"), table(server.url, "nowhere")
        yield Filled(EveryExtractor(folder, server.environment, ordered_from_rows=100), origin, fill, missing)
        server.close()

    return made


def at_an_api(folder):
    held = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(self.path).query).items()}
            there = [row for row in held if row["id"] >= asked.get("since", 0)]
            body = json.dumps(there[asked["page"] * 700 : (asked["page"] + 1) * 700]).encode()
            allowed = self.headers["Authorization"] == "Bearer s3cr@t/pw" and self.path.startswith("/rows")
            self.send_response(200 if allowed else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_port}"
    given = {"paging": by_page(first=0), "auth": bearer("${TOKEN}"), "cursor": "id", "since_param": "since"}

    def fill(rows):
        held[:] = [dict(zip(("id", "name", "share", "again"), row, strict=True)) for row in rows]

    extractor = EveryExtractor(folder, {"TOKEN": "s3cr@t/pw"})
    yield Filled(extractor, api(f"{place}/rows", **given), fill, api(f"{place}/nowhere", **given))
    server.shutdown()
    server.server_close()


MAKERS = {"memory": in_memory, "api": at_an_api, **{kind: in_database(kind) for kind in SERVERS}}


@pytest.fixture(scope="module", params=KINDS)
def served(request, tmp_path_factory):
    maker = MAKERS[request.param](tmp_path_factory.mktemp("served"))
    yield next(maker)
    next(maker, None)


@pytest.fixture
def filled(served):
    served.fill(ROWS)
    return served


def test_every_row_is_read_in_flat_columns(filled):
    found, counted = filled.read()
    assert found.to_pydict() == {
        "id": [row[0] for row in ROWS],
        "name": [row[1] for row in ROWS],
        "share": [row[2] for row in ROWS],
        "again": [row[3] for row in ROWS],
    }
    assert [str(kind) for kind in found.schema.types] == ["int64", "string", "double", "int64"]
    assert counted in {None, Counted(len(ROWS), 0, 0)}


def test_rows_at_and_beyond_a_bound_are_read_in_the_columns_known(filled):
    whole, _ = filled.read()
    bound = Bound.of(2497)
    found, counted = filled.read(Since(bound, whole.schema))
    assert found["id"].to_pylist() == [2497, 2498, 2499]
    assert found.schema == whole.schema
    assert counted in {None, Counted(len(ROWS), 1, 2)}
    assert filled.extractor.probe(filled.origin, bound) == counted


def test_what_is_there_later_is_what_is_read_later(filled):
    before, _ = filled.read()
    filled.fill(ROWS[:10])
    assert filled.read()[0].num_rows == 10
    filled.fill([*ROWS, (9_000, "new", 1.0, 1)])
    found, _ = filled.read(Since(Bound.of(2499), before.schema))
    assert found["id"].to_pylist() == [2499, 9_000]


def test_a_reading_may_be_left_before_its_end(filled):
    with filled.extractor.read(filled.origin) as extraction:
        assert next(extraction.batches).num_rows > 0
    assert filled.read()[0].num_rows == len(ROWS)


def test_a_place_is_told_apart_without_secrets(filled):
    place = filled.extractor.place(filled.origin)
    assert place == filled.extractor.place(filled.origin)
    assert len(place) == 64


def test_what_is_not_there_is_named_as_declared(filled):
    with pytest.raises(SourceError) as refused, filled.extractor.read(filled.missing) as extraction:
        list(extraction.batches)
    assert filled.missing.shown in str(refused.value)
    assert "s3cr" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_moment_survives_as_a_bound():
    moment = START + timedelta(microseconds=1)
    assert Bound.of(moment).value == moment
    assert Bound.of(moment.replace(tzinfo=None)).value == moment.replace(tzinfo=None)


def test_rows_that_are_said_to_come_by_their_cursor_do(filled):
    shuffled = sorted(ROWS, key=lambda row: row[0] * 7919 % 2503)
    filled.fill(shuffled)
    said = []
    for since in (None, Since(Bound("integer", "1000"), filled.read()[0].schema)):
        with filled.extractor.read(filled.origin, since) as extraction:
            ids = [each for batch in extraction.batches for each in batch.column("id").to_pylist()]
        said.append(extraction.ordered)
        assert not extraction.ordered or ids == sorted(ids)
        assert sorted(ids) == list(range(0 if since is None else 1000, 2500))
    assert said[0] == said[1]
