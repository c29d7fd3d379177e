"""What time it is where nothing arrives: that of the slowest that moves, or of the wall where all are silent."""

import pytest

import sluiceway as sw
from sluiceway.core.errors import DeclarationError, TransientError
from sluiceway.ports.event_source import Lag
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.silence import ASK_S, Silence
from sluiceway.streams.stream_plan import stream_plan

SECOND = 1_000_000
KINDS = {"e": "text", "x": "integer", "t": "time"}
COUNT, LATEST = sw.count(over="1h"), sw.latest("x")


def header(offset, watermark):
    return PartitionHeader(owner="w", offset=offset, watermark=None if watermark is None else watermark * SECOND)


class Scene:
    """Partitions by number, a clock that is moved, and a wall whose time is 1000 s ahead of it."""

    def __init__(self, *, features=(COUNT,), follows_wall=True, every=("1m",), **topic):
        source = sw.Source(
            "facts", sql="unused", event_time="t", stream=sw.topic("facts", lateness="30s", key="e", **topic)
        )
        views = [sw.FeatureView(f"v{each}", "e", source, features, every=each) for each in every]
        self.now, self.ends, self.asked = 0.0, {}, 0
        self.elsewhere, self.looked = {}, 0
        self.silence = Silence(
            stream_plan(source, views, KINDS), clock=lambda: self.now,
            now_us=lambda: int((1000 + self.now) * SECOND), lags=self.tell, elsewhere=self.look,
            follows_wall=follows_wall,
        )  # fmt: skip

    def tell(self, positions):
        self.asked += 1
        return {number: Lag(self.ends[number] - at.offset) for number, at in positions.items() if number in self.ends}

    def look(self):
        self.looked += 1
        if self.elsewhere is None:
            raise TransientError("not there")
        return self.elsewhere

    def moments(self, headers, *, at, heard=()):
        self.now = at
        for number in heard:
            self.silence.hear(number)
        return {number: moment // SECOND for number, moment in self.silence.moments(headers).items()}


def silent(scene, headers, *, at):
    scene.moments(headers, at=0, heard=headers)
    return scene.moments(headers, at=at)


def test_where_all_are_silent_time_is_the_walls_less_the_lateness_where_a_pane_begins():
    scene, headers = Scene(), {0: header(7, 100), 1: header(5, 900)}
    scene.ends = {0: 7, 1: 5}
    assert silent(scene, headers, at=59) == {}
    assert scene.moments(headers, at=60) == {0: 1020, 1: 1020}
    assert scene.moments({0: header(7, 1020), 1: header(5, 1020)}, at=109) == {}
    assert scene.moments({0: header(7, 1020), 1: header(5, 1020)}, at=110) == {0: 1080, 1: 1080}


def test_where_one_moves_the_others_follow_it_and_not_the_wall():
    scene, headers = Scene(), {0: header(7, 100), 1: header(5, 900), 2: header(0, None)}
    scene.ends = {0: 7, 1: 5, 2: 0}
    scene.moments(headers, at=0, heard=headers)
    assert scene.moments(headers, at=70, heard=[1]) == {0: 900, 2: 900}


def test_a_partition_follows_those_that_others_own_and_the_wall_only_where_these_are_silent_too():
    scene, headers = Scene(), {0: header(7, 100)}
    scene.ends, scene.elsewhere = {0: 7}, {1: header(5, 900), 2: header(3, 400), 3: header(0, None)}
    assert silent(scene, headers, at=60) == {0: 400}  # what is seen for the first time may be moving
    scene.elsewhere = {1: header(6, 960), 2: header(3, 460), 3: header(0, None)}
    assert scene.moments(headers, at=110) == {0: 460}
    assert scene.moments(headers, at=120) == {0: 960}
    scene.elsewhere = None
    assert scene.moments(headers, at=130) == {0: 960}
    scene.elsewhere = {1: header(6, 960), 2: header(3, 460), 3: header(0, None)}
    assert scene.moments(headers, at=169) == {0: 960}
    assert scene.moments(headers, at=170) == {0: 1140}


def test_the_store_is_asked_seldom_how_far_others_are_and_only_where_some_are_silent():
    scene, headers = Scene(), {0: header(7, 100), 1: header(7, 100)}
    scene.moments(headers, at=0, heard=headers)
    for at in range(10, 60, 10):
        assert scene.moments(headers, at=at, heard=[0]) == {}
    assert scene.looked == 0
    for at in (60, 61, 64):
        assert scene.moments(headers, at=at, heard=[0]) == {1: 100}
    assert scene.looked == 1


def test_a_partition_that_may_hold_more_or_showed_no_time_stands_still():
    scene, headers = Scene(), {0: header(7, 100), 1: header(5, 100), 2: header(3, 100), 3: header(0, None)}
    scene.ends = {0: 7, 1: 6, 3: 0}
    assert silent(scene, headers, at=60) == {0: 1020}


def test_the_source_is_asked_seldom_and_not_before_a_pane_ends():
    scene, headers = Scene(), {0: header(7, 100)}
    assert silent(scene, headers, at=60) == {}
    for at in (61, 62, 63):
        assert scene.moments(headers, at=at) == {}
    assert scene.asked == 1
    scene.ends = {0: 7}
    assert scene.moments(headers, at=60 + ASK_S) == {0: 1020}
    assert scene.moments({0: header(7, 1020)}, at=90) == {}
    assert scene.asked == 2


@pytest.mark.parametrize(
    "settings",
    [{"follows_wall": False}, {"clock": "events"}, {"features": (LATEST,)}],
    ids=["replay", "events", "no windows"],
)
def test_time_stands_still_where_the_walls_means_nothing(settings):
    scene, headers = Scene(**settings), {0: header(7, 100)}
    scene.ends = {0: 7}
    assert silent(scene, headers, at=600) == {}
    assert scene.asked == 0


def test_time_goes_on_by_what_all_views_panes_have_in_common():
    scene, headers = Scene(every=("4m", "6m")), {0: header(7, 100)}
    scene.ends = {0: 7}
    assert silent(scene, headers, at=100) == {0: 960}


def test_a_clock_that_there_is_not_is_refused():
    with pytest.raises(DeclarationError, match=r"clock='sun' tells no time; write 'wall', or 'events'"):
        sw.topic("facts", clock="sun")
