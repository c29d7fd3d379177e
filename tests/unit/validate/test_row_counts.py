from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.declare.table_rules import rows, rows_change
from sluiceway.validate.gate import gate


def said(world, rule, size, then=None):
    frames = world.frames(size=size)
    report = world.run(frames, world.frames(size=then) if then else None, expectations=[rule])
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    return next(each for each in verdict.criteria if each.name == f"schedule: {rule.name}")


def test_the_number_of_rows_lies_between_its_bounds_or_stops(world):
    assert said(world, rows(between=(100, 300)), 300).outcome is Outcome.PASSED
    assert said(world, rows(between=(301, None)), 300).outcome is Outcome.STOPPED
    few = said(world, rows(between=(None, 299)), 300)
    assert (few.outcome, few.measured, few.limit) == (Outcome.STOPPED, 300, "at most 299")


def test_a_change_is_a_share_of_the_rows_then(world):
    assert said(world, rows_change(at_most=0.5), 300, 600).outcome is Outcome.PASSED
    lost = said(world, rows_change(at_most=0.5), 299, 600)
    assert lost.outcome is Outcome.STOPPED
    assert lost.measured == 301 / 600
    assert lost.detail == "600 rows then, 299 now"
    assert said(world, rows_change(at_most=0.5), 901, 600).outcome is Outcome.STOPPED


def test_without_an_earlier_version_a_change_has_no_reference(world):
    found = said(world, rows_change(at_most=0.5), 300)
    assert (found.outcome, found.detail) == (Outcome.NO_REFERENCE, "there is no earlier version to compare with")
