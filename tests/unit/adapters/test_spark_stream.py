"""Files by Spark: what a worker would serve, to the bit, for every kind of feature, also when a batch is done again."""

import os
import random

import pytest
from tests.stream_facts import KINDS, LATENESS, batch_values, compared, keyed, message, view_for

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.lmdb_panes import LmdbPanes
from sluiceway.adapters.spark_learner import SparkLearner
from sluiceway.adapters.spark_stream import SparkStream, checkpoint_name
from sluiceway.core.errors import SourceError
from sluiceway.plans.packed_value import pack_key
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.stream_plan import stream_plan

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
NOON = 1_700_000_000


def drawn(count):
    """Rows with ties, missing values and corrections, out of order by less than the lateness."""
    noise = random.Random(7)

    def row():
        return {
            "key": noise.choice([None, *range(count // 3)]),
            "e": noise.choice([None, *"abcdef"]),
            "code": noise.choice([None, "a", "b"]),
            "x": noise.choice([None, 1, -3, 2**53 + 1]),
            "y": noise.choice([None, 0.1, -999.9, 1e-30, 1e18, 1e39]),
            "flag": noise.choice([None, True, False]),
            "v": noise.choice([None, "[0.1,2]", "no list"]),
            "w": noise.choice([None, [0.5, 1.0], [None, 1e39]]),
            "event": noise.randrange(-240, 240),
            "known": noise.randrange(-240, 240),
        }

    return sorted((row() for _ in range(count)), key=lambda row: row["known"] + noise.randrange(LATENESS))


class Folder:
    """A folder that files come into, and a stream that learns them."""

    def __init__(self, spark, view, place, **more):
        self.view, self.place = view, place
        self.plan = stream_plan(view.source, [view], KINDS)
        learner = SparkLearner(str(place), "", place / "state", self.plan)
        self.batches = []
        self.stream = SparkStream(
            spark, state=place / "spark", learner=lambda: learner, tell=lambda *told: self.batches.append(told), **more
        )
        (place / "in").mkdir()

    def put(self, lines):
        number = len(list((self.place / "in").iterdir()))
        path = self.place / "in" / f"{number}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        os.utime(path, (NOON + number, NOON + number))  # Spark takes files by their times

    def learn(self):
        self.stream.run(self.place / "in", until_idle=True)

    def online(self):
        """Tell what is served, and how many messages were learnt and were dead."""
        store = LmdbOnline(self.place / "state" / "online")
        keys, panes = [pack_key([name]) for name in "abcdef"], LmdbPanes(store)
        values = {key: value for key, value in zip(keys, store.read(self.view.digest, keys), strict=True) if value}
        headers = [unpack_header(panes.header(name)) for name in panes.partitions("")]
        store.close()
        counted = sum(each.events for each in headers), sum(each.dead for each in headers)
        return compared(self.view, values), counted


@pytest.mark.parametrize("key", [None, "e"])
def test_files_are_served_as_batch_makes_them_also_where_spark_does_a_batch_again(spark, tmp_path, key):
    view, rows = view_for(key, entity=("e",), kinds=("window", "latest"), topic_key=None), drawn(90)
    folder = Folder(spark, view, tmp_path, files_a_batch=1)
    folder.put([message(row) for row in rows[:40]])
    folder.put([b"{", b"", *(message(row) for row in rows[40:60])])
    folder.learn()
    assert folder.online() == (batch_values(view, rows[:60]), (61, 1 + 60 - len(keyed(view, rows[:60]))))
    checkpoint, name = tmp_path / "spark" / "checkpoint", checkpoint_name(tmp_path / "spark")
    for left in (checkpoint / "commits").glob("*1*"):
        left.unlink()  # as if Spark had been killed before it noted that the batch is done
    folder.put([message(row) for row in rows[60:]])
    folder.learn()
    assert folder.online() == (batch_values(view, rows), (91, 1 + 90 - len(keyed(view, rows))))
    assert folder.batches == [(0, 40), (1, 21), (1, 21), (2, 30)]
    assert checkpoint_name(tmp_path / "spark") == name
    asides = (tmp_path / "state" / "aside" / "facts" / "dead").iterdir()
    assert '"message": "{"' in "".join(each.read_text() for each in asides)


def test_what_fails_in_an_executor_stops_the_stream_in_its_own_words(spark, tmp_path):
    folder = Folder(spark, view_for(None, entity=("e",), kinds=("latest",)), tmp_path)
    folder.put([message(row) for row in drawn(3)])
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(SourceError, match=r"Spark stopped: .*state"):
        folder.learn()
