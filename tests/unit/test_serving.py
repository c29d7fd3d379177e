import json
import subprocess
import sys

import pytest
from tests.bundles import row
from tests.served_project import Stand, quiet

from sluiceway.core.errors import DeclarationError
from sluiceway.serving import ServedProject

ONLY_FOR_RUNS = {
    "polars", "pandas", "pyarrow", "duckdb", "mlflow", "sqlglot", "deltalake", "sqlalchemy", "scipy", "sklearn",
    "matplotlib", "lightgbm", "optuna", "cyclopts", "rich",
}  # fmt: skip
WORKER = f"""
import json, sys
from sluiceway.adapters import granian_worker
from sluiceway.server.call import Call
from sluiceway.serving import worker_app

limits = {{"body_bytes": 10_000, "rows": 10, "body_s": 1.0}}
app = worker_app(folder=sys.argv[1], rehearsal=None, limits=limits)
app.watch.look()
reply = app.service.reply(sys.argv[2].encode(), Call("r", 0, 0, 0))
print(reply.status, *sorted({ONLY_FOR_RUNS!r} & set(sys.modules)))
"""
PARENT = f"""
import sys
from pathlib import Path
import sluiceway.cli.serve
from sluiceway.serving import ServedProject, live_rollout

state = live_rollout(ServedProject.open(Path(sys.argv[1])))
print(state.champion.version, *sorted({ONLY_FOR_RUNS!r} - {{"cyclopts"}} & set(sys.modules)))
"""


@pytest.fixture
def stand(tmp_path):
    return Stand(tmp_path / "project")


def python(code, *arguments):
    """Run code in a fresh interpreter."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=quiet()).stdout.split()


def test_a_worker_answers_without_loading_what_only_runs_need(stand):
    assert python(WORKER, stand.folder, json.dumps(row())) == ["200"]


def test_the_command_finds_out_who_answers_without_it_too(stand):
    assert python(PARENT, stand.folder) == ["v1"]


def test_a_rehearsal_keeps_its_own_things_in_its_own_folder(stand, tmp_path):
    live, rehearsal = ServedProject.open(stand.folder), ServedProject.open(stand.folder, rehearsal=tmp_path / "r")
    assert (live.scope, live.own) == ("live", stand.state)
    assert (rehearsal.scope, rehearsal.own) == ("rehearsal", tmp_path / "r")
    assert (live.board.scope, rehearsal.board.scope) == ("live", "rehearsal")
    assert live.board.read() == stand.rollout
    assert rehearsal.board.read() is None


def test_the_settings_say_where_things_lie_and_what_moment_it_is(stand):
    (stand.folder / "sluiceway.toml").write_text('as_of = 2013-11-01\nstate = "elsewhere"\n')
    project = ServedProject.open(stand.folder, environment={"SLUICEWAY_AS_OF": "2014-01-01"})
    assert project.state == stand.folder / "elsewhere"
    assert project.as_of.isoformat() == "2014-01-01T00:00:00+00:00"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DeclarationError, match="--project"):
        ServedProject.open(tmp_path / "nowhere")
