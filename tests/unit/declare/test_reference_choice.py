import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.reference_choice import ReferenceChoice, parse_reference


@pytest.mark.parametrize(
    ("text", "choice", "written"),
    [
        ("previous", ReferenceChoice("previous"), "previous"),
        ("pinned", ReferenceChoice("pinned"), "pinned"),
        ("rolling", ReferenceChoice("rolling", 5), "rolling 5"),
        ("rolling 12", ReferenceChoice("rolling", 12), "rolling 12"),
        ("3f9c2a7d", ReferenceChoice("version", digits="3f9c2a7d"), "3f9c2a7d"),
    ],
)
def test_each_way_to_name_a_reference_is_read_and_written(text, choice, written):
    assert parse_reference(text, owner="x") == choice
    assert choice.text == written
    assert parse_reference(written, owner="x") == choice


@pytest.mark.parametrize("text", ["", "newest", "rolling 0", "rolling 101", "rolling -1", "rolling x", "3f9", "3F9C2A"])
def test_what_names_none_is_refused_with_those_there_are(text):
    with pytest.raises(DeclarationError, match=r"x: reference .* is none of 'previous', 'rolling', 'rolling N'"):
        parse_reference(text, owner="x")
