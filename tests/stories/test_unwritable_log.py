"""Where the request log cannot be written: callers are told, nobody is answered in secret, and it passes by itself."""

import json
import resource
from contextlib import contextmanager

import pytest
from tests.bundles import row
from tests.served_project import Stand, eventually

SOON = "the request could not be recorded; try again shortly"


@pytest.fixture
def stand(tmp_path):
    return Stand(tmp_path / "project")


@contextmanager
def no_room_beyond(size, *workers):
    """Let the kernel refuse workers to write files any longer than this, as a full disk does."""
    before = {worker: resource.prlimit(worker, resource.RLIMIT_FSIZE) for worker in workers}
    for worker, (_, hard) in before.items():
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for worker, limits in before.items():
            resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)


def log_of(stand):
    return max((stand.state / "requests").glob("*.jsonl"))


def test_a_full_disk_refuses_requests_leaves_no_half_line_and_is_forgotten_once_there_is_room(stand):
    with stand.serving() as server:
        first = server.ask(row())
        written = log_of(stand).read_bytes()
        with no_room_beyond(len(written) + 10, *server.workers()):
            refused = [server.ask(body) for body in (row(), [row()] * 3, b"no JSON", row())]
            assert log_of(stand).read_bytes() == written
            assert server.get("/health/live").status == 200
            assert server.get("/health/ready").status == 503
        assert server.get("/health/ready").status == 200
        last = server.ask(row())
        counted = [server.metric("sluiceway_requests_total", f'status="{status}"') for status in ("2xx", "4xx", "5xx")]
        rows = server.metric("sluiceway_rows_total")
        pids = server.workers()
        _, err = server.stop()
    assert [(said.status, said.json["error"]) for said in refused] == [(503, SOON)] * 4
    assert (first.status, last.status, counted, rows, len(pids)) == (200, 200, [2, 0, 4], 2, 1)
    assert [record.request_id for record in stand.records()] == [said.json["request_id"] for said in (first, last)]
    told = [line for line in err.splitlines() if "cannot be written: File too large; check the disk" in line]
    assert 1 <= len(told) < 4
    assert refused[0].json["request_id"] in told[0]
    assert "the request log can be written again" in err


def test_under_load_every_answer_is_on_record_and_every_refusal_is_counted(stand):
    with stand.serving("--workers", "2") as server:
        server.marks(2)
        with server.under_load() as load:
            eventually(lambda: len(load.answers) > 100)
            with no_room_beyond(log_of(stand).stat().st_size, *server.workers()):
                eventually(lambda: len({said.worker for said in load.refused}) == 2 and len(load.refused) > 100)
            mended = len(load.answers)
            eventually(lambda: len(load.answers) > mended + 100)
        refused, ids = load.refused, {said.json["request_id"] for said in load.answers if said.status == 200}
        counted = [server.metric("sluiceway_requests_total", f'status="{status}"') for status in ("2xx", "5xx")]
    assert load.broken == []
    assert {(said.status, said.json["error"]) for said in refused} == {(503, SOON)}
    assert {said.status for said in load.answers[-50:]} == {200}
    assert counted == [len(ids), len(refused)]
    # a refusal may be on record, too, where there was room again in time for it
    assert {record.request_id for record in stand.records() if record.status == 200} == ids
    assert {record.status for record in stand.records()} <= {200, 503}


def test_a_server_whose_log_has_no_place_does_not_start_and_says_why(stand):
    (stand.state / "requests").write_text("a file where the folder should be")
    code, err = stand.refused()
    assert code == 3
    assert "the request log in" in err
    assert "cannot be written: File exists; check the disk and the rights" in err
    assert "listening" not in err


def test_a_log_that_is_moved_away_while_serving_loses_no_row(stand):
    with stand.serving("--workers", "2") as server:
        answers = [server.ask(row()) for _ in range(10)]
        moved = log_of(stand).rename(stand.state / "moved.jsonl")
        answers += [server.ask(row()) for _ in range(10)]
    ids = [json.loads(line)["request_id"] for line in moved.read_text().splitlines()]
    ids += [record.request_id for record in stand.records()]
    assert ids == [said.json["request_id"] for said in answers]
