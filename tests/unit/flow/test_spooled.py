"""Up to where a spool may be swept: what streams begin with has it, and each of its source's streams has learnt it."""

from dataclasses import replace

import pytest
from tests.data_worlds import a_world, tree

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.event_landing import EventLanding, LandedPartition, event_landing_key
from sluiceway.flow.spooled import read_upto
from sluiceway.ports.pane_store import PaneCommit
from sluiceway.streams.partition_header import PartitionHeader, pack_header

STREAM, SEEDS, OTHER = "a/000000000000/0", "a/000000000000-seeds/0", "ab/000000000000/0"


def landed(world, source, offset, *, place="spool", topic="topic"):
    """Let messages of a source have landed; none of them was a row, so the dataset has all there is."""
    landing = EventLanding(source, (place, topic), partitions=(LandedPartition(0, offset),)).marked()
    world.kit.objects.put(event_landing_key(source), encode(landing))


@pytest.fixture
def world():
    made = a_world()
    made.ingest(tree(0))
    return made


@pytest.mark.parametrize(
    ("learnt", "upto"), [({}, 9), ({STREAM: 4}, 4), ({STREAM: 12}, 9), ({SEEDS: 0}, 9), ({OTHER: 0}, 9)]
)
def test_who_is_slowest_says_what_is_read_again(world, learnt, upto):
    panes = MemoryPanes(MemoryOnline())
    for name, offset in learnt.items():
        panes.commit(name, PaneCommit(b"", pack_header(PartitionHeader(owner="w", offset=offset))))
    landed(world, "a", 9)
    assert read_upto(replace(world.kit, panes=lambda: panes)) == {"topic": upto}


def test_of_several_sources_with_one_topic_the_slowest_counts_and_brokers_keep_theirs_themselves(world):
    landed(world, "a", 9)
    landed(world, "b", 7)
    landed(world, "c", 1, place="kafka", topic="elsewhere")
    assert read_upto(world.kit) == {"topic": 7}


def test_where_no_dataset_is_left_nothing_is_let_go():
    world = a_world()
    landed(world, "a", 9)
    assert read_upto(world.kit) == {"topic": 0}
    world.ingest(tree(0))
    for info in world.kit.objects.list("artifacts"):
        world.kit.objects.put(info.key, b"{}")
    assert read_upto(world.kit) == {"topic": 0}
