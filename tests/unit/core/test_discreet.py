from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.discreet import MASK, discreet_words


def test_quoted_values_and_numbers_are_masked_and_names_are_kept():
    said = discreet_words("source 'people': Could not convert string 'ann@x.org' to INT64, 4711 is no age", ["people"])
    assert said == f"source 'people': Could not convert string '{MASK}' to INT64, {MASK} is no age"


def test_a_row_that_an_error_repeats_is_masked_whole():
    said = discreet_words("people.csv: CSV parse error: Row #3: Expected 2 columns, got 3: ann,47,x; mend it")
    assert said == f"people.csv: CSV parse error: Row #3: Expected 2 columns, got 3: {MASK}"


def test_the_statement_that_failed_is_the_declarations_own():
    assert discreet_words("no '42'\nin: SELECT '42'") == f"no '{MASK}'\nin: SELECT '42'"


@given(st.text(alphabet="abcxyz@.", min_size=1))
def test_no_quoted_value_survives(value):
    assert f"'{value}'" not in discreet_words(f"Could not convert string '{value}' to INT64", ["people"])
