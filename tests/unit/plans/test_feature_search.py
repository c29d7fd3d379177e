"""Searching features: every word must be found, names before descriptions, and slips of the pen are met with hints."""

import pytest

from sluiceway.artifacts.catalogue import Entry
from sluiceway.plans.feature_search import near, search


def entry(name, *, definition="", columns=(), **known):
    return Entry(name, "view", "landings", "24h", definition, "d" * 64, columns, **known)


ENTRIES = [
    entry("delays__mean_arr_delay_24h", columns=("landings.arr_delay",), tags=("punctuality",), description="How late"),
    entry("weather__latest_temp", columns=("weather.temp",), description="Air before the delay", unit="degF"),
    entry("home__count_9h", entity=("tail", "carrier"), owner="ops"),
]


def names(query):
    return [each.name for each, _ in search(ENTRIES, query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("delay", ["delays__mean_arr_delay_24h", "weather__latest_temp"]),
        ("DELAY temp", ["weather__latest_temp"]),
        ("punctuality", ["delays__mean_arr_delay_24h"]),
        ("arr_delay", ["delays__mean_arr_delay_24h"]),
        ("degF", ["weather__latest_temp"]),
        ("temperature", ["weather__latest_temp"]),
        ("arrival", ["delays__mean_arr_delay_24h"]),
        ("delays before", ["weather__latest_temp"]),
        ("carrier ops", ["home__count_9h"]),
        ("delay nothing", []),
        ("", []),
        ("__", []),
    ],
)
def test_every_word_must_be_found_and_the_best_comes_first(query, found):
    assert names(query) == found


def test_a_whole_word_counts_more_than_a_part_of_one():
    (_, whole), (_, part) = search([entry("x__temp"), entry("x__temperature")], "temp")
    assert whole > part


def test_a_short_form_of_a_word_counts_less_than_the_word_and_needs_three_letters():
    found = search(
        [entry("quakes__latest_mag"), entry("quakes__latest_magnitude"), entry("quakes__latest_ma")], "magnitude"
    )
    assert [(each.name, score) for each, score in found] == [
        ("quakes__latest_magnitude", 16),
        ("quakes__latest_mag", 4),
    ]


def test_a_slip_of_the_pen_is_met_with_what_was_perhaps_meant():
    assert near(ENTRIES, "punctualty") == ["punctuality"]
    assert near(ENTRIES, "weather__latest_tmp")[0] == "weather__latest_temp"
    assert near(ENTRIES, "zzzzzz") == []
