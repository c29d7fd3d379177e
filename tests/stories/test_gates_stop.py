"""Each of the seven gates stops a planted fault, by name."""

import shutil

import pytest


def test_gate_1_stops_a_metric_that_contradicts_the_costs(fresh_shop, stopped):
    fresh_shop.edit("spec.yaml", ("beta: auto", "beta: 1.0"))
    said = fresh_shop("run", "--json", code=1)
    assert [gate["number"] for gate in said.json["gates"]] == [1]
    fault = stopped(said.json["gates"][0])["metric follows the costs"]
    assert "6 to 2 USD imply beta 1.73205" in fault["detail"]
    assert "✗ gate 1 stopped" in said.err
    assert set(said.json["made"]) == {"spec"}


def test_gate_1_stops_an_input_that_is_known_only_after_the_event(fresh_shop, stopped):
    fresh_shop.edit("spec.yaml", ("dollar_value]", "dollar_value, came_back]"))
    fault = stopped(fresh_shop("run", "--json", code=1).json["gates"][0])["input came_back at inference"]
    assert "known only from outcomes, after the event" in fault["detail"]


def test_gate_2_stops_a_flipped_byte_and_names_the_file(shop, stopped):
    flip(shop.stored("objects/files/*/*"))
    verified = shop("data", "verify", code=1)
    assert "data/purchases.csv" in verified.out
    assert "data/purchases.csv" in shop("data", "verify", "--json", code=1).json["damaged"][0]
    gates = shop("run", "--json", code=1).json["gates"]
    assert [gate["number"] for gate in gates] == [1, 2]
    assert "data/purchases.csv" in stopped(gates[1])["damaged objects"]["detail"]
    gates = shop.gates(code=1)
    assert gates["ingest"]["verdict"] == "stopped"
    assert [gates[stage]["verdict"] for stage in ("validate", "features", "train")] == ["pending"] * 3


def test_gate_2_stops_a_rebuild_that_took_too_long(shop, stopped):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 0.2, max_restore_s: 0.0001"))
    answer = shop("run", "--json", code=1).json
    assert "rebuild, s" in stopped(answer["gates"][1])


def test_gate_3_stops_a_broken_expectation(fresh_shop, stopped):
    fresh_shop.edit("pipeline.py", ("between(1, 100)", "between(1, 3)"))
    said = fresh_shop("run", code=1)
    assert "number_of_cds between 1 and 3" in said.out
    assert "sluiceway validate override" in said.out.split("Next:")[1]
    report = fresh_shop("validate", "report", "--json", code=1).json
    fault = stopped(report)["purchases: number_of_cds between 1 and 3"]
    assert fault["measured"] < fault["limit"]
    assert fault["check"] in said.out
    assert fresh_shop.gates(code=1)["features"]["verdict"] == "pending"


def test_gate_3_stops_drift_against_the_previous_version(shop, stopped):
    table = shop.folder / "data" / "purchases.csv"
    header, *rows = table.read_text().splitlines()
    dearer = [f"{row.rpartition(',')[0]},{float(row.rpartition(',')[2]) * 1.5:.2f}" for row in rows]
    table.write_text("\n".join([header, *dearer]) + "\n")
    answer = shop("run", "--json", code=1).json
    assert [gate["verdict"] for gate in answer["gates"]] == ["passed", "passed", "stopped"]
    assert any("dollar_value" in name for name in stopped(answer["gates"][2]))


def test_gate_3_compares_an_ingested_version_with_the_one_before(shop, purchases):
    with (shop.folder / "data" / "purchases.csv").open("a") as table:
        table.writelines(purchases[8_001:8_101])
    answer = shop("run", "--until", "validate", "--json").json
    assert answer["gates"][2]["verdict"] == "passed"
    drift = [each for each in answer["gates"][2]["criteria"] if "dollar_value" in each["name"]]
    assert any(each["measured"] is not None for each in drift)
    assert "no_reference" not in {each["verdict"] for each in answer["gates"][2]["criteria"]}


def test_gate_4_stops_a_store_that_is_slower_than_promised(shop, stopped):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 0.2, max_retrieval_p99_ms: 0.00001"))
    answer = shop("run", "--json", code=1).json
    assert "retrieval p99, ms" in stopped(answer["gates"][3])
    assert "features" in answer["cached"]


def test_a_lost_online_store_is_filled_again(shop, made):
    shutil.rmtree(shop.folder / ".sluiceway" / "online")
    said = shop("run", "--json")
    assert said.json["made"] == made
    assert set(made) - set(said.json["cached"]) == {"features"}
    assert "gone from the store" in said.err


def test_gate_5_stops_a_model_that_does_not_beat_the_baseline(featured_shop, stopped):
    old = 'n_estimators=trial.suggest_int("n_estimators", 60, 160)'
    featured_shop.edit("pipeline.py", (old, 'n_estimators=trial.suggest_int("n_estimators", 1, 2)'))
    answer = featured_shop("run", "--json", code=1).json
    assert answer["gates"][4]["number"] == 5
    assert "log loss, below the baseline's" in stopped(answer["gates"][4])
    assert "no model is registered yet" in featured_shop("models", "show", code=2).err
    assert featured_shop.entries("published") == []


def test_gate_5_stops_a_feature_that_needs_no_other(shop, stopped):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 0.2, max_single_feature_auc: 0.6"))
    answer = shop("run", "--json", code=1).json
    fault = stopped(answer["gates"][4])["ROC AUC of the strongest feature alone"]
    assert "history__count_180d" in fault["detail"]
    assert set(answer["made"]) - set(answer["cached"]) == {"spec"}


def test_gate_6_stops_a_model_that_answers_too_slowly_and_nothing_of_stage_7_is_run(trained_shop, stopped):
    trained_shop.edit("spec.yaml", ("latency_p99_ms: 500", "latency_p99_ms: 0.001"))
    answer = trained_shop("run", "--json", code=1).json
    assert [gate["number"] for gate in answer["gates"]] == [1, 2, 3, 4, 5, 6]
    faults = stopped(answer["gates"][5])
    ended = faults["how the canary ended"]
    assert ended["measured"] == "aborted"
    assert " %: p99 latency in ms, upper 95 % bound" in ended["detail"]
    assert faults["p99 latency in ms, upper 95 % bound"]["limit"] == 0.001
    assert not {"replay", "observe"} & {entry["body"]["node"] for entry in trained_shop.entries("made")}
    changes = [entry["body"]["name"] for entry in trained_shop.entries("rollout")]
    assert (changes[:2], changes[-1]) == (["first", "start"], "abort")
    lines = trained_shop("status", code=1).out.splitlines()
    assert "✗ 6 deploy   stopped in rehearsal" in lines
    assert lines[-1] == "· 7 observe  pending"
    assert "the rehearsal of version 1 did not pass gate 6" in trained_shop("rollout", "start", code=1).out


def test_gate_6_is_inconclusive_where_the_traffic_is_too_little_for_what_is_promised(trained_shop, stopped):
    trained_shop.edit("spec.yaml", ("success_rate: 0.99", "success_rate: 0.9999"))
    said = trained_shop("run", code=1)
    assert "? gate 6 inconclusive in rehearsal" in said.err
    gate = trained_shop.gates(code=1)["deploy"]
    faults = stopped(gate)
    assert {each["verdict"] for each in faults.values()} == {"inconclusive"}
    assert set(faults) == {"how the canary ended", "share of canary requests answered, lower 95 % bound"}
    assert "it takes 29,956" in faults["share of canary requests answered, lower 95 % bound"]["detail"]
    lines = trained_shop("status", code=1).out.splitlines()
    assert "? 6 deploy   inconclusive in rehearsal" in lines
    assert lines[-1] == "· 7 observe  pending"


def test_gate_7_stops_alarms_that_are_too_lax_to_notice_what_was_planted(shop, stopped):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 20"))
    answer = shop("run", "--json", code=1).json
    assert [gate["verdict"] for gate in answer["gates"][3:]] == ["passed", "passed", "passed", "stopped"]
    assert set(answer["made"]) - set(answer["cached"]) == {"spec", "observe"}
    faults = stopped(answer["gates"][6])
    missed = faults["drill, predictions shifted by 1.8 standard deviations of their log odds"]
    assert (missed["measured"], missed["limit"]) == ("nothing", "prediction_drift: probability")
    untried = {each["name"] for each in answer["gates"][6]["criteria"] if "not applicable" in each["detail"]}
    assert untried == {"drill, shift", "drill, loss", "drill, unit", "drill, renaming"}
    assert all(name.startswith("drill, ") for name in faults)
    said = shop("status", code=1).out
    assert "✓ 6 deploy   passed in rehearsal" in said.splitlines()
    assert "✗ 7 observe  stopped in rehearsal" in said.splitlines()
    assert f"✗ {missed['name']}: nothing (limit prediction_drift: probability)" in said


def test_training_alone_does_not_start_behind_a_closed_gate_2(featured_shop):
    flip(featured_shop.stored("objects/files/*/*"))
    said = featured_shop("run", "--only", "train", "--json", code=1)
    assert "gate 2 (ingest) is closed" in said.json["refused"]
    assert not {"train", "baseline"} & {entry["body"]["node"] for entry in featured_shop.entries("made")}


def test_training_again_does_not_start_behind_a_closed_gate_2(shop):
    flip(shop.stored("objects/files/*/*"))
    before = shop.entries("made")
    said = shop("run", "--only", "train", "--again", "train", code=1)
    assert "gate 2 (ingest) is closed" in said.out
    assert "damaged objects" in said.out
    assert shop.entries("made") == before


def test_training_alone_does_not_start_behind_a_gate_that_nobody_judged(fresh_shop):
    said = fresh_shop("run", "--only", "train", "--json", code=1)
    assert "has not been judged" in said.json["refused"]
    assert fresh_shop.entries("made") == []


@pytest.mark.parametrize("stage", ["features", "train"])
def test_a_source_changed_without_a_new_version_blocks_what_builds_on_it(featured_shop, stage, purchases):
    with (featured_shop.folder / "data" / "purchases.csv").open("a") as table:
        table.writelines(purchases[8_001:8_002])
    before = featured_shop.entries("made")
    said = featured_shop("run", "--only", stage, code=1)
    assert "data/purchases.csv" in said.out
    assert "data/purchases.csv" in featured_shop("run", "--only", stage, "--json", code=1).json["refused"]
    assert featured_shop.entries("made") == before
    assert "data/purchases.csv" in featured_shop("data", "verify").out


def flip(path):
    """Change one bit of a stored file."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
