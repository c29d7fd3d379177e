"""Which earlier versions are compared with: previous, rolling, pinned."""

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry, RestoreReport
from sluiceway.core.errors import DeclarationError, MisuseError, UnknownNameError
from sluiceway.core.moments import FixedClock
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Verdict
from sluiceway.flow.kit import Settings
from sluiceway.flow.reference import datasets_by_id, passed_before, references_for
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.standing import Standing, record_verdict


def version(number):
    entry = FileEntry(f"{number}.csv", f"{number:064x}", "2013-01-01", 1, "s")
    return DatasetVersion((entry,), (), RestoreReport(0.1, 1, 1, 0, ()))


class Kit:
    """A ledger of verdicts, and versions that are there."""

    def __init__(self, now):
        self.clock = FixedClock(now)
        self.ledger = Ledger(MemoryState(), self.clock)

    def judge(self, made, *, passed=True):
        criterion = Criterion.at_most("x", measured=0.0 if passed else 2.0, limit=1.0)
        verdict = Verdict.of([criterion], NO_OVERRIDES, self.clock.now())
        standing = Standing(3, "validate", f"report of {made.version}", {"ingest": made.content_id}, verdict, None, 0)
        record_verdict(self.ledger, standing, as_of=None)


@pytest.fixture
def kit(river):
    return Kit(river.clock.now())


VERSIONS = [version(number) for number in range(8)]
IDS = [each.content_id for each in VERSIONS]


def test_the_previous_one_is_the_last_other_that_passed(kit):
    for each, passed in zip(VERSIONS[:3], (True, True, False), strict=True):
        kit.judge(each, passed=passed)
    assert references_for(IDS[3], [], Settings(), kit) == {"": [IDS[1]]}


def test_rolling_takes_the_last_that_passed_the_newest_first(kit):
    for place, each in enumerate(VERSIONS[:7]):
        kit.judge(each, passed=place != 4)
    found = references_for(IDS[7], ["rolling 3", "rolling 5", "previous"], Settings(), kit)
    assert found["rolling 3"] == [IDS[6], IDS[5], IDS[3]]
    assert found["rolling 5"] == [IDS[6], IDS[5], IDS[3], IDS[2], IDS[1]]
    assert found["previous"] == found[""] == [IDS[6]]


def test_the_choice_does_not_move_when_the_same_version_is_judged_again(kit):
    for each in VERSIONS[:3]:
        kit.judge(each)
    kit.judge(VERSIONS[0])
    kit.judge(VERSIONS[3])
    assert references_for(IDS[1], ["rolling 5"], Settings(), kit) == {"": [IDS[0]], "rolling 5": [IDS[0]]}


def test_a_version_that_stopped_in_the_end_is_no_reference(kit):
    kit.judge(VERSIONS[0])
    kit.judge(VERSIONS[1])
    kit.judge(VERSIONS[1], passed=False)
    assert passed_before(IDS[2], kit) == [IDS[0]]


def test_without_an_earlier_version_there_is_none(kit):
    assert references_for(IDS[0], ["rolling 5"], Settings(), kit) == {"": [], "rolling 5": []}


def test_the_setting_decides_what_nothing_is_declared_of(kit):
    for each in VERSIONS[:4]:
        kit.judge(each)
    assert references_for(IDS[4], [], Settings(reference="rolling 2"), kit) == {"": [IDS[3], IDS[2]]}


def test_pinned_is_the_version_that_the_settings_name(kit, monkeypatch):
    monkeypatch.setattr("sluiceway.flow.reference.dataset_versions", lambda kit: dict(zip(IDS, VERSIONS, strict=True)))
    for each in VERSIONS[:3]:
        kit.judge(each)
    settings = Settings(reference=IDS[0][:12])
    assert references_for(IDS[3], ["pinned", "previous"], settings, kit) == {
        "": [IDS[0]],
        "pinned": [IDS[0]],
        "previous": [IDS[2]],
    }
    with pytest.raises(MisuseError, match="the setting `reference` names none"):
        references_for(IDS[3], ["pinned"], Settings(reference="rolling"), kit)


def test_a_setting_that_is_no_reference_is_refused(kit):
    with pytest.raises(DeclarationError, match="setting reference: reference 'newest' is none of 'previous'"):
        references_for(IDS[0], [], Settings(reference="newest"), kit)


def test_a_reference_that_is_gone_from_the_store_is_named(kit, monkeypatch):
    monkeypatch.setattr("sluiceway.flow.reference.dataset_versions", lambda kit: {IDS[0]: VERSIONS[0]})
    assert datasets_by_id({"": [IDS[0]], "rolling 5": []}, kit) == {"": (VERSIONS[0],), "rolling 5": ()}
    with pytest.raises(UnknownNameError, match=f"no dataset version is called '{VERSIONS[1].version}'"):
        datasets_by_id({"": [IDS[1]]}, kit)
