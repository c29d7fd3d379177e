"""Replay: facts and questions in the order of their time, against a server with a virtual clock.

What becomes known is written before the first question that may see it, at a barrier: all earlier questions have been
answered by then. Between two barriers nothing changes, so questions there are asked at once. A barrier stands only
where something changes and a question follows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import maxsize

from sluiceway.core.digest import digest_of
from sluiceway.core.errors import ConflictError, MisuseError, TransientError
from sluiceway.online.live_view import LiveView
from sluiceway.plans.moments_sql import MICROSECOND, microseconds, moment_of
from sluiceway.ports.endpoint import Question
from sluiceway.ports.progress import Progress, Silence
from sluiceway.ports.rehearsal import Rehearsal
from sluiceway.ports.request_log import NEWLINE

AT_ONCE = 64
EVERY = timedelta(hours=12)
SILENT_AT_MOST = 100
REFUSED, FAILED = 400, 500
NEVER = maxsize


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is replayed from ``began`` until ``until`` (UTC, virtual): the facts of a dataset's views, and questions.

    ``views`` stand no later than ``began``; ``questions`` are in the order of their moments, all in ``[began, until)``.
    """

    dataset: str
    views: Sequence[LiveView]
    questions: Sequence[Question]
    began: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a replay is: all that was due before ``at`` (UTC, virtual) is answered, and nothing later was asked.

    Counts are from the beginning: questions ``asked``, those ``refused`` (status 4xx) and those ``failed`` (5xx, or no
    answer), ``barriers``, and values ``written`` at them.
    """

    at: datetime
    asked: int
    refused: int
    failed: int
    barriers: int
    written: int


def replay(
    traffic: Traffic,
    rehearsal: Rehearsal,
    *,
    every: timedelta = EVERY,
    at_once: int = AT_ONCE,
    progress: Progress | None = None,
) -> Iterator[Checkpoint]:
    """Ask everything, and pause at a checkpoint ``every`` so often, where whoever iterates may change the rollout.

    The last checkpoint is at ``until``. Between checkpoints the server's answers are counted and otherwise ignored: its
    log tells more. So the log must have a line for every question, each being of one row: what a worker took with it
    when it died would else count as never asked.

    Args:
        traffic: Facts and questions.
        rehearsal: The server, and the online store that it reads, which is filled here.
        every: Virtual time between checkpoints.
        at_once: The most questions under way at one moment.
        progress: Told at each checkpoint.

    Raises:
        MisuseError: the questions are out of order or out of the span.
        ConflictError: another process writes to the online store.
        TransientError: the server answers no more, or has not recorded all that it was asked.
    """
    stage = _Stage(traffic, rehearsal)
    told = progress or Silence()
    until_us, step_us = microseconds(traffic.until), every // MICROSECOND
    mark_us = microseconds(traffic.began) + step_us
    waiting: list[Question] = []
    for question in traffic.questions:
        if question.at >= min(mark_us, stage.next_us) or len(waiting) >= at_once:
            stage.ask(waiting)
            waiting = []
        while mark_us <= question.at:
            told.advance(stage.asked, len(traffic.questions))
            yield stage.checkpoint(mark_us)
            mark_us += step_us
        stage.reach(question.at)
        waiting.append(question)
    stage.ask(waiting)
    for moment_us in [*range(mark_us, until_us, step_us), until_us]:
        told.advance(stage.asked, len(traffic.questions))
        yield stage.checkpoint(moment_us)


class _Stage:
    """The online store and the server, brought from barrier to barrier."""

    def __init__(self, traffic: Traffic, rehearsal: Rehearsal) -> None:
        self.asked = 0
        self._views = traffic.views
        self._online, self._endpoint, self._log = rehearsal.online, rehearsal.endpoint, rehearsal.log
        self._mark, self._recorded = "", 0
        self._statuses: Counter[int] = Counter()
        self._silent = self._barriers = self._written = 0
        self._dataset = traffic.dataset
        self._at_us, self._until_us = microseconds(traffic.began), microseconds(traffic.until)
        for view in traffic.views:
            self._replace(view, self._at_us)
        self.next_us = self._next_us()

    def reach(self, to_us: int) -> None:
        """Go on to a question's moment: if anything changed by then, write it."""
        if not self._at_us <= to_us < self._until_us:
            raise MisuseError(
                f"a question at {moment_of(to_us)} cannot follow {moment_of(self._at_us)} in a replay until "
                f"{moment_of(self._until_us)}; sort the questions, and leave out those before and after"
            )
        self._at_us = to_us
        if to_us < self.next_us:
            return
        self._barriers += 1
        for view in self._views:
            due = view.next_change_us
            if due is not None and due <= to_us:
                self._write(view, to_us)
        self.next_us = self._next_us()

    def ask(self, questions: Sequence[Question]) -> None:
        """Ask all at once and count how it went."""
        if not questions:
            return
        statuses = [answer.status for answer in self._endpoint.ask(questions)]
        self.asked += len(statuses)
        self._statuses.update(statuses)
        self._silent = 0 if any(statuses) else self._silent + len(statuses)
        if self._silent >= SILENT_AT_MOST:
            raise TransientError(
                f"the server under rehearsal gave no answer to the last {self._silent} requests, at "
                f"{moment_of(self._at_us)} of its clock; look at what it said last, and try again"
            )

    def checkpoint(self, at_us: int) -> Checkpoint:
        """Tell how far it is, once it is certain that all of it is on record."""
        self._require_record(at_us)
        failed = sum(count for status, count in self._statuses.items() if status >= FAILED or not status)
        refused = sum(count for status, count in self._statuses.items() if REFUSED <= status < FAILED)
        return Checkpoint(moment_of(at_us), self.asked, refused, failed, self._barriers, self._written)

    def _require_record(self, at_us: int) -> None:
        for mark, chunk in self._log.read(after=self._mark):
            self._mark = mark
            self._recorded += chunk.count(NEWLINE)
        if self._recorded != self.asked:
            raise TransientError(
                f"the server under rehearsal was asked {self.asked:,} times by {moment_of(at_us)} of its clock, but "
                f"recorded {self._recorded:,}: a worker died over the others, or its log could not be written; look at "
                "what it said last, and try again"
            )

    def _write(self, view: LiveView, to_us: int) -> None:
        changes = view.advance(to_us)
        if view.went_back:
            self._replace(view, to_us)
        elif changes and self._online.write(view.digest, changes) < len(changes):
            raise ConflictError(
                f"the online store under rehearsal has newer values of view {view.name!r} than were written here: "
                "another process writes to it; end that, and start again"
            )
        self._written += len(changes)

    def _replace(self, view: LiveView, at_us: int) -> None:
        name = digest_of([view.digest, self._dataset, at_us])
        self._online.replace(view.digest, view.snapshot(at_us), snapshot=name)

    def _next_us(self) -> int:
        return min((due for view in self._views if (due := view.next_change_us) is not None), default=NEVER)
