"""An override opens gate 3 for a time and for a reason, and nothing is made again for it."""

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
