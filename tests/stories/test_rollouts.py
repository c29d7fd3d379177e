"""A rollout by the installed command: onto the canary, from share to share, into production, and back at once."""

import json
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests import bundles
from tests.live_places import COMMAND, PATIENCE_S, Place, a_place
from tests.live_projects import SHUT
from tests.served_canaries import flown
from tests.served_project import quiet

from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.ledger.rolling import Transition, current, record_transition
from sluiceway.server.board import Board
from sluiceway.workspace import Workspace


@pytest.fixture
def place(tmp_path) -> Place:
    return a_place(tmp_path, flown(3, a_day=600), success_rate=0.99)


def test_a_model_goes_from_the_canary_to_production_and_back(place):
    assert place("status", "--json").json == {"rollout": None, "missing": []}
    begun = place("start", "--json").json["rollout"]
    assert (begun["champion"], begun["challenger"], begun["share"], begun["by"]) == (
        "v1-baseline", "v1", 0.5, ["carrier"],
    )  # fmt: skip
    place.live.ask(900)
    time.sleep(1.0)
    stepped = place("advance", "--json").json
    assert (stepped["change"], stepped["rollout"]["share"], stepped["gate"]["verdict"]) == ("step_up", 1.0, "passed")
    assert stepped["gate"]["scope"] == "live"
    assert "live canary of v1" in Path(place.folder / stepped["report"]).read_text()
    time.sleep(1.0)
    said = place("advance")
    assert "passed live" in said.out
    assert "v1 promoted: v1 takes over from v1-baseline" in said.out
    told = place("status").out
    assert "champion    v1\n" in told
    assert "before      v1-baseline" in told
    alone = place("advance", "--json").json
    assert (alone["change"], alone["gate"], alone["rollout"]["champion"]) == (None, None, "v1")
    back = place("rollback", "--reason", "calls from the gates", "--json").json["rollout"]
    assert (back["champion"], back["previous"]) == ("v1-baseline", None)
    assert "no champion before v1-baseline to roll back to" in place("rollback", code=2).err
    told = place("log", group="ledger").out
    assert "live rollback: back from v1 to v1-baseline: calls from the gates" in told
    assert "gate 6 deploy: passed live" in told


def test_what_is_missing_is_said_and_exits_1(place):
    place("start")
    assert "Not judged yet" in place("status").out
    place.live.ask(100)
    said = place("advance", code=1)
    assert "inconclusive live" in said.out
    assert "more without a failure" in said.out
    assert "v1 stays at 50 % until gate 6 opens" in said.out
    assert "a project may print what it likes" not in said.out
    missing = place("status", "--json").json["missing"]
    assert "share of canary requests answered, lower 95 % bound" in {each["name"] for each in missing}
    assert "it takes 299" in place("status").out


def test_who_answers_for_little_traffic_lets_the_canary_go_on(place):
    place("start")
    place.live.ask(100)
    missing = place("advance", "--json", code=1).json["missing"]
    for each in missing:
        given = ("--reason", "few callers in winter", "--author", "ada", "--until", "1d")
        said = place("deploy", each["check"], *given, group="override")
        assert "sluiceway rollout advance judges the gate again" in said.out
    time.sleep(1.0)
    went = place("advance", "--json").json
    assert (went["change"], went["gate"]["verdict"]) == ("step_up", "overridden")
    page = Path(place.folder / went["report"]).read_text()
    assert "overridden by ada: few callers in winter" in page
    told = [entry.body for entry in place.ledger.entries("rollout")][-1]
    assert {each["name"] for each in told["criteria"] if each["verdict"] == "overridden"} == {
        each["name"] for each in missing
    }


def test_a_bad_model_is_aborted_by_the_next_advance(place):
    place.live.register(2, bundles.constant(float("nan")))
    place("start", "v2")
    place.live.ask(400)
    said = place("advance", code=1)
    assert "v2 aborted: v2 is out at 50 %" in said.out
    assert "nothing is being tried out: v2-baseline answers alone" in place("advance").out
    assert place("status", "--json").json["rollout"]["challenger"] is None


def test_watching_goes_on_until_it_is_decided(place):
    place("start")
    watching = subprocess.Popen(
        [COMMAND, "rollout", "advance", "--watch", "1s", "--json"],
        cwd=place.folder, env=quiet(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    asking = threading.Thread(target=lambda: [(place.live.ask(300), time.sleep(0.3)) for _ in range(5)])
    asking.start()
    out, err = watching.communicate(timeout=PATIENCE_S)
    asking.join()
    assert watching.returncode == 0, err
    assert json.loads(out)["change"] == "promote"
    assert "goes from 50 % to 100 %" in err
    assert place("status", "--json").json["rollout"]["champion"] == "v1"


def test_somebody_elses_abort_ends_the_watch(place):
    place("start")
    watching = subprocess.Popen(
        [COMMAND, "rollout", "advance", "--watch", "1s"],
        cwd=place.folder, env=quiet(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert any("inconclusive" in line for line in iter(watching.stderr.readline, ""))
    place("abort", "--reason", "enough", "--author", "ada")
    out, _ = watching.communicate(timeout=PATIENCE_S)
    assert watching.returncode == 1
    assert "v1 is no longer tried out: v1 is out at 50 %: enough" in out


def test_after_an_abort_the_last_look_no_longer_stands(place):
    place("start")
    place.live.ask(100)
    place("advance", code=1)
    assert [gate["stage"] for gate in place("--json", group="status", code=None).json["live"]] == ["deploy"]
    place("abort", "--reason", "enough", "--author", "ada")
    assert place("--json", group="status", code=None).json["live"] == []


def test_an_abort_never_waits_for_a_run(place):
    place("start")
    with ProjectLock(place.folder / ".sluiceway" / "lock").hold("run"):
        assert place("abort", "--reason", "calls from the gates", "--json").json["rollout"]["challenger"] is None


def test_a_model_that_may_not_start_says_which_gate_and_why(place):
    place.live.register(2, bundles.logistic(slope=0.004, intercept=-3.9), rehearsal=None)
    refused = place("start", "--json", code=1).json
    assert refused == {
        "started": False, "refused": "version 2 has not been rehearsed: sluiceway rollout rehearse", "gate": None,
    }  # fmt: skip
    place.live.register(3, bundles.logistic(slope=0.004, intercept=-3.8), rehearsal=SHUT)
    said = place("start", code=1)
    assert "the rehearsal of version 3 did not pass gate 6" in said.out
    assert "stopped in rehearsal" in said.out
    assert place("status", "--json").json["rollout"] is None


def test_a_kill_between_ledger_and_board_is_mended_by_status(place):
    place("start")
    workspace = Workspace.open(place.folder)
    board, state = Board(workspace.kit.objects, LIVE), current(place.ledger, LIVE)
    unshown = replace(state, sequence=state.sequence + 1, share=1.0, step=1, reason="killed before it was shown")
    record_transition(workspace.kit.ledger, Transition("step_up", unshown))
    assert board.read() == state
    assert place("status", "--json").json["rollout"]["share"] == 1.0
    assert board.read() == unshown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("advance",), "nobody answers live traffic yet"),
        (("abort", "--reason", "x"), "nobody answers live traffic yet"),
        (("abort", "--reason", " "), "--reason is empty"),
        (("advance", "--watch", "soon"), "--watch: 'soon' is not a duration"),
        (("start", "9"), "no version is called '9'"),
        (("start", "v9"), "no version is called '9'"),
        (("start", "newest"), "'newest' is no version's name; give its number, as in 3 or v3"),
    ],
)
def test_misuse_exits_2_and_says_what_to_do(place, words, said):
    assert said in place(*words, code=2).err


def test_a_rollout_needs_no_secrets_of_alerts(place):
    (place.folder / "sluiceway.toml").write_text('alerts = ["slack://${SLACK_TOKEN}"]\n')
    place("start")
    place("status")
    assert "inconclusive live" in place("advance", code=1).out
    place("abort", "--reason", "enough")
    assert "${SLACK_TOKEN} is not set" in place(group="run", code=2).err
