"""A store that tells the server something else than offline computes: named by view and feature, and never served."""

import re

BEFORE_THE_REHEARSAL, BEFORE_THE_REPLAY = "1998-02-01", "1998-06-15"
SKEW = "logged features that differ from those computed offline"
# how a difference is told: feature, request, moment, both values, and what most likely made them differ
EXAMPLE = re.compile(r"(\w+__\w+) of request \w+ at (\S+): (\S+) logged, (\S+) offline \((.+?)\)(?:; |$)")
STALE = re.compile(
    r"stale: view (\w+) was written at (\S+) and knew what was known through (\S+), (\S+) was due; .+ rows"
)


def test_a_view_one_barrier_late_is_called_stale_by_gate_6_and_nothing_of_stage_7_is_run(trained_shop, stopped, made):
    late = trained_shop.faulty("one-barrier-late", since=BEFORE_THE_REHEARSAL)
    answer = late("run", "--json", code=1).json
    assert [gate["number"] for gate in answer["gates"]] == [1, 2, 3, 4, 5, 6]
    faults = stopped(answer["gates"][5])
    assert set(faults) == {SKEW}
    assert faults[SKEW]["measured"] > 100
    told = EXAMPLE.findall(faults[SKEW]["detail"])
    assert told
    for feature, at, logged, offline, cause in told:
        view, written, through, due = STALE.fullmatch(cause).groups()
        assert feature.startswith(f"{view}__")
        assert written == through < due <= at
        assert float(logged) != float(offline)
    assert told[0][0] in (trained_shop.folder / answer["reports"]["deploy"]).read_text()
    assert not {"replay", "observe"} & {entry["body"]["node"] for entry in trained_shop.entries("made")}
    lines = trained_shop("status", code=1).out.splitlines()
    assert "✗ 6 deploy   stopped in rehearsal" in lines
    assert lines[-1] == "· 7 observe  pending"
    plain = trained_shop("run", code=1)
    assert "deploy     cached" in plain.err
    assert "sluiceway run --again deploy    # once it is mended" in plain.out.split("Next:")[1]
    assert trained_shop("run", "--again", "deploy", "--json").json["made"] == made


def test_a_value_changed_in_the_store_is_named_by_gate_6_with_what_it_should_have_been(trained_shop, stopped):
    changed = trained_shop.faulty("a-value-too-high", since=BEFORE_THE_REHEARSAL)
    faults = stopped(changed("run", "--json", code=1).json["gates"][5])
    assert set(faults) == {SKEW}
    told = EXAMPLE.findall(faults[SKEW]["detail"])
    assert {feature for feature, *_ in told} == {"history__count_14d", "last_purchase__latest_dollar_value"}
    for feature, _, logged, offline, cause in told:
        assert abs(float(logged) - float(offline) - 1) < 1e-4
        assert cause.startswith(f"differs; view {feature.partition('__')[0]} was written at ")


def test_skew_that_begins_behind_the_canary_passes_gate_6_and_is_stopped_by_gate_7(trained_shop, stopped, made):
    late = trained_shop.faulty("one-barrier-late", since=BEFORE_THE_REPLAY)
    gates = late("run", "--json", code=1).json["gates"]
    assert [gate["verdict"] for gate in gates[5:]] == ["passed", "stopped"]
    faults = stopped(gates[6])
    assert set(faults) == {SKEW}
    (_, at, _, _, cause), *_ = EXAMPLE.findall(faults[SKEW]["detail"])
    assert at > BEFORE_THE_REPLAY
    assert STALE.fullmatch(cause)
    lines = trained_shop("status", code=1).out.splitlines()
    assert "✓ 6 deploy   passed in rehearsal" in lines
    assert "✗ 7 observe  stopped in rehearsal" in lines
    assert trained_shop("run", "--again", "observe", "--json").json["made"] == made
