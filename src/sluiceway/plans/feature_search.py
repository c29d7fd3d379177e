"""Feature search: entries that words are found in, the best first, and what was perhaps meant where there are none."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from sluiceway.artifacts.catalogue import Entry

WORD = re.compile(r"[^\W_]+")
# How much a hit counts by where it is; a whole word counts twice as much as a part of one.
NAME, TAG, COLUMN, OTHER = 8, 6, 4, 2
SHORTENED = 3  # from so many letters on, a word that another begins with is taken for its short form


def search(entries: Sequence[Entry], query: str) -> list[tuple[Entry, int]]:
    """Find entries that have every word of a query, or its short form, somewhere, the best first, with their scores.

    Args:
        entries: The catalogue's.
        query: Words, looked for whatever their case, also within longer ones.
    """
    words = _words(query)
    scored = [(entry, _score(entry, words)) for entry in entries]
    found = [(entry, score) for entry, score in scored if score]
    return sorted(found, key=lambda each: (-each[1], each[0].name))


def near(entries: Sequence[Entry], query: str, *, many: int = 3) -> list[str]:
    """Name words of the catalogue that are like those of a query that nothing was found for."""
    known = sorted({word for entry in entries for _, text in _texts(entry) for word in _words(text)})
    names = sorted({entry.name.lower() for entry in entries})
    close = get_close_matches(query.lower(), names, n=many)
    for word in _words(query):
        if not any(word in each for each in known):
            close += get_close_matches(word, known, n=many)
    return list(dict.fromkeys(close))[:many]


def _score(entry: Entry, words: Sequence[str]) -> int:
    """Add up each word's best place; nothing where one is found nowhere."""
    best = [max((_hit(word, weight, text) for weight, text in _texts(entry)), default=0) for word in words]
    return sum(best) if words and all(best) else 0


def _hit(word: str, weight: int, text: str) -> int:
    there = _words(text)
    if word in there:
        return 2 * weight
    if word in text.lower():
        return weight
    return weight // 2 if any(len(each) >= SHORTENED and word.startswith(each) for each in there) else 0


def _texts(entry: Entry) -> Iterator[tuple[int, str]]:
    yield NAME, entry.name
    yield from ((TAG, tag) for tag in entry.tags)
    yield from ((COLUMN, column) for column in (*entry.columns, *entry.raw))
    for text in (entry.description, entry.definition, entry.view, entry.source, entry.unit, entry.owner, *entry.entity):
        yield OTHER, text


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())
