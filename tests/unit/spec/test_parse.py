"""A spec is read whole, and everything wrong with it told by line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.spec import Acceptance, Costs, Metric
from sluiceway.spec.parse import lines_of, parse_spec

GOOD = """\
problem:
  name: late_arrival
  statement: "Will it be late?"
  owner: ops
target: {kind: binary, label: late, positive: 1}
inputs: [carrier, origin]
costs: {currency: USD, false_negative: 180, false_positive: 30}
metric: {name: f_beta, beta: auto}
sla: {latency_p99_ms: 50, success_rate: 0.999}
acceptance: {slices: [carrier], max_psi: 0.3, minimum_slice_rows: 100, strict_drift: true}
"""


def problems(text):
    with pytest.raises(DeclarationError) as refused:
        parse_spec(text, path="spec.yaml")
    return [(problem.line, problem.message) for problem in refused.value.problems]


def only(old, new):
    """The one problem that a single change to the good spec makes."""
    assert old in GOOD
    [(line, message)] = problems(GOOD.replace(old, new))
    return line, message


def test_a_good_spec_is_read_as_written():
    spec = parse_spec(GOOD, path="spec.yaml")
    assert spec.inputs == ("carrier", "origin")
    assert spec.costs == Costs("USD", 180, 30)
    assert spec.beta == math.sqrt(6)
    assert spec.threshold == 30 / 210
    assert spec.acceptance == Acceptance(("carrier",), max_psi=0.3, minimum_slice_rows=100, strict_drift=True)


def test_acceptance_may_be_left_out_for_its_defaults():
    text = GOOD[: GOOD.index("acceptance")]
    assert parse_spec(text, path="spec.yaml").acceptance == Acceptance()


@pytest.mark.parametrize(
    ("written", "metric"),
    [
        ("{name: f_beta, beta: 2}", Metric("f_beta", 2)),
        ("{name: f_beta}", Metric("f_beta", None)),
        ("{name: cost}", Metric("cost", None)),
    ],
)
def test_the_metric_is_f_beta_or_the_costs(written, metric):
    assert parse_spec(GOOD.replace("{name: f_beta, beta: auto}", written), path="s").metric == metric


@given(st.floats(min_value=1e-6, max_value=1e9), st.floats(min_value=1e-6, max_value=1e9))
def test_costs_are_read_back_exactly(missed, alarmed):
    text = GOOD.replace("180", f"{missed:.17f}").replace("positive: 30", f"positive: {alarmed:.17f}")
    costs = parse_spec(text, path="s").costs
    assert (costs.false_negative, costs.false_positive) == (float(f"{missed:.17f}"), float(f"{alarmed:.17f}"))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("owner:", "ownr:", 2, "problem.owner is missing"),
        ("inputs:", "imputs:", 1, "inputs is missing"),
    ],
)
def test_a_misspelled_key_is_two_problems_with_a_near_miss(old, new, line, words):
    found = problems(GOOD.replace(old, new))
    assert (line, words) in found
    assert any(f"Did you mean {old[:-1]!r}?" in message for _, message in found)
    assert len(found) == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("false_negative: 180", "false_negative: 0", 7, "costs.false_negative must be a number above 0, got 0"),
        ("false_negative: 180", "false_negative: -1", 7, "must be a number above 0, got -1"),
        ("false_negative: 180", "false_negative: .nan", 7, "must be a number above 0, got .nan"),
        ("false_negative: 180", "false_negative: .inf", 7, "must be a number above 0, got .inf"),
        ("false_negative: 180", 'false_negative: "180"', 7, "got '180' (text); write 180, without quotes"),
        ("false_negative: 180", "false_negative: '1,800'", 7, "write 1800, without quotes"),
        ("false_negative: 180", "false_negative: much", 7, "must be a number, got 'much' (text)"),
        ("false_negative: 180", "false_negative: [1]", 7, "must be a number, got a list"),
        ("false_negative: 180", "false_negative: ", 7, "must be a number, got nothing"),
        ("false_negative: 180", "false_negative: true", 7, "must be a number, got true"),
        ("max_psi: 0.3", "max_onnx_difference: 1e-5", 10, "write 1.0e-05, without quotes"),
        ("max_psi: 0.3", "minimum_slice_positives: 1.5", 10, "must be a whole number, 1 or more, got 1.5"),
        ("max_psi: 0.3", "max_f1_drop: 1", 10, "must be above 0 and below 1, got 1"),
        ("max_psi: 0.3", "max_single_feature_auc: 0.5", 10, "must be above 0.5 and at most 1, got 0.5"),
        ("strict_drift: true", "strict_drift: 1", 10, "acceptance.strict_drift must be true or false, got 1"),
        ("latency_p99_ms: 50", "latency_p99_ms: 0", 9, "sla.latency_p99_ms must be a number above 0, got 0"),
        ("success_rate: 0.999", "success_rate: 1", 9, "must be above 0 and below 1, got 1"),
        ("success_rate: 0.999", "success_rate: 99.9%", 9, "must be a number, got '99.9%' (text)"),
        ("beta: auto", "beta: 0", 8, "metric.beta must be auto, or a number above 0, got 0"),
        ("beta: auto", "beta: automatic", 8, "metric.beta must be a number"),
        ("name: f_beta, beta: auto", "name: accuracy", 8, "metric.name must be f_beta or cost, got 'accuracy'"),
        ("name: f_beta, beta: auto", "name: cost, beta: 2", 8, "metric.beta belongs to f_beta; leave it out with cost"),
        ("kind: binary", "kind: regression", 5, "target.kind 'regression' is not supported yet, use binary"),
        ("positive: 1", "positive: 1.5", 5, "target.positive must be a whole number, text, true or false, got 1.5"),
        ("name: late_arrival", "name: late arrival", 2, "problem name 'late arrival' is not allowed"),
        ("name: late_arrival", "name: 7", 2, "problem.name must be text, got 7; put it in quotes"),
        ("currency: USD", "currency: NO", 7, "costs.currency must be text, got NO; put it in quotes"),
        ('"Will it be late?"', '" "', 3, "problem.statement is empty; fill it in"),
        ("[carrier, origin]", "[]", 6, "inputs is empty; name at least one column"),
        ("[carrier, origin]", "[carrier, carrier]", 6, "inputs names 'carrier' twice; keep one"),
        ("[carrier, origin]", "[carrier, 5]", 6, "inputs must hold column names, got 5"),
        ("[carrier, origin]", "carrier", 6, "inputs must be a list, as in [carrier, origin], got 'carrier' (text)"),
        ("slices: [carrier]", "slices: [carrier, carrier]", 10, "acceptance.slices names 'carrier' twice"),
        ("{name: f_beta, beta: auto}", "f_beta", 8, "metric must be a mapping of name, beta, got text"),
        ("max_psi: 0.3", "max_psi: 0.3, max_psi: 0.4", 10, "acceptance.max_psi is given twice; keep one"),
        ("max_psi: 0.3", "max_pis: 0.3", 10, "acceptance.max_pis is not a key of the spec. Did you mean 'max_psi'?"),
        ("max_psi: 0.3", "? [a]\n    : 1", 10, "is not a key of the spec"),
    ],
)
def test_one_mistake_is_one_problem_at_its_line(old, new, line, words):
    found_line, message = only(old, new)
    assert words in message
    assert found_line == line


def test_every_problem_of_a_file_is_in_one_report_in_the_order_of_lines():
    text = GOOD.replace("binary", "ranking").replace("180", "-5").replace("50", "0").replace("[carrier, origin]", "[]")
    found = problems(text)
    assert [line for line, _ in found] == [5, 6, 7, 9]


def test_a_section_given_twice_is_told_at_the_second():
    line, message = problems(GOOD + "inputs: [dest]\n")[0]
    assert (line, message) == (11, "inputs is given twice; keep one")


def test_missing_sections_are_all_told():
    found = {message for _, message in problems("inputs: [a]\n")}
    assert found == {f"{name} is missing" for name in ("problem", "target", "costs", "metric", "sla")}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the spec is empty; it needs problem, target, inputs, costs, metric, sla"),
        ("# only a comment\n", 1, "the spec is empty"),
        ("- a\n- b\n", 1, "the spec must be a mapping of problem"),
        ("late", 1, "the spec must be a mapping of problem"),
        ("problem:\n\tname: x\n", 2, "a tab stands where YAML wants spaces; indent with spaces"),
        ("problem: {name: x\ntarget: 1\n", 2, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: *nowhere\n", 1, "not YAML: found undefined alias"),
    ],
)
def test_what_is_no_mapping_is_refused_where_it_breaks(text, line, words):
    [(found, message)] = problems(text)
    assert words in message
    assert found == line


def test_a_blank_owner_is_left_to_the_gate():
    assert parse_spec(GOOD.replace("owner: ops", "owner: ''"), path="s").problem.owner == ""


def test_a_python_tag_is_never_built():
    line, message = only("currency: USD", "currency: !!python/object/apply:os.getcwd []")
    assert (line, "costs.currency must be text" in message) == (7, True)


def test_sections_know_their_lines():
    assert lines_of(GOOD, path="s")["inputs"] == 6
