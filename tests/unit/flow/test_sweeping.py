"""After a sweep everything that something needs is as it was, whatever needs it, and the rest is gone."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data_worlds import NOW, World, a_world, tree

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.landing import LandedPart, Landing, landing_key
from sluiceway.artifacts.object_keys import object_key
from sluiceway.artifacts.rollout_state import LIVE, RolloutState, Served
from sluiceway.artifacts.validation_report import ReferencePool, ValidationReport
from sluiceway.core.digest import digest_of, sha256_hex
from sluiceway.core.errors import DamagedError, MisuseError, SourceError
from sluiceway.core.moments import FixedClock
from sluiceway.flow.cache import artifact_key
from sluiceway.flow.kit import Settings
from sluiceway.flow.observed import Declaration
from sluiceway.flow.reference import references_for
from sluiceway.flow.sweeping import plan_sweep, sweep
from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.pinning import pins, record_pin, record_unpin
from sluiceway.ledger.rolling import Transition, record_transition
from sluiceway.ledger.sweeping import swept
from sluiceway.ports.sweepable import VIEW


@pytest.fixture
def world():
    return a_world()


TREES = st.lists(st.frozensets(st.integers(0, 4), min_size=1), min_size=1, max_size=6, unique=True)


@given(data=st.data(), trees=TREES, last=st.integers(1, 3))
@settings(deadline=None, max_examples=40)
def test_whatever_is_needed_restores_and_verifies_after_a_sweep_and_nothing_else_is_left(data, trees, last):
    world = a_world()
    for numbers in trees:
        world.ingest(tree(*numbers))
    some = st.sets(st.integers(0, len(trees) - 1))
    registered, tried, pinned = data.draw(some), data.draw(some), data.draw(some)
    models = {number: world.train(world.versions[number]) for number in registered}
    trials = [world.train(world.versions[number], registered=False) for number in tried]
    for number in pinned:
        record_pin(world.kit.ledger, f"pin-{number}", world.versions[number].content_id, author="ana")
    world.sweep(last=last)
    needed = registered | pinned | set(range(max(0, len(trees) - last), len(trees)))
    assert all(world.is_whole(world.versions[number]) for number in needed)
    paths = {entry.object_key for number in needed for entry in world.versions[number].files}
    assert {info.key for info in world.kit.objects.list("files")} == paths
    assert all(world.kit.objects.has(key) for each in models.values() for key in (each.onnx, each.curves))
    assert not any(world.kit.objects.has(key) for each in trials for key in (each.onnx, each.curves))
    gone = swept(world.kit.ledger)
    assert all(world.is_whole(each) != (each.content_id in gone) for each in world.versions)
    assert not any(plan_sweep(world.kit, Settings(), last=last).found)


class Stubborn(ObstoreObjects):
    """A store that dies after so many removals."""

    patience = 0

    def remove(self, found):
        super().remove(found[: self.patience])
        raise SourceError("the disk is gone")


@given(patience=st.integers(0, 8))
@settings(deadline=None, max_examples=9)
def test_a_sweep_that_ends_in_the_middle_harms_nothing_and_the_next_removes_the_rest(patience):
    objects = Stubborn.memory()
    world = a_world(objects)
    for numbers in ((0, 1), (1, 2), (3, 4), (4, 5)):
        world.ingest(tree(*numbers))
    record_pin(world.kit.ledger, "kept", world.versions[1].content_id, author="ana")
    objects.patience = patience
    with suppress(SourceError):
        world.sweep()
    assert [world.is_whole(each) for each in world.versions[1::2]] == [True, True]
    mended = World(replace(world.kit, sweepable=(calm(objects), world.kit.tables)), world.versions, world.trees)
    mended.sweep()
    assert [mended.is_whole(each) for each in world.versions] == [False, True, False, True]
    assert not any(plan_sweep(mended.kit, Settings(), last=1).found)


def calm(objects):
    """The same store, no longer stubborn."""
    objects.__class__ = ObstoreObjects
    return objects


def test_looking_removes_nothing_and_records_nothing(world):
    for number in range(3):
        world.ingest(tree(number))
    before = len(list(world.kit.ledger.entries()))
    plan = plan_sweep(world.kit, Settings(), last=1)
    assert plan.size_bytes > 0
    assert [version.content_id for version in plan.versions] == [each.content_id for each in world.versions[:2]]
    assert all(world.is_whole(each) for each in world.versions)
    assert len(list(world.kit.ledger.entries())) == before


def test_every_version_that_stays_says_why(world):
    first, second = world.ingest(tree(0)), world.ingest(tree(1))
    world.train(first)
    record_pin(world.kit.ledger, "audit", first.content_id, author="ana")
    kept = plan_sweep(world.kit, Settings(), last=1).kept
    assert kept[first.content_id] == ("model m v1", "pin audit")
    assert kept[second.content_id][0] == "the last"


def test_a_freed_pin_keeps_nothing(world):
    first, _ = world.ingest(tree(0)), world.ingest(tree(1))
    record_pin(world.kit.ledger, "audit", first.content_id, author="ana")
    record_unpin(world.kit.ledger, "audit", author="ana")
    assert pins(world.kit.ledger) == {}
    world.sweep()
    assert not world.is_whole(first)


def test_the_version_that_passed_gate_3_last_stays_for_the_next_to_be_compared_with(world):
    good, bad, worse = (world.ingest(tree(number)) for number in range(3))
    world.judge("validate", "a" * 64, ingest=good.content_id)
    world.judge("validate", "b" * 64, passes=False, ingest=bad.content_id)
    world.judge("validate", "c" * 64, passes=False, ingest=worse.content_id)
    world.sweep()
    assert [world.is_whole(each) for each in (good, bad, worse)] == [True, False, True]


def report_on(world, version, *pools):
    """A validation report that compared with pools, judged at an open gate 3."""
    report = ValidationReport(version.content_id, None, None, (), (), (), (), "reports/none.json", pools=pools)
    world.keep("validate", "validate", report)
    world.judge("validate", report.content_id, ingest=version.content_id)


def test_versions_that_expectations_compare_with_stay_and_say_so(world):
    versions = [world.ingest(tree(number)) for number in range(5)]
    for version in versions[:4]:
        report_on(world, version)
    report_on(world, versions[4], ReferencePool("rolling 2", ()), ReferencePool("pinned", ()))
    kept = world.sweep().kept
    assert [world.is_whole(each) for each in versions] == [False, False, True, True, True]
    assert "reference rolling 2" in kept[versions[2].content_id]
    assert "reference rolling 2" in kept[versions[3].content_id]


def test_a_declared_reference_keeps_its_version_before_any_report_names_it(world, monkeypatch):
    first, second = world.ingest(tree(0)), world.ingest(tree(1))
    declared = Declaration({"references": [first.version, "ffff"]}, {})
    monkeypatch.setattr("sluiceway.flow.reaching.recalled", lambda fingerprint, kit: declared)
    assert world.sweep().kept[first.content_id] == (f"reference {first.version}",)
    assert world.is_whole(second)


def test_parts_that_landed_stay_for_the_next_extraction_also_where_no_version_holds_them(world):
    part = sha256_hex(b"a part")
    world.kit.objects.put(object_key(part), b"a part")
    landing = Landing("a", "a table", "0" * 64, "1" * 64, (LandedPart(part, 6, 1, "2026-01-01"),), "", (), "")
    world.kit.objects.put(landing_key("a"), encode(landing))
    world.ingest(tree(0))
    world.sweep()
    assert world.kit.objects.has(object_key(part))
    world.kit.objects.put(landing_key("a"), encode(replace(landing, parts=())))
    world.sweep()
    assert not world.kit.objects.has(object_key(part))


def test_what_was_fetched_is_kept_by_versions_alone_and_its_notes_go_with_it(world):
    version = world.ingest(tree(0))
    kept, gone = version.files[0].sha256, sha256_hex(b"fetched")
    world.kit.objects.put(object_key(gone), b"fetched")
    for name, noted in (("0" * 64, kept), ("1" * 64, gone), ("2" * 64, "never there")):
        world.kit.objects.put(f"fetched/{name}", noted.encode())
    world.sweep()
    assert [info.key[8] for info in world.kit.objects.list("fetched")] == ["0", "2"]
    assert not world.kit.objects.has(object_key(gone))


def test_what_a_version_was_only_compared_with_may_go(world):
    first = world.ingest(tree(0))
    second = world.ingest(tree(1))
    told = replace(second, compared_with=first.content_id)
    assert told.content_id == second.content_id
    world.keep("ingest", "ingest", told)
    world.sweep()
    assert [world.is_whole(each) for each in (first, second)] == [False, True]


def test_a_version_that_was_swept_is_no_reference(world):
    first, second = world.ingest(tree(0)), world.ingest(tree(1))
    world.judge("validate", "a" * 64, ingest=first.content_id)
    assert references_for(second.content_id, (), Settings(), world.kit)[""] == [first.content_id]
    world.judge("validate", "b" * 64, ingest=second.content_id)
    world.ingest(tree(2))
    world.sweep()
    assert first.content_id in swept(world.kit.ledger)
    assert references_for(second.content_id, (), Settings(), world.kit)[""] == []


def test_what_a_rollout_serves_stays_with_the_bundle_before_it(world):
    versions = [world.ingest(tree(number)) for number in range(3)]
    served = []
    for version in versions[:2]:
        onnx = f"served {version.content_id}".encode()
        key = f"models/{sha256_hex(onnx)}.onnx"
        data = encode({"dataset": version.content_id, "onnx": key})
        name = sha256_hex(data)
        world.kit.objects.put(key, onnx)
        world.kit.objects.put(f"bundles/{name}.json", data)
        served.append(Served("v1", "model", name, f"bundles/{name}.json", name))
    state = RolloutState(LIVE, served[1], 1, NOW, "because", previous=served[0])
    record_transition(world.kit.ledger, Transition("promote", state))
    world.sweep()
    assert all(world.is_whole(each) for each in versions)
    assert all(world.kit.objects.has(each.key) for each in served)
    assert len(world.kit.objects.list("models")) == 2


def test_views_go_that_nothing_which_stays_names_and_this_project_made(world):
    dropped, changed, kept, served, strange = (
        digest_of(name) for name in ("dropped", "changed", "kept", "served", "x")
    )
    version = world.ingest(tree(0))
    old, new = world.make_features(version, dropped, changed, served), world.make_features(version, kept)
    world.judge("train", new.content_id, features=new.content_id)
    data = encode({"dataset": "none", "views": [served]})
    name = sha256_hex(data)
    world.kit.objects.put(f"bundles/{name}.json", data)
    state = RolloutState(LIVE, Served("v1", "model", name, f"bundles/{name}.json", name), 1, NOW, "because")
    record_transition(world.kit.ledger, Transition("promote", state))
    world.kit.online.replace(strange, [(b"k", bytes(20))], snapshot="of another project below the same address")
    plan = world.sweep()
    assert {each.key for each in plan.of_kind(VIEW)} == {f"online@{dropped}", f"online@{changed}"}
    assert [world.kit.online.count(each) for each in (dropped, changed, kept, served, strange)] == [0, 0, 1, 1, 1]
    assert world.kit.online.snapshot(kept) == new.content_id != old.content_id


def test_where_the_evidence_of_something_needed_is_gone_nothing_is_removed_unless_it_is_lost_for_good(world):
    first, _ = world.ingest(tree(0)), world.ingest(tree(1))
    model = world.train(first)
    recipe = digest_of(["evaluate", model.content_id])
    world.kit.objects.put(artifact_key(recipe), b"{}")
    with pytest.raises(DamagedError, match=rf"evidence of evaluate {model.content_id[:12]}\. Nothing was removed"):
        plan_sweep(world.kit, Settings(), last=1)
    sweep(plan_sweep(world.kit, Settings(), last=1, lost_for_good=True), world.kit)
    assert world.is_whole(first), "the ledger still knows what the model was made from"


def test_what_is_of_no_known_kind_is_never_removed(world):
    world.ingest(tree(0))
    strange = [f"elsewhere/{'ab' * 32}", "files/readme", "reports/notes.html", f"artifacts/ab/{'ab' * 32}.json"]
    for key in strange:
        world.kit.objects.put(key, b"x")
    world.sweep()
    assert all(world.kit.objects.has(key) for key in strange)


def test_a_version_that_comes_back_is_there_again(world):
    first, _ = world.ingest(tree(0)), world.ingest(tree(1))
    world.sweep()
    assert list(swept(world.kit.ledger)) == [first.content_id]
    world.ingest(tree(0))
    assert swept(world.kit.ledger) == {}
    assert world.is_whole(first)


@pytest.mark.parametrize("last", [0, -1])
def test_at_least_the_newest_version_stays(world, last):
    world.ingest(tree(0))
    with pytest.raises(MisuseError, match=f"--keep {last}: at least the newest"):
        plan_sweep(world.kit, Settings(), last=last)


def test_a_store_that_is_older_than_its_ledger_is_not_swept(world):
    first, _ = world.ingest(tree(0)), world.ingest(tree(1))
    clock = FixedClock(datetime.now(UTC) + timedelta(hours=1))
    later = replace(world.kit, ledger=Ledger(MemoryState(), clock), clock=clock)
    World(later).ingest(tree(2))
    with pytest.raises(DamagedError, match="knows nothing of 2 artifacts that were stored before"):
        plan_sweep(later, Settings(), last=1)
    assert world.is_whole(first)
    assert plan_sweep(later, Settings(), last=1, lost_for_good=True).size_bytes > 0
