"""An override opens gate 3 for a time and for a reason, and nothing is made again for it."""

import re
import time

import pytest

FAULT = "purchases: number_of_cds between 1 and 30"


@pytest.fixture
def faulty(featured_shop, stopped):
    """A shop behind a closed gate 3, with the check that closed it."""
    featured_shop.edit("pipeline.py", ("between(1, 100)", "between(1, 30)"))
    answer = featured_shop("run", "--until", "features", "--json", code=1).json
    return featured_shop, stopped(answer["gates"][2])[FAULT]["check"]


def test_an_override_opens_a_gate_runs_out_and_closes_it_with_nothing_made_again(faulty, stopped):
    shop, check = faulty
    made = shop.entries("made")
    given = shop("validate", "override", check, "--reason", "a bulk buyer", "--author", "ana", "--until", "5s")
    over = time.monotonic() + 5
    assert "says ana" in given.out
    opened = shop("run", "--until", "features", "--json").json
    assert opened["open"] is True
    assert len(opened["gates"]) == 4
    excused = next(each for each in opened["gates"][2]["criteria"] if each["name"] == FAULT)
    assert excused["verdict"] == "overridden"
    assert "overridden by ana: a bulk buyer" in excused["detail"]
    assert time.monotonic() < over, "the machine is too slow for this test's override"
    time.sleep(max(0, over - time.monotonic()) + 0.1)
    lapsed = shop.gates(code=1)
    assert "the override has expired" in stopped(lapsed["validate"])[FAULT]["detail"]
    assert lapsed["features"]["verdict"] == "pending"
    closed = shop("run", "--until", "features", "--json", code=1).json
    assert FAULT in stopped(closed["gates"][2])
    assert "validate" in closed["cached"]
    assert shop.entries("made") == made


def test_an_override_covers_one_dataset_and_no_other(faulty, stopped, purchases):
    shop, check = faulty
    shop("validate", "override", check, "--reason", "a bulk buyer", "--until", "7d")
    shop("run", "--until", "validate")
    with (shop.folder / "data" / "purchases.csv").open("a") as table:
        table.writelines(purchases[8_001:8_002])
    answer = shop("run", "--until", "validate", "--json", code=1).json
    assert FAULT in stopped(answer["gates"][2])


def test_an_override_needs_a_check_a_reason_and_a_future(faulty):
    shop, check = faulty
    assert (
        "no check of the last validation"
        in shop("validate", "override", "0" * 12, "--reason", "why not", "--until", "7d", code=2).err
    )
    assert "--reason is empty" in shop("validate", "override", check, "--reason", " ", "--until", "7d", code=2).err
    assert (
        "over already" in shop("validate", "override", check, "--reason", "late", "--until", "2001-01-01", code=2).err
    )
    assert "neither a duration" in shop("validate", "override", check, "--reason", "odd", "--until", "soon", code=2).err
    assert shop.entries("override") == []


def excused(shop, gate, *words):
    """Override whatever holds a gate shut; return the names."""
    closed = stopped_of(shop, gate)
    for criterion in closed:
        shop("override", gate, criterion["check"], "--reason", "agreed with ops", "--author", "ana", *words)
    return [each["name"] for each in closed]


def stopped_of(shop, gate):
    criteria = shop.gates(code=1)[gate]["criteria"]
    return [each for each in criteria if each["verdict"] in {"stopped", "inconclusive"}]


def test_gate_6_opens_for_who_answers_for_it_and_closes_when_the_time_is_up(shop):
    shop.edit("spec.yaml", ("acceptance: {", "acceptance: {min_canary_hours: 20000, "))
    shop("run", code=1)
    assert "rehearsal" in shop("rollout", "start", code=1).out
    short = shop("status", code=1).out
    assert "[check " in short
    assert "hours of canary traffic" in excused(shop, "deploy", "--until", "45s")
    over = time.monotonic() + 45
    opened = shop("run", "--json").json
    gate = opened["gates"][5]
    assert (gate["verdict"], gate["scope"]) == ("overridden", "rehearsal")
    assert len(opened["gates"]) == 7
    assert "deploy" in opened["cached"]
    assert "overridden by ana: agreed with ops" in str(gate["criteria"])
    rests_on = shop("models", "show", "--json").json["rests_on"]
    assert {each["gate"] for each in rests_on} == {6}
    assert "! gate 6, hours of canary traffic" in shop("models", "show").out
    page = next(iter(re.findall(r"\S*reports/canary-\S+", shop("run").out)))
    assert "overridden by ana: agreed with ops" in (shop.folder / page).read_text()
    shop("rollout", "start")
    shop("rollout", "abort", "--reason", "enough")
    time.sleep(max(0, over - time.monotonic()) + 0.1)
    assert "hours of canary traffic" in {each["name"] for each in stopped_of(shop, "deploy")}
    shop("rollout", "start", code=1)
    assert [each["body"]["gate"] for each in shop.entries("override")][:1] == [6]
    assert "gate 6, check" in shop("ledger", "log").out


def test_a_deaf_drill_of_gate_7_keeps_no_alert_back_and_is_excused_by_its_very_check(trained_shop):
    shop = trained_shop
    shop.edit("spec.yaml", ("max_f1_drop: 0.05", "max_f1_drop: 0.9"))
    said = shop("run", code=1)
    assert "The alarm is not proven: gate 7 is stopped (drill, " in said.err
    assert {each["body"]["proven"] for each in shop.entries("alert")} == {False}
    names = [each["name"] for each in stopped_of(shop, "observe")]
    assert names
    assert all(name.startswith("drill, ") for name in names)
    assert excused(shop, "observe", "--until", "1d") == names
    assert shop("run", "--json").json["gates"][6]["verdict"] == "overridden"
    assert shop("observe", "report", "--json").json["gate"]["verdict"] == "overridden"


def test_what_may_not_be_overridden_is_refused(shop):
    passed = shop.gates()["deploy"]["criteria"]
    (skew,) = [each for each in passed if each["name"].startswith("logged features that differ")]
    assert skew["check"] == ""
    given = ("--reason", "why not", "--until", "7d")
    assert "gate 5 (train) cannot be overridden" in shop("override", "train", "0" * 12, *given, code=2).err
    assert "no check of the last verdict of gate 6" in shop("override", "6", "0" * 12, *given, code=2).err
    hours = next(each["check"] for each in passed if each["name"] == "hours of canary traffic")
    assert "passed; there is nothing to override" in shop("override", "deploy", hours, *given, code=2).err
    assert "Did you mean 'deploy'?" in shop("override", "deplo", hours, *given, code=2).err
