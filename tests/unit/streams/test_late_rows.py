"""Facts past their ttl are let go, and what is read is what batch says all the same, sealed or not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import LATENESS, ROW, SECOND, facts_of, keyed, message, row_at, view_for
from tests.stream_worlds import World, finish
from tests.thoroughness import examples
from tests.unit.streams.test_sealing import materialise_beside, seal, timed

from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import features_now
from sluiceway.plans.latest import latest_features
from sluiceway.plans.packed_value import unpack_value
from sluiceway.streams import late_rows

TTL = 60
VIEWS = st.builds(
    lambda key, entity, kinds: replace(view_for(key, entity=entity, kinds=kinds), ttl=f"{TTL}s"),
    st.sampled_from(["key", "code", ("e", "key")]),
    entity=st.sampled_from([("e",), ("e", "code")]),
    kinds=st.sampled_from([("latest",), ("window", "latest"), ("fresh", "latest"), ("event", "latest")]),
)


@pytest.fixture(scope="module", autouse=True)
def clocks_are_one():
    """Let nobody be ahead, so that seconds are enough for facts to be let go."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(late_rows, "MOST_AHEAD", timedelta(0))
        yield


def read(view, values, moment):
    """What is told of each entity at a moment: without latest features that are past their ttl."""
    own = {name for feature in latest_features(view) for name in view.columns_of(feature)}
    told = {}
    for key, data in values.items():
        value = unpack_value(data)
        gone = moment * SECOND - value.event_time > TTL * SECOND
        pairs = zip(view.columns, value.features, strict=True)
        features = [None if gone and name in own else each for name, each in pairs]
        if any(each is not None for each in features):
            told[key] = features
    return told


def wanted_of(view, rows, moment):
    facts = facts_of(timed(keyed(view, rows)), moment)
    return read(view, dict(packed(features_now(facts, view), view, cutoff=facts.cutoff, written=0)), moment)


@given(view=VIEWS, rows=st.lists(ROW, min_size=4, max_size=24), cuts=st.lists(st.integers(1, 7), max_size=8))
@settings(max_examples=examples(30), deadline=None)
def test_what_is_read_is_what_batch_says(view, rows, cuts):
    rows = sorted(rows, key=lambda row: (row["known"] or 0) + row["delay"])
    world = World(view, 1)
    owner = world.owner()
    for most in (*cuts, len(rows)):
        world.learn(owner, rows, most)
        if most % 2:
            owner = world.owner()
    if timed(keyed(view, rows)):
        moment = max(row["known"] for row in timed(keyed(view, rows)))
        late = {offset for *_, offset in world.side.messages.get("facts", {})}
        kept = [row for place, row in enumerate(rows) if place not in late]
        assert read(view, world.online._views.get(view.digest, {}), moment) == wanted_of(view, kept, moment)


@given(view=VIEWS, rows=st.lists(ROW, min_size=4, max_size=24), moments=st.lists(st.integers(0, 24), max_size=3))
@settings(max_examples=examples(30), deadline=None)
def test_what_is_read_of_a_sealed_stream_is_what_batch_says_in_any_order(view, rows, moments):
    world = World(view, 1)
    for most in (*moments, len(rows)):
        world.logs[0].extend(map(message, rows[len(world.logs[0]) : most]))
        world.landed = [rows[: len(world.logs[0])]]
        finish(world)
        for _ in range(2):
            seal(world)
        materialise_beside(world, world.landed[0])
    if timed(keyed(view, rows)):
        moment = max(row["known"] for row in timed(keyed(view, rows)))
        assert read(view, world.online._views.get(view.digest, {}), moment) == wanted_of(view, rows, moment)


def test_nothing_is_kept_of_facts_past_their_ttl():
    view = replace(view_for("key", entity=("e",), kinds=("latest",)), ttl=f"{TTL}s")
    world = World(view, 1)
    owner = world.owner()
    rows = [row_at(10 * place, key=place, e="ab"[place % 2]) for place in range(200)]
    for _ in range(20):
        world.learn(owner, rows, 10)
    kept = len(world.panes.load(world.plan.partition(0))[1])
    assert kept < 2 + (TTL + LATENESS + 3 * TTL) / 10
