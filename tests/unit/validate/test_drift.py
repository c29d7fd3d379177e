"""Layer B: each way to compare, each reference, and which rows are compared."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.artifacts.validation_report import BANDS, KS
from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.declare.column_rules import column
from sluiceway.validate.drift import adjusted, compare_columns
from sluiceway.validate.gate import gate
from sluiceway.validate.pair import too_few
from sluiceway.validate.run import run
from sluiceway.validate.side import Side, pooled
from sluiceway.validate.source_table import SourceTable


def bent(world, seed=1, *, size=1500, **columns):
    """Rows whose schedule has some columns changed."""
    frames = world.frames(seed, size)
    frames["schedule"] = frames["schedule"].with_columns(**columns)
    return frames


def outcomes(world, report, **limits):
    """What the gate says of each comparison of the schedule."""
    verdict = gate(report, world.promise(**limits), NO_OVERRIDES, world.now)
    named = {each.name: each for each in report.drift if each.source == "schedule"}
    return {each.name.removeprefix("schedule: "): each.outcome for each in verdict.criteria if each.name in named}


def check(report, name):
    return next(each for each in report.drift if each.name == f"schedule: {name}")


SHIFTED = {"distance": pl.col("distance") + 0.5 * 500}


def test_by_default_each_column_is_compared_whole_and_a_number_by_its_mean_too(world):
    found = outcomes(world, world.run(world.frames(1), world.frames(2), as_of=world.now))
    assert found == dict.fromkeys(
        [
            "drift of origin (chi-square)",
            "drift of dest (chi-square)",
            "drift of distance (Kolmogorov-Smirnov)",
            "shift of the mean of distance",
        ],
        Outcome.PASSED,
    )


@pytest.mark.parametrize(
    ("declared", "name", "limits"),
    [
        (lambda limit: column("distance").mean_within(limit), "shift of the mean of distance", (0.6, 0.3)),
        (
            lambda limit: column("distance").quantiles_within(limit, at=[0.5]),
            "shift of the 50 % quantile of distance",
            (0.7, 0.3),
        ),
        (
            lambda limit: column("distance").jensen_shannon_within(limit),
            "Jensen-Shannon distance of distance (base 2)",
            (0.5, 0.05),
        ),
        (
            lambda limit: column("distance").like(within=limit),
            "drift of distance (Kolmogorov-Smirnov)",
            (0.5, 0.1),
        ),
    ],
)
def test_a_shift_stops_beyond_the_declared_limit_and_passes_within_it(world, declared, name, limits):
    for limit, expected in zip(limits, (Outcome.PASSED, Outcome.STOPPED), strict=True):
        report = world.run(bent(world, **SHIFTED), world.frames(2), expectations=[declared(limit)])
        assert outcomes(world, report)[name] is expected
        assert check(report, name).limit == limit


def lossy(share):
    return {"distance": pl.when(pl.int_range(pl.len()) % 100 < share).then(None).otherwise("distance")}


def test_missing_values_stop_beyond_the_limit_though_the_others_are_distributed_as_before(world):
    report = world.run(bent(world, **lossy(8)), world.frames(2))
    found = outcomes(world, report)
    assert found["change of missing values of distance"] is Outcome.STOPPED
    assert found["drift of distance (Kolmogorov-Smirnov)"] is Outcome.PASSED
    measured = check(report, "change of missing values of distance")
    assert (measured.then, measured.now, measured.effect) == (0.0, 0.08, 0.08)
    report = world.run(bent(world, **lossy(8)), world.frames(2), expectations=[column("distance").nulls_within(0.1)])
    assert outcomes(world, report)["change of missing values of distance"] is Outcome.PASSED


def test_few_missing_values_that_are_significant_are_said_to_be_negligible(world):
    report = world.run(bent(world, **lossy(2)), world.frames(2))
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    criterion = next(each for each in verdict.criteria if "missing values of distance" in each.name)
    assert criterion.outcome is Outcome.PASSED
    assert criterion.detail.startswith("significant but negligible: from 0 % missing to 2 %, p = ")


def test_missing_texts_are_counted_too(world):
    some = {"origin": pl.when(pl.int_range(pl.len()) % 4 == 0).then(None).otherwise("origin")}
    found = outcomes(world, world.run(bent(world, **some), world.frames(2)))
    assert found["change of missing values of origin"] is Outcome.STOPPED


def test_chance_beyond_a_band_passes_unless_strict(world):
    rules = [column("distance").mean_within(0.0001)]
    report = world.run(world.frames(1), world.frames(2), expectations=rules)
    assert outcomes(world, report)["shift of the mean of distance"] is Outcome.PASSED
    assert outcomes(world, report, strict_drift=True)["shift of the mean of distance"] is Outcome.STOPPED


def test_what_is_said_of_every_column_holds_where_nothing_is_said_of_it_alone(world):
    rules = [
        column("*").jensen_shannon_within(0.9),
        column("origin").jensen_shannon_within(0.00001),
        column("*").mean_within(3),
    ]
    report = world.run(bent(world, **SHIFTED), world.frames(2), expectations=rules)
    limits = {each.name: each.limit for each in report.drift if each.source == "schedule"}
    assert limits["schedule: Jensen-Shannon distance of distance (base 2)"] == 0.9
    assert limits["schedule: Jensen-Shannon distance of origin (base 2)"] == 0.00001
    assert limits["schedule: shift of the mean of distance"] == 3
    assert "schedule: shift of the mean of origin" not in limits


def test_a_column_that_may_drift_is_passed_over_but_for_what_is_declared(world):
    report = world.run(bent(world, **SHIFTED), world.frames(2), expectations=[column("distance").may_drift()])
    found = outcomes(world, report)
    assert found.pop("drift of distance (not compared)") is Outcome.PASSED
    assert not [name for name in found if "distance" in name]
    rules = [column("distance").may_drift(), column("distance").nulls_within(0.1)]
    found = outcomes(world, world.run(bent(world, **SHIFTED), world.frames(2), expectations=rules))
    assert [name for name in found if "distance" in name] == ["change of missing values of distance"]


class Versions:
    """Versions whose distances were shifted, to be put together as references."""

    def __init__(self, world):
        self.world = world

    def of(self, seed, shift=0.0, size=1500):
        return self.world.dataset(bent(self.world, seed, size=size, distance=pl.col("distance") + shift))

    def run(self, dataset, references, *rules):
        return run(
            dataset,
            references,
            project=self.world.project(list(rules)),
            as_of=None,
            tables=self.world.tables,
            objects=self.world.objects,
            engine=self.world.engine,
            progress=Silent(),
        )


class Silent:
    def say(self, text):
        """Say nothing."""

    def advance(self, done, total):
        """Count nothing."""


@pytest.fixture
def versions(world):
    return Versions(world)


def test_a_column_is_compared_with_the_reference_it_names_and_the_others_with_the_default(world, versions):
    near, far = versions.of(1), versions.of(2, shift=5000)
    report = versions.run(versions.of(3), {"": (near,), "rolling 2": (far, near)}, column("distance").like("rolling 2"))
    found = outcomes(world, report)
    assert found["drift of distance (Kolmogorov-Smirnov), against rolling 2"] is Outcome.STOPPED
    assert "drift of distance (Kolmogorov-Smirnov)" not in found
    assert found["shift of the mean of distance"] is Outcome.PASSED
    assert check(report, "drift of distance (Kolmogorov-Smirnov), against rolling 2").reference_rows == 3000
    assert {pool.name: pool.versions for pool in report.pools} == {
        "": (near.content_id,),
        "rolling 2": (far.content_id, near.content_id),
    }


def test_a_declared_reference_without_a_version_is_recorded_as_no_reference(world, versions):
    report = versions.run(versions.of(1), {"": ()}, column("distance").like("rolling 5"))
    assert outcomes(world, report) == {
        "drift of distance (Kolmogorov-Smirnov), against rolling 5": Outcome.NO_REFERENCE
    }


def test_an_override_of_one_pool_does_not_excuse_another(world, versions):
    now, first, second = versions.of(3, shift=900), versions.of(1), versions.of(2)
    rule = column("distance").like("rolling 2")
    checks = []
    for pool in ((first,), (first, second)):
        report = versions.run(now, {"": (first,), "rolling 2": pool}, rule)
        verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
        checks += [each.check for each in verdict.closed if "against rolling 2" in each.name]
    assert len(set(checks)) == 2


def source_table(world, frame, *, key=None, times=False):
    """A table of a source, as a version would hold it."""
    from sluiceway.declare.files import files
    from sluiceway.declare.source import Source

    source = Source("s", files("s.csv"), key=key, event_time="at" if times else None)
    return SourceTable(source, world.tables.write("sources/s", frame.to_arrow()), frame)


def rows(seed, count, shift=0.0, start=0):
    values = np.random.default_rng(seed).normal(shift, 1, count)
    return pl.DataFrame({"id": np.arange(start, start + count), "x": values})


def test_rows_that_several_versions_hold_are_pooled_once(world):
    first = rows(1, 300)
    second = pl.concat([first, rows(2, 100, start=300)])
    tables = [source_table(world, each, key="id") for each in (second, first, second)]
    side = pooled(tables)
    assert side.height == 400
    assert sorted(side.column("x")) == sorted(second["x"])


def test_rows_without_identity_are_not_taken_for_the_same(world):
    coins = [pl.DataFrame({"side": ["head", "tail"] * count}) for count in (50, 60)]
    assert pooled([source_table(world, each) for each in coins]).height == 220


def test_a_pool_leaves_out_what_has_other_columns(world):
    now, before = rows(1, 100), rows(2, 100).with_columns(x=pl.col("x").cast(pl.String))
    assert pooled([source_table(world, each) for each in (now, before)]).height == 100


def test_a_batch_added_to_a_table_without_times_is_compared_by_itself(world):
    then = rows(1, 500)
    table = source_table(world, pl.concat([then, rows(2, 64, shift=0.9, start=500)]))
    side = {"": pooled([source_table(world, then)])}
    [drift] = [each for each in compare_columns(table, side) if each.column == "x" and each.test == KS]
    assert (drift.rows, drift.is_new) == (64, True)
    assert drift.p_value < 1e-4


@pytest.mark.parametrize(
    ("now", "times", "compared"),
    [
        (lambda then: rows(2, 400), False, 400),
        (lambda then: pl.concat([then, rows(2, 5, start=500)]), False, 505),
        (lambda then: pl.concat([then, rows(2, 64, start=500)]), True, 564),
        (lambda then: then.head(450), False, 450),
    ],
    ids=["another batch", "too few are new", "facts with times", "only fewer"],
)
def test_else_all_rows_are_compared(world, now, times, compared):
    then = rows(1, 500)
    table = source_table(world, now(then), times=times)
    found = compare_columns(table, {"": pooled([source_table(world, then)])})
    assert {(each.rows, each.is_new) for each in found} == {(compared, False)}


def test_which_rows_are_compared_can_be_said(world):
    then = rows(1, 500)
    table = source_table(world, pl.concat([then, rows(2, 64, start=500)]), times=True)
    sides = {"": pooled([source_table(world, then)])}
    for said, expected in (("new", 64), ("all", 564)):
        rules = (column("x").like(rows=said),)
        [drift] = [
            each
            for each in compare_columns(replace(table, source=replace(table.source, expectations=rules)), sides)
            if each.column == "x" and each.test == KS
        ]
        assert drift.rows == expected


def test_nothing_new_has_not_drifted(world):
    then = rows(1, 500)
    table = source_table(world, then.head(400))
    ruled = replace(table, source=replace(table.source, expectations=(column("x").like(rows="new"),)))
    found = compare_columns(ruled, {"": pooled([source_table(world, then)])})
    [drift] = [each for each in found if each.column == "x" and each.test == KS]
    assert (drift.effect, drift.note) == (0.0, "no row is new")


@pytest.mark.parametrize(
    ("count", "reference", "said"),
    [
        (60, 60, ""),
        (59, 60, "insufficient data: 59 against 60; it takes 60"),
        (32, 500, ""),
        (31, 500, "insufficient data: 31 against 500; it takes 32"),
        (10_000, 30, "insufficient data: 10,000 against 30; and the reference needs more than 30"),
        (0, 500, "insufficient data: 0 against 500; it takes 32"),
    ],
)
def test_how_many_rows_it_takes(count, reference, said):
    assert too_few(count, reference, is_new=False) == said
    if not said:
        assert 30 * (count + reference) <= count * reference


@given(st.integers(0, 200), st.integers(0, 200))
@settings(deadline=None)
def test_how_many_rows_it_takes_is_symmetric_and_grows(count, reference):
    enough = not too_few(count, reference, is_new=False)
    assert enough == (not too_few(reference, count, is_new=False))
    assert not enough or not too_few(count + 1, reference, is_new=False)


@given(st.randoms(use_true_random=False), st.integers(1, 9))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_changes_no_measure_on_either_side(new_world, random, seed):
    world = new_world()
    then, now = rows(seed, 301), rows(seed + 10, 211, shift=0.3, start=900)
    bands = [column("x").mean_within(0.1), column("x").quantiles_within(0.1), column("x").jensen_shannon_within(0.1)]
    found = []
    for shuffled in (False, True):
        sides = []
        for frame in (then, now):
            order = list(range(len(frame)))
            if shuffled:
                random.shuffle(order)
            sides.append(source_table(world, frame[order]))
        table = replace(sides[1], source=replace(sides[1].source, expectations=tuple(bands)))
        found.append(adjusted(compare_columns(table, {"": Side.of(sides[0])})))
    assert found[0] == found[1]
    assert {each.test for each in found[0]} >= set(BANDS) - {"nulls"}


def test_p_values_are_adjusted_over_all_checks_of_the_report(world):
    report = world.run(world.frames(1), world.frames(2), as_of=world.now + timedelta(days=1))
    tested = [each for each in report.drift if each.p_value is not None]
    assert len(tested) == 4 + 3
    worst = min(tested, key=lambda each: each.p_value)
    assert worst.p_adjusted >= worst.p_value
    assert worst.p_adjusted == pytest.approx(
        min(
            1.0,
            *(
                each.p_value * len(tested) / (place + 1)
                for place, each in enumerate(sorted(tested, key=lambda each: each.p_value))
            ),
        )
    )


def test_a_comparison_that_only_warns_closes_nothing_and_is_told(world):
    rules = [column("distance").mean_within(0.3, on_failure="warn"), column("distance").like(on_failure="warn")]
    report = world.run(bent(world, **SHIFTED), world.frames(2), expectations=rules, as_of=world.now)
    found = outcomes(world, report)
    assert found["shift of the mean of distance (warns)"] is Outcome.WARNED
    assert found["drift of distance (Kolmogorov-Smirnov) (warns)"] is Outcome.WARNED
    assert gate(report, world.promise(), NO_OVERRIDES, world.now).is_open


def test_a_declared_comparison_of_too_many_categories_is_no_evidence(world):
    frames = world.frames(1), world.frames(2)
    for frame, letter in zip(frames, "xy", strict=True):
        names = pl.Series("dest", [f"{letter}{place}" for place in range(frame["schedule"].height)])
        frame["schedule"] = frame["schedule"].with_columns(names)
    declared = world.run(*frames, expectations=[column("dest").like()], as_of=world.now)
    assert outcomes(world, declared)["drift of dest (chi-square)"] is Outcome.INCONCLUSIVE
    by_default = world.run(*frames, as_of=world.now)
    assert outcomes(world, by_default)["drift of dest (not compared)"] is Outcome.PASSED
