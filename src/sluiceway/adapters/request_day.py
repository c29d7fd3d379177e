"""Marks by the day: where in a folder of request logs a moment's lines begin."""

from datetime import datetime

from sluiceway.core.moments import in_utc


def day_mark(moment: datetime) -> str:
    """Give the mark before the file of a day (UTC); what arrived earlier lies in earlier files, all else behind it.

    >>> day_mark(datetime(2026, 1, 4, 9))
    'requests-2026-01-04.jsonl:0'
    """
    return f"requests-{in_utc(moment):%Y-%m-%d}.jsonl:0"
