"""A model in service keeps the features that it learnt from, fresh by batch and by stream, when views have changed."""

import json
import re
from datetime import UTC, datetime

import pytest
from tests.bundles import logistic, shelved
from tests.streamed_project import StreamedProject, events, expected, messages

from sluiceway.adapters.project_folder import ProjectFolder
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.deploy.rollout import FIRST, first
from sluiceway.flow.recall import current
from sluiceway.ledger.rolling import Transition, record_transition
from sluiceway.plans.packed_value import pack_key, unpack_value
from sluiceway.workspace import Workspace

PLANS = (
    "plans = sw.FeatureView('plans', entity='carrier', source=flights, every='5m', features=[sw.count(over='1h')])\n\n"
)
FLIGHT = "{},C00,2024-01-01T{}:00Z\n"


@pytest.fixture
def project(tmp_path):
    """A project with a view from files and one that a stream keeps up, both read by the model that answers."""
    project = StreamedProject.made(tmp_path / "project")
    edit(project, "def model", PLANS + "def model")
    edit(project, "[delays]", "[delays, plans]")
    project("run", "--until", "features", code=None)
    kit = Workspace.open(project.folder, environment=project.environment).kit
    served = shelved(kit.objects, logistic(), contract=current("features", kit).contract)
    record_transition(kit.ledger, Transition(FIRST, first(LIVE, served, at=datetime.now(UTC))))
    return project


def edit(project, old, new):
    path = project.folder / "pipeline.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def digests(project):
    return {view.name: view.digest for view in ProjectFolder(project.folder).load().pipeline.feature_views}


def fly(project, number, at):
    with (project.folder / "flights.csv").open("a") as table:
        table.write(FLIGHT.format(number, at))


def accept(project):
    """Let so few rows pass gate 3, of which nobody can tell whether they drifted."""
    while said := re.search(r"validate override (\w+)", project("run", "--until", "validate", code=None)):
        project("validate", "override", said[1], "--reason", "few rows", "--until", "7d")


def told(project, digest, carrier):
    store = project.online()
    (found,) = store.read(digest, [pack_key([carrier])])
    store.close()
    return unpack_value(found).features


def test_a_model_is_served_fresh_values_of_views_as_it_learnt_them(project):
    old = digests(project)
    edit(project, 'sw.count(over="1h")', 'sw.count(over="2h")')
    edit(project, "sw.count(over='1h')", "sw.count(over='2h')")
    rule = "at_least=0.5, on_failure='quarantine')]"  # it says which rows there are, not what one means
    edit(project, 'event_time="departs"', f'event_time="departs", expectations=[sw.row("flight < 900", {rule}')
    edit(project, "stream=", f"expectations=[sw.column('delay').between(-900, 900, {rule}, stream=")
    new = digests(project)
    assert set(old.values()).isdisjoint(new.values())
    fly(project, 3, "01:30")
    fly(project, 4, "01:40")
    fly(project, 999, "01:40")
    accept(project)
    project("run", "--until", "features", code=None)  # so few rows teach nothing, so gate 4 is closed
    assert (told(project, old["plans"], "C00"), told(project, new["plans"], "C00")) == ([2.0], [3.0])
    fly(project, 5, "02:50")
    accept(project)
    said = json.loads(project("features", "materialize", "--as-of", "2024-01-01T03:00", "--json"))
    assert [each["view"] for each in said["views"]] == ["plans", "plans"]
    assert (told(project, old["plans"], "C00"), told(project, new["plans"], "C00")) == ([1.0], [3.0])
    landings = events(900)
    project.spool().append(messages(landings))
    project("stream", "run", "--until-idle")
    for carrier, (count, *others) in expected(landings).items():
        assert told(project, old["delays"], carrier) == [count, *others]
        assert told(project, new["delays"], carrier)[1:] == others


def test_what_cannot_be_kept_up_is_told(project):
    edit(project, 'event_time="departs"', 'event_time="departs", known_time="departs"')
    for words in (["features", "materialize"], ["run", "--until", "features"], ["stream", "run", "--until-idle"]):
        process = project.start(*words)
        _, said = process.communicate(timeout=60)
        why = "its source 'flights' is declared otherwise now"
        assert said.count(f"view 'plans' as model v1 reads it is not kept up: {why}") == 1, words
        assert "staleness" in said
