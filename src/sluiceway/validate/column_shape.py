"""Column shapes: the regular expression that nearly all texts of a column of codes match."""

import re

import polars as pl

LONGEST_PATTERN = 60
KINDS = (("A", "[A-Z]"), ("a", "[a-z]"), ("9", "[0-9]"))
ENOUGH = 0.995
SPECIAL = re.compile(r"[\\.^$*+?{}()|\[\]]")


def code_pattern(texts: pl.Series) -> tuple[str, float] | None:
    """Find a pattern that at least 99.5 % of the texts match as a whole, and which share does; ``None`` for free text.

    Upper case, lower case and digits count as themselves, anything else as the very character. First the lengths of
    runs are kept; where that is too narrow, they may vary.
    """
    if texts.is_empty():
        return None
    narrow = texts
    for sign, characters in KINDS:
        narrow = narrow.str.replace_all(characters, sign)
    wide = narrow
    for sign, _ in KINDS:
        wide = wide.str.replace_all(f"{sign}+", sign)
    for shapes, repeats in ((narrow, False), (wide, True)):
        counts = shapes.value_counts(sort=False).sort("count", shapes.name, descending=[True, False])
        shape, count = counts.row(0)
        pattern = _pattern(shape, any_length=repeats)
        if count / len(texts) >= ENOUGH and shape and len(pattern) <= LONGEST_PATTERN:
            return pattern, count / len(texts)
    return None


def _pattern(shape: str, *, any_length: bool) -> str:
    kinds = dict(KINDS)
    parts = []
    for run in re.finditer(r"(.)\1*", shape, re.DOTALL):
        sign, length = run[1], len(run[0])
        if sign not in kinds:
            parts.append(SPECIAL.sub(r"\\\g<0>", run[0]))
        elif any_length:
            parts.append(f"{kinds[sign]}+")
        else:
            parts.append(kinds[sign] + (f"{{{length}}}" if length > 1 else ""))
    return "".join(parts)
