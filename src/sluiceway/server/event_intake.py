"""The event intake beside the board: what the newest run leaves there of streamed sources, for servers to look at."""

import msgspec

from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.event_intake import INTAKE_KEY, EventIntake
from sluiceway.core.errors import DamagedError
from sluiceway.ports.object_store import ObjectStore


def show_intake(objects: ObjectStore, intake: EventIntake) -> None:
    """Leave word of a project's streamed sources, where it is not there already."""
    data, known = encode(intake), objects.list(INTAKE_KEY)
    if (known or intake.sources) and not (known and objects.get(INTAKE_KEY) == data):
        objects.put(INTAKE_KEY, data)


def shown_intake(objects: ObjectStore) -> EventIntake:
    """Read what was left.

    Raises:
        UnknownObjectError: there is nothing.
        DamagedError: it is no intake.
    """
    try:
        return decode(EventIntake, objects.get(INTAKE_KEY))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedError(f"{INTAKE_KEY} is no intake of events: {error}") from error


def intake_mark(objects: ObjectStore) -> str:
    """Return what changes whenever something else is left, without reading it; empty when nothing is."""
    return "".join(info.tag for info in objects.list(INTAKE_KEY))
