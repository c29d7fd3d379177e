"""A folder of images is a source, and what moves in its intensities is seen by layer B."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import SourceError
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import images
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence
from sluiceway.validate.drift import adjusted, compare_columns
from sluiceway.validate.side import Side
from sluiceway.validate.source_table import read_source

DIGITS = np.repeat(load_digits().images * 8, 2, axis=2)  # values to 128, so that a shift stays within 8 bits
SPREAD = DIGITS.mean(axis=(1, 2)).std()
SCANS = Source("scans", images("scans/**/*.png"), key="path", expectations=[column("width").between(16, 16)])


class Archive:
    """Scans of one batch, and what is kept of them."""

    def __init__(self, tables, chosen, shift=0.0):
        self.folder, self.tables = ObstoreObjects.memory(), tables
        for place in chosen:
            buffer = io.BytesIO()
            Image.fromarray((DIGITS[place] + shift).round().astype(np.uint8)).save(buffer, "PNG")
            self.folder.put(f"scans/site={place % 2}/{place:04}.png", buffer.getvalue())

    def ingest(self, source=SCANS):
        return run(
            Project(None, {"scans": source}, "", ""),
            files=self.folder,
            objects=ObstoreObjects.memory(),
            tables=self.tables,
            engine=DuckdbEngine(),
            progress=Silence(),
            scratch=ObstoreObjects.memory(),
        )


def drifted(tables, before, after):
    now, then = (read_source(SCANS, version, None, tables) for version in (after, before))
    checks = adjusted(compare_columns(now, {"": Side.of(then)}))
    return {
        check.column
        for check in checks
        if (check.p_adjusted or 0) < 0.01 and (check.effect or 0) >= 0.05 and check.test != "none"
    }


def test_a_folder_of_images_is_a_table_with_partitions_and_is_rebuilt_to_the_bit():
    tables = MemoryTables()
    version = Archive(tables, range(30)).ingest()
    assert version.restore.unequal == ()
    rows = tables.read(version.table("scans")).to_pylist()
    assert {row["site"] for row in rows} == {0, 1}
    assert {(row["width"], row["height"], row["channels"], row["format"]) for row in rows} == {(16, 8, 1, "PNG")}
    assert {row["sha256"] for row in rows} == {entry.sha256 for entry in version.files}
    first = next(row for row in rows if row["path"].endswith("/0000.png"))
    assert first["intensity_mean"] == DIGITS[0].mean()


def test_a_shift_of_the_intensity_by_1_8_spreads_is_seen_and_another_batch_of_the_same_kind_is_not():
    tables = MemoryTables()
    reference = Archive(tables, range(800)).ingest()
    alike = Archive(tables, range(800, 1600)).ingest()
    shifted = Archive(tables, range(800, 1600), shift=1.8 * SPREAD).ingest()
    assert "intensity_mean" not in drifted(tables, reference, alike)
    seen = drifted(tables, reference, shifted)
    assert {"intensity_mean", "intensity_min", "intensity_p50"} <= seen
    assert not seen & {"path", "sha256", "width", "height", "channels"}


def test_a_file_that_is_no_image_is_named_with_its_source():
    archive = Archive(MemoryTables(), range(3))
    archive.folder.put("scans/site=0/broken.png", b"\x89PNG")
    with pytest.raises(SourceError, match=r"source 'scans': scans/site=0/broken\.png is no image that can be read"):
        archive.ingest()
