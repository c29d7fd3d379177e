"""Gate 1 stops at each thing that a promise must not lack."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan, sqrt

import pytest

from sluiceway.artifacts.data_origin import DataOrigin
from sluiceway.artifacts.promise import InputAvailability, Promise
from sluiceway.core.verdict import NO_OVERRIDES, Outcome, Override, Overrides
from sluiceway.declare.provenance import Provenance
from sluiceway.declare.spec import Acceptance, Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.spec.gate import gate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = Spec(
    ProblemStatement("late", "Will it be late?", "ops"),
    Target("binary", "late", 1),
    ("carrier",),
    Costs("USD", 180, 30),
    Metric("f_beta"),
    ServiceLevel(50, 0.999),
)
CARRIER = InputAvailability("carrier", "text", available=True, reason="a column of schedule")
PROMISE = Promise(SPEC, (CARRIER,))


def judged(promise, overrides=NO_OVERRIDES):
    return gate(promise, promise, overrides, NOW)


def with_spec(**changes):
    return replace(PROMISE, spec=replace(SPEC, **changes))


def test_gate_opens_on_a_whole_promise():
    verdict = judged(PROMISE)
    assert verdict.outcome is Outcome.PASSED
    assert [criterion.name for criterion in verdict.criteria] == [
        "metric follows the costs",
        "latency p99, ms",
        "success rate",
        "owner",
        "inputs",
        "input carrier at inference",
    ]


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (with_spec(metric=Metric("f_beta", 1)), "metric follows the costs"),
        (with_spec(metric=Metric("f_beta", sqrt(6) + 2e-6)), "metric follows the costs"),
        (with_spec(metric=Metric("accuracy")), "metric follows the costs"),
        (with_spec(costs=Costs("USD", nan, 30)), "metric follows the costs"),
        (with_spec(costs=Costs("USD", 180, 0)), "metric follows the costs"),
        (with_spec(costs=Costs("USD", float("inf"), 30)), "metric follows the costs"),
        (with_spec(sla=ServiceLevel(0, 0.999)), "latency p99, ms"),
        (with_spec(sla=ServiceLevel(nan, 0.999)), "latency p99, ms"),
        (with_spec(sla=ServiceLevel(50, 1)), "success rate"),
        (with_spec(sla=ServiceLevel(50, nan)), "success rate"),
        (with_spec(problem=ProblemStatement("late", "Late?", " ")), "owner"),
        (replace(PROMISE, inputs=()), "inputs"),
        (replace(PROMISE, inputs=(replace(CARRIER, available=False, reason="no"),)), "input carrier at inference"),
    ],
)
def test_gate_stops_at_the_one_thing_that_is_wrong(broken, name):
    verdict = judged(broken)
    assert verdict.outcome is Outcome.STOPPED
    assert [criterion.name for criterion in verdict.closed] == [name]


def test_a_beta_that_contradicts_the_costs_is_told_the_one_they_imply():
    [closed] = judged(with_spec(metric=Metric("f_beta", 1))).closed
    assert closed.limit == "f_beta, beta 2.44949"
    assert "180 to 30 USD imply beta 2.44949; write beta: auto, or correct the costs" in closed.detail


@pytest.mark.parametrize("metric", [Metric("f_beta", sqrt(6)), Metric("f_beta", sqrt(6) - 9e-7), Metric("cost")])
def test_a_beta_that_agrees_and_the_metric_cost_pass(metric):
    assert judged(with_spec(metric=metric)).is_open


def test_an_input_that_cannot_be_had_says_why():
    late = InputAvailability("arr_delay", "number", available=False, reason="known only from landings, after the event")
    [closed] = judged(replace(PROMISE, inputs=(CARRIER, late))).closed
    assert closed.name == "input arr_delay at inference"
    assert closed.detail == "known only from landings, after the event"


def test_an_override_of_one_input_opens_this_promise_and_no_other():
    broken = replace(PROMISE, inputs=(replace(CARRIER, available=False),))
    [closed] = judged(broken).closed
    until = NOW + timedelta(days=1)
    overrides = Overrides((Override(closed.check, broken.content_id, "ada", "typed in by hand", until),))
    assert judged(broken, overrides).outcome is Outcome.OVERRIDDEN
    assert judged(replace(broken, spec=replace(SPEC, inputs=("x",))), overrides).outcome is Outcome.STOPPED
    assert gate(broken, broken, overrides, until).outcome is Outcome.STOPPED


@pytest.mark.parametrize("stage", ["spec", "ingest"])
def test_judging_again_imports_nothing_heavy(stage):
    heavy = {"pyarrow", "numpy", "polars", "duckdb", "sqlglot", "yaml"}
    code = f"import sys, sluiceway.{stage}.gate; print(sorted({heavy!r} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


WITH, WITHOUT = DataOrigin("flights", Provenance(licence="CC0-1.0")), DataOrigin("planes", Provenance(provider="FAA"))


@pytest.mark.parametrize(
    ("origins", "outcome", "detail"),
    [
        ((WITH,), Outcome.PASSED, ""),
        ((WITH, WITHOUT), Outcome.STOPPED, "planes: give"),
        ((DataOrigin("flights", None),), Outcome.STOPPED, "flights: give"),
        ((), Outcome.STOPPED, ""),
    ],
)
def test_where_licences_are_required_a_source_without_one_stops(origins, outcome, detail):
    spec = replace(SPEC, acceptance=Acceptance(require_licence=True))
    promise = Promise(spec, (CARRIER,), origins)
    verdict = gate(promise, promise, NO_OVERRIDES, NOW)
    [licences] = [criterion for criterion in verdict.criteria if criterion.name == "sources without a licence"]
    assert licences.outcome is outcome
    assert licences.detail.startswith(detail)


def test_where_nothing_is_required_nobody_asks_for_licences():
    promise = replace(PROMISE, origins=(WITHOUT,))
    names = [criterion.name for criterion in gate(promise, promise, NO_OVERRIDES, NOW).criteria]
    assert "sources without a licence" not in names
