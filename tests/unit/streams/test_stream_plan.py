"""What a stream does not keep up is refused with what to do."""

import pytest

import sluiceway as sw
from sluiceway.core.errors import MisuseError
from sluiceway.streams.stream_plan import check_partitions, stream_plan

KINDS = {"e": "text", "id": "integer", "t": "time"}


def source(key=None, topic_key=None):
    stream = sw.topic("facts", lateness="5m", key=topic_key)
    return sw.Source("facts", sql="unused", key=key, event_time="t", stream=stream)


def planned(given, *features, kinds=KINDS, **settings):
    return stream_plan(given, [sw.FeatureView("v", "e", given, features, **settings)], kinds)


def test_fresh_windows_over_event_time_are_refused():
    by_event = {"windows": "event_time", "lateness": "10m"}
    assert planned(source(), sw.count(over="1h"), **by_event).views
    with pytest.raises(MisuseError, match="view 'v' has fresh windows over event_time"):
        planned(source(), sw.count(over="1h", fresh=True), **by_event)


def test_fresh_windows_beside_others_are_refused_only_where_facts_are_corrected():
    both = sw.count(over="1h", fresh=True), sw.count(over="1h")
    assert planned(source(), *both).views
    assert planned(source(key="id"), both[0]).views
    with pytest.raises(MisuseError, match="source 'facts' a key: corrections"):
        planned(source(key="id"), *both)


def test_a_source_without_a_stream_or_without_a_view_is_refused():
    still = sw.Source("still", sql="unused", event_time="t")
    with pytest.raises(MisuseError, match="has no stream"):
        stream_plan(still, [], KINDS)
    with pytest.raises(MisuseError, match="no view is built on it"):
        stream_plan(source(), [sw.FeatureView("v", "e", still, [sw.count(over="1h")])], KINDS)


def test_an_entity_must_lie_in_one_partition():
    by_entity, by_id = planned(source(topic_key="e"), sw.count(over="1h")), planned(source(), sw.count(over="1h"))
    check_partitions(by_entity, 8)
    check_partitions(by_id, 1)
    with pytest.raises(MisuseError, match="2 partitions, without a declared key, but view 'v' is about e"):
        check_partitions(by_id, 2)
    with pytest.raises(MisuseError, match="keyed by id"):
        check_partitions(planned(source(topic_key="id"), sw.count(over="1h")), 2)


def test_what_is_computed_identifies_a_stream_and_words_do_not():
    one = planned(source(), sw.count(over="1h"))
    assert planned(source(), sw.count(over="1h"), owner="me").digest == one.digest
    assert planned(source(), sw.count(over="2h")).digest != one.digest
    assert planned(source(topic_key="e"), sw.count(over="1h")).digest != one.digest
    assert one.partition(3) == f"facts/{one.digest[:12]}/3"


def test_a_column_that_nothing_reads_may_come_and_go_and_one_that_is_read_may_not():
    one = planned(source(), sw.count(over="1h"))
    assert planned(source(), sw.count(over="1h"), kinds={**KINDS, "new": "text"}).digest == one.digest
    assert planned(source(), sw.count(over="1h"), kinds={**KINDS, "id": "text"}).digest == one.digest
    assert planned(source(), sw.count(over="1h"), kinds={**KINDS, "e": "integer"}).digest != one.digest
    assert planned(source(), sw.count(over="1h"), kinds={**KINDS, "t": "date"}).digest != one.digest


def test_a_topic_in_another_place_has_another_stream():
    view = sw.FeatureView("v", "e", source(), [sw.count(over="1h")])
    plans = {place: stream_plan(view.source, [view], KINDS, place=place) for place in ("spool", "kafka", "kinesis")}
    assert len({plan.digest for plan in plans.values()}) == 3
    assert stream_plan(view.source, [view], KINDS).digest == plans["spool"].digest
