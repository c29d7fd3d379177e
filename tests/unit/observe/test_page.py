from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.observe.gate import gate
from sluiceway.observe.page import write_page

from .test_gate import NOW


def test_the_page_is_written_once_for_a_report_and_its_verdict(world, quiet):
    verdict = gate(quiet, world.promise, NO_OVERRIDES, NOW)
    key = write_page(quiet, verdict, world.promise, objects=world.objects)
    html = world.objects.get(key).decode()
    assert key.startswith(f"reports/health-{quiet.content_id[:12]}-")
    assert "All quiet in 3,720 requests. 1 column moved with the season, as expected." in html
    world.objects.put(key, b"kept")
    assert write_page(quiet, verdict, world.promise, objects=world.objects) == key
    assert world.objects.get(key) == b"kept"
    world.objects.put(key, html.encode())


def test_a_log_that_was_answered_slower_has_another_page_although_the_report_is_the_same(world, quiet, quiet_rows):
    slower = world.observe(world.logged(quiet_rows, requests=[world.log(quiet_rows, latency_us=60_000)]))
    assert slower.content_id == quiet.content_id
    verdict = gate(quiet, world.promise, NO_OVERRIDES, NOW)
    first, second = (write_page(each, verdict, world.promise, objects=world.objects) for each in (quiet, slower))
    assert first != second
    assert "one request in 100 takes 60 ms" in world.objects.get(second).decode()


def test_another_verdict_has_another_page(world, quiet):
    passed = gate(quiet, world.promise, NO_OVERRIDES, NOW)
    stopped = gate(
        quiet.__class__(**{name: getattr(quiet, name) for name in quiet.__slots__} | {"drills": ()}),
        world.promise,
        NO_OVERRIDES,
        NOW,
    )
    first, second = (write_page(quiet, each, world.promise, objects=world.objects) for each in (passed, stopped))
    assert first != second
