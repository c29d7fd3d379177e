"""Files become tables; what cannot is refused by file, row and remedy."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import files
from sluiceway.plans.file_format import concatenate, decode

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1)
TABLE = pa.table({"id": [1, 2, 3], "x": [0.5, None, 2.0], "name": ["a", None, "ü"], "ok": [True, False, None]})


def read(data, path="data/a.csv", **settings):
    return decode(data, path=path, files=files(path, **settings))


def csv(text, **settings):
    return read(text.encode(), **settings)


def written(path):
    sink = io.BytesIO()
    if path.endswith(".parquet"):
        pq.write_table(TABLE, sink)
    elif path.endswith(".feather"):
        feather.write_feather(TABLE, sink)
    elif path.endswith(".arrow"):
        with pa.ipc.new_stream(sink, TABLE.schema) as writer:
            writer.write_table(TABLE)
    elif path.endswith(".json"):
        sink.write(json.dumps(TABLE.to_pylist()).encode())
    elif path.endswith(".ndjson"):
        sink.write("\n".join(json.dumps(row) for row in TABLE.to_pylist()).encode())
    else:
        delimiter = "\t" if path.endswith(".tsv") else ","
        arrow_csv.write_csv(TABLE, sink, arrow_csv.WriteOptions(delimiter=delimiter))
    return sink.getvalue()


def zipped(members):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "feather", "arrow", "json", "ndjson"])
@pytest.mark.parametrize("packing", ["", ".gz", ".zip", ".zst"])
def test_one_table_reads_the_same_from_every_format_and_packing(kind, packing):
    data = written(f"a.{kind}")
    zstd = pa.compress(data, codec="zstd", asbytes=True)
    packed = {"": data, ".gz": gzip.compress(data), ".zip": zipped({f"a.{kind}": data}), ".zst": zstd}[packing]
    assert read(packed, f"data/a.{kind}{packing}").to_pylist() == TABLE.to_pylist()


def test_types_are_inferred_over_the_whole_column():
    rows = "\n".join(["1"] * 5000 + ["2.5"])
    assert csv(f"x\n{rows}\n").schema.field("x").type == pa.float64()


def test_nulls_are_missing_in_numbers_times_and_booleans_but_only_the_empty_text_in_text():
    table = csv("n,t,b,s\n1,2013-01-01T00:00:00Z,true,NA\nNA,NA,NA,\n3,,,x\n")
    assert table.column("n").to_pylist() == [1, None, 3]
    assert table.column("t").null_count == 2
    assert table.column("b").to_pylist() == [True, None, None]
    assert table.column("s").to_pylist() == ["NA", None, "x"]


def test_only_the_nulls_that_were_named_are_missing():
    assert csv("n\n1\n-\n", nulls=["-"]).column("n").to_pylist() == [1, None]
    assert csv("n\n1\nNA\n", nulls=["-"]).column("n").to_pylist() == ["1", "NA"]


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert read("\ufeffa,b\n1,2\n".encode()).column_names == ["a", "b"]


def test_a_time_of_day_stays_text():
    assert csv("at\n12:30:00\n").column("at").to_pylist() == ["12:30:00"]


def test_quoted_values_may_hold_commas_and_line_breaks():
    assert csv('a,b\n"x,\ny",1\n').to_pylist() == [{"a": "x,\ny", "b": 1}]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1),
            st.integers(-(2**63), 2**63 - 1),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_texts_and_whole_numbers_survive_a_csv_file(rows):
    text = "s,n\n" + "".join('"{}",{}\n'.format(s.replace('"', '""'), n) for s, n in [("text", 0), *rows])
    found = csv(text).to_pylist()[1:]
    assert [(str(row["s"]), row["n"]) for row in found] == rows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "data/a.csv is empty"),
        ("\n\n", "data/a.csv is empty"),
        ("a,b", "data/a.csv has a header but no rows"),
        ("a,b\n", "data/a.csv has a header but no rows"),
        ("a,b\n1,2\n3\n", r"data/a.csv: .*Row #3: Expected 2 columns, got 1"),
        ("a,b\n1,2\n3,4\n5,6,7\n", r"data/a.csv: .*Row #4: Expected 2 columns, got 3"),
        ("a,b,a\n1,2,3\n", "data/a.csv: the header repeats a"),
        ("a,,c\n1,2,3\n", "data/a.csv: column 2 has no name"),
        ("a, ,c\n1,2,3\n", "data/a.csv: column 2 has no name"),
    ],
)
def test_a_broken_csv_file_is_refused_by_name_and_row(text, reason):
    with pytest.raises(SourceError, match=reason):
        csv(text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            "a,b\n1,x\n2,é\n".encode("latin1"),
            "column b, row 3 is not UTF-8 text; save .* iconv -f latin1",
        ),
        ("a,é\n1,2\n".encode("latin1"), "the header is not UTF-8 text"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8, as in: iconv -f utf-16"),
    ],
)
def test_text_that_is_not_utf_8_is_refused_with_the_way_to_convert_it(data, reason):
    with pytest.raises(SourceError, match=reason):
        read(data)


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.parquet", b"no parquet", "a.parquet is no parquet file"),
        ("a.arrow", b"no arrow at all", "a.arrow is no arrow file"),
        ("a.json", b"[1, 2]", "a.json must be an array of objects"),
        ("a.json", b'{"a": 1}', "a.json must be an array of objects"),
        ("a.json", b'{"a": 1}\n{"a": 2}', "a.json is not JSON: .* name it .ndjson"),
        ("a.json", b"[]", "a.json is empty"),
        ("a.ndjson", b"\n", "a.ndjson is empty"),
        ("a.ndjson", b'{"a": 1', "a.ndjson is no ndjson file"),
        ("a.ndjson", b'{"a": {"b": 1}}', "column a is nested .*write each part as its own column"),
        ("a.csv.gz", b"no gzip", "a.csv.gz cannot be unpacked"),
        ("a.csv.gz", gzip.compress(b"a\n1\n" * 99, mtime=0)[:-9], "a.csv.gz cannot be unpacked"),
        ("a.csv.zip", b"no zip", "a.csv.zip cannot be unpacked"),
    ],
)
def test_bytes_of_another_format_are_refused_by_name(path, data, reason):
    with pytest.raises(SourceError, match=reason):
        read(data, path)


def test_files_of_one_source_are_put_below_each_other_by_column_name_and_whole_numbers_widen():
    one, two = pa.table({"a": [1], "b": ["x"]}), pa.table({"b": ["y"], "a": [2.5]})
    assert concatenate({"1.csv": one, "2.csv": two}).to_pylist() == [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": "y"}]


def test_a_column_without_values_takes_the_type_it_has_elsewhere():
    joined = concatenate({"1.csv": csv("a,b\n,1\n"), "2.csv": csv("a,b\n7,1\n")})
    assert joined.column("a").to_pylist() == [None, 7]


def test_files_with_different_columns_are_refused_by_both_names():
    with pytest.raises(SourceError, match=r"2\.csv and 1\.csv .*2\.csv lacks b and adds c; make two sources"):
        concatenate({"1.csv": pa.table({"a": [1], "b": [1]}), "2.csv": pa.table({"a": [1], "c": [1]})})


def test_files_with_types_that_do_not_go_together_are_refused_by_column():
    with pytest.raises(SourceError, match=r"column a is string in 2\.csv but int64 in 1\.csv; give both one type"):
        concatenate({"1.csv": pa.table({"a": [1]}), "2.csv": pa.table({"a": ["x"]})})


def test_files_that_may_differ_are_put_below_each_other_with_nothing_where_a_column_is_missing():
    tables = {"1": pa.table({"a": [1], "b": [2]}), "2": pa.table({"c": [True], "a": [0.5]})}
    assert concatenate(tables, uneven=True).to_pylist() == [
        {"a": 1.0, "b": 2, "c": None},
        {"a": 0.5, "b": None, "c": True},
    ]


def test_files_that_may_differ_still_need_types_that_go_together():
    tables = {"1": pa.table({"a": [True]}), "2": pa.table({"a": ["x"]})}
    with pytest.raises(SourceError, match="column a is string in 2 but bool in 1"):
        concatenate(tables, uneven=True)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_too_wide_to_be_one_is_refused_before_it_is_read(kind):
    names = [f"c{place}" for place in range(10_001)]
    sink = io.BytesIO()
    if kind == "csv":
        sink.write((",".join(names) + "\n" + ",".join("1" for _ in names) + "\n").encode())
    else:
        pq.write_table(pa.table([[1]] * len(names), names=names), sink)
    with pytest.raises(SourceError, match=rf"data/wide\.{kind} has 10,001 columns, the most is 10,000"):
        read(sink.getvalue(), f"data/wide.{kind}")


def test_whole_numbers_too_large_for_64_bits_stay_apart_as_texts():
    big = b"id,x\n9223372036854775809,1\n9223372036854775810,2\n,3\n"
    assert read(big).column("id").to_pylist() == ["9223372036854775809", "9223372036854775810", None]
    assert read(b"id\n1e30\n2e30\n").column("id").to_pylist() == [1e30, 2e30]


@pytest.mark.parametrize("sign", [";", "|", "\t"])
def test_another_delimiter_is_told_as_such(sign):
    data = sign.join(["id", "x"]) + "\n" + sign.join(["1", "2"]) + "\n"
    with pytest.raises(SourceError, match="its values are separated by"):
        read(data.encode())


def test_json_numbers_too_large_for_64_bits_are_refused_by_name():
    with pytest.raises(SourceError, match="id holds 9223372036854775809, a whole number beyond 64 bits"):
        read(b'{"id": 9223372036854775809}\n{"id": 9223372036854775810}\n', path="a.ndjson")
    assert read(b'{"id": 9223372036854775807, "x": 1e30}\n', path="a.ndjson").column("id").to_pylist() == [2**63 - 1]
