"""Where the request log cannot be written: callers are told, nobody is answered in secret, and it passes by itself."""

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
        last = server.ask(row())
        counted = [server.metric("sluiceway_requests_total", f'status="{status}"') for status in ("2xx", "4xx", "5xx")]
        rows = server.metric("sluiceway_rows_total")
        pids = server.workers()
        _, err = server.stop()
    assert [(said.status, said.json["error"]) for said in refused] == [(503, SOON)] * 4
    assert (first.status, last.status, counted, rows, len(pids)) == (200, 200, [2, 0, 4], 2, 1)
    assert [record.request_id for record in stand.records()] == [said.json["request_id"] for said in (first, last)]
    told = [line for line in err.splitlines() if "cannot be written: File too large; check the disk" in line]
    assert [said.json["request_id"] in line for said, line in zip(refused, told, strict=True)] == [True] * 4


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


def test_a_server_whose_log_has_no_place_starts_and_answers_once_it_has_one(stand):
    in_the_way = stand.state / "requests"
    in_the_way.write_text("a file where the folder should be")
    with stand.serving() as server:
        said = server.ask(row())
        assert (said.status, said.json["error"]) == (503, SOON)
        in_the_way.unlink()
        assert server.ask(row()).status == 200
        assert server.metric("sluiceway_requests_total", 'status="5xx"') == 1
    assert [record.status for record in stand.records()] == [200]
