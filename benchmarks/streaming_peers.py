"""Quix Streams on the messages of ``streaming.py``, run by the Python of its own environment.

python streaming_peers.py SERVERS VALKEY_PORT EVENTS
"""

import json
import logging
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

WINDOW_S, LATENESS_S = 5, 2


def main() -> int:
    """Keep a tumbling window's count and sum a user, and write each change."""
    import redis
    from quixstreams import Application
    from quixstreams.dataframe.windows import Count, Sum

    servers, port, events = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    client, taken, began = redis.Redis(port=port), [0, 0.0, 0.0], [0.0]

    def write(value: dict, key: bytes, _timestamp: int, _headers: object) -> dict:
        if not taken[0]:
            began[0], taken[1] = used(), time.perf_counter()
        taken[0] += 1
        taken[2] = time.perf_counter()
        client.hset("quix", key, json.dumps(value))
        return value

    with tempfile.TemporaryDirectory() as state:
        app = Application(
            broker_address=servers, consumer_group=f"quix-{time.time_ns()}", auto_offset_reset="earliest",
            state_dir=state, use_changelog_topics=False, auto_create_topics=False, loglevel=logging.ERROR,
            consumer_extra_config={"partition.assignment.strategy": "range", "session.timeout.ms": 6000},
        )  # fmt: skip
        topic = app.topic("orders", value_deserializer="json", timestamp_extractor=stamp)
        frame = app.dataframe(topic)
        window = frame.tumbling_window(timedelta(seconds=WINDOW_S), grace_ms=timedelta(seconds=LATENESS_S))
        window.agg(n=Count(), total=Sum("amount")).current().apply(write, metadata=True)
        app.run(count=events, timeout=90)
    told = Path("/proc/self/status").read_text()  # getrusage counts what the parent held, too
    memory = int(told.partition("VmHWM:")[2].split()[0]) / 1024
    took = {"events": taken[0], "wall_s": taken[2] - taken[1], "cpu_s": used() - began[0], "memory_mib": memory}
    print(json.dumps(took))
    return 0


def stamp(value: dict, _headers: object, _timestamp: float, _kind: object) -> int:
    return int(datetime.fromisoformat(value["at"]).timestamp() * 1000)


def used() -> float:
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


if __name__ == "__main__":
    sys.exit(main())
