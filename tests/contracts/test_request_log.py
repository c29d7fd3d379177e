"""What every request log promises."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.request_folder import RequestFolder
from sluiceway.core.errors import MisuseError
from sluiceway.ports import request_log
from sluiceway.ports.request_log import pieces

ADAPTERS = {
    "folder": lambda folder: RequestFolder(folder / "requests"),
    "memory": lambda folder: MemoryRequests(),
}


@pytest.fixture(params=ADAPTERS)
def log(request, tmp_path):
    made = ADAPTERS[request.param](tmp_path)
    yield made
    if hasattr(made, "close"):
        made.close()


def content(log, after=""):
    return b"".join(chunk for _, chunk in log.read(after))


def test_an_empty_log_has_nothing_to_read(log):
    assert list(log.read()) == []
    assert list(log.read("")) == []


def test_lines_come_back_in_the_order_of_their_writing(log):
    for number in range(20):
        log.append(b'{"n":%d}\n' % number)
    log.append(b"a\nb\nc\n")
    assert content(log) == b"".join(b'{"n":%d}\n' % number for number in range(20)) + b"a\nb\nc\n"


def test_chunks_are_whole_lines(log):
    for number in range(50):
        log.append(b"x" * number + b"\n")
    assert all(chunk.endswith(b"\n") for _, chunk in log.read())


def test_a_line_is_there_for_every_reader_once_it_is_appended(log):
    for number in range(5):
        log.append(b"%d\n" % number)
        assert content(log).splitlines()[-1] == b"%d" % number


def test_reading_goes_on_behind_a_mark(log):
    log.append(b"one\n")
    *_, (mark, _) = log.read()
    assert list(log.read(mark)) == []
    log.append(b"two\n")
    log.append(b"three\n")
    assert content(log, mark) == b"two\nthree\n"
    *_, (mark, _) = log.read(mark)
    assert list(log.read(mark)) == []
    assert content(log) == b"one\ntwo\nthree\n"


def test_every_mark_goes_on_behind_its_own_chunk(log):
    for number in range(7):
        log.append(b"%d\n" % number)
    whole, seen = content(log), b""
    for mark, chunk in log.read():
        seen += chunk
        assert content(log, mark) == whole[len(seen) :]


@pytest.mark.parametrize("lines", [b"", b"no end", b"one\ntwo"])
def test_what_is_no_whole_line_is_refused_and_not_added(log, lines):
    log.append(b"before\n")
    with pytest.raises(MisuseError, match="ends with a newline"):
        log.append(lines)
    assert content(log) == b"before\n"


def test_a_check_adds_nothing(log):
    log.check()
    assert list(log.read()) == []
    log.append(b"one\n")
    log.check()
    log.append(b"two\n")
    assert content(log) == b"one\ntwo\n"


def test_threads_that_append_together_tear_no_line_and_keep_their_own_order(log):
    def write(writer):
        for number in range(50):
            log.append(b'{"writer":%d,"number":%d}\n' % (writer, number) * 2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    lines = content(log).splitlines()
    assert len(lines) == 400
    for writer in range(4):
        own = [line for line in lines if line.startswith(b'{"writer":%d,' % writer)]
        assert own == [b'{"writer":%d,"number":%d}' % (writer, number) for number in range(50) for _ in "ab"]


def test_appending_while_reading_neither_blocks_nor_repeats(log):
    log.append(b"0\n")
    seen = []
    for _, chunk in log.read():
        seen += chunk.splitlines()
        if len(seen) < 4:
            log.append(b"%d\n" % len(seen))
    assert seen == [b"0", b"1", b"2", b"3"]


@given(st.lists(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")), min_size=1, max_size=4)))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_lines_hold_they_come_back(log, batches):
    before = content(log)
    for batch in batches:
        log.append(b"".join(line + b"\n" for line in batch))
    assert content(log) == before + b"".join(line + b"\n" for batch in batches for line in batch)


def test_pieces_are_whole_lines_with_marks_that_go_on_behind_them(log):
    for number in range(3):
        log.append(b'{"n":%d}\n' % number)
    ((mark, piece),) = pieces(log)
    assert piece == b'{"n":0}\n{"n":1}\n{"n":2}\n'
    assert list(pieces(log, mark)) == []
    log.append(b'{"n":3}\n')
    assert [piece for _, piece in pieces(log, mark)] == [b'{"n":3}\n']


def test_pieces_are_cut_before_they_fill_the_memory(log, monkeypatch):
    monkeypatch.setattr(request_log, "PIECE_BYTES", 8)
    for number in range(4):
        log.append(b"%d\n" % number * 4)
    found = list(pieces(log))
    assert b"".join(piece for _, piece in found) == content(log)
    assert content(log, found[0][0]) == b"".join(piece for _, piece in found[1:])
