"""The page on expressions is complete, and its examples are true."""

import re
from pathlib import Path

import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.expression import bind_expression, parse_expression
from sluiceway.declare.expression_functions import FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
COLUMNS = {"departs": "time"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_page_names_every_allowed_function_with_its_meaning(name):
    row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")), "")
    assert row.endswith(f"| {FUNCTIONS[name].meaning} |")


def test_the_page_names_no_other_function():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)) == set(FUNCTIONS)


def test_the_expressions_of_the_first_example_are_in_the_grammar():
    example = PAGE.split("```python")[1].split("```")[0]
    written = re.findall(r'(?:known_time=|row\(|landings, |at=|hour=)"([^"]+)"', example)
    assert len(written) == 5
    assert all(parse_expression(text).columns for text in written)


@pytest.mark.parametrize("line", re.findall(r"^expression '.*$", PAGE, flags=re.MULTILINE))
def test_the_refusals_read_as_the_page_shows_them(line):
    text = line.split("'")[1]
    with pytest.raises(DeclarationError) as refusal:
        bind_expression(parse_expression(text), COLUMNS)
    assert str(refusal.value) == line
