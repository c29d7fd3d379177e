"""A stopped gate holds: a later stage run alone does not get past it, and what it guards is not made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Stop:
    """A fault that stops one gate of a finished project, the criterion it breaks, and the stages behind it."""

    gate: int
    stage: str
    criterion: str
    plant: Callable[[Any], None]
    behind: tuple[str, ...]


def wrong_beta(shop):
    shop.edit("spec.yaml", ("beta: auto", "beta: 1.0"))


def damaged_file(shop):
    path = shop.stored("objects/files/*/*")
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def broken_expectation(shop):
    shop.edit("pipeline.py", ("between(1, 100)", "between(1, 3)"))


def impossible_latency(shop):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 0.2, max_retrieval_p99_ms: 0.00001"))


def a_feature_too_strong(shop):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 0.2, max_single_feature_auc: 0.6"))


def impossible_answers(shop):
    shop.edit("spec.yaml", ("latency_p99_ms: 500", "latency_p99_ms: 0.001"))


STOPS = [
    Stop(1, "spec", "metric follows the costs", wrong_beta, ("ingest", "train")),
    Stop(2, "ingest", "damaged objects", damaged_file, ("validate", "features", "train")),
    Stop(3, "validate", "purchases: number_of_cds between 1 and 3", broken_expectation, ("features", "train")),
    Stop(4, "features", "retrieval p99, ms", impossible_latency, ("train",)),
    Stop(6, "deploy", "how the canary ended", impossible_answers, ("observe",)),
]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: f"gate {stop.gate}")
def test_a_later_stage_alone_does_not_pass_a_stopped_gate(shop, stopped, stop):
    stop.plant(shop)
    answer = shop("run", "--json", code=1).json
    assert [gate["number"] for gate in answer["gates"]] == list(range(1, stop.gate + 1))
    assert stop.criterion in stopped(answer["gates"][-1])
    before = shop.entries("made")
    for stage in stop.behind:
        said = shop("run", "--only", stage, "--again", stage, "--json", code=1).json
        assert f"may not start: gate {stop.gate} ({stop.stage}) is closed: {stop.criterion}" in said["refused"]
        assert said["gates"] == []
    assert shop.entries("made") == before
    gates = shop.gates(code=1)
    assert gates[stop.stage]["verdict"] == "stopped"
    assert [gate["verdict"] for gate in gates.values() if gate["number"] > stop.gate] == ["pending"] * (7 - stop.gate)


def test_nothing_that_this_version_runs_stands_behind_a_stopped_gate_5(shop, stopped):
    a_feature_too_strong(shop)
    answer = shop("run", "--json", code=1).json
    assert "ROC AUC of the strongest feature alone" in stopped(answer["gates"][4])
    assert "train" in answer["cached"]
    again = shop("run", "--only", "train", "--json", code=1).json
    assert [gate["verdict"] for gate in again["gates"]] == ["stopped"]
    assert "gate 5 (train) is closed" in shop("run", "--only", "deploy", code=1).out
    assert shop.registrations() == 1
