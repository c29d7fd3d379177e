"""PostgreSQL, on a real server: types are kept, memory stays bounded, and a server that dies loses nothing."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.database_servers import Postgres

from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.landing import Bound
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import query, table
from sluiceway.ingest.landed_files import known_landing
from sluiceway.ingest.landing import Lander
from sluiceway.ports.extractor import Extraction, Since
from sluiceway.ports.progress import Silence

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MOMENT = datetime(2020, 1, 2, 1, 4, 5, 123456, tzinfo=UTC)
KEPT = {
    "bigint": ("9007199254740993", "int64", 9007199254740993),
    "smallint": ("-3", "int16", -3),
    "numeric(12,3)": ("12.345", "decimal128(12, 3)", Decimal("12.345")),
    "numeric(38,0)": ("'99999999999999999999999999999999999999'", "decimal128(38, 0)", Decimal("9" * 38)),
    "numeric": ("0.1", "double", 0.1),
    "real": ("1.5", "float", 1.5),
    "double precision": ("'NaN'", "double", "nan"),
    "boolean": ("false", "bool", False),
    "date": ("'2020-02-29'", "date32[day]", date(2020, 2, 29)),
    "timestamp": ("'2020-01-02 01:04:05.123456'", "timestamp[us]", MOMENT.replace(tzinfo=None)),
    "timestamptz": ("'2020-01-02 03:04:05.123456+02'", "timestamp[us, tz=UTC]", MOMENT),
    "text": ("'héllo ''x'''", "string", "héllo 'x'"),
    "uuid": ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "string", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "bytea": (r"'\x00ff'", "string", "00ff"),
    "int[]": ("array[1,null,3]", "list<item: double>", [1.0, None, 3.0]),
    "text[]": ("array['a\"b',null]", "string", '["a\\"b",null]'),
    "jsonb": ("""'{"a": [1]}'""", "string", '{"a": [1]}'),
    "time": ("'10:00:01'", "string", "10:00:01.000000"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Postgres(tmp_path_factory.mktemp("server"))
    yield made
    made.close()


@pytest.fixture
def extractor(server, tmp_path):
    return EveryExtractor(tmp_path, server.environment)


def read(extractor, origin, since=None):
    with extractor.read(origin, since) as extraction:
        return pa.Table.from_batches(list(extraction.batches), extraction.schema)


@pytest.mark.parametrize("kind", KEPT)
def test_a_type_is_kept_with_its_missing_values(server, extractor, kind):
    written, stored, value = KEPT[kind]
    server.run(
        "DROP TABLE IF EXISTS typed", f"CREATE TABLE typed (x {kind})", f"INSERT INTO typed VALUES ({written}), (NULL)"
    )
    found = read(extractor, table(server.url, "typed"))["x"]
    assert str(found.type) == stored
    plain = ["nan" if str(each) == "nan" else each for each in found.to_pylist()]
    assert sorted(plain, key=lambda each: each is None) == [value, None]


@pytest.mark.parametrize(
    ("kind", "why"), [("interval", "of type interval"), ("inet", "of type inet"), ("point", "point")]
)
def test_a_type_without_an_equivalent_is_refused_with_advice(server, extractor, kind, why):
    with pytest.raises(SourceError, match=rf"{why}.*query\(\)"):
        read(extractor, query(server.url, f"SELECT NULL::{kind} AS x"))


def test_infinity_is_refused_with_advice(server, extractor):
    with pytest.raises(SourceError, match=r"column 'x'.*infinity.*NULL"):
        read(extractor, query(server.url, "SELECT 'infinity'::timestamptz AS x"))


def test_a_statement_that_would_write_is_refused_by_the_session(server, extractor):
    server.run("DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 1 AS id")
    server.run("CREATE OR REPLACE FUNCTION eats() RETURNS int LANGUAGE sql AS 'DELETE FROM kept; SELECT 1'")
    with pytest.raises(SourceError, match="read-only transaction"):
        read(extractor, query(server.url, "SELECT eats() AS x"))
    assert read(extractor, table(server.url, "kept")).num_rows == 1


def test_names_are_quoted_and_case_counts(server, extractor):
    server.run('CREATE TABLE public."Select $ - x" AS SELECT 1 AS "Group By"')
    found = read(extractor, table(server.url, "public.Select $ - x", cursor="Group By"), None)
    assert found.to_pydict() == {"Group By": [1]}


def test_texts_as_cursors_are_compared_by_their_bytes(server, extractor):
    server.run("""CREATE TABLE words AS SELECT unnest(array['a', 'B', 'é', 'z''\\']) AS word""")
    origin = table(server.url, "words", cursor="word")
    schema = read(extractor, origin).schema
    assert sorted(read(extractor, origin, Since(Bound.of("a"), schema))["word"].to_pylist()) == ["a", "z'\\", "é"]
    assert extractor.probe(origin, Bound.of("z'\\")).beyond == 1


class Killed:
    """An extractor whose server is killed when so many batches have come."""

    def __init__(self, extractor, server, after):
        self.place, self.probe, self._extractor = extractor.place, extractor.probe, extractor
        self._server, self._after = server, after

    def read(self, origin, since=None):
        from contextlib import contextmanager

        @contextmanager
        def reading():
            with self._extractor.read(origin, since) as extraction:
                yield Extraction(extraction.schema, self._some(extraction.batches), extraction.counted)

        return reading()

    def _some(self, batches):
        for number, batch in enumerate(batches):
            if number == self._after:
                self._server.kill()
            yield batch


def lander(origin, extractor, folder, scratch):
    objects = ObstoreObjects.local(folder / "objects")
    return Lander("big", origin, extractor, objects, ObstoreObjects.local(folder / scratch), Silence(), NOW, 1 << 20)


def test_a_server_killed_in_the_middle_loses_nothing_and_the_next_run_goes_on(tmp_path):
    server = Postgres(tmp_path)
    made = "SELECT n AS id, repeat('x', 200) AS filler FROM generate_series"
    server.run(f"CREATE TABLE big AS {made}(1, 1000) AS n")
    origin, extractor = table(server.url, "big", cursor="id"), EveryExtractor(tmp_path, server.environment)
    before = lander(origin, extractor, tmp_path, "one").land().landing
    server.run(f"INSERT INTO big {made}(1001, 500000) AS n")
    with pytest.raises(SourceError) as told:
        lander(origin, Killed(extractor, server, after=1), tmp_path, "two").land()
    assert "nothing that has landed before is lost" in str(told.value)
    assert server.environment["PGPASSWORD"] not in str(told.value)
    assert known_landing("big", ObstoreObjects.local(tmp_path / "objects")) == before
    with pytest.raises(SourceError, match="Failed to connect"):
        lander(origin, extractor, tmp_path, "three").land()
    server.start()
    found = lander(origin, extractor, tmp_path, "four").land()
    assert (found.new_rows, found.landing.rows) == (499_000, 500_000)
    server.close()


# The kernel carries the peak of the process that forked over into ``ru_maxrss``; VmHWM begins anew with the program.
LANDING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sluiceway.adapters.every_extractor import EveryExtractor
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.database import table
from sluiceway.ingest.landing import Lander
from sluiceway.ports.progress import Silence
url, socket, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
extractor = EveryExtractor(folder, {"PGSOCKET": socket, "PGPASSWORD": "x"})
objects, scratch = ObstoreObjects.local(folder / "objects"), ObstoreObjects.local(folder / "scratch")
lander = Lander("wide", table(url, "wide"), extractor, objects, scratch, Silence(), datetime.now(UTC))
rows = lander.land().landing.rows
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(rows, int(status["VmHWM"].split()[0]) // 1024)
"""


def test_a_table_of_many_rows_streams_in_bounded_memory(server, tmp_path):
    """600 MB of rows; the limit is far below them. ``benchmarks/database_read.py 20_000_000`` shows more."""
    server.run(
        "CREATE TABLE wide AS SELECT n AS id, repeat(md5(n::text), 9) AS filler FROM generate_series(1, 2000000) AS n"
    )
    command = [sys.executable, "-c", LANDING, server.url, server.environment["PGSOCKET"], str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    rows, peak_mib = map(int, done.stdout.split())
    assert rows == 2_000_000
    assert peak_mib < 480
