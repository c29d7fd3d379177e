"""The alerter: where alarms go."""

from collections.abc import Sequence
from typing import Protocol

from sluiceway.artifacts.health_report import Alert


class Alerter(Protocol):
    """Sends alerts to people. Safe to share between threads."""

    def send(self, title: str, alerts: Sequence[Alert]) -> tuple[str, ...]:
        """Send them together to every place; return what failed, a line for each place, without its secrets."""
