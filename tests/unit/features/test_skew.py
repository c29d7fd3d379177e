"""Skew: equal where online is right, and each planted difference named by its own cause."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.skewed_requests import (
    COUNT,
    DELAYS,
    GATES,
    INPUTS,
    LANDED,
    LAST,
    MEAN,
    TIME,
    answers,
    at,
    causes,
    changed,
    compare,
    facts_of,
    pipeline,
    requests,
    served_by,
)

import sluiceway as sw
from sluiceway.artifacts.skew_report import CODE, LATE, ROUNDED, STALE, UNEXPLAINED, UNREAD
from sluiceway.features.set_aside import SetAside
from sluiceway.features.skew import Found, Skew
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import FEATURE, VIEW


@pytest.fixture(scope="module")
def facts():
    return facts_of(LANDED)


def test_what_a_store_tells_that_knows_everything_is_equal(facts):
    found = compare(facts, served_by(facts, requests(5, 10, 20, 70), pipeline()))
    assert set(found.features) == {MEAN, COUNT, LAST, "gates__latest_gate", "hour", "third"}
    assert all((each.compared, each.equal) == (4, 4) for each in found.features.values())
    assert causes(found) == {}
    assert found.unchecked == {}


def test_a_store_an_hour_stale_is_called_stale_with_what_was_due(facts):
    table = served_by(facts, requests(5, 10, 20), pipeline(), behind=timedelta(hours=1))
    found = compare(facts, table)
    assert {cause for each in causes(found).values() for cause in each} == {STALE}
    assert causes(found)[MEAN] == {STALE: 3}
    detail = found.examples[MEAN, STALE][0].detail
    assert "knew what was known through 2013-01-01T04:10:00Z, 2013-01-01T05:10:00Z was due" in detail


def test_a_value_past_its_ttl_in_a_stale_store_is_stale_and_missing(facts):
    asked = requests(20)
    table = served_by(facts, asked, pipeline(), behind=timedelta(hours=6))
    aged = changed(table, LAST, pa.array([None], pa.float64()))  # the reader's ttl took it away
    found = compare(facts, aged)
    assert causes(found)[LAST] == {STALE: 1}
    assert found.features[LAST].missing == 1


def test_a_rounded_value_is_called_rounding(facts):
    table = served_by(facts, requests(5, 10, 20), pipeline())
    rounded = changed(table, MEAN, pc.round(table[FEATURE + MEAN].combine_chunks(), ndigits=1))
    found = compare(facts, rounded)
    assert causes(found) == {MEAN: {ROUNDED: 3}}
    assert 0 < found.features[MEAN].largest <= 0.05
    assert found.features[MEAN].mismatched == 3


def test_another_value_is_unexplained(facts):
    table = served_by(facts, requests(5, 10, 20), pipeline())
    found = compare(facts, changed(table, MEAN, pc.add(table[FEATURE + MEAN].combine_chunks(), 0.777)))
    assert causes(found) == {MEAN: {UNEXPLAINED: 3}}
    assert found.features[MEAN].largest == pytest.approx(0.777)


def test_another_definition_is_called_a_code_change(facts):
    longer = replace(DELAYS, features=[sw.mean("delay", over="12h", name="mean_delay_6h"), sw.count(over="6h")])
    table = served_by(facts, requests(20, 30), pipeline(longer, GATES))
    found = compare(facts, table, declared=pipeline(longer, GATES), now=pipeline())
    assert causes(found) == {MEAN: {CODE: 2}}
    assert f"another definition than {DELAYS.digest[:12]}" in found.examples[MEAN, CODE][0].detail


def test_a_request_feature_over_a_stale_view_is_stale_as_well(facts):
    declared = pipeline(ratio=f"{MEAN} / nullif(distance, 0)", hour="hour(departs)")
    found = compare(facts, served_by(facts, requests(20, 30), declared, behind=timedelta(hours=1)), declared=declared)
    assert causes(found)["ratio"] == {STALE: 2}
    assert "hour" not in causes(found)
    assert found.unchecked == {}


def test_another_request_expression_is_called_a_code_change(facts):
    before = pipeline(hour="hour(departs)", third="distance / 4")
    found = compare(facts, served_by(facts, requests(20, 30), before), declared=before, now=pipeline())
    assert causes(found) == {"third": {CODE: 2}}
    assert found.examples["third", CODE][0].detail == "it was distance / 4, it is distance / 3"


def test_a_fact_that_landed_later_is_called_late_and_told(facts):
    before = facts_of([each for each in LANDED if each["id"] != 38])  # known at 19:00, of carrier X
    table = served_by(before, requests(20, 80), pipeline())
    found = compare(facts, table, earlier=lambda _: before)
    assert causes(found) == {MEAN: {LATE: 1}, COUNT: {LATE: 1}}
    assert "a fact of landings, the newest known at 2013-01-01T19:00:00Z" in found.examples[COUNT, LATE][0].detail


def test_a_message_that_a_stream_set_aside_as_late_is_named_with_its_place_and_when(facts):
    late = [each for each in LANDED if each["id"] in {34, 38}]  # known at 17:00 and 19:00, of carrier X

    def aside(view):
        if view is not DELAYS:
            return None
        rows = pa.Table.from_pylist(late).select([*fact_columns(view), "_event_time", "_known_time"])
        own = {"_partition": [0, 0], "_offset": [3, 7], "_aside": [microseconds(at(21)), None]}
        for name, values in own.items():
            rows = rows.append_column(name, pa.array(values, pa.int64()))
        return SetAside(view, rows, facts, lambda written: {0: 4} if written > microseconds(at(19.5)) else {})

    neither = facts_of([each for each in LANDED if each not in late])
    one = facts_of([each for each in LANDED if each != late[1]])  # a run sealed the other before that
    for before, asked, offset in ((neither, 17.3, 3), (one, 20, 7), (neither, 20, 7)):
        found = compare(facts, served_by(before, requests(asked), pipeline()), aside=aside)
        assert set(found.features[COUNT].causes) == {LATE}
        assert f"offset {offset} of partition 0" in found.examples[COUNT, LATE][0].detail
    (said,) = {each.detail for each in compare(facts, served_by(neither, requests(17.3), pipeline()), aside=aside)
               .examples[COUNT, LATE]}  # fmt: skip
    assert said == (
        "a message of landings came late: offset 3 of partition 0, known at 2013-01-01T17:00:00Z, was set aside at "
        "2013-01-01T21:00:00Z as the stream of delays had closed its pane"
    )
    other = facts_of([each for each in LANDED if each["id"] != 36])
    found = compare(facts, served_by(other, requests(20), pipeline()), aside=aside)
    assert set(found.features[MEAN].causes) == {UNEXPLAINED}


def test_a_value_that_only_lacks_a_late_message_is_not_stale_however_old_it_is(facts):
    """A stream writes an entity when its value changes, so a quiet one's may be old and right."""
    late = [each for each in LANDED if each["id"] == 38]  # known at 19:00, of carrier X, which has a fact every hour
    quiet = facts_of([each for each in LANDED if each["id"] in {30, 38}])
    before = facts_of([each for each in LANDED if each["id"] == 30])

    def aside_of(known):
        def aside(view):
            rows = pa.Table.from_pylist(late).select([*fact_columns(view), "_event_time", "_known_time"])
            for name in ("_partition", "_offset", "_aside"):
                rows = rows.append_column(name, pa.array([0], pa.int64()))
            return SetAside(view, rows, known, lambda _: {})

        return aside

    table = served_by(before, requests(19.3), pipeline(), behind=timedelta(hours=1))
    assert causes(compare(quiet, table, aside=aside_of(quiet)))[COUNT] == {LATE: 1}
    assert causes(compare(quiet, table))[COUNT] == {STALE: 1}, "nothing tells that it was set aside"
    busy = served_by(facts, requests(25.3), pipeline(), behind=timedelta(hours=2))
    assert causes(compare(facts, busy, aside=aside_of(facts)))[MEAN] == {STALE: 1}, "more was due than the late one"


def test_a_stale_store_that_also_lacked_a_late_fact_is_called_late(facts):
    before = facts_of([each for each in LANDED if each["id"] != 36])  # known at 18:00
    table = served_by(before, requests(20), pipeline(), behind=timedelta(hours=1))
    assert causes(compare(facts, table, earlier=lambda _: before))[COUNT] == {LATE: 1}


def test_where_nothing_was_read_the_view_is_stale_only_if_it_was_behind(facts):
    table = served_by(facts, requests(20, 21), pipeline())
    nothing = table
    for part, kind in (("digest", pa.string()), ("written", TIME), ("known_through", TIME)):
        name = f"{VIEW}delays:{part}"
        place = nothing.column_names.index(name)
        kept = nothing[name].to_pylist()
        nothing = nothing.set_column(place, name, pa.array([kept[0], None], kind))
    for name in (MEAN, COUNT):
        kept = nothing[FEATURE + name].to_pylist()
        nothing = changed(nothing, name, pa.array([kept[0], None], pa.float64()))
    found = compare(facts, nothing)
    assert causes(found) == {MEAN: {UNREAD: 1}, COUNT: {UNREAD: 1}}
    assert found.features[MEAN].missing == 1


def test_a_value_that_offline_does_not_have_is_extra(facts):
    table = served_by(facts, requests(20, carrier="nobody"), pipeline())
    found = compare(facts, changed(table, LAST, pa.array([3.5])))
    assert found.features[LAST].extra == 1
    assert causes(found) == {LAST: {UNEXPLAINED: 1}}


def test_sensitive_columns_are_not_compared_and_it_is_said(facts):
    found = compare(facts, served_by(facts, requests(20), pipeline()), unlogged=("third",))
    assert "third" not in found.features
    assert found.unchecked == {"third": "sensitive, so that the request log leaves it out"}


def test_views_of_a_sensitive_entity_are_not_compared_and_it_is_said(facts):
    found = compare(facts, served_by(facts, requests(20), pipeline()), unlogged=("carrier",))
    assert set(found.features) == {"hour", "third"}
    assert found.unchecked[MEAN] == "its entity carrier is sensitive, so that the request log leaves it out"


def test_several_versions_add_up(facts):
    table, declared, found = served_by(facts, requests(5, 10), pipeline()), pipeline(), Found()
    skew = Skew(facts, declared, INPUTS, lambda _: None)
    skew.compare(answers(facts, table, declared), found)
    skew.compare(answers(facts, changed(table, COUNT, pa.array([-1.0, -1.0])), declared), found)
    assert (found.features[COUNT].compared, found.features[COUNT].equal) == (4, 2)
    assert causes(found) == {COUNT: {UNEXPLAINED: 2}}
