"""``sluiceway stream add``: the lines of a file as events of a source, all of them checked before any is added."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.adapters.event_lines import event_lines
from sluiceway.cli.answer import print_json
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.watching import say
from sluiceway.core.errors import MisuseError, SluicewayError, SourceError, UnknownNameError
from sluiceway.ports.event_sink import Event
from sluiceway.server.event_check import EventCheck
from sluiceway.server.event_intake import intake_mark, shown_intake
from sluiceway.server.refusal import Refusal
from sluiceway.serving import ServedProject

TURN, OFTEN_S = 1000, 2.0
Source = Annotated[str, Parameter(help="Whose rows they are: a source with a stream.")]
File = Annotated[Path, Parameter(help="JSON lines, an event each; compressed by gzip where its name ends in .gz.")]
FromLine = Annotated[int, Parameter(help="Begin at this line, from 1, as where an earlier try was broken off.")]


def add(source: Source, file: File, *, from_line: FromLine = 1, common: Common = HERE) -> int:
    """Add the events of a file to a source's topic, once all of them are checked."""
    project = ServedProject.open(common.project)
    if project.events is None:
        raise MisuseError("a rehearsal takes no events")
    project.events.check()
    check, sink = checked_by(project, source), project.events.sink()
    count = sum(1 for _ in events_of(file, check, from_line))
    added, last, told = 0, from_line - 1, time.monotonic()
    numbered = events_of(file, check, from_line)
    while turn := list(islice(numbered, TURN)):
        try:
            sink.append(check.source.topic, [event for _, event in turn])
        except SluicewayError as error:
            hint = f"{added:,} events, up to line {last}, are there; go on with --from-line {turn[0][0]}"
            raise SourceError(f"{error}. {hint}, which may repeat some") from None
        added, last = added + len(turn), turn[-1][0]
        if time.monotonic() - told >= OFTEN_S:
            say(f"{added:,} of {count:,} events added")
            told = time.monotonic()
    if common.json:
        print_json({"source": source, "topic": check.source.topic, "events": added, "last_line": last})
    else:
        empty = "" if added else f", as {file} has none from line {from_line} on"
        say(f"{added:,} events added to topic {check.source.topic} at {project.events.shown}{empty}")
    return 0


def checked_by(project: ServedProject, source: str) -> EventCheck:
    """Find what checks a source's events.

    Raises:
        MisuseError: no run has made a streamed source's table yet, or messages of this one are no JSON.
        UnknownNameError: the source has no stream.
    """
    found = shown_intake(project.objects).sources if intake_mark(project.objects) else ()
    if not found:
        raise MisuseError(
            "no run has made the table of a source with a stream yet; declare stream=sw.topic(name), then sluiceway run"
        )
    by_name = {each.name: each for each in found}
    if source not in by_name:
        raise UnknownNameError("source with a stream", source, by_name)
    if by_name[source].format != "json":
        raise MisuseError(f"messages of {source!r} are {by_name[source].format}; send them to the topic itself")
    return EventCheck(by_name[source], most=1)


def events_of(file: Path, check: EventCheck, from_line: int) -> Iterator[tuple[int, Event]]:
    """Read a file's events, with their lines.

    Raises:
        MisuseError: a line is no event; with what is wrong with it.
    """
    for number, line in event_lines(file):
        if number < from_line:
            continue
        try:
            (event,) = check.events(line)
        except (Refusal, ValueError) as error:
            why = error.message if isinstance(error, Refusal) else "it is no event"
            why = why.removeprefix("row 0: ").removesuffix("; nothing of this request was kept")
            raise MisuseError(f"{file}, line {number}: {why}; nothing was added") from None
        yield number, event
