"""Stream work: workers that learn in turn, and what becomes of the others when one source cannot be read."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sluiceway.cli.watching import say
from sluiceway.core.errors import SourceError
from sluiceway.core.moments import iso
from sluiceway.plans.moments_sql import moment_of
from sluiceway.streaming import Streaming
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.worker import Worker

OFTEN_S, SELDOM_S, MEASURED_S, TURN_S = 1.0, 30.0, 5.0, 0.2


class StreamWork:
    """One worker for each source's stream. A source that cannot be read stops its own alone, while others are left."""

    def __init__(self, streaming: Streaming, metrics: StreamMetrics, *, until_idle: bool) -> None:
        self._until_idle, self._are_several = until_idle, len(streaming.plans) > 1
        self._workers: dict[str, Worker] = {}
        self.stopped: dict[str, SourceError] = {}
        for plan in streaming.plans:
            with self._alone(plan.source.name):
                self._workers[plan.source.name] = streaming.worker(plan, metrics, follows_wall=not until_idle, say=say)

    def run(self, *, is_measured: bool = False) -> None:
        """Let each worker learn in turn, and tell a person how it goes, until there is nothing left to do.

        Raises:
            SourceError: no source can be read any more; the error of the first that could not.
        """
        began = told = time.monotonic()
        learnt, measured = 0, 0.0
        waiting: Mapping[str, str] = {}
        missed: Mapping[str, int] = {}
        pause_s = OFTEN_S if sys.stderr.isatty() else SELDOM_S
        while self._workers:
            turn = self._turn()
            learnt += turn
            now = time.monotonic()
            if now - told >= pause_s:
                say(f"{learnt:,} messages, {learnt / (now - began):,.0f} a second; {self._where()}")
                told = now
            waiting = self._tell_waiting(waiting)
            missed = self._tell_missed(missed)
            if is_measured and now - measured >= MEASURED_S:
                measured = now
                self._measure()
            if self._until_idle and not turn and self._caught_up() and self._workers:
                return
        raise next(iter(self.stopped.values()))

    def close(self) -> None:
        """Let every worker leave its group."""
        while self._workers:
            self._workers.popitem()[1].close()

    @contextmanager
    def _alone(self, source: str) -> Iterator[None]:
        """Stop a source's worker alone when it cannot be read."""
        try:
            yield
        except SourceError as error:
            self.stopped[source] = error
            worker = self._workers.pop(source, None)
            if worker is not None:
                worker.close()
            if self._are_several:
                say(f"{source} stops, and it alone: {error}")

    def _turn(self) -> int:
        turn, wait_s = 0, TURN_S / len(self._workers)
        for source, worker in list(self._workers.items()):
            with self._alone(source):
                turn += worker.step(wait_s=wait_s)
        return turn

    def _caught_up(self) -> bool:
        there = True
        for source, worker in list(self._workers.items()):
            with self._alone(source):
                there = worker.caught_up() and there
        return there

    def _measure(self) -> None:
        for source, worker in list(self._workers.items()):
            with self._alone(source):
                worker.measure()

    def _tell_waiting(self, said: Mapping[str, str]) -> Mapping[str, str]:
        """Say why partitions are not worked on, where that was not said yet; return what is the case."""
        found = {name: why for worker in self._workers.values() for name, why in worker.waiting.items()}
        for name in sorted(found.keys() - said.keys()):
            say(f"{name} waits: {found[name]}")
        return found

    def _tell_missed(self, said: Mapping[str, int]) -> Mapping[str, int]:
        """Say how many messages were gone before they were learnt, where that was not said yet; return it."""
        found = {name: count for worker in self._workers.values() for name, count in worker.missed.items()}
        for name, count in sorted(found.items()):
            if count > said.get(name, 0):
                say(f"{name}: {count:,} messages were gone from the topic before they were learnt; keep more of it")
        return {**said, **found}

    def _where(self) -> str:
        """Say how far the partitions are that are owned here."""
        headers = [header for worker in self._workers.values() for header in worker.headers.values()]
        reached = [header.watermark for header in headers if header.watermark is not None]
        time_there = f", known until {iso(moment_of(min(reached)))}" if reached else ""
        late, dead = sum(header.late for header in headers), sum(header.dead for header in headers)
        return f"{len(headers)} partitions{time_there}, {late:,} late, {dead:,} dead"
