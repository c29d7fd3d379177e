from datetime import UTC, datetime

from sluiceway.adapters.request_day import day_mark
from sluiceway.adapters.request_folder import RequestFolder

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
DAY_S = 86_400


def test_reading_begins_with_the_day_and_holds_all_that_came_later(tmp_path):
    now = NEW_YEAR.timestamp()
    log = RequestFolder(tmp_path, seconds=lambda: now)
    for day in range(3):
        now = NEW_YEAR.timestamp() + day * DAY_S + 60
        log.append(b'{"day":%d}\n' % day)
    log.close()
    second = datetime(2026, 1, 2, 18, tzinfo=UTC)
    assert b"".join(chunk for _, chunk in log.read(day_mark(second))) == b'{"day":1}\n{"day":2}\n'
    assert list(log.read(day_mark(datetime(2026, 1, 4, tzinfo=UTC)))) == []
    assert b"".join(chunk for _, chunk in log.read(day_mark(datetime(2025, 6, 1, tzinfo=UTC)))).count(b"\n") == 3
