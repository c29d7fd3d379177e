"""Layer A: the share of rows that keep each rule, all rules of a source in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from math import fsum, isfinite, nan

import polars as pl

from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.declare.expectation import Expectation
from sluiceway.validate.dangling import dangling
from sluiceway.validate.source_table import SourceTable

EXAMPLES = 5
SUMMED_AT_ONCE = 65_536
NEEDS = {"between": ("integer", "number"), "mean_between": ("integer", "number"), "matches": ("text",)}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to be measured.

    ``broken`` counts the rows that break it, out of ``judged``; a rule that ``is_mean`` is about the mean of those
    ``judged`` instead. ``breaking`` marks the rows to show as examples, ``shown`` what to show of them, if not the
    column. ``note`` says why the rule cannot be measured.
    """

    check: RuleCheck
    broken: pl.Expr | None = None
    judged: pl.Expr | None = None
    breaking: pl.Expr | None = None
    is_mean: bool = False
    shown: pl.Expr | None = None


def measure(frame: pl.DataFrame, rules: list[Rule]) -> list[RuleCheck]:
    """Measure rules over the rows in one lazy select, then look up examples for those that were broken."""
    wanted: dict[str, pl.Expr] = {}
    for index, rule in enumerate(rules):
        parts = {"broken": rule.broken, "judged": rule.judged}
        wanted |= {f"{part}_{index}": each for part, each in parts.items() if each is not None}
    found = frame.lazy().select(**wanted).collect().row(0, named=True) if wanted else {}
    return [_measured(frame, rule, found, index) for index, rule in enumerate(rules)]


def declared_rules(table: SourceTable, others: Mapping[str, pl.DataFrame | None]) -> list[Rule]:
    """Make a rule of each expectation but ``row``, ``fresh`` and those of layer B, which are measured elsewhere.

    Args:
        table: The source's rows.
        others: The keys of each source that a ``reference`` names, ``None`` where there is no such table or column.
    """
    wanted = [each for each in table.source.expectations if each.kind not in {"row", "fresh"} and not each.is_drift]
    return [_rule(expectation, table, others) for expectation in wanted]


def blank(source: str, expectation: Expectation, note: str = "") -> RuleCheck:
    """Make the check of an expectation before anything is measured."""
    is_mean = expectation.kind == "mean_between"
    return RuleCheck(
        source=source,
        name=expectation.name,
        column=expectation.column or "",
        measured=None,
        at_least=expectation.at_least,
        rows=0,
        broken=0,
        low=expectation.low if is_mean else None,
        high=expectation.high if is_mean else None,
        note=note,
    )


def _rule(expectation: Expectation, table: SourceTable, others: Mapping[str, pl.DataFrame | None]) -> Rule:
    name, kinds = expectation.column or "", table.kinds
    check = blank(table.source.name, expectation)
    if expectation.kind == "reference":
        return _reference(expectation, check, kinds, others)
    if name not in kinds:
        return Rule(replace(check, note=f"there is no column {name!r}; there is: {', '.join(kinds) or 'none'}"))
    if kinds[name] not in NEEDS.get(expectation.kind, (kinds[name],)):
        needs = " or ".join(NEEDS[expectation.kind])
        return Rule(replace(check, note=f"column {name!r} is {kinds[name]}; the rule needs {needs}"))
    return _by_kind(expectation, check, kinds[name])


def _by_kind(expectation: Expectation, check: RuleCheck, kind: str) -> Rule:
    column = pl.col(check.column)
    match expectation.kind:
        case "typed":
            broken = pl.lit(0) if kind == expectation.text else pl.len()
            return Rule(replace(check, note="" if kind == expectation.text else f"it is {kind}"), broken, pl.len())
        case "not_null":
            return not_missing(check, kind)
        case "unique":
            surplus = column.count() - column.n_unique() + (column.null_count() > 0).cast(pl.Int64)
            return Rule(check, surplus, column.count(), breaking=column.is_duplicated() & column.is_not_null())
        case "mean_between":
            return Rule(check, judged=column.count(), is_mean=True)
    broken = ~_kept(expectation, kind)
    return Rule(check, broken.sum(), column.count(), breaking=broken)


def not_missing(check: RuleCheck, kind: str) -> Rule:
    """Make the rule that a value is there; in a column of numbers, NaN is none."""
    column = pl.col(check.column)
    missing = column.null_count()
    if kind == "number":
        missing = missing + column.cast(pl.Float64).is_nan().sum()
    return Rule(check, missing, pl.len())


def _kept(expectation: Expectation, kind: str) -> pl.Expr:
    column = pl.col(expectation.column or "")
    if expectation.kind == "between":
        return column.is_between(pl.lit(expectation.low), pl.lit(expectation.high))
    if expectation.kind == "matches":
        return column.str.contains(f"^(?:{expectation.text})$")
    python = {"text": str, "boolean": bool, "integer": int | float, "number": int | float}.get(kind, object)
    alike = [
        value
        for value in expectation.values
        if isinstance(value, python) and (kind == "boolean") == isinstance(value, bool)
    ]
    return column.is_in(alike) if alike else column.is_null()


def _reference(
    expectation: Expectation, check: RuleCheck, kinds: Mapping[str, str], others: Mapping[str, pl.DataFrame | None]
) -> Rule:
    columns = expectation.columns or (expectation.column or "",)
    absent = [name for name in columns if name not in kinds]
    if absent:
        return Rule(replace(check, note=f"there is no column {absent[0]!r}; there is: {', '.join(kinds) or 'none'}"))
    keys = others.get(expectation.other or "")
    if keys is None:
        return Rule(replace(check, note=f"source {expectation.other!r} has no column {expectation.text!r}"))
    broken, judged = dangling({name: kinds[name] for name in columns}, keys)
    shown = (
        None if len(columns) == 1 else pl.concat_str([pl.col(name).cast(pl.String) for name in columns], separator=", ")
    )
    return Rule(check, broken.sum(), judged.sum(), breaking=broken, shown=shown)


def _measured(frame: pl.DataFrame, rule: Rule, found: Mapping[str, int | None], index: int) -> RuleCheck:
    if rule.judged is None:
        return rule.check
    rows, broken = int(found[f"judged_{index}"] or 0), int(found.get(f"broken_{index}") or 0)
    check = replace(rule.check, rows=rows, broken=broken)
    if not rows:
        return replace(
            check, note=rule.check.note or ("every value is missing" if frame.height else "the table is empty")
        )
    if rule.is_mean:
        mean = exact_mean(frame[check.column])
        return replace(check, measured=mean) if isfinite(mean) else replace(check, note=f"the mean is {mean}")
    return replace(check, measured=(rows - broken) / rows, examples=_examples(frame, rule) if broken else ())


def exact_mean(values: pl.Series) -> float:
    """Give the mean of the values that are there, correctly rounded: neither the rows' order nor threads change it.

    NaN where there are none, where NaN or infinities of both signs are among them, or the sum has no float.

    Reference: Shewchuk, "Adaptive Precision Floating-Point Arithmetic" (1997), as in ``math.fsum``.
    """
    present = values.drop_nulls().cast(pl.Float64)
    if present.is_empty():
        return nan
    try:
        starts = range(0, len(present), SUMMED_AT_ONCE)
        total = fsum(chain.from_iterable(present.slice(start, SUMMED_AT_ONCE).to_list() for start in starts))
    except (OverflowError, ValueError):
        return nan
    return total / len(present)


def _examples(frame: pl.DataFrame, rule: Rule) -> tuple[str, ...]:
    """Show the least few values that break a rule, so that the same rows show the same ones."""
    if rule.breaking is None:
        return ()
    shown = pl.col(rule.check.column) if rule.shown is None else rule.shown
    values = frame.lazy().filter(rule.breaking).select(shown.unique().sort().head(EXAMPLES)).collect()
    return tuple(str(value) for value in values.to_series())
