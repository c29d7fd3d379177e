"""The alerter: where alarms go."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # which every command would wait for
    from sluiceway.artifacts.health_report import Alert


class Alerter(Protocol):
    """Sends alerts to people. Safe to share between threads."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where it sends, each place by a name that holds no secret."""

    def send(self, title: str, alerts: "Sequence[Alert]", *, places: Collection[str]) -> Mapping[str, str]:
        """Send alerts together to some of its places; return those that failed, and why, without their secrets.

        It raises for no place that fails, and knows nothing of what it sent before.
        """
