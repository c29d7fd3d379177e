"""What lands is what is there, once, however often one looks; and nothing lands by halves."""

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.memory_extractor import MemoryExtractor
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.landing import Counted, landing_key
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.errors import SourceError
from sluiceway.declare.api import api
from sluiceway.declare.database import table
from sluiceway.ingest.landed_files import entries_of, known_landing, landed_identity
from sluiceway.ingest.landing import Lander
from sluiceway.ingest.reading_again import unexplained
from sluiceway.plans.parquet_part import decode_part
from sluiceway.ports.extractor import Extraction
from sluiceway.ports.progress import Silence

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PLAIN = table("duckdb:///held", "rows")
CURSOR = table("duckdb:///held", "rows", cursor="at")


def rows(*pairs):
    return pa.table({"id": [pair[0] for pair in pairs], "at": pa.array([pair[1] for pair in pairs], pa.int64())})


class Place:
    """One origin, one store, and as many looks as one likes."""

    def __init__(self, origin=CURSOR, part_bytes=1 << 20):
        self.origin, self.part_bytes = origin, part_bytes
        self.extractor, self.objects = MemoryExtractor(batch_rows=3), ObstoreObjects.memory()

    def holds(self, held):
        self.extractor.put(self.origin, held)
        return self

    def look(self, *, afresh=False, extractor=None, objects=None):
        scratch = ObstoreObjects.memory()
        reader = extractor or self.extractor
        store = objects or self.objects
        lander = Lander("held", self.origin, reader, store, scratch, Silence(), NOW, self.part_bytes)
        return lander.land(afresh=afresh)

    def landed(self):
        parts = [
            decode_part(self.objects.get(object_key(part.sha256))) for part in known_landing("held", self.objects).parts
        ]
        return pa.concat_tables(parts)

    def counted(self):
        return Counter(zip(*self.landed().to_pydict().values(), strict=True))


def test_only_rows_beyond_the_cursor_are_read_again():
    place = Place().holds(rows((1, 10), (2, 20)))
    assert place.look().new_rows == 2
    place.holds(rows((1, 10), (2, 20), (3, 30)))
    place.extractor.read_rows = 0
    found = place.look()
    assert (found.new_rows, found.landing.rows) == (1, 3)
    assert place.extractor.read_rows == 2  # the one at the boundary, and the new one
    assert place.counted() == {(1, 10): 1, (2, 20): 1, (3, 30): 1}


def test_an_unchanged_origin_is_only_counted_and_its_columns_looked_at():
    place = Place().holds(rows((1, 10), (2, 20)))
    before = place.look().landing
    place.extractor.read_rows = 0
    found = place.look()
    assert (found.landing, found.new_rows, found.how) == (before, 0, "nothing new")
    assert place.extractor.read_rows == 1  # the one at the boundary, for its columns


def test_ties_at_the_boundary_come_in_once_each():
    place = Place().holds(rows((1, 10), (2, 10), (2, 10)))
    place.look()
    place.holds(rows((1, 10), (2, 10), (2, 10), (2, 10), (3, 10), (4, 11)))
    assert place.look().new_rows == 3
    assert place.counted() == {(1, 10): 1, (2, 10): 3, (3, 10): 1, (4, 11): 1}
    place.holds(rows((1, 10), (2, 10), (2, 10), (2, 10), (2, 10), (3, 10), (4, 11)))
    assert "behind the cursor" in place.look().how


def test_equal_rows_that_come_one_by_one_stay_apart_in_the_manifest():
    place = Place().holds(rows((1, 10)))
    for many in (1, 2, 3):
        place.holds(rows(*[(1, 10)] * many))
        landing = place.look().landing
    assert len({entry.path for entry in entries_of(landing)}) == 3
    assert place.counted() == {(1, 10): 3}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=12), min_size=1, max_size=5),
    st.booleans(),
)
def test_many_looks_land_what_one_look_would(batches, growing):
    """Whatever arrives, in order or behind the cursor, what has landed is what is there."""
    place, held = Place(part_bytes=64), []
    for batch in batches:
        top = max((at for _, at in held), default=0)
        held += [(key, at + (top if growing else 0)) for key, at in batch]
        place.holds(rows(*held)).look()
        assert place.counted() == Counter(held)


def test_rows_that_vanish_or_come_in_behind_the_cursor_make_it_read_everything():
    place = Place().holds(rows((1, 10), (2, 20), (3, 30)))
    place.look()
    place.holds(rows((1, 10), (3, 30)))
    assert "1 rows fewer" in place.look().how
    assert place.counted() == {(1, 10): 1, (3, 30): 1}
    place.holds(rows((1, 10), (9, 15), (3, 30)))
    assert "1 rows came in behind the cursor" in place.look().how
    assert place.counted() == {(1, 10): 1, (9, 15): 1, (3, 30): 1}


def test_counts_that_updates_explain_are_no_reason_to_read_everything():
    assert unexplained(Counted(3, 1, 0), Counted(3, 0, 1)) == ""  # the last row was updated
    assert unexplained(Counted(3, 1, 0), Counted(4, 2, 0)) == ""  # one more at the boundary
    assert unexplained(None, Counted(4, 2, 0)) == ""


def test_without_a_cursor_equal_rows_in_another_order_are_the_same_landing():
    place = Place(PLAIN).holds(rows((1, 10), (2, 20), (3, None)))
    before = place.look().landing
    place.holds(rows((3, None), (1, 10), (2, 20)))
    found = place.look()
    assert found.landing == before
    assert "unchanged" in found.how
    place.holds(rows((3, None), (1, 10), (2, 21)))
    assert landed_identity(place.look().landing) != landed_identity(before)


def test_the_same_reading_gives_the_same_parts_in_another_store():
    one, other = (Place().holds(rows((1, 10), (2, 20))).look().landing for _ in range(2))
    assert landed_identity(one) == landed_identity(other)


def test_changed_columns_make_it_read_everything_and_are_named():
    place = Place().holds(rows((1, 10)))
    place.look()
    place.holds(pa.table({"id": [1.5], "at": [11], "new": ["x"]}))
    found = place.look()
    assert found.how == "read whole again: its columns changed: +new, id: int64 -> double"
    assert [column.name for column in found.landing.columns] == ["id", "at", "new"]


def test_columns_that_came_or_went_without_a_new_row_are_seen():
    place = Place().holds(rows((1, 10), (2, 20)))
    place.look()
    place.holds(rows((1, 10), (2, 20)).append_column("new", pa.array(["x", "y"])))
    assert place.look().how == "read whole again: its columns changed: +new"
    place.holds(rows((1, 10), (2, 20)))
    assert place.look().how == "read whole again: its columns changed: -new"


def test_what_was_written_down_and_is_damaged_is_read_afresh():
    place = Place().holds(rows((1, 10)))
    place.look()
    key = landing_key("held")
    place.objects.put(key, b"\xff" + place.objects.get(key)[1:])
    assert place.look().how == "read for the first time"


def test_a_changed_declaration_or_place_or_a_lost_part_makes_it_read_everything():
    place = Place().holds(rows((1, 10)))
    before = place.look().landing
    place.origin = table("duckdb:///held", "rows", cursor="id")
    place.holds(rows((1, 10)))
    assert "declared otherwise" in place.look().how
    place.extractor.place = lambda origin: "elsewhere"
    assert "leads elsewhere" in place.look().how
    emptied = ObstoreObjects.memory()
    emptied.put("landing/held.json", place.objects.get("landing/held.json"))
    assert "gone from the store" in place.look(objects=emptied).how
    assert emptied.has(object_key(before.parts[0].sha256))


def test_nothing_lands_of_a_reading_that_breaks():
    place = Place(part_bytes=1).holds(rows(*((number, number) for number in range(30))))
    place.look()
    before = {info.key: place.objects.get(info.key) for info in place.objects.list()}
    place.holds(rows(*((number, number) for number in range(60))))
    with pytest.raises(SourceError, match="broke"):
        place.look(extractor=Breaking(place.extractor, after=5))
    with pytest.raises(SourceError, match="broke"):
        place.look(extractor=Breaking(place.extractor, after=5), afresh=True)
    assert {info.key: place.objects.get(info.key) for info in place.objects.list()} == before
    assert place.look().new_rows == 30


class Breaking:
    """An extractor whose stream breaks after so many batches."""

    def __init__(self, whole, after):
        self.place, self.probe, self._whole, self._after = whole.place, whole.probe, whole, after

    @contextmanager
    def read(self, origin, since=None):
        with self._whole.read(origin, since) as extraction:
            yield Extraction(extraction.schema, self._some(extraction.batches), extraction.counted)

    def _some(self, batches):
        for number, batch in enumerate(batches):
            if number == self._after:
                raise SourceError("the connection broke")
            yield batch


class Stopping(ObstoreObjects):
    """A store that is killed at its n-th write."""

    def __init__(self, within, writes):
        super().__init__(None)
        self._opened, self.left = within._opened, writes

    def put(self, key, data):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        super().put(key, data)


@pytest.mark.parametrize("writes", range(11))
def test_a_kill_at_any_write_leaves_the_old_landing_or_the_new_and_the_next_look_mends(writes):
    place = Place(part_bytes=1).holds(rows(*((number, number) for number in range(9))))
    old = place.look().landing
    place.holds(rows(*((number, number) for number in range(36))))
    try:
        place.look(objects=Stopping(place.objects, writes))
    except KeyboardInterrupt:
        assert known_landing("held", place.objects) == old
    else:
        assert known_landing("held", place.objects).rows == 36
    place.look()
    assert place.counted() == Counter((number, number) for number in range(36))


@pytest.mark.parametrize(
    "values",
    [
        [date(2013, 1, 1), date(2013, 1, 2)],
        [Decimal("1.50"), Decimal("1.51")],
        [NOW, NOW + timedelta(microseconds=1)],
        [NOW.replace(tzinfo=None), NOW.replace(tzinfo=None) + timedelta(microseconds=1)],
        ["a", "b ü'"],
        [1.5, 2.5],
    ],
)
def test_cursors_of_every_kind_go_on_where_they_ended(values):
    place = Place().holds(pa.table({"at": [values[0], values[1]]}))
    place.look()
    assert place.look().how == "nothing new"
    place.holds(pa.table({"at": [values[0], values[1], values[1]]}))
    assert place.look().new_rows == 1


def test_what_cannot_be_a_cursor_is_refused():
    with pytest.raises(SourceError, match="'at' is of type bool"):
        Place().holds(pa.table({"at": [True]})).look()
    with pytest.raises(SourceError, match="Did you mean 'att'"):
        Place().holds(pa.table({"att": [1]})).look()


def test_an_empty_table_lands_with_its_columns():
    place = Place().holds(rows())
    landing = place.look().landing
    assert [(column.name, column.type) for column in landing.columns] == [("id", "text"), ("at", "integer")]
    assert (landing.rows, len(landing.parts)) == (0, 1)
    place.holds(pa.table({"id": [1], "at": [1]}))
    assert place.look().new_rows == 1


def test_records_that_an_api_gives_twice_land_once():
    place = Place(api("https://api.example/rows")).holds(rows((1, 10), (2, 20), (1, 10), (2, 21)))
    assert place.look().new_rows == 3
    assert place.counted() == {(1, 10): 1, (2, 20): 1, (2, 21): 1}
