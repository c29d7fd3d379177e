"""A view is kept up by a stream that has begun with just its definition, and has written all that it begins with."""

from dataclasses import replace

import pytest
from tests.data_worlds import a_world
from tests.stream_facts import counting

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.core.digest import digest_of
from sluiceway.flow.kept_by_streams import is_kept_by_a_stream
from sluiceway.ports.pane_store import PaneCommit
from sluiceway.streams.partition_header import PartitionHeader, pack_header
from sluiceway.streams.seeds import SeedHeader

VIEW = counting()
OTHER = digest_of("other")


def kept(view, *headers):
    panes = MemoryPanes(MemoryOnline())
    for number, header in enumerate(headers):
        panes.commit(f"rows/0123456789ab/{number}", PaneCommit(b"", pack_header(header)))
    return is_kept_by_a_stream(view, replace(a_world().kit, panes=lambda: panes))


@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        ([], False),
        ([PartitionHeader(owner="w", views=(OTHER, VIEW.digest))], True),
        ([PartitionHeader(owner="w", views=(OTHER,))], False),
        ([PartitionHeader(owner="w", views=(VIEW.digest,), is_whole=False)], False),
        ([PartitionHeader(owner="w", views=(OTHER,)), SeedHeader(owner="w", views=(VIEW.digest,))], True),
        ([SeedHeader(owner="w", views=(VIEW.digest,), is_whole=False)], False),
    ],
)
def test_a_whole_beginning_of_this_very_view_keeps_it(headers, is_kept):
    assert kept(VIEW, *headers) is is_kept


def test_a_view_without_a_stream_is_kept_by_none():
    header = PartitionHeader(owner="w", views=(VIEW.digest,))
    assert not kept(replace(VIEW, source=replace(VIEW.source, stream=None)), header)


def test_a_store_that_cannot_hold_streams_has_none():
    assert not is_kept_by_a_stream(VIEW, a_world().kit)
