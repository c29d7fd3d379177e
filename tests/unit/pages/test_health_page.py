from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluiceway.artifacts.health_report import (
    ALERT,
    WARNING,
    Alert,
    Drill,
    FeatureDrift,
    HealthReport,
    Interval,
    Performance,
    RetrainDecision,
    Traffic,
    ViewHealth,
    Window,
)
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Verdict
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.pages.health_page import HealthCharts, health_html
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.performance_blocks import DailyCost

NOW = datetime(2014, 1, 3, tzinfo=UTC)
NOVEMBER, DECEMBER, JANUARY = (datetime(2013 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in (10, 11, 12))
SPEC = Spec(
    ProblemStatement("late <arrival>", "Late?", "ops"), Target("binary", "late", 1), (), Costs("USD", 180, 30),
    Metric("f_beta"), ServiceLevel(50, 0.999),
)  # fmt: skip
CHANGE = Interval(0.67, 0.52, 0.83)
SCORED = Performance(26_000, 0.97, 5000, 0.49, 0.41, Interval(-0.117, -0.25, 0.07), 17.43, 10.41, CHANGE, 184_244.0)
SAID = FeatureDrift("probability", 0.07, 0.0, 0.2, "ks", 0.1, 0.0, 0.1, 0.0, 0.0, "moved")


def drift(column, psi, verdict):
    return FeatureDrift(column, psi, 0.0, 0.2, "ks", 0.1, 0.0, 0.1, 0.0, 0.0, verdict)


COST = Alert(ALERT, "cost", "cost per row", "a request costs more", 0.67, 0.05, datetime(2013, 12, 5, tzinfo=UTC))
MOVED = Alert(ALERT, "data_drift", "delay", "delay moved: PSI 1.20", 1.2, 0.2)
NOTED = Alert(WARNING, "performance", "f1", "F1 is lower", 0.117, 0.05)
QUIET = Window(
    NOVEMBER, DECEMBER, Traffic(26_000, 3, 1.5, 2.5, 3.5),
    (drift("delay", 0.06, "moved"), drift("temp", 3.9, "seasonal")), SAID, SCORED, (NOTED,),
)  # fmt: skip
LOUD = replace(
    QUIET, began=DECEMBER, ended=JANUARY, alerts=(COST, MOVED),
    drift=(drift("delay", 1.2, "drift"), drift("temp", None, "inconclusive")),
)  # fmt: skip
DRILLS = (
    Drill("control: nothing", "", "", (), behaved=True),
    Drill("shifted", "delay", "data_drift: delay", ("data_drift: delay",), behaved=True),
    Drill("failing", "", "errors: failed requests", (), behaved=False),
)
REPORT = HealthReport(
    "rehearsal", "d" * 64, "v1", "b" * 64, NOVEMBER, NOW, "r" * 64, (QUIET, LOUD), DRILLS,
    RetrainDecision(retrain=True, reasons=("it costs too much",)), details={"reference_rows": "53949"},
)  # fmt: skip
CHARTS = HealthCharts(
    (Histogram("November 2013", ("0", "1"), (3, 1), (2, 2)),), (Histogram("delay", ("0", "9"), (1, 3), (3, 1)),),
    DailyCost(("2013-10-01",), (10.0,)), DailyCost(("2013-11-01", "2013-12-05"), (12.0, 20.0)),
)  # fmt: skip
VERDICT = Verdict.of(
    [
        Criterion.judged("drill, failing", measured="nothing", limit="errors", passed=False),
        Criterion.at_least("requests seen", measured=52_000, limit=200),
    ],
    NO_OVERRIDES,
    NOW,
)


def html(report=REPORT, charts=CHARTS):
    return health_html(report, charts, spec=SPEC, verdict=VERDICT)


def test_the_headline_comes_first_and_the_rehearsal_is_named():
    page = html()
    assert "late &lt;arrival&gt;: health, in a rehearsal" in page
    lead = page.index('<p class="lead">December 2013: a request costs 67')
    assert lead < page.index("What to know") < page.index("What moved")
    assert "health, live" in html(replace(REPORT, scope="live"))


def test_a_rehearsal_wears_no_bare_passed():
    assert '<span class="badge stopped">Stopped in rehearsal</span>' in html()
    assert '<span class="badge stopped">Stopped live</span>' in html(replace(REPORT, scope="live"))


def test_alerts_stand_before_warnings_with_their_window_and_day():
    page = html()
    told = page[page.index("What to know") : page.index("Train again?")]
    assert told.index("A request costs more.") < told.index("F1 is lower.")
    assert "December 2013, since 2013-12-05" in told
    assert "delay moved: PSI 1.20." in told
    assert (told.count(">alert<"), told.count(">warning<")) == (2, 1)


def test_columns_are_shaded_by_how_far_they_moved_with_a_mark_that_needs_no_colour():
    page = html()
    heat = page[page.index("<h2>What moved") : page.index("<h2>Columns that moved most")]
    assert 'class="shade bad" style="--depth:50%">1.20 ▲' in heat
    assert 'class="shade known" style="--depth:50%">3.90 ≈' in heat
    assert 'class="shade plain" style="--depth:3%">0.06 ·' in heat
    assert heat.index(">delay<") > heat.index(">predictions<")
    assert ["Nov 2013" in heat, "Dec 2013" in heat] == [True, True]


def test_cost_and_f1_stand_beside_what_was_declared_with_bounds():
    page = html()
    assert "F1 0.41, 10.41 USD a request" in page
    assert "+67.0% (+52% to +83%)" in page
    assert "184,244" in page
    for name in ("Change of the cost, %", "Change of F1, %", "USD a request, by day"):
        assert name in page


def test_drills_are_listed_once_with_what_they_said():
    page = html()
    drills = page[page.index("<h2>Drills") :]
    assert drills.count("control: nothing") == 1
    assert "drill, failing" not in drills
    assert "requests seen" in drills
    assert "Stopped" in drills


def test_reasons_are_given():
    assert "it costs too much." in html()


@pytest.mark.parametrize("windows", [(), (replace(QUIET, performance=None, prediction=None, drift=(), alerts=()),)])
def test_with_little_or_nothing_seen_the_page_still_stands(windows):
    nothing = HealthCharts((), (), DailyCost((), ()), DailyCost((), ()))
    page = html(replace(REPORT, windows=windows), nothing)
    assert "No outcome of a logged row is known yet." in page
    assert "Nothing: no measure left its limits." in page


def test_the_page_fetches_nothing_and_runs_nothing():
    page = html()
    assert "default-src 'none'" in page
    assert [
        tag
        for tag in ("<script", "<img", "<link", "http://", "https://")
        if tag in page.replace("http://www.w3.org", "")
    ] == []


def test_views_stand_beside_windows_and_those_that_are_ill_are_shaded():
    calm = ViewHealth("delays", 7200.0, 0.01, 600.0, 0.0, "delay", 0.02, 0.01, 0.5, "fresh", "full")
    ill = replace(calm, stale=0.4, freshness="stale")
    page = html(replace(REPORT, windows=(replace(QUIET, views=(calm,)), replace(LOUD, views=(ill,)))))
    table = page[page.index("Views, as they were served") :]
    table = table[: table.index("</table>")].replace("\u202f", " ").replace("\xa0", " ")
    assert "1 % stale, 2 % missing (usual 1 %)" in table
    assert "40 % stale ▲" in table
    assert table.count("bad") == 1
    assert "Views, as they were served" not in html()
