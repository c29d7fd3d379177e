"""Folders called name=value become typed columns of the rows below them."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.core.errors import DeclarationError, SourceError
from sluiceway.declare.files import files
from sluiceway.plans.partitions import partition_columns, unescaped, values_in, with_partitions

DETECTED = files("data/**/*.csv")


def column(paths, wanted=DETECTED):
    [values] = partition_columns(paths, wanted).values()
    return values.to_pylist()


def test_each_kind_is_detected_over_all_values():
    def of(*values):
        return column([f"data/p={value}/a.csv" for value in values])

    assert of("2013-01-01", "2013-02-28") == [date(2013, 1, 1), date(2013, 2, 28)]
    assert of("2013-01-01-05", "2013-01-01T23") == [
        datetime(2013, 1, 1, 5, tzinfo=UTC),
        datetime(2013, 1, 1, 23, tzinfo=UTC),
    ]
    assert of("01", "-2") == [1, -2]
    assert of("01", "x") == ["01", "x"]
    assert of("2013-01-01", "2013-01-01T05") == ["2013-01-01", "2013-01-01T05"]
    assert of("1", "__HIVE_DEFAULT_PARTITION__") == [1, None]
    assert of("New%20York", "S%C3%A3o") == ["New York", "São"]


def test_only_folders_count_and_the_order_is_that_of_the_paths():
    paths = ["x/dt=2013-01-02/hour=5/y=1.csv", "x/dt=2013-01-01/hour=6/y=2.csv"]
    found = {name: values.to_pylist() for name, values in partition_columns(paths, DETECTED).items()}
    assert found == {"dt": [date(2013, 1, 2), date(2013, 1, 1)], "hour": [5, 6]}


def test_urls_have_partitions_too():
    assert column(["s3://lake/dt=2013-01-01/a.csv"]) == [date(2013, 1, 1)]


def test_a_declared_kind_holds_against_what_would_be_detected():
    wanted = files("data/**/*.csv", partitions={"month": "text"})
    assert column(["data/year=2013/month=01/a.csv"], wanted) == ["01"]


def test_none_are_taken_where_none_are_wanted():
    assert partition_columns(["data/dt=2013-01-01/a.csv"], files("data/**/*.csv", partitions=False)) == {}


@pytest.mark.parametrize(
    ("paths", "declared", "words"),
    [
        (["d/dt=2013-01-01/a.csv", "d/b.csv"], True, r"d/b\.csv lies in no folder dt="),
        (["d/a.csv"], {"dt": "date"}, r"d/a\.csv lies in no folder dt="),
        (["d/dt=2013-13-01/a.csv"], {"dt": "date"}, r"d/dt=2013-13-01/a\.csv: partition dt=2013-13-01 is no date"),
        (["d/dt=2013-13-01/a.csv"], True, r"partition dt=2013-13-01 is no date.*declare another kind"),
        (["d/h=2013-01-01T25/a.csv"], {"h": "hour"}, "is no hour"),
        (["d/n=x/a.csv"], {"n": "integer"}, "partition n=x is no integer"),
    ],
)
def test_what_does_not_fit_names_the_file(paths, declared, words):
    with pytest.raises(SourceError, match=words):
        partition_columns(paths, files("d/**/*.csv", partitions=declared))


def test_a_kind_that_there_is_not_is_refused_when_declared():
    with pytest.raises(DeclarationError, match="partition 'dt' cannot be 'day'; write one of date, hour"):
        files("d/**/*.csv", partitions={"dt": "day"})


def test_a_file_that_holds_the_column_itself_must_agree_with_its_folder():
    path = "d/dt=2013-01-01/a.csv"
    agreeing = pa.table({"DT": [date(2013, 1, 1)] * 2})
    assert with_partitions({path: agreeing}, DETECTED)[path] == agreeing
    for values in ([date(2013, 1, 2)], [None], ["x"]):
        with pytest.raises(SourceError, match=r"d/dt=2013-01-01/a\.csv holds a column dt that is not 2013-01-01"):
            with_partitions({path: pa.table({"dt": values})}, DETECTED)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(blacklist_characters="/%", blacklist_categories=("Cs",)), max_size=8)


@settings(deadline=None)
@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_what_a_writer_put_into_folders_is_read_back(values):
    escaped = {name: "".join(f"%{byte:02X}" for byte in text.encode()) for name, text in values.items()}
    for written in (values, escaped):
        path = "/".join(["data", *(f"{name}={text}" for name, text in written.items()), "a.csv"])
        assert values_in(path) == values


@settings(deadline=None)
@given(st.text(max_size=20))
def test_unescaping_never_fails(text):
    assert isinstance(unescaped(text), str)
