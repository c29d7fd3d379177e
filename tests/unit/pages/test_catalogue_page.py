"""The catalogue's page: every feature, whatever it is called, with lineage and a box that one script serves."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from sluiceway.artifacts.catalogue import Catalogue, Entry, View, ViewVersion, gathered
from sluiceway.artifacts.feature_profile import FeatureProfile, ViewFreshness
from sluiceway.pages.catalogue_page import catalogue_html
from sluiceway.pages.lineage_chart import Layer, lineage_chart

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ENTRY = Entry(
    "delays__mean", "view", "landings", "24h", "mean of delay", "d" * 64, ("landings.delay",), view="delays",
    type="number", unit="min", owner="ops", description="How late", tags=("punctual",), entity=("carrier",),
    raw=("raw.delay",), files=("data/raw.csv",), models=("late v1",), profile=FeatureProfile(0.5, 0.25, (1.0, 2.5)),
)  # fmt: skip
VIEW = View(
    "delays", ("carrier",), "landings", "ops", "Landings", ("punctual",), "5m", "", "d" * 64, ("delays__mean",),
    (ViewVersion("d" * 64, "2026-01-01T00:00:00Z", ("late v1",), is_declared=True),
     ViewVersion("e" * 64, "", (), is_declared=False)),
    ViewFreshness(7, 0.5, NOW, NOW, NOW),
)  # fmt: skip
HOUR = Entry("hour", "request", "schedule", "request", "hour(departs)", "f" * 64, ("schedule.departs",), type="number")
KNOWN = Catalogue("late", "a" * 64, "b" * 64, "2026-01-02T00:00:00Z", (ENTRY, HOUR), (VIEW,))


def test_what_is_known_of_a_feature_stands_on_the_page():
    html = catalogue_html(KNOWN)
    for told in (
        "mean of delay",
        "How late",
        "punctual",
        "raw.delay",
        "data/raw.csv",
        "late v1",
        "25\xa0%",
        "1, 2.5",
        "hour(departs)",
    ):
        assert told in html
    assert html.count("<details>") == 2
    assert "eeeeeeeeeeee" in html


def test_values_of_sensitive_features_are_not_shown():
    secret = replace(ENTRY, is_sensitive=True)
    html = catalogue_html(replace(KNOWN, entries=(secret,)))
    assert "sensitive: not shown" in html
    assert "1, 2.5" not in html


def test_only_the_page_s_own_script_may_run_and_nothing_is_fetched():
    html = catalogue_html(KNOWN)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in html
    assert "default-src 'none'" in html
    assert not re.search(r"(src|href)=", html)


def test_names_that_hold_signs_are_escaped():
    hostile = replace(ENTRY, name='<script>alert("x")</script>', raw=("<b>",), description="<i>")
    html = catalogue_html(replace(KNOWN, entries=(hostile,)))
    assert html.count("<script") == 1
    assert {"&lt;b&gt;", "&lt;i&gt;"} <= set(re.findall(r"&lt;[bi]&gt;", html))
    assert "<i>" not in html


def test_before_anything_was_made_the_declaration_is_shown():
    bare = replace(
        KNOWN,
        feature_set="",
        cutoff="",
        entries=(replace(ENTRY, profile=None),),
        views=(replace(VIEW, freshness=None),),
    )
    assert "none has been made yet" in catalogue_html(bare)


def test_lines_are_drawn_between_neighbours_alone():
    layers = [Layer("a", ["x", "y"]), Layer("b", ["z"]), Layer("c", ["w"])]
    svg = lineage_chart(layers, [("x", "z"), ("z", "w"), ("x", "w"), ("x", "nobody")], title="t")
    assert svg.count("<path") == 2
    assert svg.count("<rect") == 4


def test_the_same_catalogue_draws_the_same_bytes():
    assert catalogue_html(KNOWN) == catalogue_html(KNOWN)


def test_how_far_behind_a_view_may_be_is_said_where_something_says_it():
    limited = replace(KNOWN, views=(replace(VIEW, may_be_behind="65m"),))
    assert "stale when behind by more than" in catalogue_html(limited)
    assert "65m" in catalogue_html(limited)
    assert "stale when" not in catalogue_html(KNOWN)


def test_the_numbers_of_a_list_are_one_entry_as_full_as_the_emptiest_of_them():
    numbers = [
        replace(
            ENTRY, name=f"faces__e_{place}", one_of="faces__e", size=2, profile=FeatureProfile(share, 1 - share, (1.0,))
        )
        for place, share in enumerate((0.5, 0.25))
    ]
    before, whole, after = gathered([ENTRY, *numbers, HOUR])
    assert (before, after) == (ENTRY, HOUR)
    assert (whole.name, whole.profile, whole.models) == ("faces__e[2]", FeatureProfile(0.25, 0.5), ("late v1",))
    assert gathered([replace(each, profile=None) for each in numbers])[0].profile is None
