"""Panes kept up batch by batch give what a snapshot of everything gives, in whatever order facts arrive."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.wide_facts import KEYS, MINUTE, facts_of, rows_drawn, streamed_view

import sluiceway as sw
from sluiceway.core.errors import MisuseError
from sluiceway.features.point_in_time import features_now
from sluiceway.plans.arriving_panes import touched_panes_sql, values_from_panes_sql
from sluiceway.plans.corrections import facts_sql

LAST = 41


@pytest.mark.parametrize("named", KEYS)
@given(rows=rows_drawn(min_size=1, max_size=20), cuts=st.lists(st.integers(0, 20), max_size=3))
@settings(max_examples=examples(3), deadline=None)
def test_panes_of_batches_give_the_snapshot_of_everything(named, rows, cuts):
    view = streamed_view(KEYS[named])
    facts = facts_of(rows, LAST)
    kinds = facts.kinds_for(view)
    everything = facts.ask(facts_sql(view, table="source", cutoff=facts.cutoff), source=facts.rows(view))
    bounds = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    panes = []
    for number, (first, end) in enumerate(pairwise(bounds)):
        arrived, so_far = everything.slice(first, end - first), everything.slice(0, end)
        made = facts.ask(touched_panes_sql(view, kinds), facts=so_far, arrived=arrived)
        panes.append(made.append_column("_batch", pa.array([number] * made.num_rows, pa.int64())))
    sql = values_from_panes_sql(view, kinds, cutoff=LAST * MINUTE)
    got = facts.ask(sql, panes=pa.concat_tables(panes), facts=everything)
    order = [(name, "ascending") for name in view.entities]
    assert got.sort_by(order).to_pylist() == features_now(facts, view).sort_by(order).to_pylist()


def test_what_cannot_be_kept_up_is_refused_by_name():
    view = streamed_view(
        "key", features=[sw.latest("x"), sw.count_distinct("x", over="5m"), sw.count(over="5m", fresh=True)]
    )
    with pytest.raises(MisuseError, match="latest_x, count_distinct_x_5m, count_5m_fresh cannot be"):
        touched_panes_sql(view, {})
