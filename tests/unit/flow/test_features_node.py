from types import SimpleNamespace

import pytest

from sluiceway.core.errors import TransientError
from sluiceway.flow import features_node
from sluiceway.flow.kit import Settings
from sluiceway.flow.node import Job
from sluiceway.ports.progress import Silence


class Gone:
    """An online store that does not answer."""

    def snapshot(self, view):
        raise TransientError("the online store is not there")


def test_a_store_that_is_gone_is_told_before_anything_is_computed():
    project = SimpleNamespace(pipeline=SimpleNamespace(feature_views=[SimpleNamespace(digest="5f" * 32)]))
    kit = SimpleNamespace(online=Gone())  # and nothing that could compute
    with pytest.raises(TransientError, match="the online store is not there"):
        features_node.run(Job(project, kit, Settings(), {}, {}, Silence()))
