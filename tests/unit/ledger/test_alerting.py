from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.artifacts.health_report import ALERT, Alert, HealthReport, RetrainDecision, Traffic, Window
from sluiceway.core.moments import FixedClock
from sluiceway.ledger.alerting import (
    Delivery,
    Subject,
    last_decision,
    last_delivery,
    record_alert,
    record_decision,
    told,
    undelivered,
)
from sluiceway.ledger.chain import Ledger

BEGAN, ENDED = datetime(2013, 12, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)
COST = Alert(ALERT, "cost", "cost per row", "a request costs more", 0.67, 0.05, datetime(2013, 12, 5, tzinfo=UTC))
WINDOW = Window(BEGAN, ENDED, Traffic(1, 0, 1.0, 1.0, 1.0), (), None, None, (COST,))


def report(scope="live", bundle="b", retrain=True, reasons=("because",)):
    decision = RetrainDecision(retrain=retrain, reasons=reasons)
    return HealthReport(scope, "d", "v1", bundle, BEGAN, ENDED, "r", (WINDOW,), (), decision)


@pytest.fixture
def ledger():
    return Ledger(MemoryState(), FixedClock(ENDED))


SUBJECT = Subject.of(report(), WINDOW, COST, every="month")


def test_what_was_told_is_found_again_by_its_subject(ledger):
    record_alert(ledger, SUBJECT, COST, told=["log"], failed={"slack 1": "no answer"}, proven=True, as_of=ENDED)
    (entry,) = ledger.entries("alert")
    assert entry.body["message"] == COST.message
    assert entry.as_of == "2014-01-01T00:00:00Z"
    found = told(ledger)[SUBJECT.key]
    assert (found["told"], found["failed"]) == (["log"], {"slack 1": "no answer"})
    assert ledger.verify().broken_at is None


def test_the_newest_entry_of_a_subject_counts(ledger):
    record_alert(ledger, SUBJECT, COST, told=[], failed={"slack 1": "no answer"}, proven=True, as_of=None)
    record_alert(ledger, SUBJECT, COST, told=["slack 1"], failed={}, proven=True, as_of=None)
    assert len(told(ledger)) == 1
    assert told(ledger)[SUBJECT.key]["failed"] == {}


def test_what_a_place_could_not_take_is_undelivered_until_it_is_told(ledger):
    record_alert(ledger, SUBJECT, COST, told=["log"], failed={"slack 1": "no answer"}, proven=True, as_of=None)
    assert undelivered(ledger, report(), places=("log", "slack 1")) == {"slack 1": "no answer"}
    assert undelivered(ledger, report(bundle="c"), places=("log", "slack 1")) == {}
    record_alert(ledger, SUBJECT, COST, told=["slack 1"], failed={}, proven=True, as_of=None)
    assert undelivered(ledger, report(), places=("log", "slack 1")) == {}


def test_a_place_that_was_removed_and_an_alert_that_no_longer_holds_are_forgotten(ledger):
    record_alert(ledger, SUBJECT, COST, told=["log"], failed={"slack 1": "no answer"}, proven=True, as_of=None)
    assert undelivered(ledger, report(), places=("log",)) == {}
    quiet = replace(report(), windows=(replace(WINDOW, alerts=()),))
    assert undelivered(ledger, quiet, places=("log", "slack 1")) == {}


def test_subjects_differ_by_scope_model_window_and_what_they_are_of():
    other_window = Window(ENDED, ENDED, WINDOW.traffic, (), None, None, ())
    keys = {
        SUBJECT.key,
        Subject.of(report("rehearsal"), WINDOW, COST, every="month").key,
        Subject.of(report(bundle="c"), WINDOW, COST, every="month").key,
        Subject.of(report(), other_window, COST, every="month").key,
        Subject.of(report(), WINDOW, COST, every="31d").key,
        Subject.of(report(), WINDOW, Alert(ALERT, "cost", "other", "", 1.0, 1.0), every="month").key,
    }
    assert len(keys) == 6


def test_a_decision_is_written_when_it_changes(ledger):
    for each in (report(), report(), report(reasons=("more",)), report(bundle="c"), report(scope="rehearsal")):
        record_decision(ledger, each, proven=True, as_of=None)
    assert len(list(ledger.entries("retrain"))) == 4
    newest = last_decision(ledger, scope="live")
    assert (newest["bundle"], newest["report"]) == ("c", report(bundle="c").content_id)
    assert (newest["retrain"], list(newest["reasons"])) == (True, ["because"])
    assert last_decision(Ledger(MemoryState(), FixedClock(ENDED)), scope="live") is None


def test_the_last_delivery_is_what_came_of_the_newest_alert_of_a_scope(ledger):
    assert last_delivery(ledger, scope="live") is None
    record_alert(ledger, SUBJECT, COST, told=["log"], failed={"slack 1": "no answer"}, proven=True, as_of=None)
    assert last_delivery(ledger, scope="live") == Delivery("2014-01-01T00:00:00Z", ("log",), {"slack 1": "no answer"})
    assert last_delivery(ledger, scope="rehearsal") is None
