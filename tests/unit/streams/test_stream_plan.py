"""What a stream does not keep up is refused with what to do."""

import pytest

import sluiceway as sw
from sluiceway.core.errors import MisuseError
from sluiceway.streams.stream_plan import stream_plan

SOURCE = sw.Source("facts", sql="unused", event_time="t", stream=sw.topic("facts", lateness="5m"))


@pytest.mark.parametrize(
    ("feature", "settings"),
    [
        (sw.count(over="1h", fresh=True), {}),
        (sw.count(over="1h"), {"windows": "event_time", "lateness": "10m"}),
    ],
)
def test_windows_that_change_between_panes_are_refused(feature, settings):
    view = sw.FeatureView("v", "e", SOURCE, [feature], **settings)
    with pytest.raises(MisuseError, match="view 'v' has fresh windows, or windows over event_time"):
        stream_plan(SOURCE, [view], {"e": "text", "t": "time"})
