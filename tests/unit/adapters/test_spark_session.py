"""How Spark is named, and what is said where it is not there."""

import importlib.util
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from sluiceway.adapters.settings_file import FILE, read_settings
from sluiceway.adapters.spark_session import (
    first_line,
    read_engine,
    require_java,
    silent_children,
    spark_master,
    spark_session,
)
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


def test_without_java_it_says_where_it_looked_and_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MisuseError, match=rf"needs Java 17 or 21, and there is none at {tmp_path}.*openjdk-17"):
        require_java("spark://local[2]")
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MisuseError, match="there is none on the path"):
        require_java("spark://local[2]")


@pytest.mark.parametrize(
    ("version", "fits"), [("1.8.0_392", False), ("11.0.2", False), ("17.0.15", True), ("21", True)]
)
def test_a_java_that_is_too_old_is_named(monkeypatch, tmp_path, version, fits):
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-14' >&2\n")
    java.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    if fits:
        require_java("spark://local[2]")
    else:
        with pytest.raises(MisuseError, match=f'version "{version}" is on the path'):
            require_java("spark://local[2]")


def test_another_spark_is_refused_with_its_version(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(__version__="3.5.1"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", SimpleNamespace(SparkSession=None))
    with pytest.raises(MisuseError, match=r"needs Spark 4, and pyspark 3\.5\.1 is installed"):
        spark_session("spark://local[2]")


def test_what_python_says_in_executors_is_taken_from_below_its_trace():
    told = "It was thrown\nTraceback (most recent call last):\n  raise\nimportlib.SomeError: no such thing\n\n\tat org"
    assert first_line(ValueError(told)) == "importlib.SomeError: no such thing"
    assert first_line(ValueError("[BROKEN] it is\nmore")) == "[BROKEN] it is"


def test_what_children_write_is_kept_from_the_terminal(capfd):
    with silent_children() as said:
        subprocess.run(["sh", "-c", "echo noise; echo 'java.lang.Error: why' >&2"], check=True)
        assert said() == "noise\njava.lang.Error: why\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="pyspark is installed")
def test_without_pyspark_it_says_what_to_install():
    with pytest.raises(MisuseError, match=r'pip install "sluiceway\[spark\]"'):
        spark_session("spark://local[2]")
