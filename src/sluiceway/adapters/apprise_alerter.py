"""Alerts to chats, mail and webhooks: any address that apprise knows, such as ``slack://`` or ``json://``."""

import logging
import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from sluiceway.core.digest import sha256_hex
from sluiceway.pages.number_text import since_text

if TYPE_CHECKING:  # which every command would wait for
    from sluiceway.artifacts.health_report import Alert

# Shorter pieces of an address, such as a port, give nothing away.
SECRET_LENGTH = 6
FEWEST_DIGITS = 4


class AppriseAlerter:
    """Sends to each address on its own, so that one that fails holds no other back.

    A place is called by its scheme and a few digits of its address's SHA-256, as most addresses are secrets as a whole:
    it keeps its name when others are added or removed, and gets another when its own address changes.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = named(addresses)
        self._sending = Lock()

    @property
    def places(self) -> tuple[str, ...]:
        """The addresses' names."""
        return tuple(self._addresses)

    def send(self, title: str, alerts: "Sequence[Alert]", *, places: Collection[str]) -> Mapping[str, str]:
        """Send one message a place; a place has some seconds to take it."""
        if not alerts:
            return {}
        body = "\n".join(line(alert) for alert in alerts)
        chosen = {place: address for place, address in self._addresses.items() if place in places}
        with self._sending:
            failed = {place: delivered(address, title, body) for place, address in chosen.items()}
        return {place: why for place, why in failed.items() if why}


def named(addresses: Sequence[str]) -> dict[str, str]:
    """Name each address; as few digits are told as tell them apart, so that nobody can try out a secret on them."""
    digests = {address: sha256_hex(address.encode()) for address in addresses}
    told = next(
        digits
        for digits in range(FEWEST_DIGITS, 65)
        if len({digest[:digits] for digest in digests.values()}) == len(digests)
    )
    return {f"{address.partition(':')[0]} {digest[:told]}": address for address, digest in digests.items()}


def line(alert: "Alert") -> str:
    """Write one alert for people."""
    return f"- {alert.message}{since_text(alert.since)}"


def delivered(address: str, title: str, body: str) -> str:
    """Send a message; return why it was not taken, without the address's secrets, or nothing."""
    import apprise

    with warnings.catch_warnings(), apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as heard:  # type: ignore[no-untyped-call]
        warnings.simplefilter("ignore")  # of what a hundred services import, some is always about to be removed
        courier = apprise.Apprise()
        try:
            if not courier.add(address):
                return "this is no address that apprise knows; see its documentation for how it is written"
            taken = courier.notify(body=body, title=title, notify_type=apprise.NotifyType.WARNING)
        except Exception as error:  # noqa: BLE001 - each service has its own way to fail
            return type(error).__name__
        said = heard.getvalue()
    return "" if taken else masked(" ".join(said.split()) or "no reason was given", address)


def masked(text: str, address: str) -> str:
    """Take every longer piece of an address out of a text."""
    for piece in sorted(set(re.findall(r"[\w.+~=-]+", address.partition("://")[2])), key=len, reverse=True):
        if len(piece) >= SECRET_LENGTH:
            text = text.replace(piece, "…")
    return text
