"""Who was told that a gate holds a dataset back."""

from datetime import UTC, datetime

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Verdict
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.halting import Halt, reached, record_halt
from sluiceway.ledger.standing import Standing, record_verdict

NOW = datetime(2013, 11, 1, tzinfo=UTC)


@pytest.fixture
def ledger():
    return Ledger(MemoryState(), FixedClock(NOW))


def judge(ledger, measured, dataset="d"):
    verdict = Verdict.of([Criterion.at_most("a", measured=measured, limit=1.0)], NO_OVERRIDES, NOW)
    record_verdict(ledger, Standing(3, "validate", f"r{measured}", {"ingest": dataset}, verdict, None, 0), as_of=None)


def halt(ledger, *checks, dataset="d", told=("log",), failed=None):
    record_halt(ledger, Halt("validate", dataset, checks, "page"), told=told, failed=failed or {}, as_of=None)


def test_each_check_remembers_the_places_that_took_it(ledger):
    halt(ledger, "a", "b", told=["log"], failed={"slack": "no answer"})
    halt(ledger, "b", told=["slack"])
    assert reached(ledger, stage="validate", dataset="d") == {"a": {"log"}, "b": {"log", "slack"}}


def test_another_dataset_and_another_stage_are_another_matter(ledger):
    halt(ledger, "a", dataset="e")
    assert reached(ledger, stage="validate", dataset="d") == {}
    assert reached(ledger, stage="ingest", dataset="e") == {}


def test_a_gate_that_was_open_since_starts_afresh(ledger):
    judge(ledger, 2.0)
    halt(ledger, "a")
    judge(ledger, 3.0, dataset="other")
    judge(ledger, 0.5, dataset="other")
    assert reached(ledger, stage="validate", dataset="d") == {"a": {"log"}}
    judge(ledger, 0.5)
    assert reached(ledger, stage="validate", dataset="d") == {}
