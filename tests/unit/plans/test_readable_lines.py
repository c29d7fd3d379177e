from hypothesis import given, settings
from hypothesis import strategies as st
from tests.canaries import COLUMNS, CONTRACT, a_scene

from sluiceway.artifacts.canary_report import Unread
from sluiceway.artifacts.codec import encode
from sluiceway.deploy.rollout import first
from sluiceway.plans.readable_lines import ReadableLines

SCENE = a_scene()
SCENE.server.state = first("live", SCENE.server.champion.served, at=SCENE.flown[0].at)
GOOD = [encode(SCENE.server.record(flight)) for flight in SCENE.flown[:20]]
BAD = [b"{", b"null", b"\xff\xfe", b'{"request_id": 3}', b"\x00" * 40]


def of_another_kind(number):
    return GOOD[number].replace(b'"wind":', b'"wind":"strong","was":')


def read(lines):
    reader = ReadableLines()
    records = reader.records("here:9", b"".join(line + b"\n" for line in lines))
    return reader, reader.table(records, contract=CONTRACT, columns=COLUMNS)


def test_a_whole_log_is_read_whole():
    reader, table = read(GOOD)
    assert table.num_rows == len(GOOD)
    assert reader.unread == Unread(0, "")


def test_a_line_that_is_no_record_is_counted_and_the_first_is_told():
    reader, table = read([*GOOD[:3], b"{", *GOOD[3:5], b"null"])
    assert table["request_id"].to_pylist() == ["r0", "r1", "r2", "r3", "r4"]
    assert reader.unread.lines == 2
    assert reader.unread.first.startswith("line 4 of the part of the log that ends at here:9: ")


def test_a_value_of_a_kind_that_no_longer_fits_is_counted_as_a_line():
    reader, table = read([GOOD[0], of_another_kind(1), GOOD[2]])
    assert table["request_id"].to_pylist() == ["r0", "r2"]
    assert reader.unread.lines == 1
    assert reader.unread.first.startswith("request r1, row 0: ")


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.integers(0, 19), st.sampled_from(BAD), st.integers(0, 19).map(of_another_kind)), max_size=30)
)
def test_what_can_be_read_is_there_in_order_and_all_else_is_counted(drawn):
    reader, table = read([GOOD[each] if isinstance(each, int) else each for each in drawn])
    assert table["request_id"].to_pylist() == [f"r{each}" for each in drawn if isinstance(each, int)]
    assert reader.unread.lines == sum(not isinstance(each, int) for each in drawn)
