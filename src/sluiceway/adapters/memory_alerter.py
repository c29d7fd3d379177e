"""Alerts in memory: for tests, and for looking at what would be sent."""

from collections.abc import Collection, Mapping, Sequence

from sluiceway.artifacts.health_report import Alert


class MemoryAlerter:
    """Keeps what it is told, by place; a place in ``broken`` takes nothing, for the reason given there."""

    def __init__(self, places: Sequence[str] = ("memory",), *, broken: Mapping[str, str] | None = None) -> None:
        self.sent: list[tuple[str, str, tuple[Alert, ...]]] = []
        self.broken = dict(broken or {})
        self._places = tuple(places)

    @property
    def places(self) -> tuple[str, ...]:
        """The places it was made with."""
        return self._places

    def send(self, title: str, alerts: Sequence[Alert], *, places: Collection[str]) -> Mapping[str, str]:
        """Keep ``(place, title, alerts)`` for each place that works."""
        chosen = [place for place in self._places if place in places]
        self.sent += [(place, title, tuple(alerts)) for place in chosen if place not in self.broken]
        return {place: self.broken[place] for place in chosen if place in self.broken}
