"""Row keys: which columns a row must have a value in, and why one that lacks it is none.

A fact without its key could never be corrected, and no table with such a row passes gate 3; a message without its key
lies in any partition. Rows of files may lack what a topic's messages are keyed by, as they lie in none.
"""

from collections.abc import Iterable, Mapping

from sluiceway.streams.row_values import Lists, Why

FACT = "the key of its source"
TOPIC = "what messages are keyed by"


def row_keys(source: Iterable[str], topic: Iterable[str]) -> dict[str, str]:
    """Name the key columns of a source and of its topic, each with what it is.

    >>> row_keys(["flight"], ["carrier", "flight"])
    {'carrier': 'what messages are keyed by', 'flight': 'the key of its source'}
    """
    return dict.fromkeys(topic, TOPIC) | dict.fromkeys(source, FACT)


def without_keys(lists: Lists, keys: Mapping[str, str]) -> Why:
    """Say of each row that lacks a key, by its place, which one; ``keys`` are as ``row_keys`` names them."""
    why: Why = {}
    for name, what in keys.items():
        values = lists[name]
        if None in values:
            why |= {place: f"{name!r} is null, but is {what}" for place, each in enumerate(values) if each is None}
    return why
