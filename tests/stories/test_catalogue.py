"""The catalogue, as a person looks into it: listed, shown, searched, and written as a page."""

import pytest

SUM = "history__sum_dollar_value_365d"


@pytest.fixture
def told(shop):
    """The shop with words about its features, behind a run that found nothing else new."""
    shop.edit(
        "pipeline.py",
        ('    "history",\n', '    "history",\n    owner="crm",\n    tags=["loyalty"],\n'),
        (
            'sw.max("dollar_value", over="365d")',
            'sw.max("dollar_value", over="365d", unit="USD", description="The dearest")',
        ),
    )
    return shop


def test_words_about_features_are_listed_without_making_any_again(told):
    assert "features" in told("run", "--until", "features", "--json").json["cached"]
    listed = {each["feature"]: each for each in told("features", "list", "--json").json["features"]}
    assert len([each for each in listed.values() if each["view"] != "input"]) == 18
    dearest = listed["history__max_dollar_value_365d"]
    assert (dearest["unit"], dearest["owner"], dearest["tags"], dearest["entity"]) == (
        "USD",
        "crm",
        ["loyalty"],
        "customer_id",
    )
    assert dearest["description"] == "The dearest"
    assert dearest["definition"].startswith("greatest dollar_value over the last 365d, of receipts by customer_id")
    assert listed["basket"]["view"] == "request"
    assert "loyalty" in told("features", "list").out


def test_a_feature_is_shown_from_the_file_to_the_models(finished):
    shown = finished("features", "show", SUM, "--json").json
    feature, view = shown["feature"], shown["view"]
    assert feature["raw"] == ["raw_purchases.dollar_value"]
    assert feature["files"] == ["data/purchases.csv"]
    assert feature["models"] == ["buys_again v1"]
    assert 0 < feature["profile"]["trained"] <= 1
    assert len(feature["profile"]["examples"]) == 3
    assert view["freshness"]["known_through"] == "1998-06-15T00:00:00Z"
    (version,) = view["versions"]
    assert (version["digest"], version["models"], version["is_declared"]) == (view["digest"], ["buys_again v1"], True)
    text = finished("features", "show", SUM).out
    assert "raw_purchases.dollar_value" in text
    assert "pinned by buys_again v1" in text


def test_a_changed_view_is_a_new_version_beside_the_one_that_the_model_pins(shop):
    before = shop("features", "show", "history", "--json").json["view"]["digest"]
    shop.edit("pipeline.py", ('"365d"))', '"365d", "7d"))'))
    shop("run", "--until", "features")
    view = shop("features", "show", "history", "--json").json["view"]
    versions = {each["digest"]: each for each in view["versions"]}
    assert set(versions) == {before, view["digest"]}
    assert versions[before]["models"] == ["buys_again v1"]
    assert (versions[view["digest"]]["models"], versions[view["digest"]]["is_declared"]) == ([], True)
    assert "none takes it" in shop("features", "show", "history__count_7d").out


def test_search_ranks_and_slips_of_the_pen_are_met_with_hints(told):
    found = told("features", "search", "dollar", "365d", "--json").json["features"]
    assert {each["feature"] for each in found} == {SUM, "history__max_dollar_value_365d"}
    assert "The dearest" in told("features", "search", "dearest").out
    assert len(told("features", "search", "loyalty", "--json").json["features"]) == 11
    lost = told("features", "search", "loyaltie", "--json", code=1).json
    assert (lost["features"], lost["near"]) == ([], ["loyalty"])
    assert "Did you mean 'history__count_30d'" in told("features", "show", "history__cout_30d", code=2).err


def test_a_run_writes_the_catalogue_and_so_does_the_list(told):
    page = told("run", "--until", "features", "--json").json["reports"]["features"]
    assert "The dearest" in (told.folder / page).read_text()
    told("features", "list", "--html", "mine.html")
    assert 'type="search"' in (told.folder / "mine.html").read_text()


def test_an_entity_s_history_is_what_was_known_at_each_moment(finished, tmp_path):
    said = finished("features", "history", "history", "customer_id=4", "--json").json["values"]
    bought = [line.split(",")[2] for line in (finished.folder / "data" / "purchases.csv").read_text().splitlines()]
    moments = [each["at"] for each in said]
    assert moments == sorted(set(moments))
    for now, then in zip(said[1:], said, strict=False):
        assert {**now, "at": None} != {**then, "at": None}
    for each in said[:: len(said) // 5]:
        read = finished("features", "get", "customer_id=4", "--as-of", each["at"], "--json").json["features"]
        assert {name: value for name, value in each.items() if name != "at"}.items() <= read.items()
    assert said[-1]["at"] <= max(bought)
    daily = finished("features", "history", "history", "customer_id=4", "--every", "30d", "--json").json["values"]
    assert len(daily) == 18
    hourly = finished("features", "history", "history", "customer_id=4", "--every", "1h", "--json")
    assert len(hourly.json["values"]) == 10_000
    assert f"of {10_000 + hourly.json['left_out']:,} moments the last 10,000 are looked at" in hourly.err
    page = tmp_path / "history.html"
    drawn = finished("features", "history", "history", "customer_id=4", "--html", str(page)).out
    assert "█" in drawn
    assert page.read_text().count("<svg") == 11


def test_asking_for_a_history_that_cannot_be_is_refused(finished):
    def refused(*words):
        return finished("features", "history", *words, code=2).err

    assert "Did you mean 'history'" in refused("histroy", "customer_id=4")
    assert "view 'history' is of customer_id" in refused("history")
    assert "customer_id is a whole number" in refused("history", "customer_id=four")
    assert "is no moment" in refused("history", "customer_id=4", "--since", "soon")
    assert "--since lies behind" in refused("history", "customer_id=4", "--since", "1999-01-01")
    assert "knew nothing of it" in refused("history", "customer_id=999999")
    assert "--every" in refused("history", "customer_id=4", "--every", "often")
    assert "is no moment" in finished("features", "get", "customer_id=4", "--as-of", "soon", code=2).err


def test_features_are_listed_by_the_declaration_alone_before_there_are_data(fresh_shop):
    said = fresh_shop("features", "list", "--json").json
    types = {each["feature"]: each["type"] for each in said["features"]}
    assert said["dataset"] == ""
    assert types[SUM] == "number"
    assert types["basket"] == "unknown"
    assert "as declared; types are known once" in fresh_shop("features", "list").out
    assert "receipts.dollar_value" in fresh_shop("features", "show", SUM).out
