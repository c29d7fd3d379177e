"""Discreet words: an error's text without the values that it may quote."""

import re
from collections.abc import Collection

MASK = "•••"
NUMBER = re.compile(r"(?<![\w.#-])(?<!line )(?<!LINE )(?<!row )[-+]?\d[\d.,:eE+-]*(?![\w])")
WHOLE_ROW = re.compile(r"(Expected \d+ columns, got \d+): .*", re.DOTALL)
OWN_WORDS = re.compile(r"((?:Invalid Input|Constraint) Error): .*", re.DOTALL)  # what SQL's error() was given
STATEMENT = "\nin: "


def discreet_words(text: str, known: Collection[str] = ()) -> str:
    """Mask whatever an error quotes but known names, every number, and rows of a file that it repeats.

    A quoted value may hold quotes itself, so that all from the first to the last quote is masked, between two known
    names. The statement that engines append to their errors is kept: it is the declaration's, not the data's.

    >>> discreet_words("source 'people': Could not convert string 'Mary O'Hara' to INT64", ["people"])
    "source 'people': Could not convert string '•••' to INT64"
    >>> discreet_words("people.csv: Expected 2 columns, got 3: ann,47,Berlin")
    'people.csv: Expected 2 columns, got 3: •••'
    """
    words, mark, statement = text.rpartition(STATEMENT) if STATEMENT in text else (text, "", "")
    for whole in (WHOLE_ROW, OWN_WORDS):
        if whole.search(words):
            return whole.sub(rf"\1: {MASK}", words) + mark + statement
    return "".join(_masked(part, known) for part in _around(known, words)) + mark + statement


def _around(known: Collection[str], words: str) -> list[str]:
    """Cut a text into quoted known names, at odd places, and what stands between them."""
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return re.split(rf"((?i:'(?:{names})'|\"(?:{names})\"))", words) if names else [words]


def _masked(part: str, known: Collection[str]) -> str:
    if part[1:-1].lower() in {name.lower() for name in known}:
        return part
    for quote in ("'", '"'):
        first, last = part.find(quote), part.rfind(quote)
        if first < last:
            part = part[: first + 1] + MASK + part[last:]
    return NUMBER.sub(MASK, part)
