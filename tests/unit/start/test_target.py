import pyarrow as pa
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.start.columns import facts_of
from sluiceway.start.target import target_of

TABLE = pa.table(
    {
        "survived": [1, 0, 0, None],
        "Sex": ["female", "male", "male", "NA"],
        "late": [True, False, None, True],
        "delay": [5, 10, 40, None],
        "same": [3, 3, 3, 3],
        "none": pa.array([None] * 4, pa.string()),
        'odd "name"': ["yes", "no", "no", "yes"],
        "when": pa.array([1, 2, 3, 4], pa.timestamp("s")),
    }
)


def target(given):
    return target_of(given, facts_of(TABLE), table=TABLE, engine=DuckdbEngine())


@pytest.mark.parametrize(
    ("given", "sql", "truth", "wish"),
    [
        ("survived", "survived = 1", [True, False, False, None], "survived"),
        ("sex", "nullif(Sex, 'NA') = 'female'", [True, False, False, None], "Sex is 'female'"),
        ("late", "late", [True, False, None, True], "late"),
        ("delay >= 10", "delay >= 10", [False, True, True, None], "delay at least 10"),
        ('odd "name"', '"odd ""name""" = \'yes\'', [True, False, False, True], 'odd "name"'),
    ],
)
def test_a_target_is_a_condition(given, sql, truth, wish):
    found = target(given)
    assert (found.sql, found.truth.to_list()) == (sql, truth)
    assert found.wish.replace("'", "") == wish.replace("'", "").replace('"', "")


def test_which_value_counts_as_yes_is_asked_where_neither_says_so():
    assert "'female' count as yes" in target("Sex").doubt
    assert target("survived").doubt == ""


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("delay", '--target "delay = 40"'),
        ("when", "--target '\"when\" IS NOT NULL'"),
        ("same", "nothing to tell apart"),
        ("none", "every value is missing"),
        ("delay > 100", "it is false in all 4 rows"),
        ("delay + 1", "no condition"),
        ("delay >", "Write one expression"),
        ("delai > 1", "Did you mean 'delay'?"),
    ],
)
def test_what_cannot_be_learnt_says_what_to_ask_for(given, advice):
    with pytest.raises(MisuseError) as refused:
        target(given)
    assert given in str(refused.value)
    assert advice in str(refused.value)


def test_a_name_that_nothing_has_is_told_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'survived'"):
        target("survive")


def test_the_rarer_answer_weighs_as_much_in_all():
    assert target("survived").costs == (2, 1)
