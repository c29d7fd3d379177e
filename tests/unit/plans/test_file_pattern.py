"""Patterns name files as shells do."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.plans.file_pattern import folder_of, matching

PATHS = ["a.csv", "b.csv", "b.txt", "data/a.csv", "data/old/a.csv", "data/.hidden.csv", ".cache/a.csv", "data/[1].csv"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.csv", ["a.csv"]),
        ("*.csv", ["a.csv", "b.csv"]),
        ("?.txt", ["b.txt"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("[!a].csv", ["b.csv"]),
        ("[a-a].csv", ["a.csv"]),
        ("data/*.csv", ["data/[1].csv", "data/a.csv"]),
        ("data/**/*.csv", ["data/[1].csv", "data/a.csv", "data/old/a.csv"]),
        ("**/a.csv", ["a.csv", "data/a.csv", "data/old/a.csv"]),
        ("data/**", ["data/[1].csv", "data/a.csv", "data/old/a.csv"]),
        ("data/.*.csv", ["data/.hidden.csv"]),
        ("data/[1].csv", ["data/[1].csv"]),
        ("nothing*", []),
        ("data", []),
    ],
)
def test_a_pattern_names_these_files(pattern, found):
    assert matching(pattern, PATHS) == found


@given(st.text("ab./", min_size=1, max_size=6), st.lists(st.text("ab./ü[(+", min_size=1, max_size=6), max_size=6))
def test_a_path_always_matches_itself(path, others):
    assert path in matching(path, [*others, path])


@given(st.text("ab*?", min_size=1, max_size=5), st.lists(st.text("ab", min_size=1, max_size=5), max_size=8))
def test_one_folder_patterns_agree_with_pathlib(pattern, names):
    if "**" in pattern:
        pattern = pattern.replace("*", "")
    expected = {name for name in names if pattern and PurePosixPath(name).match(pattern)}
    assert set(matching(pattern, names)) == expected


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [("a.csv", ""), ("*/a.csv", ""), ("data/a.csv", "data"), ("d/e/*.csv", "d/e"), ("d/e*/f", "d")],
)
def test_only_the_folder_that_can_hold_matches_is_listed(pattern, folder):
    assert folder_of(pattern) == folder
