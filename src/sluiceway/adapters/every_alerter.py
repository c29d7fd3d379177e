"""Several alerters as one."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from sluiceway.ports.alerter import Alerter

if TYPE_CHECKING:  # which every command would wait for
    from sluiceway.artifacts.health_report import Alert


class EveryAlerter:
    """Sends by each of its alerters; their places have different names."""

    def __init__(self, alerters: Sequence[Alerter]) -> None:
        self._alerters = tuple(alerters)

    @property
    def places(self) -> tuple[str, ...]:
        """Every alerter's places, in order."""
        return tuple(place for alerter in self._alerters for place in alerter.places)

    def send(self, title: str, alerts: "Sequence[Alert]", *, places: Collection[str]) -> Mapping[str, str]:
        """Send by each alerter to those of its places that are asked for."""
        failed: dict[str, str] = {}
        for alerter in self._alerters:
            failed |= alerter.send(title, alerts, places=places)
        return failed
