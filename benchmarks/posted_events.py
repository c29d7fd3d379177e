"""Events over HTTP into the spool, ``POST /events/SOURCE``: one event a request, and a hundred.

    python benchmarks/posted_events.py [--seconds 3] [--rounds 3] [--connections 32]

Orders of five columns, with a key and a time. The floor is a server on the HTTP server that ours stands on, which
appends bodies to a file without looking at them. Both have one worker, write in another thread what came during the
write before, and answer when ``fsync`` has. Ours also checks each event as a stream will, frames it with its checksum,
and tells the offsets. Both run at once and are asked in turn; each figure is of the middle round by events a core's
second. A core's second is one of the server with all that it started; the clock's has the load generator beside it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measured import sluiceway, table
from serving_load import Target, has_wrk, load
from serving_model import Questions
from serving_process import HOST, Server, Service

HERE = Path(__file__).resolve().parent
BODIES, SEED = 500, 11
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
FILES = {
    "spec.yaml": """problem:  {name: late, statement: "Late?", owner: ops}
target:   {kind: binary, label: late, positive: 1}
inputs:   [user]
costs:    {currency: USD, false_negative: 2, false_positive: 1}
metric:   {name: f_beta, beta: auto}
sla:      {latency_p99_ms: 500, success_rate: 0.99}
""",
    "pipeline.py": """import sluiceway as sw

orders = sw.Source("orders", sw.files("orders.csv"), key="order", event_time="at",
                   stream=sw.topic("orders", lateness="2s", key="user"))
asked = sw.Source("asked", sw.files("asked.csv"), key="order", event_time="at")
spending = sw.FeatureView("spending", entity="user", source=orders, every="1s", features=[
    sw.count(over="5s"), sw.sum("amount", over="5s"), sw.max("items", over="15s")])

def model(trial):
    raise NotImplementedError

pipeline = sw.Pipeline("spec.yaml", [spending], model=model,
    label=sw.Label("late", orders, "amount > 100", each=asked, at="at", matures="1d"))
""",
    "orders.csv": """order,user,amount,items,at
1,user-0001,1.5,1,2026-01-01T00:00:00Z
2,user-0002,150.5,2,2026-01-01T00:01:00Z
""",
    "asked.csv": "order,user,at\n1,user-0001,2026-01-01T00:00:00Z\n2,user-0002,2026-01-01T00:01:00Z\n",
}


def bodies(events: int) -> tuple[bytes, ...]:
    """Requests of so many orders each, as JSON in one line."""
    drawn = random.Random(SEED)

    def order(number: int) -> dict[str, object]:
        return {
            "user": f"user-{drawn.randrange(1000):04}", "order": number, "amount": round(drawn.uniform(1, 200), 2),
            "items": drawn.randrange(1, 9), "at": (BEGIN + timedelta(seconds=number / 100)).isoformat(),
        }  # fmt: skip

    made = ([order(place * events + number) for number in range(events)] for place in range(BODIES))
    return tuple(json.dumps(each[0] if events == 1 else each).encode() for each in made)


def project(folder: Path) -> Path:
    """Make a project whose source takes events."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    subprocess.run([sluiceway(), "run", "--until", "ingest"], cwd=folder, check=True, capture_output=True)
    return folder


def services(folder: Path) -> list[Service]:
    """The floor, and ours; neither needs a model."""
    asked = Questions(bodies(1), (), lambda _: 0.0)
    granian = str(Path(sys.executable).with_name("granian"))
    options = ("--interface", "rsgi", "--workers", "1", "--loop", "uvloop", "--no-access-log", "--host", HOST)
    floor = (granian, *options, "--port", "{port}", "posted_events_floor:appending")
    ours = (sluiceway(), "serve", "--host", HOST, "--port", "{port}")
    where = {"POSTED_EVENTS_FLOOR": str(folder / "floor")}
    return [
        Service("floor: appended unread", floor, "/", asked, HERE, where),
        Service("ours", ours, "/events/orders", asked, project(folder / "project")),
    ]


def measured(server: Server, events: int, given: argparse.Namespace, *, by_wrk: bool) -> tuple[float, float, float]:
    """Events a core's second, events a second, and the latency of the slowest hundredth in ms."""
    target, before = Target(server.port, server.service.path, bodies(events)), server.cpu_s()
    done = load(target, connections=given.connections, seconds=given.seconds, by_wrk=by_wrk)
    if done.errors:
        raise SystemExit(f"{server.service.name}: {done.errors} requests were not answered")
    taken = done.requests * events
    return taken / (server.cpu_s() - before), taken / done.seconds, done.p99_ms


def main() -> int:
    """Start both, and ask them in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    by_wrk, rows, servers = has_wrk(), [], list[Server]()
    with tempfile.TemporaryDirectory() as folder:
        try:
            for place, service in enumerate(services(Path(folder))):
                servers.append(Server(service, Path(folder) / f"{place}.log"))
            for events in (1, 100):
                rounds = [
                    [measured(each, events, given, by_wrk=by_wrk) for each in servers] for _ in range(given.rounds)
                ]
                middle = [sorted(each)[given.rounds // 2] for each in zip(*rounds, strict=True)]
                rows += [
                    [each.service.name, events, f"{core:,.0f}", f"{core / middle[0][0]:.2f}", f"{wall:,.0f}",
                     f"{wall / middle[0][1]:.2f}", f"{p99:.1f}"]
                    for each, (core, wall, p99) in zip(servers, middle, strict=True)
                ]  # fmt: skip
        finally:
            for server in servers:
                server.stop()
    heads = ["events a request", "events a core's second", "of the floor", "events a second", "of the floor", "p99 ms"]
    print(table(["", *heads], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
