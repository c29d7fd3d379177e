import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.discreet import MASK, discreet_words


def test_quoted_values_and_numbers_are_masked_and_names_are_kept():
    said = discreet_words("source 'people': Could not convert string 'ann@x.org' to INT64, 4711 is no age", ["people"])
    assert said == f"source 'people': Could not convert string '{MASK}' to INT64, {MASK} is no age"


def test_a_row_that_an_error_repeats_is_masked_whole():
    said = discreet_words("people.csv: CSV parse error: Row #3: Expected 2 columns, got 3: ann,47,x; mend it")
    assert said == f"people.csv: CSV parse error: Row #3: Expected 2 columns, got 3: {MASK}"


def test_what_a_statement_says_by_itself_is_masked_whole():
    assert discreet_words("Invalid Input Error: Ann Miller") == f"Invalid Input Error: {MASK}"


def test_the_statement_that_failed_is_the_declarations_own():
    assert discreet_words("no '42'\nin: SELECT '42'") == f"no '{MASK}'\nin: SELECT '42'"


@pytest.mark.parametrize("value", ["O'Brien Sinead", "'", "x'y'z", 'say "hi"', "a\nin: b"])
def test_quotes_inside_a_value_end_nothing(value):
    said = discreet_words(f"source 'people': Could not convert string '{value}' to INT32\nin: SELECT 1", ["people"])
    assert said == f"source 'people': Could not convert string '{MASK}' to INT32\nin: SELECT 1"


@given(st.text(alphabet="äöü'\"\n: ", min_size=2).filter(lambda text: set(text) & set("äöü")))
def test_no_quoted_value_survives(value):
    said = discreet_words(f"Could not convert string '{value}' to INT64", ["people"])
    assert not set(said) & set("äöü")
