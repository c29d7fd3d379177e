"""Two runs at once: the second says who is in the way, or waits."""

import json


def test_a_second_run_says_who_holds_the_project_and_a_third_waits_for_it(featured_shop, made):
    first = featured_shop.start("run", "--json")
    for line in first.stderr:
        if "gate 1" in line:
            break
    second = featured_shop("run", "--json", code=3)
    assert f"locked by 'run' (process {first.pid} on " in second.err
    assert "--wait" in second.err
    assert second.json["error"]["kind"] == "LockedError"
    third = featured_shop("run", "--wait", "2m", "--json").json
    out, _ = first.communicate(timeout=60)
    assert first.returncode == 0
    assert json.loads(out)["made"] == third["made"] == made
    assert set(third["cached"]) == set(made)


def test_reading_does_not_wait_for_a_run(featured_shop):
    running = featured_shop.start("run")
    for line in running.stderr:
        if "gate 1" in line:
            break
    gates = featured_shop.gates()
    assert running.poll() is None
    assert gates["features"]["verdict"] == "passed"
    assert featured_shop("ledger", "verify", "--json").json["broken_at"] is None
    running.kill()
    running.communicate(timeout=60)
