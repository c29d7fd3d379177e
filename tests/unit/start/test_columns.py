import pyarrow as pa

from sluiceway.start.columns import facts_of


def test_nan_and_spelled_out_missing_values_count_as_missing():
    facts = facts_of(pa.table({"x": [1.0, float("nan"), None], "sex": ["male", "NA", "female"]}))
    assert (facts["x"].missing, facts["x"].distinct) == (2, 1)
    assert (facts["sex"].missing, facts["sex"].sql) == (1, "nullif(sex, 'NA')")


def test_na_among_short_codes_is_a_code():
    assert facts_of(pa.table({"country": ["DE", "NA", "US"]}))["country"].missing == 0
