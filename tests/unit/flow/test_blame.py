"""A file is followed forwards to everything that was made from it, and to nothing else."""

from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
import pytest
from tests.data_worlds import NOW, a_world, tree

from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import LIVE, RolloutState, Served
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import UnknownNameError
from sluiceway.flow import blame as module
from sluiceway.flow.blame import blame
from sluiceway.ledger.rolling import Transition, record_transition

SHARED, ALONE = "data/0.csv", "data/1.csv"


@dataclass(frozen=True)
class Thing:
    """An artifact of which only the identity matters."""

    name: str

    @property
    def content_id(self):
        return digest_of(["thing", self.name])


@pytest.fixture
def world():
    """Two versions that share a file, and a third without it; features, bundles and models of the first two."""
    world = a_world()
    for numbers in ((0, 1), (0, 2), (3,)):
        world.ingest(tree(*numbers))
    return world


def learnt(world, place):
    """Make features, a bundle and a registered model of a version; return the bundle as it is served."""
    version = world.versions[place]
    features, bundle = Thing(f"features {place}"), Thing(f"bundle {place}")
    world.keep("features", "features", features, ingest=version.content_id)
    world.keep("train", "train", bundle, features=features.content_id)
    world.train(version)
    return Served(f"v{len(world.models)}", "model", bundle.content_id, "key", "sha")


def rolled(world, name, state):
    record_transition(world.kit.ledger, Transition(name, state))
    return state


def asked(world, **by_version):
    for version, rows in by_version.items():
        for row in range(rows):
            record = RequestRecord("r", row, rows, 0, 0, LIVE, 200, 1, version=version.replace("_", "-"))
            world.kit.requests.append(msgspec.json.encode(record) + b"\n")


def test_the_versions_that_hold_a_file_are_named_with_their_sources_and_those_that_read_them(world):
    found = blame(SHARED, world.kit)
    assert [each.version for each in found.versions] == [each.version for each in world.versions[:2]]
    assert {(each.sources, each.derived) for each in found.versions} == {(("a",), ("b",))}
    assert {each.sha256 for each in found.versions} == {world.versions[0].files[0].sha256}
    assert [each.version for each in blame(ALONE, world.kit).versions] == [world.versions[0].version]


def test_a_file_is_found_by_its_hash_as_well(world):
    sha256 = world.versions[0].files[0].sha256
    assert len(blame(sha256[:12], world.kit).versions) == 2
    assert len(blame(sha256, world.kit).versions) == 2


@pytest.mark.parametrize("name", ["data/O.csv", "data/0.cvs", "0", "ffffffffffff"])
def test_a_file_that_was_never_ingested_is_refused_with_the_nearest_name(world, name):
    with pytest.raises(UnknownNameError, match="no ingested file is called"):
        blame(name, world.kit)


def test_only_what_was_made_from_the_file_is_reached(world):
    for place in range(3):
        learnt(world, place)
    found = blame(ALONE, world.kit)
    made = [(each.node, each.content_id) for each in found.artifacts]
    model = world.models[0]
    assert made == [
        ("features", Thing("features 0").content_id),
        ("train", Thing("bundle 0").content_id),
        ("evaluate", model.content_id),
    ]
    assert [(each.name, each.version, each.dataset) for each in found.models] == [
        ("m", 1, world.versions[0].content_id)
    ]
    assert [each.version for each in blame(SHARED, world.kit).models] == [1, 2]


def test_a_live_rollout_is_followed_from_the_canary_to_who_came_next(world):
    first, second, third = (learnt(world, place) for place in (1, 0, 2))
    times = [NOW + timedelta(hours=hour) for hour in range(5)]
    state = rolled(world, "first", RolloutState(LIVE, first, 1, times[0], ""))
    state = rolled(world, "start", replace(state, challenger=second, share=0.05, since=times[1]))
    state = rolled(world, "advance", replace(state, share=0.25, since=times[2]))
    state = rolled(world, "promote", RolloutState(LIVE, second, 2, times[3], "", previous=first))
    rolled(world, "promote", RolloutState(LIVE, third, 3, times[4], "", previous=second))
    asked(world, v1=3, v2=7, v3=5)
    found = [each for each in blame(ALONE, world.kit).deployments if each.scope == LIVE]
    told = [(each.version, each.role, each.share, each.since, each.until, each.requests) for each in found]
    assert told == [
        ("v2", "challenger", 0.25, times[1], times[3], 7),
        ("v2", "champion", 1.0, times[3], times[4], 7),
    ]


def test_who_answers_still_has_no_end(world):
    served = learnt(world, 0)
    rolled(world, "first", RolloutState(LIVE, served, 1, NOW, ""))
    [deployment] = blame(ALONE, world.kit).deployments
    assert (deployment.until, deployment.share, deployment.requests) == (None, 1.0, 0)


def test_a_log_that_is_too_large_is_counted_in_part_and_said_to_be(world, monkeypatch):
    served = learnt(world, 0)
    rolled(world, "first", RolloutState(LIVE, served, 1, NOW, ""))
    asked(world, v1=3)
    assert blame(ALONE, world.kit).all_requests
    monkeypatch.setattr(module, "COUNTED_BYTES", 0)
    assert not blame(ALONE, world.kit).all_requests


def test_lines_that_cannot_be_read_count_for_nobody(world):
    served = learnt(world, 0)
    rolled(world, "first", RolloutState(LIVE, served, 1, NOW, ""))
    world.kit.requests.append(b"{half a line\n")
    asked(world, v1=2)
    assert [each.requests for each in blame(ALONE, world.kit).deployments] == [2]


def test_a_file_that_reached_no_model_says_so(world):
    found = blame(SHARED, world.kit)
    assert (found.artifacts, found.models, found.deployments) == ((), (), ())
