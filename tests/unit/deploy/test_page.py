from dataclasses import replace

from tests.canaries import BEGAN, PROMISE, a_scene

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.deploy.canary import CanaryWatch
from sluiceway.deploy.gate import gate
from sluiceway.deploy.page import write_page
from sluiceway.deploy.rollout import Plan, first, start


def a_report():
    scene = a_scene()
    state = start(first("live", scene.server.champion.served, at=BEGAN), scene.server.challenger.served,
                  Plan((0.5,), 60, ("tailnum",)), at=BEGAN)  # fmt: skip
    return CanaryWatch(scene.canary, state, scene.server.log).look(BEGAN)


def test_a_page_is_written_once_for_each_verdict():
    report, objects = a_report(), ObstoreObjects.memory()
    verdict = gate(report, PROMISE, NO_OVERRIDES, BEGAN)
    key = write_page(report, verdict, PROMISE, objects=objects)
    assert b"<!doctype html>" in objects.get(key)
    objects.put(key, b"as it was")
    assert write_page(report, verdict, PROMISE, objects=objects) == key
    assert objects.get(key) == b"as it was"
    aborted = replace(report, ended_by="aborted")
    assert write_page(aborted, gate(aborted, PROMISE, NO_OVERRIDES, BEGAN), PROMISE, objects=objects) != key
