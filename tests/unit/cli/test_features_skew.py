"""What is the matter with all requests is said above what is the matter with each, on the page as well."""

from dataclasses import replace
from datetime import UTC, datetime

from sluiceway.artifacts.skew_report import STALE, FeatureSkew, SkewReport
from sluiceway.cli.features_skew import lines
from sluiceway.pages.skew_page import skew_html

AT = datetime(2026, 1, 1, tzinfo=UTC)
FEATURE = FeatureSkew("v__n", "v", 9, 2, 7, 0, 0, 1.0, {STALE: 7})
REPORT = SkewReport("live", "d" * 64, AT, AT, 9, 9, (FEATURE,), (), {}, {}, 0, 0.0)


def test_a_hint_follows_the_headline_and_stands_on_the_page():
    told = replace(REPORT, hint="all requests are of another time")
    plain, hinted = list(lines(REPORT)), list(lines(told))
    assert hinted == [plain[0], told.hint, *plain[1:]]
    assert told.hint in skew_html(told)
    assert "Note that" not in skew_html(REPORT)
