"""Discreet words: an error's text without the values that it may quote."""

import re
from collections.abc import Collection

MASK = "•••"
QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
NUMBER = re.compile(r"(?<![\w.#-])(?<!line )(?<!LINE )(?<!row )[-+]?\d[\d.,:eE+-]*(?![\w])")
WHOLE_ROW = re.compile(r"(Expected \d+ columns, got \d+): .*", re.DOTALL)
STATEMENT = "\nin: "


def discreet_words(text: str, known: Collection[str] = ()) -> str:
    """Mask whatever an error quotes but known names, every number, and rows of a file that it repeats.

    The statement that engines append to their errors is kept: it is the declaration's, not the data's.

    >>> discreet_words("source 'people': Could not convert string 'ann@x.org' to INT64", ["people"])
    "source 'people': Could not convert string '•••' to INT64"
    >>> discreet_words("people.csv: Expected 2 columns, got 3: ann,47,Berlin")
    'people.csv: Expected 2 columns, got 3: •••'
    """
    words, mark, statement = text.partition(STATEMENT)
    names = {name.lower() for name in known}

    def shown(found: re.Match[str]) -> str:
        inside = found[1] if found[1] is not None else found[2]
        return found[0] if inside.lower() in names else found[0][0] + MASK + found[0][-1]

    if WHOLE_ROW.search(words):
        return WHOLE_ROW.sub(rf"\1: {MASK}", words) + mark + statement
    return NUMBER.sub(MASK, QUOTED.sub(shown, words)) + mark + statement
