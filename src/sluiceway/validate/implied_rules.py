"""Rules that nobody has to declare: facts have keys and times, and each is told once."""

from dataclasses import replace

import polars as pl

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.validate.rules import Rule, not_missing
from sluiceway.validate.source_table import SourceTable


def implied_rules(table: SourceTable) -> list[Rule]:
    """Make the rules that follow from a source's having times, and from its having a key besides.

    A repeated key with another known time is a correction and allowed; the same key and known time twice is not, as
    nobody could tell which of the two holds.
    """
    source, kinds = table.source, table.kinds
    if source.is_timeless:
        return []
    required = [*source.keys, EVENT_TIME, KNOWN_TIME]
    absent = [name for name in required if name not in kinds]
    if absent:
        return [Rule(_check(table, f"{name} is there", name, note=f"there is no column {name!r}")) for name in absent]
    rules = [not_missing(_check(table, f"{_words(name)} is not missing", name), kinds[name]) for name in required]
    if source.keys:
        rules.append(_told_once(table))
    if source.known_time is None:
        rules.append(_not_known_before(table))
    return rules


def _told_once(table: SourceTable) -> Rule:
    keys = table.source.keys
    check = _check(table, f"({', '.join(keys)}) is told once per known time", keys[0])
    fact = tuple(dict.fromkeys([*keys, KNOWN_TIME]))
    return Rule(replace(check, about=fact), judged=pl.len(), distinct=fact, with_missing=True)


def _not_known_before(table: SourceTable) -> Rule:
    early = pl.col(KNOWN_TIME) < pl.col(EVENT_TIME)
    check = _check(table, "nothing is known before it is true", EVENT_TIME)
    return Rule(check, early.sum(), pl.len(), breaking=early)


def _words(column: str) -> str:
    return {EVENT_TIME: "event time", KNOWN_TIME: "known time"}.get(column, f"key {column}")


def _check(table: SourceTable, name: str, column: str, note: str = "") -> RuleCheck:
    return RuleCheck(table.source.name, name, column, measured=None, at_least=1.0, rows=0, broken=0, note=note)
