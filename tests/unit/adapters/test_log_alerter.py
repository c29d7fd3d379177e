import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sluiceway.adapters.log_alerter import LogAlerter
from sluiceway.artifacts.health_report import ALERT, Alert
from sluiceway.core.moments import FixedClock

COST = Alert(ALERT, "cost", "cost per row", "a request costs more", 0.67, 0.05, datetime(2013, 12, 5, tzinfo=UTC))


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_holds_all_of_an_alert_and_when_it_was_told(tmp_path):
    alerter = LogAlerter(tmp_path / "alerts.jsonl", clock=FixedClock(datetime(2014, 1, 2, tzinfo=UTC)))
    alerter.send("late v1", [COST], places=["log"])
    assert lines(tmp_path / "alerts.jsonl") == [
        {
            "title": "late v1",
            "sent_at": "2014-01-02T00:00:00Z",
            "severity": "alert",
            "kind": "cost",
            "subject": "cost per row",
            "message": "a request costs more",
            "measured": 0.67,
            "limit": 0.05,
            "since": "2013-12-05T00:00:00Z",
        }
    ]


def test_only_its_owner_reads_the_file(tmp_path):
    LogAlerter(tmp_path / "alerts.jsonl").send("late v1", [COST], places=["log"])
    assert (tmp_path / "alerts.jsonl").stat().st_mode & 0o777 == 0o600


def test_people_read_it_on_standard_error(tmp_path, capsys):
    LogAlerter(tmp_path / "alerts.jsonl").send("late v1", [COST, COST], places=["log"])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "alert: late v1\n  a request costs more\n  a request costs more\n"


def test_lines_of_many_threads_stay_whole(tmp_path):
    alerter = LogAlerter(tmp_path / "alerts.jsonl")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: alerter.send(f"t{number}", [COST] * 3, places=["log"]), range(40)))
    assert sorted(line["title"] for line in lines(tmp_path / "alerts.jsonl")) == sorted(
        f"t{n}" for n in range(40) for _ in "123"
    )


def test_a_line_that_a_kill_tore_spoils_no_other(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"title": "whole"}\n{"title": "to')
    LogAlerter(path).send("after", [COST], places=["log"])
    whole, torn, after = path.read_text().splitlines()
    assert (json.loads(whole)["title"], torn, json.loads(after)["title"]) == ("whole", '{"title": "to', "after")
