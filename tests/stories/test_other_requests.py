"""A spec whose inputs change once somebody is served: rehearsed by itself, and put in charge on purpose."""

import json

from tests.served_project import Project, Running

WITHOUT_CDS = (
    ("customer_id, purchased_at, number_of_cds, dollar_value", "customer_id, purchased_at, dollar_value"),
    ("slices: [basket], ", ""),
)
NO_PRICES = (
    ('    price="dollar_value / number_of_cds",\n', ""),
    (
        "    basket=\"CASE WHEN number_of_cds = 1 THEN 'one' WHEN number_of_cds <= 3 THEN 'few' ELSE 'many' END\",\n",
        "",
    ),
)


def test_a_model_with_other_inputs_is_rehearsed_by_itself_and_replaces_the_champion_when_told_to(trained_shop):
    shop = trained_shop
    process = Project(shop.folder).start()
    with process:
        server = Running(Project(shop.folder), process)
        server.wait_until_ready()
        server.stop()
    shop.edit("spec.yaml", *WITHOUT_CDS)
    shop.edit("pipeline.py", *NO_PRICES)
    said = shop("run", "--until", "deploy", "--json", code=None)
    assert said.code in {0, 1}, said.err
    assert "trying again" not in said.err
    gate = json.loads(said.out)["gates"][-1]
    told = next(each["detail"] for each in gate["criteria"] if each["name"] == "how the canary ended")
    beside = "v1-baseline, which answers live, takes other requests (they differ in number_of_cds)"
    assert (gate["stage"], beside in told) == ("deploy", True)
    assert f"rehearsal first: {beside}"[:60] in shop("ledger", "log", "--last", "30").out
    assert gate["verdict"] == "passed", gate
    assert "rollout start --replace" in shop("rollout", "start", code=2).err
    assert "--replace and --reason go together" in shop("rollout", "start", "--replace", code=2).err
    taken = shop("rollout", "start", "--replace", "--reason", "the till counts no CDs", "--json").json["rollout"]
    assert (taken["champion"], taken["previous"], taken["challenger"]) == ("v2", "v1-baseline", None)
    again = shop("run", "--until", "deploy", "--json").json
    assert "deploy" in again["cached"]
    assert shop("rollout", "rollback", "--json").json["rollout"]["champion"] == "v1-baseline"


def test_a_rollout_says_that_the_spec_was_edited_since_and_goes_by_what_was_rehearsed(shop):
    shop.edit("spec.yaml", ("acceptance:", "rollout:    {hold: 5s}\nacceptance:"))
    said = shop("rollout", "start", "v1", "--json")
    assert "spec.yaml now differs in rollout from what was rehearsed" in said.err
    assert json.loads(said.out)["rollout"]["steps"] == [0.05, 0.25, 0.5, 1.0]
    state = json.loads((shop.folder / ".sluiceway/objects/rollouts/live.json").read_text())
    assert state["hold_s"] == 48 * 3600
