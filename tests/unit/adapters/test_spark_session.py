"""How Spark is named, and what is said where it is not there."""

import importlib.util

import pytest

from sluiceway.adapters.settings_file import FILE, read_settings
from sluiceway.adapters.spark_session import read_engine, spark_master, spark_session
from sluiceway.core.errors import DeclarationError, MisuseError


@pytest.mark.parametrize(
    ("address", "master"),
    [
        ("spark://local[2]", "local[2]"),
        ("spark://local[*]", "local[*]"),
        ("spark://head:7077", "spark://head:7077"),
        ("spark://one:7077,two:7077", "spark://one:7077,two:7077"),
    ],
)
def test_an_address_is_a_cluster_or_this_machine(address, master):
    assert spark_master(read_engine(address)) == master


@pytest.mark.parametrize("address", ["spark://", "local[2]", "spark://head", "spark://local", "yarn", 7])
def test_what_is_no_address_is_refused_with_one_that_is(address):
    with pytest.raises(ValueError, match="write spark://host:7077"):
        read_engine(address)


def test_the_setting_is_read_and_refused_with_its_name(tmp_path):
    assert read_settings(tmp_path, {"SLUICEWAY_ENGINE": "spark://local[2]"}).engine == "spark://local[2]"
    assert read_settings(tmp_path, {}).engine == ""
    (tmp_path / FILE).write_text('engine = "duckdb"\n')
    with pytest.raises(DeclarationError, match="engine = 'duckdb': write spark://"):
        read_settings(tmp_path, {})


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="pyspark is installed")
def test_without_pyspark_it_says_what_to_install():
    with pytest.raises(MisuseError, match=r'pip install "sluiceway\[spark\]"'):
        spark_session("spark://local[2]")
