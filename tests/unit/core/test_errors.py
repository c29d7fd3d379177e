"""Errors form one tree, drawn in the module's docstring, and say what to do."""

import inspect
import pickle
import re

import pytest

from sluiceway.core import errors
from sluiceway.core.errors import DeclarationError, Problem, SluicewayError, UnknownNameError, UnknownTableError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, SluicewayError)]


def test_the_docstring_draws_every_error_under_its_parent_and_no_other():
    drawn = re.findall(r"^( *)[*+-] (\w+)(?: \((\w+)\))?", errors.__doc__, flags=re.MULTILINE)
    above: list[str] = []
    parents = {}
    for indent, name, _ in drawn:
        del above[len(indent) // 2 :]
        parents[name] = above[-1] if above else None
        above.append(name)
    expected = {found.__name__: found.__mro__[1].__name__ for found in CLASSES}
    expected["SluicewayError"] = None
    assert parents == expected


def test_the_docstring_names_each_builtin_parent():
    drawn = dict(re.findall(r"(\w+) \((\w+)\)", errors.__doc__))
    for name, builtin in drawn.items():
        assert builtin in {base.__name__ for base in getattr(errors, name).__mro__}


@pytest.mark.parametrize("found", CLASSES, ids=lambda found: found.__name__)
def test_every_error_is_documented(found):
    assert found.__doc__


@pytest.mark.parametrize(
    "error",
    [
        UnknownNameError("source", "wether", ["weather"]),
        DeclarationError([Problem("bad", "spec.yaml", 3)]),
        UnknownTableError("sources/weather", "0123456789abcdef"),
        errors.UnknownObjectError("files/ab"),
        errors.SourceError("data/a.csv is empty"),
    ],
)
def test_errors_survive_a_workers_pickle_with_their_words(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_an_unknown_name_hints_at_the_nearest_or_lists_what_there_is():
    assert str(UnknownNameError("source", "wether", ["weather", "flights"])) == (
        "no source is called 'wether'. Did you mean 'weather'?"
    )
    assert str(UnknownNameError("source", "xyz", ["weather"])).endswith("There is: weather.")
    assert str(UnknownNameError("source", "xyz", [])).endswith("There is: none.")


def test_a_declaration_error_tells_every_problem_on_its_own_line_with_its_place():
    error = DeclarationError([Problem("one", "spec.yaml", 3), Problem("two", "spec.yaml"), Problem("three")])
    assert str(error).splitlines() == ["spec.yaml:3: one", "spec.yaml: two", "three"]
    assert [problem.line for problem in error.problems] == [3, 0, 0]
    assert isinstance(error, ValueError)
