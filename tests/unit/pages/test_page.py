import re

import pytest

from sluiceway.core.verdict import Outcome
from sluiceway.pages.page import (
    Bar,
    Card,
    Code,
    Facts,
    Figure,
    Finding,
    Findings,
    Fold,
    Gallery,
    Lead,
    Note,
    Notice,
    Notices,
    Page,
    Section,
    Shade,
    Table,
)


def page(*blocks, **more):
    return Page("Title", sections=[Section("Part", list(blocks))], **more).html()


HOSTILE = '<script>alert("x")</script>'


@pytest.mark.parametrize(
    "block",
    [
        Note(HOSTILE),
        Code(HOSTILE),
        Facts(((HOSTILE, HOSTILE),)),
        Table((HOSTILE,), [(HOSTILE,), (Code(HOSTILE),), (Bar(HOSTILE, 0.5),)], caption=HOSTILE),
        Gallery([Figure("<svg></svg>", HOSTILE, HOSTILE)]),
        Lead(HOSTILE),
        Notices([Notice(Shade(HOSTILE, "bad", 0.5), HOSTILE, HOSTILE)]),
        Table(("a",), [(Shade(HOSTILE, "bad", 0.5),)]),
        Findings([Finding(Outcome.STOPPED, HOSTILE, HOSTILE)]),
        Card(Outcome.STOPPED, HOSTILE, [Note(HOSTILE), Code(HOSTILE)]),
        Fold(HOSTILE, [Card(Outcome.PASSED, HOSTILE, [Code(HOSTILE)])], Outcome.PASSED, HOSTILE),
    ],
)
def test_every_text_is_escaped(block):
    html = page(block, subtitle=HOSTILE, footer=HOSTILE)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_fold_holds_other_blocks_and_may_be_left_out_on_paper():
    inside = Fold("more", [Table(("n",), [(1,)]), Fold("deeper", [Note("down")])], Outcome.STOPPED, "2 of 3")
    html = page(inside, Fold("again", [Note("x")], is_on_paper=False))
    assert html.count("<details>") == 2
    assert html.count('<details class="screen">') == 1
    assert re.search(r"<summary>\s*<span class=\"badge stopped\">Stopped</span><b>more</b><small>2 of 3</small>", html)
    assert html.index("<b>more</b>") < html.index('<td class="number">1</td>') < html.index("<b>deeper</b>")
    print_rules = html[html.index("@media print") :]
    assert "details::details-content{content-visibility:visible" in print_rules
    assert "details.screen *{display:none}" in print_rules


def test_nothing_is_fetched_and_nothing_runs():
    html = page(Note("x"))
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://|javascript:", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_is_shown_by_colour_and_by_word(outcome):
    word = outcome.value.replace("_", " ").capitalize()
    html = page(outcome=outcome)
    assert f'<span class="badge {outcome.value}">{word}</span>' in html
    assert f".{outcome.value}{{color:var(--{outcome.value})}}" in html


def test_columns_of_numbers_are_set_to_the_right_and_others_are_not():
    table = Table(("n", "mixed", "flag", "none"), [(1, 1, True, None), (None, "a", False, None)])
    assert [table.is_number(index) for index in range(4)] == [True, False, False, False]
    html = page(table)
    assert re.search(r'class="number">\s*n</th>', html)
    assert '<td class="number">1</td>' in html


def test_missing_values_are_dashes_and_bars_stay_within_their_bounds():
    html = page(Table(("a", "b"), [(None, Bar("x", 1.7)), (float("nan"), Bar("y", float("nan")))]))
    assert html.count("\N{EN DASH}") == 2
    assert 'style="width:100.0%"' in html
    assert 'style="width:0%"' in html


def test_the_same_page_gives_the_same_bytes():
    assert page(Note("x")) == page(Note("x"))


def test_things_to_know_stand_one_below_the_other_and_are_escaped():
    shaded = Shade("alert", "bad", 0.5)
    blocks = [Lead("It <moved>."), Notices([Notice(shaded, "temp & dewp", "since <May>"), Notice(shaded, "wind")])]
    html = Page("Health", sections=[Section("", blocks)]).html()
    assert '<p class="lead">It &lt;moved&gt;.</p>' in html
    assert '<span class="shade bad" style="--depth:25%">alert</span>' in html
    assert "temp &amp; dewp<small>since &lt;May&gt;</small>" in html
    assert html.count("<li>") == 2


@pytest.mark.parametrize(("depth", "percent"), [(0.0, "0"), (0.5, "25"), (1.0, "50"), (7.0, "50"), (-1.0, "0")])
def test_a_ground_is_never_so_deep_that_its_text_drowns(depth, percent):
    assert Shade("x", "plain", depth).percent == percent


def test_a_narrow_table_is_marked():
    wide, narrow = (Table(("a",), [("b",)], is_narrow=each) for each in (False, True))
    html = Page("Health", sections=[Section("", [wide, narrow])]).html()
    assert html.count('<table class="narrow">') == 1
