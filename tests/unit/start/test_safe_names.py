import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.declare.expression import parse_expression
from sluiceway.start.safe_names import RESERVED, is_safe, python_name, safe_names


@given(st.lists(st.text(min_size=1, max_size=60), unique=True, max_size=20))
def test_safe_names_are_names_and_differ_in_more_than_case(names):
    given_names = safe_names(names, besides=["label"])
    assert list(given_names) == names
    folded = [name.lower() for name in given_names.values()]
    assert len(set(folded)) == len(folded)
    assert "label" not in folded
    assert all(name.isascii() and name.isidentifier() and "__" not in name for name in given_names.values())


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12))
def test_a_safe_name_stands_in_an_expression_as_it_is(name):
    if is_safe(name):
        assert parse_expression(f"{name} + interval 1 day").columns == {name}


@pytest.mark.parametrize("name", sorted(word for word, in duckdb.sql(
    "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()))  # fmt: skip
def test_every_reserved_word_of_duckdb_gets_another_name(name):
    assert name in RESERVED
    assert safe_names([name])[name] == f"the_{name}"


def test_who_can_keep_a_name_keeps_it():
    assert safe_names(["a b", "a_b"]) == {"a b": "a_b_2", "a_b": "a_b"}


@pytest.mark.parametrize("word", ["class", "def", "Import"])
def test_a_word_of_python_is_no_variable(word):
    assert python_name(word) == f"the_{word.lower()}"
