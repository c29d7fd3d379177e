from datetime import UTC, datetime

import pytest

from sluiceway.artifacts.health_report import FeatureDrift, Traffic, Window
from sluiceway.pages.moved_columns import moved_columns, psi_text

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def drift(column, psi, verdict="stable"):
    return FeatureDrift(column, psi, 0.0, 0.2, "ks", 0.1, 0.5, 0.1, 0.0, 0.0, verdict)


def window(*columns):
    return Window(NOW, NOW, Traffic(0, 0, None, None, None), columns, drift("probability", 0.1), None, ())


def test_predictions_come_first_then_what_moved_most_anywhere():
    rows = moved_columns([window(drift("a", 0.1), drift("b", 0.0)), window(drift("b", 0.3), drift("c", 0.2))])
    assert [(name, [each and each.psi for each in found]) for name, found in rows] == [
        ("predictions", [0.1, 0.1]),
        ("b", [0.0, 0.3]),
        ("c", [None, 0.2]),
        ("a", [0.1, None]),
    ]


def test_a_window_with_too_few_rows_puts_nothing_first():
    rows = moved_columns([window(drift("a", 0.1), drift("b", 0.2)), window(drift("a", 9.0, "inconclusive"))])
    assert [name for name, _ in rows] == ["predictions", "b", "a"]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (drift("a", 1.234, "drift"), "1.23 ▲"),
        (drift("a", 3.9, "seasonal"), "3.90 ≈"),
        (drift("a", 0.1, "moved"), "0.10 ·"),
        (drift("a", 0.004, "negligible"), "0.00"),
        (drift("a", 9.0, "inconclusive"), "?"),
        (drift("a", None, "inconclusive"), "?"),
        (None, "?"),
    ],
)
def test_a_psi_is_written_with_its_mark(found, text):
    assert psi_text(found) == text


def test_without_windows_there_are_only_the_predictions():
    assert moved_columns([]) == [("predictions", [])]
