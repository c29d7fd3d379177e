"""Five challengers on a running server: four are put out, one that is as good takes over, every caller is answered."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import pytest
from tests import bundles
from tests.live_places import Place, a_place
from tests.served_canaries import TRUTH, flown
from tests.served_project import Project

from sluiceway.adapters.http_endpoint import HttpEndpoint
from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.codec import decode

FEW, ENOUGH = 2_500, 7_000  # half of them are on the canary; 2,995 without a failure certify 99.9 %


@dataclass
class Town:
    """A project that is served, and a way to ask its server many things at once."""

    place: Place
    endpoint: HttpEndpoint

    def try_out(self, version, model):
        """Register a model and put it on the canary; the server answers by that when this returns."""
        self.place.live.register(version, model)
        self.settle(self.place("start", str(version), "--json").json["rollout"])

    def settle(self, rollout):
        self.endpoint.settle(rollout["sequence"])

    def ask(self, many):
        """Ask about the first so many flights, and return what each caller got."""
        answers = self.endpoint.ask([each.question for each in self.place.live.flights[:many]])
        assert {answer.status for answer in answers} == {200}
        return [json.loads(answer.body) for answer in answers]

    def entries(self, kind):
        """The ledger's live entries of a kind, oldest first."""
        entries = self.place("log", "--last", "1000", "--json", group="ledger").json["entries"]
        return [entry["body"] for entry in entries if entry["kind"] == kind and entry["body"]["scope"] == "live"]

    def evidence(self, change):
        """The report that a change rests upon, if it is the one that the ledger names."""
        key = self.place.folder / ".sluiceway" / "objects" / "rollouts" / "canaries" / f"{change['evidence']}.json"
        report = decode(CanaryReport, key.read_bytes())
        assert report.content_id == change["evidence"]
        return report


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    place = a_place(tmp_path_factory.mktemp("challengers"), flown(3, a_day=ENOUGH // 3 + 1), success_rate=0.999)
    with Project(place.folder).serving() as server:
        endpoint = HttpEndpoint("127.0.0.1", server.port)
        yield Town(place, endpoint)
        endpoint.close()
    assert place("verify", "--json", group="ledger").json["broken_at"] is None


def one_in_a_hundred_failed(report):
    arm = report.challenger_arm
    return 0.002 < arm.failures / arm.requests < 0.02 and "the model raised" in arm.errors[0]


def slower_by_far(report):
    return (
        report.challenger_arm.work_ms.low > 4 * report.champion_arm.work_ms.high and not report.challenger_arm.failures
    )


def nothing_but_nan(report):
    arm = report.challenger_arm
    return arm.failures == arm.requests and "the model gave nan, which is no probability" in arm.errors[0]


def surely_worse(report):
    seen = report.quality
    return seen.rows > 1_000 and seen.difference.low > seen.margin and not report.challenger_arm.failures


@dataclass
class Bad:
    """A model, the criterion that stops it, and whether the evidence shows what is wrong with it."""

    model: bytes
    criterion: str
    shown: Callable[[CanaryReport], bool]


FAILING = Bad(bundles.raising_where_above(990.0, **TRUTH), "share of canary requests answered", one_in_a_hundred_failed)
SLOW = Bad(bundles.slow(200, **TRUTH), "median work on a request, times the champion's", slower_by_far)
MUTE = Bad(bundles.constant(nan), "share of canary requests answered", nothing_but_nan)
FLIPPED = Bad(bundles.flipped(**TRUTH), "log loss above the champion's", surely_worse)
BAD = {
    "fails one in a hundred": FAILING,
    "is ten times slower": SLOW,
    "never gives a number": MUTE,
    "has its labels flipped": FLIPPED,
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_challenger_is_put_out_for_what_is_wrong_with_it_and_nobody_goes_without_an_answer(town, fault):
    bad, version = BAD[fault], 2 + list(BAD).index(fault)
    town.try_out(version, bad.model)
    answers = town.ask(FEW)
    assert all(0 <= answer["probability"] <= 1 for answer in answers)
    said = town.place("advance", "--json", code=1).json
    town.settle(said["rollout"])
    assert (said["change"], said["gate"]["verdict"], said["gate"]["scope"]) == ("abort", "stopped", "live")
    change, verdict = town.entries("rollout")[-1], town.entries("verdict")[-1]
    assert (change["name"], change["state"]["challenger"]) == ("abort", None)
    assert f"v{version} is out at 50 %: {bad.criterion}" in change["state"]["reason"]
    stopped = [each["name"] for each in change["criteria"] if each["verdict"] == "stopped"]
    assert [name.startswith(bad.criterion) for name in stopped] == [True]
    assert (verdict["stage"], verdict["artifact"]) == ("deploy", change["evidence"])
    report = town.evidence(change)
    assert bad.shown(report), report
    assert report.champion_arm.requests + report.challenger_arm.requests == FEW
    assert report.champion_arm.failures == 0
    champion = change["state"]["champion"]["version"]
    assert {answer["model_version"] for answer in town.ask(200)} == {champion}


def test_a_challenger_that_is_as_good_takes_over_step_by_step(town):
    version = 2 + len(BAD)
    town.try_out(version, bundles.logistic(**TRUTH))
    town.ask(ENOUGH)
    time.sleep(1.0)
    stepped = town.place("advance", "--json").json
    assert (stepped["change"], stepped["gate"]["verdict"], stepped["rollout"]["share"]) == ("step_up", "passed", 1.0)
    town.settle(stepped["rollout"])
    assert {answer["model_version"] for answer in town.ask(200)} == {f"v{version}"}
    time.sleep(1.0)
    won = town.place("advance", "--json").json
    town.settle(won["rollout"])
    assert (won["change"], won["rollout"]["champion"]) == ("promote", f"v{version}")
    change = town.entries("rollout")[-1]
    assert (change["name"], change["state"]["champion"]["version"]) == ("promote", f"v{version}")
    assert {each["verdict"] for each in change["criteria"]} == {"passed"}
    report = town.evidence(change)
    assert report.challenger_arm.requests >= 2_995
    assert report.challenger_arm.failures == 0
    assert {answer["model_version"] for answer in town.ask(200)} == {f"v{version}"}
