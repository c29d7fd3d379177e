"""Online views brought up to the present between two runs: what changed alone, and whatever kills it."""

import shutil
import signal
import time

from tests.served_project import eventually

from sluiceway.adapters.online_place import OnlinePlace

NEW = "00004-19980602-1,00004,1998-06-02T00:00:00Z,3,44.50\n"
COUNT = "history__count_14d"


def online(shop, *more):
    return shop("features", "get", "customer_id=4", "--json", *more).json["features"]


def appended(shop):
    with (shop.folder / "data" / "purchases.csv").open("a") as table:
        table.write(NEW)
    shop("run", "--until", "validate")


def test_only_what_changed_is_written_and_doing_it_again_changes_nothing(featured_shop):
    shop = featured_shop
    assert online(shop)[COUNT] == 0
    at_first = shop("features", "materialize", "--json").json["views"]
    assert [(each["how"], each["written"]) for each in at_first] == [("changes", 0)] * 2
    appended(shop)
    said = shop("features", "materialize", "--json")
    views = {each["view"]: each for each in said.json["views"]}
    assert all(each["how"] == "changes" and 0 < each["written"] < 50 for each in views.values())
    assert "history: 1 written of" in said.err
    assert online(shop)[COUNT] == 1
    assert online(shop, "--as-of", "1998-06-15") == online(shop)
    again = shop("features", "materialize", "--json").json["views"]
    assert [each["written"] for each in again] == [0, 0]


def test_a_later_present_and_an_earlier_one_are_those_that_offline_tells(featured_shop):
    shop = featured_shop
    for moment in ("1998-06-25", "1998-06-10"):
        (shop.folder / "sluiceway.toml").write_text(f"as_of = {moment}\n")
        if moment < "1998-06-25":
            assert "is online as of 1998-06-25" in shop("features", "materialize", code=2).err
            assert online(shop) == online(shop, "--as-of", "1998-06-25")
        shop("features", "materialize", "--back")
        assert online(shop) == online(shop, "--as-of", moment)
    assert "Did you mean 'history'" in shop("features", "materialize", "--view", "histroy", code=2).err
    (one,) = shop("features", "materialize", "--view", "history", "--as-of", "1998-06-11", "--json").json["views"]
    assert one["view"] == "history"


def test_killed_in_the_middle_the_next_one_goes_on(featured_shop):
    shop = featured_shop
    appended(shop)
    process = shop.start("features", "materialize", "--as-of", "1998-06-25")
    log = shop.folder / ".sluiceway" / "objects" / "materialised"
    eventually(
        lambda: any(b'towards":[' in path.read_bytes() for path in log.glob("*.json")) or process.poll() is not None
    )
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.1)
    shop("features", "materialize", "--as-of", "1998-06-25")
    (shop.folder / "sluiceway.toml").write_text("as_of = 1998-06-25\n")
    assert online(shop) == online(shop, "--as-of", "1998-06-25")


def test_data_that_gate_3_has_not_let_through_is_not_served_and_a_lost_store_is_filled_from_the_version_before(
    featured_shop,
):
    shop = featured_shop
    before = online(shop)
    with (shop.folder / "data" / "purchases.csv").open("a") as table:
        table.write(NEW)
    shop("run", "--until", "ingest")
    shutil.rmtree(shop.folder / ".sluiceway" / "online")
    said = shop("features", "materialize", "--json")
    assert "gate 3 is not open on dataset version" in said.err
    assert {each["how"] for each in said.json["views"]} == {"whole"}
    assert online(shop) == before


def test_a_store_that_was_lost_is_filled_by_it_as_of_another_moment(featured_shop):
    shop = featured_shop
    shutil.rmtree(shop.folder / ".sluiceway" / "online")
    assert "sluiceway features materialize fills it" in shop("features", "get", "customer_id=4", code=2).err
    views = shop("features", "materialize", "--as-of", "1998-06-25", "--json").json["views"]
    assert {each["how"] for each in views} == {"whole"}
    assert online(shop) == online(shop, "--as-of", "1998-06-25")


def test_one_view_that_was_lost_is_named_and_the_others_are_shown(featured_shop):
    shop = featured_shop
    digest = shop("features", "list", "--json").json["views"]["history"]
    store = OnlinePlace("", {}).open(shop.folder / ".sluiceway" / "online", patience_s=5)
    store.replace(digest, [], snapshot="another")
    store.close()
    said = shop("features", "get", "customer_id=4", "--json", code=1).json
    assert said["lost"] == ["history"]
    assert {name.split("__")[0] for name in said["features"]} == {"last_purchase"}
    told = shop("features", "get", "customer_id=4", code=1).out
    assert "history is not in the online store; sluiceway features materialize fills it" in told


def test_views_that_streams_keep_up_are_said_to_be_left_out(featured_shop):
    shop = featured_shop
    shop.edit("pipeline.py", ('    "receipts",\n', '    "receipts",\n    stream=sw.topic("receipts"),\n'))
    said = shop("features", "materialize", "--json")
    assert (said.json["views"], said.json["left_out"]) == ([], ["history", "last_purchase"])
    assert "history: left out, its stream keeps it up" in said.err
