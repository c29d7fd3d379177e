"""What is stored of a partition is what the rows before its offset make, whoever owns it, wherever it was killed."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import EPOCH, KINDS, SECOND, counting, message, row_at
from tests.stream_worlds import Killed, World, counts
from tests.thoroughness import examples

import sluiceway as sw
from sluiceway.core.errors import ConflictError
from sluiceway.core.moments import FixedClock
from sluiceway.streams import partition_stream
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.latest_time import latest_us


def test_many_served_values_go_ahead_in_commits_of_their_own_and_whoever_is_killed_is_followed(
    monkeypatch,
):
    monkeypatch.setattr(partition_stream, "MOST_VALUES", 10)
    view = counting()
    world = World(view, 1, {3: "before"})
    sizes, commit = [], world.panes._panes.commit
    world.panes._panes.commit = lambda name, change: (sizes.append(len(change.online)), commit(name, change))
    world.logs[0] += [message(row_at(30, e=f"e{number}")) for number in range(25)] + [message(row_at(70))]
    with pytest.raises(Killed):
        world.step(world.worker(), 100)
    assert sizes == [0, 10, 10]
    assert world.stored().events == 0
    assert len(counts(world)) == 20
    world.step(world.worker(), 100)
    assert sizes[3:] == [0, 10, 10, 5]
    assert world.stored().events == 26
    assert counts(world) == {f"e{number}": 1.0 for number in range(25)}


OWNERS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.booleans()), min_size=3, max_size=20)


@given(steps=OWNERS, keyed=st.booleans())
@settings(max_examples=examples(60), deadline=None)
def test_what_is_stored_is_what_the_rows_before_its_offset_make_whoever_believes_to_own_it(steps, keyed):
    """Three that believe to own a partition learn on from where each is, or take it over anew."""
    view = counting(key="key") if keyed else counting()
    world = World(view, 1)
    rows = [row_at(13 * place, e="ab"[place % 2], key=place // 2) for place in range(24)]
    owners = [None, None, None]
    for who, most, is_new in steps:
        owner = owners[who]
        if is_new or owner is None:
            owners[who] = world.owner()
            continue
        before = world.stored()
        with suppress(ConflictError):
            world.learn(owner, rows, most)
        after = world.stored()
        assert after.offset >= before.offset
        assert (after.sequence, after.owner) in {
            (before.sequence, before.owner), (before.sequence + 1, before.owner),
        }  # fmt: skip
    final = world.owner()
    world.learn(final, rows, len(rows))
    alone = World(view, 1)
    alone.learn(alone.owner(), rows, len(rows))
    assert counts(world) == counts(alone)
    assert final.header.events == len(rows)


VERSIONED = replace(counting(key="key"), features=[sw.count(over="3m"), sw.latest("x")])
CORRECTED = st.lists(st.tuples(st.integers(0, 90), st.sampled_from("ab"), st.integers(0, 5)), max_size=16)


@given(rows=CORRECTED, cuts=st.lists(st.integers(1, 4), max_size=16))
@settings(max_examples=examples(40), deadline=None)
def test_whoever_takes_facts_over_keeps_what_the_one_before_kept_though_time_alone_writes_none(rows, cuts):
    world, alone, known = World(VERSIONED, 1), World(VERSIONED, 1), 0
    facts = [row_at(known := known + passed, e=e, key=key) for passed, e, key in rows]
    stays = alone.owner()
    for most in (*cuts, 16):
        world.learn(world.owner(), facts, most)
        alone.learn(stays, facts, most)
        assert kept(world.owner()) == kept(stays)
    assert world.online._views == alone.online._views


def kept(owner):
    """What is in memory of facts, and where."""
    versions = owner._views[0]._versions
    panes = versions._in_pane.items()
    places = {(pane, entity): names for pane, by in panes for entity, names in by.items() if names}
    return versions._facts, places, {pane: set(names) for pane, names in versions._waiting.items() if names}


@pytest.mark.parametrize("windows", [None, {"windows": "event_time", "lateness": "1m"}])
def test_a_clock_that_is_fast_takes_no_more_than_half_of_the_lateness_from_others(windows):
    world = World(counting(windows=windows), 1)
    latest = latest_us(world.plan.topic.lateness, FixedClock(EPOCH + timedelta(seconds=300)))
    world.decoder = RowDecoder(world.view.source, KINDS, world.plan.columns, latest_us=latest)
    rows = [row_at(known) for known in (270, 330, 331, 3600, 270, 299, 305)]  # a minute's lateness: half is taken
    world.learn(world.owner(), rows, 100)
    aside = {(each.kind, each.offset) for each in world.side.messages["facts"].values()}
    assert aside == {("dead", 2), ("dead", 3)}
    assert world.stored().watermark == 330 * SECOND
