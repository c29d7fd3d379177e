"""Texts at request time, as DuckDB handles them: code points, one-to-one case mapping, spaces but no tabs trimmed."""

from datetime import datetime

SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

PLACES = range(-(2**32), 2**32)  # where DuckDB cuts


def upper(text: str) -> str:
    """Put each letter in upper case; a letter without a single capital of its own keeps its length.

    >>> upper("Straße")
    'STRAẞE'
    """
    return text.upper() if text.isascii() else "".join(map(_capital, text))


def _capital(letter: str) -> str:
    options = (letter.upper(), letter.title(), "ẞ" if letter == "ß" else letter)
    return next(option for option in options if len(option) == 1)


def lower(text: str) -> str:
    """Put each letter in lower case, whatever stands beside it."""
    return text.lower() if text.isascii() else "".join(letter.lower()[0] for letter in text)


def trim(text: str) -> str:
    """Take the Unicode spaces off both ends; tabs and line ends stay."""
    return text.strip(SPACES)


def substring(text: str, start: int, count: int | None = None) -> str:
    """Cut a piece out: place 1 is the first, -1 the last, 0 lies before the first; a negative count goes backwards.

    Raises:
        ValueError: a place or a count is past 32 bits.

    >>> substring("hello", 2, 3), substring("hello", -3, 2), substring("hello", 0, 3)
    ('ell', 'll', 'he')
    """
    if start not in PLACES or (count is not None and count not in PLACES):
        raise ValueError(f"a text cannot be cut at {start if start not in PLACES else count}")
    first = start - 1 if start >= 0 else len(text) + start
    end = len(text) if count is None else first + count
    first, end = min(first, end), max(first, end)
    return text[max(first, 0) : max(end, 0)]


def replace(text: str, old: str, new: str) -> str:
    """Put one text wherever another stands; the empty text stands nowhere."""
    return text.replace(old, new) if old else text


def as_text(value: object) -> str:
    """Write a value as ``CAST(value AS VARCHAR)`` does.

    Raises:
        TypeError: the value is of no kind that expressions know.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        fraction = f".{value.microsecond:06d}".rstrip("0").rstrip(".")
        return f"{value:%Y-%m-%d %H:%M:%S}{fraction}{'' if value.tzinfo is None else '+00'}"
    raise TypeError(f"a {type(value).__name__} cannot be written as text")
