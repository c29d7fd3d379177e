from dataclasses import replace
from datetime import timedelta

import pytest

from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.verdict import Outcome, Override
from sluiceway.flow.cache import artifact_key
from sluiceway.flow.observed import declaration_key
from sluiceway.flow.runner import ready_groups
from sluiceway.flow.stages import stage_named
from sluiceway.ledger.making import everything_made
from sluiceway.ledger.overriding import record_override


def outcomes(report) -> dict[str, str]:
    return {standing.stage: standing.verdict.outcome.value for standing in report.standings}


def test_work_flows_through_open_gates_in_order(river) -> None:
    report = river.run()
    assert outcomes(report) == {"spec": "passed", "ingest": "passed", "validate": "passed"}
    assert river.worked[0] == "ingest"
    assert river.worked[-1] == "both"
    assert report.is_open


def test_nodes_that_need_not_wait_for_each_other_form_one_group(river) -> None:
    groups = list(ready_groups(river.graph, stage_named("validate")))
    assert [[node.name for node in group] for group in groups] == [["left", "right"], ["both"]]


def test_an_unchanged_river_does_no_work_reads_no_declaration_and_judges_again(river) -> None:
    river.run()
    river.worked.clear()
    loads = river.reader.loads
    report = river.run()
    assert (river.worked, river.reader.loads) == ([], loads)
    assert report.cached == {"spec", "ingest", "left", "right", "both"}
    assert len(report.standings) == 3


def test_a_closed_gate_stops_what_comes_after(river) -> None:
    river.shut.add("ingest")
    report = river.run()
    assert outcomes(report) == {"spec": "passed", "ingest": "stopped"}
    assert river.worked == ["ingest"]
    assert not report.is_open


def test_running_a_later_stage_alone_does_not_pass_a_closed_gate(river) -> None:
    river.run()
    river.shut.add("ingest")
    river.run()
    river.worked.clear()
    report = river.run(only="validate")
    assert report.refusal is not None
    assert report.refusal.stage == "ingest"
    assert not report.is_open
    assert river.worked == []


def test_running_a_later_stage_alone_before_the_earlier_ones_is_refused(river) -> None:
    report = river.run(only="validate")
    assert report.refusal is not None
    assert river.worked == []


def test_running_a_later_stage_alone_behind_open_gates_works(river) -> None:
    river.run(until="ingest")
    report = river.run(only="validate")
    assert outcomes(report) == {"validate": "passed"}


def test_evidence_that_went_bad_since_stops_work_that_would_build_on_it(river) -> None:
    river.run(until="ingest")
    river.fresh = 1.0
    report = river.run(only="validate")
    assert report.refusal is not None
    assert report.refusal.stage == "ingest"
    assert river.worked == ["ingest"]


def test_an_override_opens_a_gate_and_closes_it_when_it_ends_without_any_work(river) -> None:
    river.shut.add("ingest")
    closed = river.run().standings[-1]
    criterion = closed.verdict.closed[0]
    until = river.clock.moment + timedelta(days=7)
    record_override(river.kit.ledger, Override(criterion.check, closed.artifact, "ann", "known", until))
    report = river.run()
    assert outcomes(report)["ingest"] == Outcome.OVERRIDDEN
    assert report.is_open
    river.worked.clear()
    river.clock.moment = until
    assert outcomes(river.run())["ingest"] == Outcome.STOPPED
    assert river.worked == []


def test_an_override_that_ran_out_closes_the_gate_for_a_later_stage_alone(river) -> None:
    river.shut.add("ingest")
    closed = river.run().standings[-1]
    until = river.clock.moment + timedelta(days=7)
    record_override(river.kit.ledger, Override(closed.verdict.closed[0].check, closed.artifact, "ann", "known", until))
    river.run()
    river.clock.moment = until
    assert river.run(only="validate").refusal is not None


def test_evidence_edited_in_the_store_is_not_believed(river) -> None:
    river.run()
    recipe = next(made.recipe for _, made in everything_made(river.kit.ledger) if made.node == "ingest")
    forged = river.kit.objects.get(artifact_key(recipe)).replace(b"1.0", b"0.5")
    river.kit.objects.put(artifact_key(recipe), forged)
    river.worked.clear()
    river.run()
    assert "ingest" in river.worked


def test_what_was_lost_from_a_store_is_made_again(river) -> None:
    river.run()
    river.worked.clear()
    river.lost.add("left")
    river.run()
    assert river.worked == ["left"]


def test_a_changed_declaration_reruns_what_reads_the_changed_part(river) -> None:
    river.run()
    river.worked.clear()
    river.reader.edition = "two"
    report = river.run()
    assert river.worked == []
    assert "spec" not in report.cached


def test_a_stage_can_be_run_again(river) -> None:
    river.run()
    river.worked.clear()
    river.run(again="ingest")
    assert river.worked == ["ingest"]


def test_a_remembered_declaration_that_was_edited_is_read_again(river) -> None:
    river.run()
    key, loads = declaration_key(river.reader.fingerprint()), river.reader.loads
    river.kit.objects.put(key, river.kit.objects.get(key).replace(b"each", b"EACH"))
    river.run()
    assert river.reader.loads == loads + 1


def test_what_was_told_before_is_told_again_when_the_line_comes_back_to_it(river) -> None:
    river.run()
    river.reader.edition, river.offset = "two", 1.0
    river.run(again="ingest")
    river.offset = 0.0
    river.run(again="ingest")
    assert len(river.published) == 3
    assert river.published[0] == river.published[2] != river.published[1]


def test_pages_are_written_after_the_verdict(river) -> None:
    river.shut.add("ingest")
    report = river.run()
    assert report.pages == {"ingest": "pages/ingest-stopped"}


def test_publishing_happens_once_behind_an_open_gate(river) -> None:
    river.shut.add("both")
    river.run()
    assert river.published == []
    river.shut.clear()
    river.run()
    river.run()
    assert len(river.published) == 1


def test_an_unknown_stage_is_named_with_the_nearest(river) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'ingest'"):
        river.run(until="ingets")


def test_every_run_leaves_its_summary_in_the_ledger(river) -> None:
    river.run()
    (entry,) = river.kit.ledger.entries("run")
    assert set(entry.body["gates"]) == {"spec", "ingest", "validate"}


def test_a_stage_that_does_not_run_yet_is_refused(river) -> None:
    with pytest.raises(MisuseError, match="does not run in this version"):
        river.run(until="deploy")


def test_nodes_that_start_together_read_the_declaration_once(river) -> None:
    river.run(until="ingest")
    loads = river.reader.loads
    river.run()
    assert river.reader.loads == loads + 1


def test_what_was_found_is_told_at_every_run_whatever_the_gate_says(river) -> None:
    heard = []
    tells = replace(river.graph[-1], tell=lambda kit, artifact, verdict, promise: heard.append(verdict.is_open))
    river.graph[-1] = tells
    river.shut = {"both"}
    river.run()
    river.shut = set()
    river.run()
    river.run()
    assert heard == [False, True, True]
    assert len(river.published) == 1
