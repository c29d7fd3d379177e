"""Kept by streams: whether a stream has filled a view by itself, where no run has, or none since the store was lost.

Streams leave no mark of their own in the online store: their headers, which are written with the values, name the views
that they keep up.
"""

from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.kit import Kit


def is_kept_by_a_stream(view: FeatureView, kit: Kit) -> bool:
    """Whether a stream has begun that keeps up just this definition, and has written all that it begins with.

    Raises:
        TransientError: the store did not answer.
    """
    from sluiceway.streams.partition_header import unpack_header

    panes = kit.panes() if view.source.stream is not None else None
    if panes is None:
        return False
    headers = (unpack_header(panes.header(name)) for name in panes.partitions(""))
    return any(header is not None and header.is_whole and view.digest in header.views for header in headers)
