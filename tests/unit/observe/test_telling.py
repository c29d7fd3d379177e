from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluiceway.adapters.apprise_alerter import AppriseAlerter
from sluiceway.adapters.every_alerter import EveryAlerter
from sluiceway.adapters.log_alerter import LogAlerter
from sluiceway.adapters.memory_alerter import MemoryAlerter
from sluiceway.adapters.memory_state import MemoryState
from sluiceway.artifacts.health_report import ALERT, WARNING, Alert, RetrainDecision
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.ledger.alerting import last_decision, told
from sluiceway.ledger.chain import Ledger
from sluiceway.observe.telling import tell, title, unproven

from .conftest import SPEC

DRIFT = Alert(ALERT, "data_drift", "distance", "distance moved", 1.0, 0.2)
COST = Alert(ALERT, "cost", "cost per row", "a request costs more", 0.7, 0.05)
NOTED = Alert(WARNING, "performance", "f1", "F1 fell a little", 0.1, 0.05)


@pytest.fixture
def ledger():
    return Ledger(MemoryState(), FixedClock(datetime(2024, 9, 10, tzinfo=UTC)))


@pytest.fixture
def report(quiet):
    """A report whose second window has something to tell."""
    july, august = quiet.windows
    return replace(quiet, windows=(july, replace(august, alerts=(COST, DRIFT, NOTED))))


OPEN = Verdict((Criterion.at_most("drill, control: nothing", measured=0, limit=0),))
DEAF = Verdict((Criterion.at_most("drill, in another unit: distance", measured=1, limit=0),))


def told_by(alerter, report, ledger, verdict=OPEN):
    return tell(report, SPEC, verdict=verdict, alerter=alerter, ledger=ledger, as_of=None)


def test_alerts_are_sent_and_warnings_are_not(report, ledger):
    alerter = MemoryAlerter()
    assert told_by(alerter, report, ledger).alerts == 2
    assert alerter.sent == [("memory", title(report, SPEC, OPEN), (COST, DRIFT))]


def test_a_second_run_tells_nothing_again(report, ledger):
    told_by(MemoryAlerter(), report, ledger)
    entries = len(list(ledger.entries()))
    again = MemoryAlerter()
    assert told_by(again, report, ledger).alerts == 0
    assert again.sent == []
    assert len(list(ledger.entries())) == entries


def test_what_was_noted_and_then_alerts_is_told(report, ledger):
    noted = replace(report.windows[1], alerts=(replace(DRIFT, severity=WARNING),))
    assert told_by(MemoryAlerter(), replace(report, windows=(noted,)), ledger).alerts == 0
    assert told_by(MemoryAlerter(), replace(report, windows=(replace(noted, alerts=(DRIFT,)),)), ledger).alerts == 1


def test_a_new_subject_and_a_new_window_are_told(report, ledger):
    told_by(MemoryAlerter(), report, ledger)
    july, august = report.windows
    other = Alert(ALERT, "data_drift", "carrier", "carrier moved", 1.0, 0.2)
    more = replace(report, windows=(replace(july, alerts=(DRIFT,)), replace(august, alerts=(COST, DRIFT, other))))
    alerter = MemoryAlerter()
    assert told_by(alerter, more, ledger).alerts == 2
    assert [alert for _, _, alerts in alerter.sent for alert in alerts] == [DRIFT, other]


def test_a_window_that_goes_on_is_the_same_window(report, ledger):
    told_by(MemoryAlerter(), report, ledger)
    longer = replace(report.windows[1], ended=datetime(2024, 9, 2, tzinfo=UTC))
    assert told_by(MemoryAlerter(), replace(report, windows=(longer,)), ledger).alerts == 0


def test_another_model_or_scope_is_told_anew(report, ledger):
    told_by(MemoryAlerter(), report, ledger)
    assert told_by(MemoryAlerter(), replace(report, bundle="0" * 64), ledger).alerts == 2
    assert told_by(MemoryAlerter(), replace(report, scope="rehearsal"), ledger).alerts == 2


def test_a_place_that_failed_is_recorded_and_only_it_is_told_again(report, ledger):
    alerter = MemoryAlerter(("log", "slack 1"), broken={"slack 1": "no answer"})
    assert told_by(alerter, report, ledger).failed == {"slack 1": "no answer"}
    entries = list(told(ledger).values())
    assert {(tuple(entry["told"]), entry["failed"]["slack 1"]) for entry in entries} == {(("log",), "no answer")}
    alerter.broken.clear()
    assert told_by(alerter, report, ledger).failed == {}
    assert [place for place, *_ in alerter.sent] == ["log", "slack 1"]
    assert told_by(alerter, report, ledger).alerts == 0


def test_a_dead_webhook_fails_nothing_and_the_log_still_hears(report, ledger, tmp_path):
    log = LogAlerter(tmp_path / "alerts.jsonl")
    alerter = EveryAlerter([log, AppriseAlerter(["json://127.0.0.1:1/hooks/T0KEN-secret"])])
    failed = told_by(alerter, report, ledger).failed
    assert [place.partition(" ")[0] for place in failed] == ["json"]
    assert len((tmp_path / "alerts.jsonl").read_text().splitlines()) == 2
    recorded = str([entry.body for entry in ledger.entries("alert")])
    assert "Connection error" in recorded
    assert "T0KEN" not in recorded


def test_a_place_added_later_hears_of_what_comes_and_not_of_what_was(report, ledger):
    told_by(MemoryAlerter(("log",)), report, ledger)
    assert told_by(MemoryAlerter(("log", "slack 1")), report, ledger).alerts == 0


def test_killed_between_sending_and_writing_it_is_sent_again(report, ledger, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            told_by(MemoryAlerter(), report, ledger)
    assert told_by(MemoryAlerter(), report, ledger).alerts == 2


def test_the_decision_is_written_once_for_each_model_and_when_it_changes(report, ledger):
    for decision in (report.decision, report.decision, RetrainDecision(retrain=True, reasons=("because",))):
        told_by(MemoryAlerter(), replace(report, decision=decision), ledger)
    assert len(list(ledger.entries("retrain"))) == 2
    newest = last_decision(ledger, scope="live")
    assert (newest["retrain"], newest["reasons"], newest["version"]) == (True, ["because"], "v1")
    assert last_decision(ledger, scope="rehearsal") is None


def test_the_title_says_which_model_speaks_and_whether_it_is_a_rehearsal(report):
    assert title(report, SPEC, OPEN).startswith("late v1: August 2024: ")
    assert title(replace(report, scope="rehearsal"), SPEC, OPEN).startswith("late v1 (rehearsal): August 2024: ")


def test_a_deaf_alarm_elsewhere_keeps_no_alert_back_but_says_so(report, ledger):
    alerter = MemoryAlerter()
    assert told_by(alerter, report, ledger, DEAF).alerts == 2
    ((_, said, _),) = alerter.sent
    assert said.endswith("The alarm is not proven: gate 7 is stopped (drill, in another unit: distance).")
    assert {entry.body["proven"] for entry in ledger.entries("alert", "retrain")} == {False}


def test_what_was_told_unproven_is_not_told_again_once_it_is_proven(report, ledger):
    told_by(MemoryAlerter(), report, ledger, DEAF)
    again = MemoryAlerter()
    assert told_by(again, report, ledger, OPEN).alerts == 0
    assert again.sent == []
    assert last_decision(ledger, scope=report.scope)["proven"] is True


def test_of_many_closed_criteria_some_are_named():
    closed = Verdict(tuple(Criterion.at_most(f"drill {n}", measured=1, limit=0) for n in range(5)))
    assert unproven(closed) == "The alarm is not proven: gate 7 is stopped (drill 0; drill 1; drill 2 and 2 more)."
    assert unproven(OPEN) == ""
