"""Several streams at work: a source that cannot be read stops its own worker alone."""

from types import SimpleNamespace

import pytest

from sluiceway.cli.stream_work import StreamWork
from sluiceway.core.errors import SourceError
from sluiceway.streams.stream_metrics import StreamMetrics


class Working:
    """A worker whose source has some messages, and cannot be read from one of them on."""

    headers: dict = {}
    waiting: dict = {}
    missed: dict = {}

    def __init__(self, messages, fails_at=None):
        self.messages, self.fails_at, self.learnt, self.closed = messages, fails_at, 0, 0

    def step(self, *, wait_s):
        assert not self.closed
        if self.learnt == self.fails_at:
            raise SourceError("it was made anew")
        there = self.learnt < self.messages
        self.learnt += there
        return int(there)

    def caught_up(self):
        return self.learnt == self.messages

    def close(self):
        self.closed += 1


def work_of(**workers):
    """Let workers work until idle; a source whose worker is an error cannot be read from the beginning."""

    def worker(plan, metrics, *, follows_wall, say):
        found = workers[plan.source.name]
        if isinstance(found, Exception):
            raise found
        return found

    plans = [SimpleNamespace(source=SimpleNamespace(name=name)) for name in workers]
    return StreamWork(SimpleNamespace(plans=plans, worker=worker), StreamMetrics(), until_idle=True)


def test_a_source_that_cannot_be_read_stops_alone_and_the_others_learn_all_they_have(capsys):
    broken, whole = Working(5, fails_at=2), Working(9)
    work = work_of(gone=SourceError("no such topic"), broken=broken, whole=whole)
    work.run()
    assert list(work.stopped) == ["gone", "broken"]
    assert (broken.learnt, broken.closed, whole.learnt, whole.closed) == (2, 1, 9, 0)
    work.close()
    assert (broken.closed, whole.closed) == (1, 1)
    assert "broken stops, and it alone: it was made anew" in capsys.readouterr().err


def test_where_no_source_is_left_the_first_that_stopped_says_why(capsys):
    with pytest.raises(SourceError, match="made anew"):
        work_of(broken=Working(5, fails_at=0)).run()
    with pytest.raises(SourceError, match="no such topic"):
        work_of(gone=SourceError("no such topic"), broken=Working(1, fails_at=1)).run()
    assert capsys.readouterr().err.count("broken stops") == 1
