"""The health report and the drills on the command line, over a project that has been observed."""

import json
from dataclasses import replace

import polars as pl
import pytest
from tests.contracts.test_alerter import at, webhook
from tests.unit.observe.conftest import SERVED, World, rows_of

from sluiceway.__main__ import run
from sluiceway.adapters.memory_alerter import MemoryAlerter
from sluiceway.cli.observe import delivery_words
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Verdict
from sluiceway.flow.cache import keep
from sluiceway.flow.graph import GRAPH
from sluiceway.flow.kit import Settings
from sluiceway.ledger.alerting import Delivery, last_delivery
from sluiceway.ledger.standing import Standing, record_verdict
from sluiceway.observe.gate import gate
from sluiceway.observe.telling import tell
from sluiceway.workspace import Workspace

PIPELINE = """
import sluiceway as sw

flights = sw.Source("flights", sw.files("f.csv"), key="flight_id", event_time="at")
weather = sw.Source("weather", sw.files("w.csv"), key="origin", event_time="at")
wind = sw.FeatureView("origin_weather", "origin", weather, [sw.latest("wind")], fresh_within="2h")
pipeline = sw.Pipeline(
    spec="spec.yaml", views=[wind], model=lambda trial: None,
    label=sw.Label("late", flights, "late", each=flights, at="at", matures="1d"),
)
"""
VERDICT = Verdict((Criterion.at_most("drill, control: nothing", measured=0, limit=0),))


def store(kit, **made):
    """Record artifacts as if a run had made them."""
    for name, artifact in made.items():
        node = next(node for node in GRAPH if node.name == name)
        keep(node, artifact.content_id, artifact, parents={}, kit=kit, settings=Settings())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project with a model, and its world."""
    folder = tmp_path_factory.mktemp("project")
    kit = Workspace.open(folder).kit
    world = World(objects=kit.objects, tables=kit.tables)
    store(kit, spec=world.promise, features=world.features(), evaluate=world.candidate())
    (folder / "pipeline.py").write_text(PIPELINE)
    (folder / "spec.yaml").write_text("problem: {name: late}")
    return folder, world


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """A project whose model was served while distance came in another unit."""
    folder = tmp_path_factory.mktemp("observed")
    kit = Workspace.open(folder).kit
    world = World(objects=kit.objects, tables=kit.tables)
    changed = rows_of(SERVED, 31).with_columns(distance=pl.col("distance") * 2)
    report = world.observe(world.logged(changed))
    store(kit, spec=world.promise, features=world.features(), evaluate=world.candidate(), observe=report)
    verdict = gate(report, world.promise, NO_OVERRIDES, kit.clock.now())
    record_verdict(kit.ledger, Standing(7, "observe", report.content_id, {}, verdict, "live", 0), as_of=None)
    tell(report, world.spec, verdict=VERDICT, alerter=kit.alerter, ledger=kit.ledger, as_of=None)
    return folder, report


def called(capsys, *words):
    code = run([str(word) for word in words])
    return code, capsys.readouterr()


def test_the_report_tells_what_moved_and_what_to_do(observed, capsys):
    code, said = called(capsys, "observe", "report", "--project", observed[0])
    assert code == 0
    assert said.out.startswith("v1, live: July 2024: a request costs ")
    assert "Train again:\n" in said.out
    table = said.out[said.out.index("PSI  ") :]
    assert [line.split()[0] for line in table.splitlines()[1:4]] == [
        "predictions",
        "distance",
        "origin_weather__latest_wind",
    ]
    assert "▲" in table.splitlines()[2]
    served = said.out[said.out.index("served  ") :].splitlines()
    assert served[1].split()[0] == "origin_weather"
    assert "stale, " in served[1]


def test_scripts_get_the_whole_report(observed, capsys):
    code, said = called(capsys, "observe", "report", "--json", "--project", observed[0])
    told = json.loads(said.out)
    assert code == 0
    assert (told["version"], told["decision"]["retrain"], told["undelivered"]) == ("v1", True, {})
    assert told["headline"].startswith("July 2024: ")
    assert told["gate"]["verdict"] == "passed"
    assert told["windows"][0]["alerts"][0]["kind"] == "cost"


def test_a_closed_gate_exits_1(observed, capsys):
    folder, report = observed
    kit = Workspace.open(folder).kit
    deaf = replace(report, drills=())
    verdict = gate(deaf, World().promise, NO_OVERRIDES, kit.clock.now())
    opened = gate(report, World().promise, NO_OVERRIDES, kit.clock.now())
    for given, expected in ((verdict, 1), (opened, 0)):
        record_verdict(kit.ledger, Standing(7, "observe", report.content_id, {}, given, "live", 0), as_of=None)
        assert called(capsys, "observe", "report", "--project", folder)[0] == expected


def test_places_that_failed_are_named_and_those_that_were_removed_are_not(observed, capsys):
    folder, report = observed
    kit = Workspace.open(folder).kit
    broken = MemoryAlerter(("log", "slack 1"), broken={"log": "the disk is full", "slack 1": "no answer"})
    elsewhere = replace(
        report, windows=tuple(replace(each, alerts=each.alerts[:1]) for each in report.windows), bundle="0" * 64
    )
    store(kit, observe=elsewhere)
    tell(elsewhere, World().spec, verdict=VERDICT, alerter=broken, ledger=kit.ledger, as_of=None)
    _, said = called(capsys, "observe", "report", "--project", folder)
    store(kit, observe=report)
    assert "not delivered to log: the disk is full" in said.out
    assert "not delivered to slack 1" not in said.out


def test_the_last_delivery_stands_beside_the_gate(observed, capsys):
    folder, _ = observed
    kit = Workspace.open(folder).kit
    newest = last_delivery(kit.ledger, scope="live")
    _, said = called(capsys, "observe", "report", "--project", folder)
    _, scripts = called(capsys, "observe", "report", "--json", "--project", folder)
    assert f"gate 7 passed live; alerts last went out at {newest.at} to " in said.out
    assert json.loads(scripts.out)["last_delivery"]["at"] == newest.at
    assert delivery_words(None) == "no alert was ever sent"
    assert delivery_words(Delivery("now", (), {"slack 3f2a": "no answer"})).endswith("to nobody, not to slack 3f2a")


def test_a_test_alert_goes_to_every_place_and_what_came_of_it_is_said(trained, capsys):
    folder, _ = trained
    settings = folder / "sluiceway.toml"
    with webhook() as works, webhook(answers=500) as fails:
        settings.write_text(f'alerts = ["{at(works)}", "{at(fails)}"]')
        code, said = called(capsys, "observe", "drill", "--send", "--project", folder)
        assert (code, len(works.heard), len(fails.heard)) == (1, 1, 1)
        settings.write_text(f'alerts = ["{at(works)}"]')
        well, scripts = called(capsys, "observe", "drill", "--send", "--json", "--project", folder)
    settings.unlink()
    assert "this is a test of whether alerts arrive; nothing is wrong" in works.heard[0]
    assert [line[:7] for line in said.out.splitlines()[-3:]] == ["✓  log:", "✓  json", "✗  json"]
    assert (well, set(json.loads(scripts.out)["sent"].values())) == (0, {""})
    assert "T0KEN" not in said.out + scripts.out


def test_before_anything_was_observed_the_command_says_so(trained, capsys):
    code, said = called(capsys, "observe", "report", "--project", trained[0])
    assert code == 2
    assert "nothing has been observed yet; run `sluiceway run` first" in said.err


def test_drills_are_tried_at_any_time(trained, capsys):
    code, said = called(capsys, "observe", "drill", "--project", trained[0])
    assert code == 0
    lines = said.out.splitlines()
    assert {line[0] for line in lines[1:]} == {"✓"}
    assert any("carrier" in line and "data_drift: carrier" in line for line in lines)


def test_a_drill_that_misbehaves_exits_1(trained, capsys):
    folder, world = trained
    nervous = replace(world.spec.acceptance, strict_drift=True, drift_p_value=0.999)
    kit = Workspace.open(folder).kit
    store(kit, spec=replace(world.promise, spec=replace(world.spec, acceptance=nervous)))
    code, said = called(capsys, "observe", "drill", "--json", "--project", folder)
    store(kit, spec=world.promise)
    control = json.loads(said.out)["drills"][0]
    assert code == 1
    assert (control["name"], control["behaved"]) == ("control: nothing", False)


def test_without_a_model_there_is_nothing_to_drill(tmp_path, capsys):
    code, said = called(capsys, "observe", "drill", "--project", tmp_path)
    assert code == 2
    assert "run `sluiceway run --until train` first" in said.err
