"""Topic checks: whether a topic is still the one of which partitions were learnt, neither made anew nor widened."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.event_source import EventSource, Lag
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.stream_plan import StreamPlan, check_partitions

LOOKS = 10  # at where a topic ends: some brokers tell it right only after messages were asked for
COUNT_EVERY_S = 30.0

Headers = Mapping[int, PartitionHeader]


class TopicChecks:
    """Looks at a topic for one worker: where a partition ends that was taken over, and now and then how many it has."""

    def __init__(
        self,
        plan: StreamPlan,
        events: EventSource,
        *,
        elsewhere: Callable[[], Headers],
        clock: Callable[[], float],
    ) -> None:
        """Count the topic's partitions.

        Args:
            plan: Whose topic it is.
            events: Reads it.
            elsewhere: Reads the headers of partitions that others own. May raise TransientError.
            clock: Seconds that pass.

        Raises:
            MisuseError: its partitions are not those of the views' entities.
            SourceError: it is not there.
        """
        self.count = events.partition_count()
        check_partitions(plan, self.count)
        self._plan, self._events, self._elsewhere, self._clock = plan, events, elsewhere, clock
        self._unchecked: dict[int, int] = {}
        self._count_at = clock() + COUNT_EVERY_S
        self._is_begun = False

    def begin(self, number: int) -> None:
        """Look at a partition that was just taken over before anything of it is learnt."""
        self._unchecked[number] = LOOKS
        self._is_begun = True

    @property
    def are_done(self) -> bool:
        """Whether every partition was looked at."""
        return not self._unchecked

    def look(self, owned: Headers) -> None:
        """Look at what is due; ``owned`` is how far partitions are here.

        Raises:
            SourceError: the topic was made anew, or widened.
        """
        self._check_ends(owned)
        if self._plan.parted_by and (self._is_begun or self._clock() >= self._count_at):
            self._is_begun, self._count_at = False, self._clock() + COUNT_EVERY_S
            self._check_width(owned)

    def _check_ends(self, owned: Headers) -> None:
        """Refuse a topic that was made anew: its messages would pass for those that were learnt."""
        fresh = {number: owned[number] for number in self._unchecked if number in owned}
        looks, self._unchecked = self._unchecked, {}
        lags = self._events.lags({number: header.position for number, header in fresh.items()}) if fresh else {}
        for number, header in fresh.items():
            lag = lags.get(number, Lag(None)).messages
            if lag is not None and lag < 0 and looks[number] > 1:
                self._unchecked[number] = looks[number] - 1
            elif lag is not None and lag < 0:
                source, name = self._plan.source.name, self._plan.topic.name
                raise SourceError(
                    f"source {source!r}: partition {number} of topic {name!r} was learnt up to message "
                    f"{header.offset:,}, but ends at {header.offset + lag:,}: it was made anew, or is another one. "
                    f"What was learnt is safe. Bring it back, or declare the new one as sw.topic({name + '_2'!r})"
                )

    def _check_width(self, owned: Headers) -> None:
        """Refuse a topic whose keys moved to other partitions, as they do where their number changes."""
        now, before = self.count, {self.count}
        with suppress(SourceError):  # one that does not answer is waited for
            now = self._events.partition_count()
        with suppress(TransientError):
            headers = [*owned.values(), *self._elsewhere().values()]
            before |= {header.partitions for header in headers if header.offset and header.partitions}
        other = before - {now}
        if other:
            source, name = self._plan.source.name, self._plan.topic.name
            raise SourceError(
                f"source {source!r}: topic {name!r} has {now} partitions, and had {max(other)} when it was learnt: "
                "keys lie in other partitions by now, where their rows would count in parts. What was learnt is safe. "
                f"Send all rows to a new topic with as many partitions, and declare it as sw.topic({name + '_2'!r})"
            )
