"""Source checks: keys, times and expectations against the columns that a source has."""

from collections.abc import Mapping

from sluiceway.artifacts.table_ref import NUMBERS, NUMERIC, TYPES
from sluiceway.core.moments import parse_moment
from sluiceway.declare.expectation import EVERY_COLUMN, Expectation
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.source import Source
from sluiceway.spec.findings import Findings, Kinds

TYPES_OF_VALUES = {"text": (str,), "boolean": (bool,), "integer": (int, float), "number": (int, float)}

KEYS = DISTRIBUTED = tuple(kind for kind in TYPES if kind != NUMBERS)


def check_source(source: Source, columns: Mapping[str, Kinds], findings: Findings) -> None:
    """Note what a source declares and its columns, or those of the sources it refers to, do not bear out."""
    own = columns[source.name]
    for key in source.keys:
        findings.typed(f"source {source.name!r}, key", key, own, allowed=KEYS)
    if source.stream is not None:
        for key in source.stream.keys:
            findings.typed(f"source {source.name!r}, topic {source.stream.name!r}, key", key, own, allowed=KEYS)
    for field, text in (("event_time", source.event_time), ("known_time", source.known_time)):
        if text is not None:
            findings.expression(f"source {source.name!r}, {field}", parse_expression(text), own, wanted=("time",))
    for expectation in source.expectations:
        _check_expectation(source, expectation, columns, findings)


def _check_expectation(
    source: Source, expectation: Expectation, columns: Mapping[str, Kinds], findings: Findings
) -> None:
    where, own = f"source {source.name!r}, expectation {expectation.name!r}", columns[source.name]
    if expectation.is_drift:
        _check_drift(where, expectation, own, findings)
        return
    match expectation.kind:
        case "row":
            findings.expression(where, parse_expression(expectation.text or ""), own, wanted=("boolean",))
        case "fresh":
            _check_fresh(where, expectation, source, own, findings)
        case "between":
            _check_bounds(where, expectation, own, findings)
        case "mean_between":
            findings.typed(where, expectation.column or "", own, allowed=NUMERIC)
        case "matches" | "contains":
            findings.typed(where, expectation.column or "", own, allowed=("text",))
            _check_pattern(where, expectation.text or "", findings)
        case "one_of" | "none_of":
            _check_values(where, expectation, own, findings)
        case "reference":
            _check_reference(where, expectation, columns, findings, own=own)
        case _:
            for name in expectation.about:
                findings.column(where, name, own)


def _check_fresh(where: str, expectation: Expectation, source: Source, own: Kinds, findings: Findings) -> None:
    if expectation.column:
        findings.typed(where, expectation.column, own, allowed=("time",))
    elif source.is_timeless:
        findings.note(f"{where}: the source has no event_time, so that nothing tells how old its rows are")


def _check_bounds(where: str, expectation: Expectation, own: Kinds, findings: Findings) -> None:
    name, bounds = expectation.column or "", [each for each in (expectation.low, expectation.high) if each is not None]
    numbers = all(isinstance(bound, int | float) for bound in bounds)
    findings.typed(where, name, own, allowed=NUMERIC if numbers else ("text", "time"))
    if own.get(name) == "time" and not numbers:
        for bound in bounds:
            if not _is_time(str(bound)):
                findings.note(f"{where}: {bound!r} is no time; write it like 2013-11-01 or 2013-11-01T06:00:00Z")


def _is_time(text: str) -> bool:
    try:
        parse_moment(text)
    except ValueError:
        return False
    return True


def _check_pattern(where: str, pattern: str, findings: Findings) -> None:
    from sluiceway.plans.broken_rows import wrong_with_pattern

    why = wrong_with_pattern(pattern)
    if why:
        findings.note(f"{where}: {pattern!r} is no regular expression (the syntax of Rust's regex): {why}")


def _check_drift(where: str, expectation: Expectation, own: Kinds, findings: Findings) -> None:
    if expectation.column == EVERY_COLUMN:
        return
    if expectation.kind in {"mean_within", "quantiles_within"}:
        findings.typed(where, expectation.column or "", own, allowed=NUMERIC)
    elif expectation.kind in {"like", "jensen_shannon_within"}:
        findings.typed(where, expectation.column or "", own, allowed=DISTRIBUTED)
    else:
        findings.column(where, expectation.column or "", own)


def _check_values(where: str, expectation: Expectation, own: Kinds, findings: Findings) -> None:
    kind = findings.column(where, expectation.column or "", own)
    if kind is None:
        return
    wrong = [value for value in expectation.values if not _is_of(value, kind)]
    if wrong:
        findings.note(f"{where}: column {expectation.column!r} is {kind}, so that {wrong[0]!r} is none of its values")


def _is_of(value: object, kind: str) -> bool:
    return isinstance(value, TYPES_OF_VALUES.get(kind, ())) and (kind == "boolean") == isinstance(value, bool)


def _check_reference(
    where: str, expectation: Expectation, columns: Mapping[str, Kinds], findings: Findings, *, own: Kinds
) -> None:
    names = expectation.columns or (expectation.column or "",)
    kinds = [findings.column(where, name, own) for name in names]
    other = columns.get(expectation.other or "")
    if other is None:
        return
    keys = [str(key) for key in expectation.values] or [expectation.text or ""]
    for name, kind, key in zip(names, kinds, keys, strict=True):
        target = findings.column(f"{where}, in {expectation.other}", key, other)
        if kind and target and not alike(kind, target):
            findings.note(f"{where}: {name} is {kind}, {expectation.other}.{key} is {target}")


def alike(one: str, other: str) -> bool:
    """Tell whether values of two types can be equal."""
    return one == other or {one, other} <= set(NUMERIC)
