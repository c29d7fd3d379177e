"""A halted run alerts: once for a dataset, with counts and no values, and again to the places that failed."""

from datetime import timedelta

import polars as pl
import pytest

from sluiceway.adapters.memory_alerter import MemoryAlerter
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import NO_OVERRIDES, Override, Overrides
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.standing import Standing, record_verdict
from sluiceway.validate.gate import gate
from sluiceway.validate.telling import tell


class Halted:
    """A dataset of which 75 origins are unknown, its verdict, and those who are told."""

    def __init__(self, world):
        frames = world.frames()
        secret = pl.when(pl.int_range(pl.len()) % 20 == 0).then(pl.lit("SECRET")).otherwise("origin")
        frames["schedule"] = frames["schedule"].with_columns(origin=secret)
        self.world, self.report = world, world.run(frames, as_of=world.now)
        self.alerter = MemoryAlerter()
        self.ledger = Ledger(MemoryState(), FixedClock(world.now))

    def tell(self, overrides=NO_OVERRIDES, now=None, **limits):
        verdict = gate(self.report, self.world.promise(**limits), overrides, now or self.world.now)
        standing = Standing(3, "validate", self.report.content_id, {"ingest": self.report.dataset}, verdict, None, 0)
        record_verdict(self.ledger, standing, as_of=None)
        if not verdict.is_open:
            tell(self.report, verdict, self.world.promise(), alerter=self.alerter, ledger=self.ledger)
        return verdict


@pytest.fixture
def halted(world):
    return Halted(world)


def test_it_says_which_checks_how_many_rows_and_where_the_report_is(halted):
    halted.tell()
    [(_, title, alerts)] = halted.alerter.sent
    version = halted.report.dataset[:12]
    assert title.startswith(f"late_arrival: validation halts the pipeline, 1 check on dataset {version}; ")
    assert f"(reports/validation-{halted.report.content_id[:12]}-" in title
    assert [(alert.severity, alert.kind) for alert in alerts] == [("alert", "validation")]
    said = "schedule: origin is one of EWR, JFK, LGA: stopped, 75 of 1,500 rows break it (5\N{NO-BREAK SPACE}%)"
    assert alerts[0].message == said


def test_no_value_leaves_the_report(halted):
    halted.tell()
    assert "SECRET" in halted.report.rules[0].examples[0]
    assert "SECRET" not in repr(halted.alerter.sent)
    assert "SECRET" not in repr([entry.body for entry in halted.ledger.entries("halt")])


def test_it_is_said_once_for_a_dataset(halted):
    halted.tell()
    halted.tell()
    assert len(halted.alerter.sent) == 1
    [entry] = halted.ledger.entries("halt")
    assert entry.body["told"] == ["memory"]
    assert entry.body["dataset"] == halted.report.dataset


def test_an_override_that_ran_out_is_news(halted):
    [closed] = halted.tell().closed
    ends = halted.world.now + timedelta(days=7)
    leave = Overrides((Override(closed.check, halted.report.dataset, "ana", "agreed", ends),))
    assert halted.tell(leave).is_open
    assert len(halted.alerter.sent) == 1
    assert not halted.tell(leave, now=ends).is_open
    assert len(halted.alerter.sent) == 2


def test_a_place_that_failed_is_told_again_and_the_others_are_not(halted):
    class Flaky:
        places = ("log", "slack")
        heard = []

        def send(self, title, alerts, *, places):
            self.heard.append(tuple(places))
            return {"slack": "no answer"} if len(self.heard) == 1 else {}

    halted.alerter = Flaky()
    for _ in range(3):
        halted.tell()
    assert Flaky.heard == [("log", "slack"), ("slack",)]
    assert [entry.body["failed"] for entry in halted.ledger.entries("halt")] == [{"slack": "no answer"}, {}]


def test_of_very_many_checks_ten_are_named(world, halted):
    frames = world.frames()
    frames["schedule"] = frames["schedule"].clear()
    frames["landings"] = frames["landings"].clear()
    halted.report = world.run(frames, as_of=world.now)
    closed = halted.tell().closed
    [(_, title, alerts)] = halted.alerter.sent
    assert f"{len(closed)} checks on dataset" in title
    assert len(alerts) == 11
    assert alerts[-1].message == f"and {len(closed) - 10} more checks"
    assert "the table is empty" in alerts[0].message
