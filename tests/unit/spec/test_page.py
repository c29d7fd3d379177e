"""The promise's page says what the gate said, and is written once for each thing that it says."""

from dataclasses import replace
from datetime import UTC, datetime

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.promise import InputAvailability, Promise
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.spec.gate import gate
from sluiceway.spec.page import write_page

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPEC = Spec(
    ProblemStatement("late", "Will it be late?", "ops"),
    Target("binary", "late", 1),
    ("carrier",),
    Costs("USD", 180, 30),
    Metric("f_beta"),
    ServiceLevel(50, 0.999),
)
PROMISE = Promise(SPEC, (InputAvailability("carrier", "text", True, "source schedule"),))


def written(promise, objects):
    return write_page(promise, gate(promise, promise, NO_OVERRIDES, NOW), promise, objects=objects)


def test_both_forms_are_stored_side_by_side_with_the_verdict():
    objects = ObstoreObjects.memory()
    key = written(PROMISE, objects)
    assert key.startswith(f"reports/spec-{PROMISE.content_id[:12]}-")
    assert [each.key for each in objects.list()] == [key, key.removesuffix("html") + "md"]
    assert 'class="badge passed"' in objects.get(key).decode()
    markdown = objects.get(key.removesuffix("html") + "md").decode()
    assert "Taken together: passed." in markdown
    assert "| passed | input carrier at inference | source schedule |" in markdown


def test_a_closed_gate_is_told_on_both():
    objects = ObstoreObjects.memory()
    closed = replace(PROMISE, inputs=(replace(PROMISE.inputs[0], available=False, reason="known too late"),))
    key = written(closed, objects)
    assert 'class="badge stopped"' in objects.get(key).decode()
    assert "| stopped | input carrier at inference | known too late |" in objects.get(key[:-4] + "md").decode()


def test_what_is_there_is_not_written_again_and_what_is_gone_is():
    objects = ObstoreObjects.memory()
    key = written(PROMISE, objects)
    objects.put(key, b"as it was")
    assert written(PROMISE, objects) == key
    assert objects.get(key) == b"as it was"
