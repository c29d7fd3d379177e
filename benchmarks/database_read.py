"""How fast a table of PostgreSQL lands, next to ADBC alone, which only draws the rows and drops them.

``python benchmarks/database_read.py 2_000_000`` takes the number of rows; 20_000_000 shows what memory that takes.
A server from a wheel is started in a temporary folder and swept away. A row has a bigint, a timestamp, a numeric, a
double and a text. Landing writes Parquet parts, hashes them, finds the end of the cursor, and stores them; without a
cursor it also hashes every row, so that the next reading can tell whether anything changed. Each figure is of a
process of its own, the server not counted.
"""

import os
import shutil
import sys
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

from measured import Measured, measured, table

ROWS = 2_000_000
WAYS = {
    "ADBC alone": "adbc",
    "landed, with a cursor": "cursor",
    "landed, without a cursor": "whole",
    "looked at again, unchanged": "again",
}
MADE = """CREATE TABLE made AS
SELECT n AS id, timestamptz '2013-01-01 00:00:00+00' + n * interval '1 second' AS updated_at,
       (n % 100000)::numeric(12, 2) / 7 AS price, random() AS share, 'customer ' || n % 5000 AS name
FROM generate_series(1, {rows}) AS n"""


def serve(folder: Path) -> "tuple[object, str]":
    """Start a server; return it and the folder of its socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
    server = pgserver.get_server(folder, cleanup_mode="stop")
    return server, str(server.get_postmaster_info().socket_dir)


def draw(socket: str) -> None:
    """The floor: every batch is drawn and dropped."""
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(f"postgresql://postgres@/postgres?host={socket}") as connection, connection.cursor() as cursor:
        cursor.execute('SELECT * FROM "made"')
        rows = sum(batch.num_rows for batch in cursor.fetch_record_batch())
    sys.stderr.write(f"{rows:,} rows drawn\n")


def land(socket: str, target: Path, *, cursor: str | None) -> None:
    """Land the table as a run does."""
    from sluiceway.adapters.every_extractor import EveryExtractor
    from sluiceway.adapters.obstore_objects import ObstoreObjects
    from sluiceway.declare.database import table as table_of
    from sluiceway.ingest.landing import Lander
    from sluiceway.ports.progress import Silence

    origin = table_of("postgresql://postgres@/postgres?host=${PGSOCKET}", "made", cursor=cursor)
    scratch = target / "scratch"
    lander = Lander(
        "made",
        origin,
        EveryExtractor(target, {"PGSOCKET": socket}),
        ObstoreObjects.local(target / "objects"),
        ObstoreObjects.local(scratch),
        Silence(),
        datetime.now(UTC),
    )
    landed = lander.land()
    shutil.rmtree(scratch, ignore_errors=True)
    sys.stderr.write(f"{landed.landing.rows:,} rows in {len(landed.landing.parts)} parts: {landed.how}\n")


def measure(way: str, socket: str, folder: Path) -> Measured:
    target = folder / ("cursor" if way == "again" else way)
    return measured([sys.executable, os.path.abspath(__file__), "--one", way, socket, str(target)])  # noqa: PTH100


def main() -> None:
    rows = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else ROWS
    folder = Path(tempfile.mkdtemp(prefix="sluiceway-bench-"))
    server, socket = serve(folder / "server")
    try:
        server.psql(MADE.format(rows=rows))  # type: ignore[attr-defined]
        found = {name: measure(way, socket, folder) for name, way in WAYS.items()}
    finally:
        server.cleanup()  # type: ignore[attr-defined]
        shutil.rmtree(folder, ignore_errors=True)
    floor = found["ADBC alone"]
    lines = [
        [name, f"{rows / each.wall_s:,.0f}", f"{each.wall_s / floor.wall_s:.2f}", f"{each.cpu_s:.1f}",
         f"{each.cpu_s / floor.cpu_s:.2f}", f"{each.memory_mib:,.0f}"]
        for name, each in found.items()
    ]  # fmt: skip
    headings = [f"{rows:,} rows", "rows/s", "time / ADBC", "CPU s", "CPU / ADBC", "peak memory, MiB"]
    print(table(headings, lines))


def one(way: str, socket: str, target: Path) -> None:
    """Do one of them in this process."""
    if way == "adbc":
        draw(socket)
    else:
        land(socket, target, cursor=None if way == "whole" else "updated_at")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        main()
