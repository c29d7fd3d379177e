"""A stream on Spark, drained, has what the batch plan makes; a kill in the middle of a batch changes nothing."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.wide_facts import MINUTE, NUMBERS, facts_of, interpreting, moment, streamed_view

import sluiceway as sw
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.spark_engine import SparkEngine
from sluiceway.adapters.spark_stream import SparkStream
from sluiceway.core.errors import MisuseError, SourceError
from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import features_now

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
KINDS = {"key": "integer", "e": "text", "code": "text", "x": "integer", "y": "number", "flag": "boolean"}
KINDS |= {"t": "time", "k": "time"}
ROOT = Path(__file__).parents[3]
NOON = 1_700_000_000
CUTOFF = 41 * MINUTE
FINITE = [number for number in NUMBERS if abs(number) < 1e299]


def drawn(count):
    """Rows with corrections, ties and missing values, in no order."""
    noise = random.Random(7)
    return [
        {
            "key": noise.choice([None, *range(count // 3)]),
            "e": noise.choice([None, "a", "b", "c"]),
            "code": noise.choice([None, "a", "it's"]),
            "x": noise.choice([None, 1, -3, 2**53 + 1]),
            "y": noise.choice([None, *FINITE]),
            "flag": noise.choice([None, True, False]),
            "event": noise.randrange(-40, 40),
            "known": noise.randrange(-40, 40),
        }
        for _ in range(count)
    ]


def put(folder, name, rows):
    folder.mkdir(exist_ok=True)
    lines = [
        json.dumps(
            {column: value for column, value in row.items() if column in KINDS}
            | {"t": moment(row["event"]).isoformat(), "k": moment(row["known"]).isoformat()}
        )
        for row in rows
    ]
    path = folder / f"{name}.json"
    path.write_text("".join(f"{line}\n" for line in lines))
    age = 1_000 - len(list(folder.iterdir()))  # Spark takes files by their times, and those of one moment in any order
    os.utime(path, (NOON - age, NOON - age))


def online_values(table, view, cutoff):
    online = MemoryOnline()
    online.replace(view.digest, list(packed(table, view, cutoff=cutoff, written=0)), snapshot="")
    return online


def assert_as_batch(got, view, rows):
    facts = facts_of(rows, CUTOFF // MINUTE)
    wanted = dict(packed(features_now(facts, view), view, cutoff=CUTOFF, written=0))
    assert dict(packed(got, view, cutoff=CUTOFF, written=0)) == wanted


def test_a_drained_stream_has_the_online_values_that_batch_makes(spark, tmp_path):
    view, rows, published = streamed_view("key"), drawn(90), []
    stream = SparkStream(
        spark, view, KINDS, state=tmp_path / "state", publish=lambda *told: published.append(told), files_a_batch=1
    )
    with pytest.raises(MisuseError, match="nothing was taken in yet"):
        stream.values(CUTOFF)
    put(tmp_path / "in", "one", rows[:40])
    put(tmp_path / "in", "two", rows[40:70])
    stream.drain(tmp_path / "in")
    assert_as_batch(stream.values(CUTOFF), view, rows[:70])
    put(tmp_path / "in", "three", rows[70:])
    stream.drain(tmp_path / "in")
    assert_as_batch(stream.values(CUTOFF), view, rows)
    assert len(published) == 3
    last, known = published[-1]
    assert known == max(row["known"] for row in rows) * MINUTE
    assert last.num_rows == 3
    with pytest.raises(MisuseError, match="was taken in already"):
        stream.values(known - 1)


def test_a_line_that_is_no_row_stops_the_stream_in_words(spark, tmp_path):
    stream = SparkStream(spark, streamed_view("key"), KINDS, state=tmp_path / "state", publish=lambda *_: None)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.json").write_text('{"x": "many"\n')
    with pytest.raises(SourceError, match="Spark stopped"):
        stream.drain(tmp_path / "in")


def test_a_view_that_cannot_be_kept_up_is_refused_before_spark_starts(tmp_path):
    view = streamed_view("key", features=[sw.latest("x")])
    with pytest.raises(MisuseError, match="latest_x cannot be"):
        SparkStream(SparkEngine("spark://local[2]"), view, KINDS, state=tmp_path, publish=lambda *_: None)


def test_a_kill_in_the_middle_of_a_batch_and_a_restart_give_the_same(spark, tmp_path):
    view, rows = streamed_view("key"), drawn(60)
    for number in range(3):
        put(tmp_path / "in", f"part-{number}", rows[number * 20 : number * 20 + 20])
    killed = subprocess.run(
        [sys.executable, __file__, str(tmp_path)],
        timeout=300,
        check=False,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:].decode()
    commits = [note.name for note in (tmp_path / "state" / "checkpoint" / "commits").glob("[0-9]*")]
    assert commits == ["0"]
    assert (tmp_path / "state" / "panes" / "_batch=1").is_dir()
    stream = SparkStream(spark, view, KINDS, state=tmp_path / "state", publish=lambda *_: None, files_a_batch=1)
    assert_as_batch(stream.values(CUTOFF), view, rows[:20])
    stream.drain(tmp_path / "in")
    assert_as_batch(stream.values(CUTOFF), view, rows)


def drain_and_die(folder):
    """Take in one batch, and be killed after the second was written, before Spark notes that it is done."""
    told = []

    def publish(*values):
        told.append(values)
        if len(told) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = interpreting(SparkEngine("spark://local[2]"))
    stream = SparkStream(engine, streamed_view("key"), KINDS, state=folder / "state", publish=publish, files_a_batch=1)
    stream.drain(folder / "in")


if __name__ == "__main__":
    drain_and_die(Path(sys.argv[1]))
