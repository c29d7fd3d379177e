"""The worker: owns partitions of one topic, learns what arrives, and gives up what another has taken over."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from sluiceway.core.errors import ConflictError, TransientError
from sluiceway.ports.event_source import EventBatch, Lag, Position
from sluiceway.streams.beginning import Beginning
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.partition_header import PartitionHeader, unpack_header
from sluiceway.streams.partition_stream import Backends, PartitionStream
from sluiceway.streams.registered_messages import opener
from sluiceway.streams.silence import Silence
from sluiceway.streams.standing_by import STAND_BY_S, Waiting, why_refused
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.stream_plan import StreamPlan
from sluiceway.streams.table_start import TableStart
from sluiceway.streams.topic_checks import TopicChecks

MOST = 10_000  # messages a turn: whoever reads a shared store waits while what they changed is committed
RETRY_S, RENEW_S = 0.2, 1.5


class Worker:
    """One member of a topic's group. For one thread; call ``step`` again and again, then ``close``.

    Where a commit is refused, another took the partition over: this worker stands by, and takes it back when that other
    has committed nothing for five seconds while the partition is still assigned here. A source that does not deal its
    partitions out tells each worker that it owns all: there it looks so before it takes any, and shows at least every
    other second that it is at work.
    """

    def __init__(  # noqa: PLR0913 - what tests drive by hand, clocks among it, is given one by one
        self,
        plan: StreamPlan,
        *,
        backends: Backends,
        owner: str,
        now_us: Callable[[], int],
        metrics: StreamMetrics | None = None,
        follows_wall: bool = True,
        latest_us: Callable[[], int] | None = None,
        table: Callable[[], TableStart | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stand ready.

        Args:
            plan: What is kept up.
            backends: From where, and where.
            owner: Names this worker; no other has the name.
            now_us: The wall's time, in microseconds since the epoch.
            metrics: Where to show how far it is.
            follows_wall: Whether time goes on by the wall's clock where all is silent and the topic says so; not where
                what is there is only gone through, as then what comes of it should depend on the messages alone.
            latest_us: The latest ``known_time`` that a message may have; one beyond is dead, as it would make all that
                come after it late.
            table: What the source's table has, for a stream that begins.
            clock: Seconds that pass.

        Raises:
            MisuseError: the topic's partitions are not those of the views' entities, or its format needs a registry.
            SourceError: the topic is not there.
        """
        self._plan, self._backends, self._events = plan, backends, backends.events
        self._owner, self._now_us, self._clock = owner, now_us, clock
        self._checks = TopicChecks(plan, backends.events, elsewhere=self._elsewhere, clock=clock)
        self._silence = Silence(
            plan, clock=clock, now_us=now_us, lags=backends.events.lags, elsewhere=self._elsewhere,
            follows_wall=follows_wall,
        )  # fmt: skip
        self._metrics = metrics or StreamMetrics()
        opened = opener(plan.topic, backends.schemas)
        self._decoder = RowDecoder(plan.source, plan.kinds, plan.columns, opened=opened, latest_us=latest_us)
        self._beginning = Beginning(
            plan, table, self._checks.count, backends.events.joined, backends.panes, owner=owner, now_us=now_us
        )
        self._owned: dict[int, PartitionStream] = {}
        self._waiting: dict[int, Waiting] = {}
        self._shown: dict[int, tuple[int, float]] = {}

    def assigned(self, partitions: Sequence[int]) -> Mapping[int, Position]:
        """Take partitions over, as far as the store answers; the others follow later, by ``seek``."""
        looks = not self._events.is_dealt  # whom the source tells that all is his looks who is at work
        self._waiting.update({number: Waiting(looks=looks) for number in partitions if number not in self._owned})
        self._take_over(seek=False)
        return {number: self._owned[number].header.position for number in partitions if number in self._owned}

    def revoked(self, partitions: Sequence[int]) -> None:
        """Forget partitions: all that was learnt of them is committed."""
        for number in partitions:
            self._owned.pop(number, None)
            self._waiting.pop(number, None)
            self._metrics.forget(self._plan, number)

    def step(self, *, most: int = MOST, wait_s: float = 0.5) -> int:
        """Learn what has arrived, at most so many messages; return how many they were.

        Raises:
            SourceError: the topic is gone, ends before what was learnt of it, or has other partitions than it had.
        """
        self._take_over(seek=True)
        if self._waiting and not self._owned:
            wait_s = min(wait_s, RETRY_S)
        batches = self._events.poll(self, most=most, wait_s=wait_s)
        self._checks.look(self.headers)
        learnt = sum(self._learn(batch) for batch in batches)
        self._follow()
        self._renew()
        return learnt

    @property
    def headers(self) -> dict[int, PartitionHeader]:
        """How far each owned partition is."""
        return {number: stream.header for number, stream in self._owned.items()}

    @property
    def waiting(self) -> dict[str, str]:
        """Why partitions that are assigned here are not worked on."""
        name = self._plan.source.name
        return {f"{name}, partition {number}": each.why for number, each in self._waiting.items() if each.why}

    @property
    def missed(self) -> dict[str, int]:
        """How many messages of partitions that are owned here were gone before they were learnt, where any were."""
        name = self._plan.source.name
        return {f"{name}, partition {number}": each.missed for number, each in self.headers.items() if each.missed}

    def caught_up(self) -> bool:
        """Whether all that is in the topic now was learnt, here or by whom the other partitions belong to.

        Asks the source and the store, so not for every step, and after the first.
        """
        try:
            reached = {**self._elsewhere(), **self.headers}
        except TransientError:
            return False
        lags = self._events.lags({number: header.position for number, header in reached.items()})
        learnt = all(number in lags and lags[number].is_none for number in range(self._checks.count))
        return learnt and self._checks.are_done

    def measure(self) -> None:
        """Bring the metrics up to date with the source."""
        lags = self._lags()
        for number, header in self._reached().items():
            self._metrics.note(self._plan, number, header, lag=lags.get(number), is_owned=number in self._owned)

    def close(self) -> None:
        """Leave the group."""
        for stream in () if self._events.is_dealt else self._owned.values():
            with suppress(ConflictError, TransientError):
                stream.release()
        self._events.close(self)
        self.revoked(list(self._owned))

    def _lags(self) -> Mapping[int, Lag]:
        return self._events.lags({number: header.position for number, header in self._reached().items()})

    def _reached(self) -> dict[int, PartitionHeader]:
        """Tell how far each partition is that is owned, or that waits until the store answers."""
        waiting = {number: each.last for number, each in self._waiting.items() if each.last is not None}
        return {**waiting, **self.headers}

    def _renew(self) -> None:
        """Show others, where the source does not deal partitions out, that this worker is still at work."""
        now = self._clock()
        for number, stream in () if self._events.is_dealt else list(self._owned.items()):
            sequence, at = self._shown.get(number, (-1, now))
            if stream.header.sequence == sequence and now - at >= RENEW_S:
                try:
                    stream.renew()
                except (ConflictError, TransientError) as error:
                    self._give_up(number, error)
            if stream.header.sequence != sequence:
                self._shown[number] = (stream.header.sequence, now)

    def _learn(self, batch: EventBatch) -> int:
        stream = self._owned.get(batch.partition)
        if stream is None:
            return 0  # given up, and read again from where it is when it is taken back
        self._silence.hear(batch.partition)
        before = stream.header.events
        try:
            decoded = stream.take(batch, self._decoder)
        except (ConflictError, TransientError) as error:
            self._give_up(batch.partition, error)
            return 0
        self._metrics.unknown(self._plan, decoded.unknown)
        return stream.header.events - before

    def _follow(self) -> None:
        """Let time go on in partitions that are silent."""
        for number, moment in self._silence.moments(self.headers).items():
            try:
                self._owned[number].advance(moment)
            except (ConflictError, TransientError) as error:
                self._give_up(number, error)

    def _give_up(self, number: int, error: Exception) -> None:
        """Forget a partition's state, which may not be what is stored any more, and read no more of it."""
        stream, before = self._owned.pop(number, None), self._waiting.get(number, Waiting())
        if isinstance(error, ConflictError):
            why = why_refused(error, self._plan.partition(number), self._backends.panes)
            self._waiting[number] = Waiting(self._clock() + STAND_BY_S, looks=True, why=why)
            self._metrics.forget(self._plan, number)  # another shows it
        else:
            last = stream.header if stream is not None else before.last
            self._waiting[number] = Waiting(self._clock() + RETRY_S, why=str(error), last=last)
        self._events.seek(number, None)
        self._metrics.given_up(self._plan, number)

    def _take_over(self, *, seek: bool) -> None:
        now = self._clock()
        for number, waiting in list(self._waiting.items()):
            if waiting.until > now:
                continue
            try:
                if waiting.looks:
                    stored = self._backends.panes.header(self._plan.partition(number))
                    if waiting.is_taken(stored, mine=self._owner, now=now):
                        continue
                self._beginning.ensure(number)
                stream = PartitionStream(
                    self._plan,
                    number,
                    panes=self._backends.panes,
                    side=self._backends.side,
                    owner=self._owner,
                    now_us=self._now_us,
                    partitions=self._checks.count,
                )
            except (ConflictError, TransientError) as error:
                self._give_up(number, error)
                continue
            del self._waiting[number]
            self._owned[number] = stream
            self._checks.begin(number)
            self._silence.hear(number)
            if seek:
                self._events.seek(number, stream.header.position)

    def _elsewhere(self) -> Mapping[int, PartitionHeader]:
        """Read how far the partitions are that are not owned here, where the store answers."""
        names = {
            number: self._plan.partition(number) for number in range(self._checks.count) if number not in self._owned
        }
        found = {number: unpack_header(self._backends.panes.header(name)) for number, name in names.items()}
        return {number: header for number, header in found.items() if header is not None}
