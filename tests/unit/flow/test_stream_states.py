"""What streams keep goes when nothing that is in use is kept up from it, and not a day before."""

from dataclasses import replace

import pytest
from tests.data_worlds import a_world, tree

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.core.digest import digest_of
from sluiceway.flow.kit import Settings
from sluiceway.flow.stream_states import DAY_US, STATE, StreamStates
from sluiceway.flow.sweeping import plan_sweep, sweep
from sluiceway.ports.pane_store import PaneCommit
from sluiceway.ports.sweepable import STREAM, view_key
from sluiceway.streams.partition_header import PartitionHeader, pack_header

KEPT, GONE = digest_of("kept"), digest_of("gone")
OLD, NEW = "landings/000000000000/0", "landings/111111111111/0"


def store(**streams):
    panes = MemoryPanes(MemoryOnline())
    for name, (views, written) in streams.items():
        header = pack_header(PartitionHeader(owner="w", written=written, views=views))
        panes.commit({"old": OLD, "new": NEW}[name], PaneCommit(b"", header, put=[(b"key", b"value")]))
    return panes


@pytest.mark.parametrize(
    ("old", "new", "goes"),
    [
        (((GONE,), 5), ((KEPT,), 9), [OLD]),
        (((KEPT,), 5), ((KEPT,), 5 + DAY_US), []),
        (((KEPT,), 5), ((KEPT,), 6 + DAY_US), [OLD]),
        (((KEPT, GONE), 5), ((KEPT,), 6 + DAY_US), [OLD]),
        (((KEPT,), 5), ((GONE,), 6 + DAY_US), [NEW]),
        (((), 5), ((KEPT,), 6 + DAY_US), []),
    ],
)
def test_a_stream_goes_without_a_view_in_use_or_a_day_after_others_went_on(old, new, goes):
    panes = store(old=old, new=new)
    states = StreamStates(panes)
    found = states.leftovers(lambda key: key == view_key(KEPT))
    assert [each.key for each in found] == [STATE + name for name in goes]
    assert all(each.size_bytes == len(b"keyvalue") for each in found)
    states.remove(found)
    assert panes.partitions("") == [name for name in (OLD, NEW) if name not in goes]


def test_a_sweep_forgets_streams_whose_views_this_project_made_and_needs_no_more():
    world = a_world()
    version = world.ingest(tree(0))
    world.make_features(version, GONE)
    new = world.make_features(version, KEPT)
    world.judge("train", new.content_id, features=new.content_id)
    panes = store(old=((GONE,), 1), new=((KEPT, digest_of("of another project")), 2))
    kit = replace(world.kit, panes=lambda: panes)
    plan = plan_sweep(kit, Settings(), last=1)
    assert [each.key for each in plan.of_kind(STREAM)] == [STATE + OLD]
    assert panes.partitions("") == [OLD, NEW]
    sweep(plan, kit)
    assert panes.partitions("") == [NEW]
