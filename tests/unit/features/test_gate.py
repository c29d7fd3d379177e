import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluiceway.artifacts.feature_set import FeatureSet, RetrievalReport, RowCounts, TimeAudit
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.verdict import NO_OVERRIDES, Outcome, Override, Overrides
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.features.gate import gate

NOW = datetime(2013, 11, 1, tzinfo=UTC)
SPEC = Spec(
    problem=ProblemStatement("late", "Late?", "ops"),
    target=Target("binary", "late", 1),
    inputs=("a",),
    costs=Costs("USD", 180, 30),
    metric=Metric("f_beta"),
    sla=ServiceLevel(50, 0.999),
)
PROMISE = Promise(SPEC, ())
GOOD = FeatureSet(
    dataset="d" * 64, table=TableRef("features/late", "c" * 64, 10, ()), key=("id",), columns=(), cutoff=NOW,
    views={"v": "e" * 64}, online_rows={"v": 3}, counts=RowCounts(12, 10, 1, 1, 4),
    retrieval=RetrievalReport(ids=1000, p50_ms=0.02, p99_ms=0.1, unequal_rereads=0, unequal_offline=0),
    time_audit=TimeAudit(0, 0, (), 10, ()), contract=ServingContract((), (), (), ()),
)  # fmt: skip


def judged(features):
    return gate(features, PROMISE, NO_OVERRIDES, NOW)


def closed(features):
    return [criterion.name for criterion in judged(features).closed]


def test_gate_opens_for_features_that_are_right_fast_and_from_the_past():
    verdict = judged(GOOD)
    assert verdict.outcome is Outcome.PASSED
    assert {"retrieval p99, ms", "online values that differ from offline"} <= {one.name for one in verdict.criteria}


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ({"p99_ms": 50.01}, "retrieval p99, ms"),
        ({"p99_ms": float("nan")}, "retrieval p99, ms"),
        ({"unequal_rereads": 1}, "values that differ when read again"),
        ({"unequal_offline": 1}, "online values that differ from offline"),
        ({"ids": 0}, "ids read"),
    ],
)
def test_gate_stops_when_a_read_is_slow_or_different_or_was_not_made(fault, name):
    assert closed(replace(GOOD, retrieval=replace(GOOD.retrieval, **fault))) == [name]


@pytest.mark.parametrize(("positives", "name"), [(0, "labelled positive rows"), (10, "labelled negative rows")])
def test_gate_stops_when_a_class_has_no_row(positives, name):
    assert closed(replace(GOOD, counts=replace(GOOD.counts, positives=positives))) == [name]


def test_gate_stops_when_a_feature_used_the_future_and_names_it():
    verdict = judged(replace(GOOD, time_audit=replace(GOOD.time_audit, future_features=("v__mean_x_3h",))))
    assert [(one.name, one.detail) for one in verdict.closed] == [("features that used the future", "v__mean_x_3h")]


def test_gate_stops_when_no_row_was_computed_again():
    assert closed(replace(GOOD, time_audit=replace(GOOD.time_audit, sampled=0))) == [
        "rows whose features were computed again"
    ]


def test_gate_opens_without_a_view_to_read_and_says_so():
    empty = RetrievalReport(ids=0, p50_ms=0.0, p99_ms=0.0, unequal_rereads=0, unequal_offline=0)
    verdict = judged(replace(GOOD, views={}, online_rows={}, retrieval=empty))
    assert verdict.outcome is Outcome.NO_REFERENCE


def test_an_override_of_the_dataset_opens_the_gate_until_it_expires():
    slow = replace(GOOD, retrieval=replace(GOOD.retrieval, p99_ms=70.0))
    check = judged(slow).closed[0].check
    overrides = Overrides((Override(check, GOOD.dataset, "ann", "slow disk", NOW + timedelta(hours=1)),))
    assert gate(slow, PROMISE, overrides, NOW).outcome is Outcome.OVERRIDDEN
    assert not gate(slow, PROMISE, overrides, NOW + timedelta(hours=1)).is_open


def test_judging_imports_nothing_heavy():
    heavy = ["polars", "pyarrow", "numpy", "duckdb", "sklearn", "sqlglot", "msgspec"]
    code = f"import sys, sluiceway.features.gate; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
