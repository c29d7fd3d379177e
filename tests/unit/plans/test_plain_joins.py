"""One statement of plain joins gives what panes, frames and joins as of a time give, to the bit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wide_facts import ASKED, KEYS, facts_of, rows_drawn, spine_of, wide_view

import sluiceway as sw
from sluiceway.features.point_in_time import features_at
from sluiceway.plans.plain_joins import plain_sql

MORE = [
    sw.last_n("y", n=2, over="15m"),
    sw.std("x", over="15m"),
    sw.std("y", over="15m", where="flag", name="spread_flagged"),
    sw.max("x", over="15m", fresh=True),
    sw.count(over="10m", where="contains(code, 'a')", name="with_a"),
    sw.derived("per_fact", "sum_y_10m / nullif(count_10m, 0)"),
]


@pytest.mark.parametrize("by_event", [False, True], ids=["by known_time", "by event_time"])
@pytest.mark.parametrize("entity", [("e",), ("e", "code")], ids=["one column", "two columns"])
@pytest.mark.parametrize("named", KEYS)
@given(rows=rows_drawn(max_size=20), asked=ASKED, ttl=st.none() | st.integers(1, 20))
@settings(max_examples=3, deadline=None)
def test_plain_joins_give_what_the_batch_plans_give(named, entity, by_event, rows, asked, ttl):
    windows = {"windows": "event_time", "lateness": "5m"} if by_event else {}
    view = wide_view(KEYS[named], entity, ttl=f"{ttl}m" if ttl else None, features=MORE, **windows)
    facts, spine = facts_of(rows), spine_of(asked)
    sql = plain_sql(
        view, facts.kinds_for(view), cutoff=facts.cutoff, corrected=facts.has_repeats(view, facts.rows(view))
    )
    plain = facts.ask(sql, spine=spine, source=facts.rows(view)).sort_by("_row")
    wanted = features_at(facts, view, spine).sort_by("_row")
    assert plain.to_pylist() == wanted.to_pylist()
