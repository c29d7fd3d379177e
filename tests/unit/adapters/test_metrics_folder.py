import os
import subprocess
import sys

from sluiceway.adapters.metrics_folder import forget_gauges, metrics_folder

COUNT = """
import sys
from sluiceway.adapters.metrics_folder import count_in_place
count_in_place(int(sys.argv[1]))
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

own = CollectorRegistry()
Counter("asked", "Asked", registry=own).inc(int(sys.argv[2]))
Histogram("took", "Took", registry=own, buckets=(1.0,)).observe(0.5)
Gauge("shown", "Shown", registry=own, multiprocess_mode="livemin").set(int(sys.argv[2]))
together = CollectorRegistry()
multiprocess.MultiProcessCollector(together)
print(generate_latest(together).decode())
"""


def counted(folder, place, number):
    """Count in a process of its own, and return what all processes tell together."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(place), str(number)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line.split() for line in done.stdout.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_the_next_worker_of_a_place_goes_on_counting_and_leaves_no_more_files(tmp_path):
    for turn in range(1, 5):
        told = counted(tmp_path, 0, 10)
        assert (told["asked_total"], told["took_count"]) == (10 * turn, turn)
    assert counted(tmp_path, 1, 5)["asked_total"] == 45
    assert len(list(tmp_path.glob("*.db"))) == 6


def test_what_a_worker_that_is_gone_showed_is_forgotten_but_not_what_it_counted(tmp_path):
    counted(tmp_path, 0, 3)
    forget_gauges(tmp_path, 0)
    told = counted(tmp_path, 1, 7)
    assert (told["shown"], told["asked_total"]) == (7.0, 10.0)


def test_folders_of_servers_that_are_gone_are_swept_and_those_of_others_stay(tmp_path):
    (tmp_path / "127.0.0.1-4000").mkdir()
    (tmp_path / "127.0.0.1-4000" / "counter_77.db").touch()
    with metrics_folder(tmp_path, "127.0.0.1-5000") as one:
        assert not (tmp_path / "127.0.0.1-4000").exists()
        (one / "counter_0.db").touch()
        with metrics_folder(tmp_path, "127.0.0.1-6000") as two:
            assert (one / "counter_0.db").exists()
            assert list(two.glob("*.db")) == []
        assert not two.exists()
    assert not one.exists()


def test_a_killed_servers_folder_is_swept_by_the_next(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from sluiceway.adapters.metrics_folder import metrics_folder\n"
        "with metrics_folder(Path(sys.argv[1]), 'killed'): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert (tmp_path / "killed").is_dir()
    with metrics_folder(tmp_path, "next"):
        assert not (tmp_path / "killed").exists()


def test_a_server_on_the_same_port_begins_with_nothing(tmp_path):
    (tmp_path / "127.0.0.1-8000").mkdir()
    (tmp_path / "127.0.0.1-8000" / "counter_0.db").touch()
    with metrics_folder(tmp_path, "127.0.0.1-8000") as folder:
        assert list(folder.glob("*.db")) == []
