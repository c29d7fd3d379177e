from dataclasses import replace as replaced
from datetime import timedelta

from msgspec.structs import replace as restruct
from tests.canaries import BEGAN, COLUMNS, CONTRACT, HOUR, a_rival, a_scene

from sluiceway.artifacts.canary_report import CanaryReport, Unread
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.request_record import CHALLENGER, RequestRecord
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.deploy.canary import CanaryWatch, belongs
from sluiceway.deploy.rollout import Plan, first, start, step_up
from sluiceway.plans.moments_sql import microseconds


def replace(thing, **changes):
    return restruct(thing, **changes) if isinstance(thing, RequestRecord) else replaced(thing, **changes)


def begun(scene):
    """A canary at half of the aircraft."""
    server = scene.server
    state = start(
        first("rehearsal", server.champion.served, at=BEGAN), server.challenger.served,
        Plan((0.5, 1.0), 86_400, ("tailnum",)), at=BEGAN,
    )  # fmt: skip
    server.board.show(state)
    server.settle(2)
    return state


def test_a_look_reads_only_what_is_new():
    scene = a_scene()
    watch = CanaryWatch(scene.canary, begun(scene), scene.server.log)
    read = []
    plain = scene.server.log.read
    scene.server.log.read = lambda after="": (read.append((after, data)) or (mark, data) for mark, data in plain(after))
    for moment, place in ((BEGAN + 6 * HOUR, 0), (BEGAN + 12 * HOUR, 300), (BEGAN + 12 * HOUR, 600)):
        scene.server.ask(scene.flown[place : place + 300] if place < 600 else [])
        report = watch.look(moment)
    assert report.champion_arm.requests + report.challenger_arm.requests == 600
    assert [after for after, _ in read] == ["", "1", "2"]


def of_an_earlier_canary(scene, **changes):
    """A look at a canary whose log begins with rows of another one, on its challenger's arm and with known outcomes."""
    state = begun(scene)
    scene.server.ask(scene.flown[:1_200])
    early = [replace(scene.server.record(flight), **changes) for flight in scene.flown[1_200:1_800]]
    scene.server.log.chunks.insert(0, b"".join(encode(each) + b"\n" for each in early))
    return CanaryWatch(scene.canary, state, scene.server.log).look(BEGAN + 60 * HOUR)


def without_it():
    scene = a_scene()
    state = begun(scene)
    scene.server.ask(scene.flown[:1_200])
    return CanaryWatch(scene.canary, state, scene.server.log).look(BEGAN + 60 * HOUR)


def test_rows_of_an_earlier_canary_count_nowhere_not_even_in_quality():
    assert of_an_earlier_canary(a_scene(), arm=CHALLENGER, sequence=1) == without_it()


def test_rows_from_before_its_beginning_count_nowhere_also_where_sequences_began_anew():
    """As when a ledger was lost and made again: an older log then holds the same sequence numbers, or greater ones."""
    before = microseconds(BEGAN) - 1
    assert of_an_earlier_canary(a_scene(), arm=CHALLENGER, sequence=7, at=before) == without_it()
    live = RolloutState("live", a_scene().server.champion.served, 2, BEGAN, "")
    record = replace(a_record(), arm=CHALLENGER, sequence=2, at=before)
    assert belongs(record, live)
    assert not belongs(replace(record, arrival=before), live)


def test_a_line_that_cannot_be_read_hides_no_other():
    scene = a_scene()
    state = begun(scene)
    scene.server.ask(scene.flown[:600])
    scene.server.log.append(b'{"request_id": "torn')
    scene.server.log.append(b"\n")
    scene.server.ask(scene.flown[600:1_200])
    report = CanaryWatch(scene.canary, state, scene.server.log).look(BEGAN + 60 * HOUR)
    assert report.unread.lines == 1
    assert report.unread.first.startswith("line 601 of the part of the log that ends at 4: ")
    assert replace(report, unread=Unread()) == without_it()


def test_an_earlier_record_of_another_kind_is_not_even_looked_at():
    kinds = {"tailnum": 7, "wind": "strong"}
    assert of_an_earlier_canary(a_scene(), inputs=kinds, features=kinds, sequence=1) == without_it()


def test_what_failed_before_it_had_an_arm_belongs_to_whoever_answers_at_that_moment():
    state = begun(a_scene())
    lost = replace(a_record(), arm="", sequence=0, status=503)
    assert belongs(lost, state)
    assert not belongs(replace(lost, at=microseconds(BEGAN) - 1), state)


def a_record():
    scene = a_scene()
    begun(scene)
    return scene.server.record(scene.flown[0])


def test_a_report_says_who_and_when_and_what_was_known_at_each_look():
    scene = a_scene()
    state = begun(scene)
    watch = CanaryWatch(scene.canary, state, scene.server.log)
    watch.look(BEGAN)
    scene.server.ask(scene.flown[:1_200])
    watch.look(BEGAN + 24 * HOUR)
    later = step_up(state, at=BEGAN + 24 * HOUR)
    scene.server.board.show(later)
    scene.server.settle(3)
    watch.follow(later)
    scene.server.ask(scene.flown[1_200:2_400])
    report = watch.look(BEGAN + 48 * HOUR)
    assert (report.scope, report.ended_by, report.hours) == ("rehearsal", "running", 48.0)
    assert (report.champion.version, report.challenger.version) == ("v1", "v2")
    assert [(step.share, step.requests) for step in report.steps] == [(0.5, 1_200), (1.0, 1_200)]
    assert [step.ended for step in report.steps] == [later.since, report.ended]
    assert [look.requests for look in report.looks] == sorted(look.requests for look in report.looks)
    assert report.looks[-1].difference == report.quality.difference
    assert report.looks[0].success.low is None


def test_a_report_is_written_and_read_back():
    scene = a_scene()
    watch = CanaryWatch(scene.canary, begun(scene), scene.server.log)
    scene.server.ask(scene.flown[:1_200])
    report = watch.look(BEGAN + timedelta(days=3))
    assert decode(CanaryReport, encode(report)) == report


def test_how_long_answers_took_is_no_part_of_what_was_answered():
    ids = set()
    for latency in (400, 900):
        scene = a_scene(latency_us={"champion": latency, "challenger": latency})
        watch = CanaryWatch(scene.canary, begun(scene), scene.server.log)
        scene.server.ask(scene.flown[:1_200])
        ids.add(watch.look(BEGAN + timedelta(days=3)).content_id)
    assert len(ids) == 1


def test_the_log_is_read_with_the_columns_of_both():
    rain = FeatureColumn("rain", "number", "view")
    canary = replace(a_scene().canary, champion=a_rival("v1", columns=(*COLUMNS, rain)))
    assert canary.columns == (*COLUMNS, rain)


def test_the_arm_goes_by_what_the_state_names_else_by_entities_else_by_all_inputs():
    scene = a_scene()
    state = begun(scene)
    assert scene.canary.by(state) == ("tailnum",)
    assert scene.canary.by(replace(state, by=())) == ("tailnum", "wind")
    viewed = replace(CONTRACT, views=(ServedView("w", "d", ("wind",), ("x",)),))
    canary = replace(scene.canary, champion=a_rival("v1", contract=viewed))
    assert canary.by(replace(state, by=())) == ("wind",)
