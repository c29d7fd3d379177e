"""Parsing: ``spec.yaml`` to a ``Spec``, or everything that is wrong with it in one report."""

from dataclasses import fields
from typing import Any

import yaml

from sluiceway.core.errors import DeclarationError, Problem
from sluiceway.declare.names import require_name
from sluiceway.declare.spec import (
    Acceptance,
    Costs,
    Metric,
    ProblemStatement,
    ServiceLevel,
    Spec,
    Target,
)
from sluiceway.spec.operation import parse_monitoring, parse_rollout
from sluiceway.spec.yaml_section import Range, Section

POSITIVE = Range("a number above 0", above=0)
SHARE = Range("above 0 and below 1", above=0, below=1)
COUNT = Range("a whole number, 1 or more", at_least=1, whole=True)
LIMITS = {
    "max_f1_drop": SHARE,
    "max_psi": POSITIVE,
    "max_class_share_change": POSITIVE,
    "drift_p_value": SHARE,
    "drift_practical_floor": Range("at least 0 and below 1", at_least=0, below=1),
    "max_restore_s": POSITIVE,
    "max_retrieval_p99_ms": POSITIVE,
    "max_single_feature_auc": Range("above 0.5 and at most 1", above=0.5, at_most=1),
    "max_onnx_difference": Range("at least 0 and below 1", at_least=0, below=1),
    "minimum_slice_rows": COUNT,
    "minimum_slice_positives": COUNT,
    "max_latency_ratio": Range("a number of 1 or more", at_least=1),
    "min_canary_hours": Range("0 or more", at_least=0),
}
SECTIONS = ("problem", "target", "inputs", "costs", "metric", "sla", "acceptance", "rollout", "observe", "sensitive")
REQUIRED = SECTIONS[:6]


def parse_spec(text: str, *, path: str) -> Spec:
    """Read a spec.

    Args:
        text: The file's text, YAML 1.1.
        path: The file's path, for the report.

    Raises:
        DeclarationError: the text is no YAML, or a key is missing, unknown, repeated, or has a value that cannot be;
            every problem in the file is in it, by line.
    """
    root = _root(text, path)
    spec = _spec(root)
    if root.problems or spec is None:
        raise DeclarationError(sorted(root.problems, key=lambda problem: problem.line))
    return spec


def lines_of(text: str, *, path: str) -> dict[str, int]:
    """Tell the line, from 1, of each section of a spec that parses; a report on its meaning points there."""
    return {key: node.start_mark.line + 1 for key, node in _root(text, path).nodes.items()}


def _root(text: str, path: str) -> Section:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise DeclarationError([_syntax_problem(error, path)]) from None
    if node is None:
        raise DeclarationError([Problem(f"the spec is empty; it needs {', '.join(REQUIRED)}", path, 1)])
    if not isinstance(node, yaml.MappingNode):
        what = f"the spec must be a mapping of {', '.join(SECTIONS)}"
        raise DeclarationError([Problem(f"{what}, as in  problem: {{name: …}}", path, node.start_mark.line + 1)])
    root = Section("", 1, path, [])
    root.fill(node, SECTIONS)
    return root


def _syntax_problem(error: yaml.YAMLError, path: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = getattr(error, "problem", None) or str(error).splitlines()[0]
    if "\\t" in str(reason):
        reason = "a tab stands where YAML wants spaces; indent with spaces"
    elif "expected" in str(reason):
        reason = f"{reason}; close every bracket, and put text that holds any of : ? , # in quotes"
    return Problem(f"not YAML: {reason}", path, mark.line + 1 if mark else 0)


def _spec(root: Section) -> Spec | None:
    parts = (
        _problem(root),
        _target(root),
        root.names("inputs"),
        _costs(root),
        _metric(root),
        _sla(root),
        _acceptance(root),
    )
    rollout, monitoring = parse_rollout(root), parse_monitoring(root)
    sensitive = root.names("sensitive", optional=True)
    problem, target, inputs, costs, metric, sla, acceptance = parts
    if problem and target and costs and metric and sla and acceptance and rollout and monitoring:
        return Spec(problem, target, inputs, costs, metric, sla, acceptance, rollout, monitoring, sensitive)
    return None


def _problem(root: Section) -> ProblemStatement | None:
    section = root.child("problem", ("name", "statement", "owner"))
    if section is None:
        return None
    name, statement, owner = section.text("name"), section.text("statement"), section.text("owner", blank=True)
    if name is not None:
        try:
            require_name("problem", name)
        except DeclarationError as error:
            section.note(str(error), section.nodes["name"])
    return ProblemStatement(name, statement, owner) if name and statement and owner is not None else None


def _target(root: Section) -> Target | None:
    section = root.child("target", ("kind", "label", "positive"))
    if section is None:
        return None
    kind, label, positive = section.text("kind"), section.text("label"), section.scalar("positive")
    if kind is not None and kind != "binary":
        section.note(f"target.kind {kind!r} is not supported yet, use binary", section.nodes["kind"])
    return Target(kind, label, positive) if kind and label and positive is not None else None


def _costs(root: Section) -> Costs | None:
    section = root.child("costs", ("currency", "false_negative", "false_positive"))
    if section is None:
        return None
    currency = section.text("currency")
    missed, alarmed = section.number("false_negative", POSITIVE), section.number("false_positive", POSITIVE)
    return Costs(currency, missed, alarmed) if currency and missed and alarmed else None


def _metric(root: Section) -> Metric | None:
    section = root.child("metric", ("name", "beta"))
    if section is None:
        return None
    name = section.text("name")
    if name is not None and name not in {"f_beta", "cost"}:
        section.note(f"metric.name must be f_beta or cost, got {name!r}", section.nodes["name"])
    if name == "cost" and "beta" in section.nodes:
        section.note("metric.beta belongs to f_beta; leave it out with cost", section.nodes["beta"])
    return Metric(name, _beta(section)) if name else None


def _beta(section: Section) -> float | None:
    node = section.nodes.get("beta")
    if node is None or node.value == "auto":
        return None
    return section.number("beta", Range("auto, or a number above 0", above=0))


def _sla(root: Section) -> ServiceLevel | None:
    section = root.child("sla", ("latency_p99_ms", "success_rate"))
    if section is None:
        return None
    latency, success = section.number("latency_p99_ms", POSITIVE), section.number("success_rate", SHARE)
    return ServiceLevel(latency, success) if latency and success else None


def _acceptance(root: Section) -> Acceptance | None:
    section = root.child("acceptance", tuple(field.name for field in fields(Acceptance)), optional=True)
    if section is None:
        return Acceptance()
    given: dict[str, Any] = {key: section.number(key, allowed, optional=True) for key, allowed in LIMITS.items()}
    given |= {name: section.flag(name) for name in ("strict_drift", "require_licence")}
    given["slices"] = section.names("slices", optional=True)
    return Acceptance(**{key: value for key, value in given.items() if value is not None})
