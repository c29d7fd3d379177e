"""Spark as a user has it: a setting, or a word of a command; the same ids, the same values, and none of its noise."""

import json
import os
import shutil
from dataclasses import replace

import pytest
from tests.streamed_project import IN_FILES, StreamedProject, end, events, expected, messages, until

pytest.importorskip("pyspark", reason="pyspark is not installed: make test-spark has it")
pytestmark = pytest.mark.spark
ENGINE, PATIENCE_S = "spark://local[2]", 400  # of which a busy machine takes most to start Java


def test_a_run_on_spark_makes_what_the_embedded_engine_makes(featured, declared, tmp_path):
    shop = replace(declared.copied(tmp_path / "shop"), patience_s=PATIENCE_S)
    shop.edit("sluiceway.toml", ("as_of", f'engine = "{ENGINE}"\nas_of'))
    said = shop("run", "--until", "features", "--json")
    assert said.json["made"] == featured("run", "--until", "features", "--json").json["made"]
    assert [noise for noise in ("WARN", "log4j", "incubator", "Spark", "pandas") if noise in said.err] == []
    assert shop.gates()["features"]["verdict"] == featured.gates()["features"]["verdict"]


class Arriving(StreamedProject):
    """A project whose landings come as files into a folder."""

    patience_s = PATIENCE_S

    def put(self, name, lines):
        """Let a file come in, whole at once."""
        folder = self.folder / "arriving"
        folder.mkdir(exist_ok=True)
        staged = self.folder / "staged"
        staged.write_bytes(b"".join(line + b"\n" for line in lines))
        at = 1_700_000_000 + len(list(folder.iterdir()))
        os.utime(staged, (at, at))
        staged.replace(folder / name)

    def by_spark(self):
        """What ``stream status`` says of Spark's partitions."""
        streams = json.loads(self("stream", "status", "--json"))["streams"]
        return [part for stream in streams if stream["by"] == "spark" for part in stream["partitions"]]

    def learnt(self):
        return sum(part["events"] for part in self.by_spark())


def test_a_stream_that_is_killed_and_started_again_counts_every_line_once(streamed, tmp_path):
    shutil.copytree(streamed.folder, tmp_path / "project")
    project = Arriving(tmp_path / "project", SLUICEWAY_ENGINE=ENGINE)
    landings = events(4000)
    sent = messages(landings)
    project.put("first.jsonl", [*messages(list(IN_FILES)), *sent[:1000]])  # the folder has all that the source has
    victim = project.worker("--spark", "arriving")
    until(lambda: project.learnt() >= 1002, patience_s=PATIENCE_S, what="the first file is learnt")
    project.put("second.jsonl", [*sent[1000:3000], b"{"])
    until(lambda: project.learnt() > 1002, what="the second file is being learnt")
    end(victim, kill=True)  # most often in the middle of the batch, as partitions are committed one by one
    project.put("third.jsonl", sent[3000:])
    told = json.loads(project("stream", "run", "--spark", "arriving", "--until-idle", "--json"))
    (stream,) = [each for each in told["streams"] if each["by"] == "spark"]
    parts = stream["partitions"]
    assert (sum(part["events"] for part in parts), sum(part["dead"] for part in parts)) == (4003, 1)
    assert project.served() == expected(landings)
    worker = streamed.copied(tmp_path / "worker")
    worker.spool().append(sent)
    worker("stream", "run", "--until-idle")
    assert project.served() == worker.served()
