import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.start.layout import call, comment, listed, restyled, text

RUFF = str(Path(sys.executable).with_name("ruff"))


def formatted(code, length):
    settings = ["--config", f"line-length={length}", "--isolated", "-"]
    return subprocess.run([RUFF, "format", *settings], input=code, capture_output=True, text=True, check=True).stdout


@given(st.text())
def test_a_text_as_python_is_that_text(value):
    assert ast.literal_eval(text(value)) == value


@pytest.mark.parametrize("length", [88, 120])
def test_the_formatter_leaves_what_is_laid_out_as_it_is(length):
    long = [f'"{"argument" * size}"' for size in range(1, 5)]
    lines = ["rules = [", *restyled(f"sw.column('it''s').one_of({', '.join(long)}, at_least=0.99)", indent=4)]
    lines += [*restyled("sw.column('a').matches('[A-Z]\"\\\\d')", indent=4), "]", *call("f", ["a", "b"], before="x = ")]
    code = "\n".join([*lines, *call("f", long, before="x = ")]) + "\n"
    assert formatted(code, length) == code


def test_a_name_with_spaces_is_never_broken():
    names = [f'"a  name {number} with   spaces"' for number in range(30)]
    lines = listed(names, indent=4)
    assert max(map(len, lines)) <= 120
    assert ", ".join(line.strip().rstrip(",") for line in lines) == ", ".join(names)


def test_no_words_make_no_comment():
    assert comment("") == []
