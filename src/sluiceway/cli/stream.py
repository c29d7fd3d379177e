"""``sluiceway stream``: workers that keep views up as messages arrive, and how far they are."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_table, warn
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.stream_add import add
from sluiceway.cli.stream_work import StreamWork
from sluiceway.cli.watching import say
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import iso
from sluiceway.plans.moments_sql import moment_of
from sluiceway.ports.event_source import Lag
from sluiceway.streaming import Streaming
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.stream_plan import DIGITS, StreamPlan

__all__ = ["add", "run", "status"]
COULD_NOT_JUDGE = 3
Source = Annotated[str | None, Parameter(help="Only this source's stream; all of them by default.")]
UntilIdle = Annotated[bool, Parameter(help="End when all that has arrived was learnt.", negative=())]
Folder = Annotated[Path | None, Parameter(help="Learn the files of JSON lines in this folder, by Spark.")]
Port = Annotated[int | None, Parameter(help="Serve Prometheus metrics at this port of 127.0.0.1.")]


def run(
    *,
    source: Source = None,
    until_idle: UntilIdle = False,
    metrics_port: Port = None,
    spark: Folder = None,
    common: Common = HERE,
) -> int:
    """Keep the views of streams up as messages arrive, until interrupted."""
    from sluiceway.adapters.metrics_port import metrics_port as served

    with stdout_aside():
        streaming = Streaming.open(common.project, source=source)
    for said in streaming.lost:
        warn(said)
    if spark is not None:
        return run_on_spark(streaming, spark, until_idle=until_idle, as_json=common.json)
    metrics = StreamMetrics()
    work = StreamWork(streaming, metrics, until_idle=until_idle)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with served(metrics.registry, metrics_port):
        try:
            work.run(is_measured=metrics_port is not None)
        except KeyboardInterrupt:
            say("interrupted; what was learnt is committed")
        finally:
            work.close()
    code = tell(streaming, as_json=common.json)
    if work.stopped:
        warn(f"not kept up: {', '.join(work.stopped)}; it is said above why")
    return COULD_NOT_JUDGE if work.stopped else code


def run_on_spark(streaming: Streaming, folder: Path, *, until_idle: bool, as_json: bool) -> int:
    """Keep one stream up from files, by Spark."""
    if not folder.is_dir():
        raise MisuseError(f"--spark {folder}: there is no such folder; name the one that files of JSON lines come into")
    engine, stream = streaming.on_spark(lambda batch, lines: say(f"batch {batch}: {lines:,} lines learnt"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        say(f"Spark starts at {streaming.engine}")
        stream.run(folder, until_idle=until_idle)
    except KeyboardInterrupt:
        say("interrupted; what was learnt is committed")
    finally:
        engine.stop()
    return tell(streaming, as_json=as_json)


def status(*, source: Source = None, common: Common = HERE) -> int:
    """Show how far each partition of each stream is, how far behind, and what was set aside."""
    with stdout_aside():
        streaming = Streaming.open(common.project, source=source)
    return tell(streaming, as_json=common.json)


def tell(streaming: Streaming, *, as_json: bool) -> int:
    """Print what is committed of each stream, beside what has arrived."""
    streams = [told(streaming, plan) for plan in streaming.plans]
    kept = filter(None, map(streaming.by_spark, streaming.plans))
    streams += [told(streaming, plan, by_spark=True) for plan in kept]
    if as_json:
        print_json({"streams": streams})
        return 0
    names = ("source", "by", "partition", "learnt", "behind", "known until", "late", "dead", "missed")
    rows = [[stream["source"], stream["by"], *row(part)] for stream in streams for part in parts(stream)]
    print_table(names, rows)
    return 0


def parts(stream: dict[str, object]) -> list[dict[str, object]]:
    """List a stream's partitions."""
    found = stream["partitions"]
    return found if isinstance(found, list) else []


def row(part: Mapping[str, object]) -> list[object]:
    """Give a partition the shape that people read."""
    behind = part["lag"]
    if behind is None and part["lag_seconds"] is not None:
        behind = f"{part['lag_seconds']:g} s"
    return [part["partition"], part["events"], behind, part["watermark"], part["late"], part["dead"], part["missed"]]


def told(streaming: Streaming, plan: StreamPlan, *, by_spark: bool = False) -> dict[str, object]:
    """Give a stream the shape that scripts read."""
    headers = streaming.headers(plan)
    positions = {number: header.position for number, header in headers.items()}
    lags = {} if by_spark else streaming.events(plan).lags(positions)
    numbers = sorted({*headers, *lags})
    return {
        "source": plan.source.name,
        "topic": plan.topic.name,
        "by": "spark" if by_spark else "workers",
        "stream": plan.digest[:DIGITS],
        "partitions": [part(number, headers.get(number), lags.get(number)) for number in numbers],
    }


def part(number: int, header: PartitionHeader | None, lag: Lag | None) -> dict[str, object]:
    """Give a partition the shape that scripts read."""
    found = header or PartitionHeader(owner="")
    counted = None if lag is None else lag.messages
    moments = {"watermark": found.watermark, "written": found.written or None}
    return {
        "partition": number,
        "offset": found.offset,
        "end": None if counted is None else found.offset + counted,
        "lag": None if counted is None else max(counted, 0),
        "lag_seconds": None if lag is None else lag.seconds,
        "events": found.events,
        "late": found.late,
        "dead": found.dead,
        "missed": found.missed,
        "owner": found.owner or None,
        **{name: None if moment is None else iso(moment_of(moment)) for name, moment in moments.items()},
    }
