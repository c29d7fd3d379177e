"""Layer A: the share of rows that keep each rule, all rules of a source in one pass over its rows, piece by piece."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import fsum, isfinite, nan

import polars as pl

from sluiceway.artifacts.table_ref import NUMERIC
from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.core.digest import digest_of
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.plans.broken_rows import breaking, missing
from sluiceway.plans.dangling import dangling
from sluiceway.validate.examples import as_words, example_rows, shown_columns
from sluiceway.validate.source_table import SourceTable, one_zero

EXAMPLES = 5
SUMMED_AT_ONCE = 65_536
NEEDS = {"mean_between": NUMERIC, "matches": ("text",), "contains": ("text",)}
ELSEWHERE = {"row", "fresh", "rows", "rows_change", "sql"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to be measured.

    ``broken`` counts the rows that break it, out of ``judged``, and ``breaking`` marks them. Or ``distinct`` names
    columns of which rows must differ in one; those with a missing value are only judged where ``with_missing``. A rule
    that ``is_mean`` is about the mean of those ``judged``. The check's ``note`` says why a rule cannot be measured.
    """

    check: RuleCheck
    broken: pl.Expr | None = None
    judged: pl.Expr | None = None
    breaking: pl.Expr | None = None
    is_mean: bool = False
    distinct: tuple[str, ...] = ()
    with_missing: bool = False


def measure(table: SourceTable, rules: Sequence[Rule]) -> list[RuleCheck]:
    """Measure rules over the rows in one pass, then look up examples for those that were broken.

    Rules that quarantine are measured over all rows, the others over those that are left.
    """
    found: dict[str, int | None] = {}
    for apart, rows in ((True, table.everything), (False, table.lazy)):
        chosen = {at: rule for at, rule in enumerate(rules) if (rule.check.on_failure == QUARANTINE) is apart}
        found |= _counts(rows, chosen)
    return [_measured(table, rule, found, place) for place, rule in enumerate(rules)]


def _counts(rows: pl.LazyFrame, rules: Mapping[int, Rule]) -> dict[str, int | None]:
    wanted: dict[str, pl.Expr] = {}
    for place, rule in rules.items():
        parts = {"broken": rule.broken, "judged": rule.judged}
        wanted |= {f"{part}_{place}": each for part, each in parts.items() if each is not None}
    found = rows.select(**wanted).collect(engine="streaming").row(0, named=True) if wanted else {}
    for place, rule in rules.items():
        if rule.distinct:
            different = _judged_rows(rows, rule).select(rule.distinct).unique().select(pl.len())
            found[f"broken_{place}"] = found[f"judged_{place}"] - different.collect(engine="streaming").item()
    return found


def declared_rules(table: SourceTable, others: Mapping[str, pl.DataFrame | None]) -> list[Rule]:
    """Make a rule of each expectation about rows and columns; others are measured elsewhere.

    Args:
        table: The source's rows.
        others: The keys of each source that a ``reference`` names, ``None`` where there is no such table or column.
    """
    wanted = [each for each in table.source.expectations if each.kind not in ELSEWHERE and not each.is_drift]
    return [_rule(expectation, table, others) for expectation in wanted]


def blank(source: str, expectation: Expectation, note: str = "") -> RuleCheck:
    """Make the check of an expectation before anything is measured."""
    is_number = expectation.kind in {"mean_between", "rows", "rows_change", "sql"}
    low, high = (
        end if is_number and isinstance(end, int | float) else None for end in (expectation.low, expectation.high)
    )
    return RuleCheck(
        source=source,
        name=expectation.name,
        column=expectation.column or "",
        measured=None,
        at_least=expectation.at_least,
        rows=0,
        broken=0,
        low=low,
        high=high,
        note=note,
        about=expectation.about,
        on_failure=expectation.on_failure,
        definition=digest_of(expectation.meaning)[:12] if expectation.kind == "sql" else "",
    )


def _rule(expectation: Expectation, table: SourceTable, others: Mapping[str, pl.DataFrame | None]) -> Rule:
    kinds, check = table.kinds, blank(table.source.name, expectation)
    absent = [name for name in expectation.about if name not in kinds]
    if absent:
        return Rule(replace(check, note=f"there is no column {absent[0]!r}; there is: {', '.join(kinds) or 'none'}"))
    if expectation.kind == "reference":
        return _reference(expectation, check, kinds, others)
    kind = kinds[expectation.about[0]]
    needs = NUMERIC if _takes_numbers(expectation) else NEEDS.get(expectation.kind, (kind,))
    if kind not in needs:
        note = f"column {check.column!r} is {kind}; the rule needs {' or '.join(needs)}"
        return Rule(replace(check, note=note))
    return _by_kind(expectation, check, kind)


def _takes_numbers(expectation: Expectation) -> bool:
    bounds = (expectation.low, expectation.high)
    return expectation.kind == "between" and any(isinstance(bound, int | float) for bound in bounds)


def _reference(
    expectation: Expectation, check: RuleCheck, kinds: Mapping[str, str], others: Mapping[str, pl.DataFrame | None]
) -> Rule:
    keys = others.get(expectation.other or "")
    if keys is None:
        return Rule(replace(check, note=f"source {expectation.other!r} has no column {expectation.text!r}"))
    broken, judged = dangling({name: kinds[name] for name in expectation.about}, keys)
    return Rule(check, broken.sum(), judged.sum(), breaking=broken)


def _by_kind(expectation: Expectation, check: RuleCheck, kind: str) -> Rule:
    column = pl.col(check.column)
    match expectation.kind:
        case "typed":
            broken = pl.lit(0) if kind == expectation.text else pl.len()
            return Rule(replace(check, note="" if kind == expectation.text else f"it is {kind}"), broken, pl.len())
        case "not_null":
            return not_missing(check, kind)
        case "unique":
            columns = expectation.about
            present = pl.all_horizontal(pl.col(name).is_not_null() for name in columns)
            return Rule(check, judged=present.sum() if columns[1:] else column.count(), distinct=columns)
        case "mean_between":
            return Rule(check, judged=column.count(), is_mean=True)
    broken = breaking(expectation, kind)
    return Rule(check, broken.sum(), column.count(), breaking=broken)


def not_missing(check: RuleCheck, kind: str) -> Rule:
    """Make the rule that a value is there; in a column of numbers, NaN is none."""
    column = pl.col(check.column)
    broken = missing(column, kind)
    counted = broken.sum() if kind == "number" else column.null_count()
    return Rule(check, counted, pl.len(), breaking=broken)


def _judged_rows(rows: pl.LazyFrame, rule: Rule) -> pl.LazyFrame:
    if rule.with_missing:
        return rows
    return rows.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in rule.distinct))


def _measured(table: SourceTable, rule: Rule, found: Mapping[str, int | None], place: int) -> RuleCheck:
    if rule.judged is None:
        return rule.check
    rows, broken = int(found[f"judged_{place}"] or 0), int(found.get(f"broken_{place}") or 0)
    check = replace(rule.check, rows=rows, broken=broken)
    if not rows:
        is_there = table.height or (check.on_failure == QUARANTINE and table.apart is not None)
        return replace(check, note=rule.check.note or ("every value is missing" if is_there else table.nothing))
    if rule.is_mean:
        mean = exact_mean(table.lazy.select(check.column))
        return replace(check, measured=mean) if isfinite(mean) else replace(check, note=f"the mean is {mean}")
    check = replace(check, measured=(rows - broken) / rows)
    return _with_examples(table, rule, check) if broken else check


def exact_mean(values: pl.Series | pl.LazyFrame) -> float:
    """Give the mean of the values that are there, correctly rounded: neither the rows' order nor threads change it.

    A frame is of one column, and is read piece by piece. NaN where there are no values, where NaN or infinities of both
    signs are among them, or the sum has no float.

    Reference: Shewchuk, "Adaptive Precision Floating-Point Arithmetic" (1997), as in ``math.fsum``.
    """
    pieces = [values] if isinstance(values, pl.Series) else _pieces(values)
    count = 0

    def numbers() -> Iterator[list[float]]:
        nonlocal count
        for piece in pieces:
            present = piece.drop_nulls().cast(pl.Float64)
            count += len(present)
            yield from (present.slice(at, SUMMED_AT_ONCE).to_list() for at in range(0, len(present), SUMMED_AT_ONCE))

    try:
        total = fsum(chain.from_iterable(numbers()))
    except (OverflowError, ValueError):
        return nan
    return total / count if count else nan


def _pieces(rows: pl.LazyFrame) -> Iterator[pl.Series]:
    return (piece.to_series() for piece in rows.collect_batches(maintain_order=False, engine="streaming"))


def _with_examples(table: SourceTable, rule: Rule, check: RuleCheck) -> RuleCheck:
    """Show rows that break a rule, and the least few of the values that do."""
    rows = table.everything if check.on_failure == QUARANTINE else table.lazy
    if rule.distinct:
        rows = _repeated(rows, rule)
    elif rule.breaking is not None:
        rows = rows.filter(rule.breaking)
    else:
        return check
    about = list(check.about or (check.column,))
    check = replace(check, broken_rows=example_rows(rows, shown_columns(table, about)))
    values = one_zero(rows.select(about)).unique().sort(about, nulls_last=True).head(EXAMPLES)
    words = [as_words(row) for row in values.collect(engine="streaming").iter_rows() if row != (None,)]
    return replace(check, examples=tuple(words))


def _repeated(rows: pl.LazyFrame, rule: Rule) -> pl.LazyFrame:
    """Keep the rows of the first few values that stand more than once."""
    names = list(rule.distinct)
    counts = _judged_rows(rows, rule).group_by(names).len("times").filter(pl.col("times") > 1)
    first = counts.select(names).sort(names, nulls_last=True).head(EXAMPLES)
    return rows.join(first, on=names, how="semi", nulls_equal=True)
