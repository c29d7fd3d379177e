import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.validate.column_shape import code_pattern


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["N123", "N456"], "[A-Z][0-9]{3}"),
        (["AB-1", "ABC-22"] * 3, "[A-Z]+-[0-9]+"),
        (["a.b$c", "d.e$f"], r"[a-z]\.[a-z]\$[a-z]"),
        (["free text", "of any kind", "whatsoever"], None),
        ([], None),
    ],
)
def test_codes_of_one_shape_give_a_pattern_and_free_text_gives_none(texts, pattern):
    found = code_pattern(pl.Series("code", texts, dtype=pl.String))
    assert (found and found[0]) == pattern


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20))
def test_a_pattern_matches_the_share_of_texts_it_says(texts):
    found = code_pattern(pl.Series("code", texts, dtype=pl.String))
    if found is not None:
        matching = pl.Series(texts).str.contains(f"^(?:{found[0]})$")
        assert matching.mean() >= found[1] >= 0.995
        assert re.compile(found[0])
