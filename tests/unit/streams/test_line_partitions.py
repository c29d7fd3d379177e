"""How lines of files are dealt out: an entity's lines stay together, and so do a fact's."""

from dataclasses import replace

import pytest
from tests.stream_facts import KINDS, message, row_at, view_for

from sluiceway.streams.line_partitions import MANY, LinePartitions, line_keys
from sluiceway.streams.stream_plan import stream_plan


def plan_of(*entities, key=None, topic_key=None):
    views = [view_for(key, entity=entity, kinds=("latest",), topic_key=topic_key) for entity in entities]
    source = views[0].source
    return stream_plan(source, [replace(view, source=source) for view in views], KINDS)


@pytest.mark.parametrize(
    ("entities", "key", "topic_key", "keys"),
    [
        ([("e",)], None, None, ("e",)),
        ([("e",), ("e", "code")], None, None, ("e",)),
        ([("e",), ("code",)], None, None, ()),
        ([("e",)], "key", None, ()),
        ([("e", "code")], "code", None, ("code",)),
        ([("e", "code")], "key", "code", ("code",)),
    ],
)
def test_lines_are_dealt_out_by_what_every_entity_and_every_fact_has(entities, key, topic_key, keys):
    plan = plan_of(*entities, key=key, topic_key=topic_key)
    assert line_keys(plan) == keys
    assert LinePartitions(plan, latest_us=lambda: 2**60).count == (MANY if keys else 1)


def test_an_entity_has_one_partition_and_what_is_no_row_the_first():
    partitions = LinePartitions(plan_of(("e",)), latest_us=lambda: 100_000_000)
    rows = [row_at(place, e=f"e{place % 9}") for place in range(90)]
    numbers, knowns = partitions.of([*map(message, rows), b"{", message(row_at(101))])
    assert len(set(zip(numbers[:90], (row["e"] for row in rows), strict=True))) == 9
    assert len(set(numbers)) > 3
    assert numbers[90:] == [0, 0]
    assert knowns == [*(place * 1_000_000 for place in range(90)), None, None]
