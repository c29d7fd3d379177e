"""Images become rows of what can be measured on them, exactly and on all cores, and hostile ones are named."""

import hashlib
import io
import statistics
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from sklearn.datasets import load_digits, load_sample_image

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import images
from sluiceway.plans.image_rows import QUANTILES, SCHEMA, image_facts, image_rows, image_table, intensities

TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
CT, MR = (TEST_FILES / name for name in ("CT_small.dcm", "MR_small.dcm"))


def encoded(pixels, kind="PNG", **how):
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def test_a_real_photograph_is_measured_as_numpy_measures_it():
    photo = load_sample_image("china.jpg")
    facts = image_facts(encoded(photo), path="china.png")
    assert (facts["width"], facts["height"], facts["channels"], facts["frames"]) == (640, 427, 3, 1)
    assert (facts["format"], facts["bits"]) == ("PNG", 8)
    assert facts["intensity_mean"] == pytest.approx(photo.mean(dtype=np.float64), rel=1e-12)
    assert facts["intensity_std"] == pytest.approx(photo.std(dtype=np.float64), rel=1e-12)
    assert (facts["intensity_min"], facts["intensity_max"]) == (photo.min(), photo.max())
    for name, share in QUANTILES.items():
        assert facts[f"intensity_{name}"] == np.quantile(photo, share, method="inverted_cdf")


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "L"), ("TIFF", "I;16"), ("BMP", "RGB"), ("WEBP", "RGB")])
def test_other_formats_are_read_by_what_they_hold(kind, mode):
    digit = (load_digits().images[0] * 15).astype(np.uint8)
    pixels = digit.astype(np.uint16) * 200 if mode == "I;16" else digit
    image = Image.fromarray(pixels) if mode in {"L", "I;16"} else Image.fromarray(digit).convert(mode)
    facts = image_facts(encoded(image, kind), path="odd.name")
    assert (facts["format"], facts["width"], facts["height"]) == (kind, 8, 8)
    assert facts["bits"] == (16 if mode == "I;16" else 8)


def test_palettes_are_looked_up_and_transparency_is_no_intensity():
    grey = Image.new("RGB", (4, 4), (10, 20, 30))
    plain = image_facts(encoded(grey), path="a")
    clear = grey.copy()
    clear.putalpha(0)
    for other in (encoded(clear), encoded(grey.quantize(8)), encoded(grey.quantize(8), "GIF")):
        facts = image_facts(other, path="b")
        assert facts["channels"] == 3
        assert facts["intensity_mean"] == plain["intensity_mean"] == 20


def test_every_frame_of_an_animation_counts():
    frames = [Image.new("L", (2, 2), value) for value in (0, 100, 200)]
    facts = image_facts(encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:]), path="a.tif")
    assert (facts["frames"], facts["intensity_mean"]) == (3, 100)


def test_a_real_ct_slice_is_in_hounsfield_units_with_tags_that_name_no_patient():
    data = CT.read_bytes()
    found = pydicom.dcmread(CT)
    facts = image_facts(data, path="ct.dcm")
    units = found.pixel_array * float(found.RescaleSlope) + float(found.RescaleIntercept)
    assert facts["intensity_mean"] == pytest.approx(units.mean(), rel=1e-12)
    assert facts["intensity_min"] == units.min() == -896
    assert (facts["modality"], facts["manufacturer"]) == ("CT", "GE MEDICAL SYSTEMS")
    assert facts["study_date"] == date(2004, 1, 19)
    assert (facts["format"], facts["width"], facts["height"], facts["bits"]) == ("DICOM", 128, 128, 16)
    assert str(found.PatientName) == "CompressedSamples^CT1"
    assert "Compressed" not in str(facts)


def test_a_negative_slope_turns_extremes_and_quantiles_round():
    values = np.array([0, 1, 2, 3], np.int16)
    turned, plain = intensities(values, slope=-2.0, intercept=1.0), intensities(-2 * values + 1)
    assert (turned["intensity_min"], turned["intensity_max"]) == (plain["intensity_min"], plain["intensity_max"])
    assert turned["intensity_mean"] == plain["intensity_mean"]
    assert turned["intensity_p05"] <= turned["intensity_p50"] <= turned["intensity_p95"]


INTEGERS = arrays.arrays(st.sampled_from([np.uint8, np.uint16, np.int16, np.int32]), st.integers(1, 60), elements=None)


@settings(deadline=None)
@given(INTEGERS)
def test_moments_are_exact_and_do_not_depend_on_how_pixels_lie(values):
    facts = intensities(values)
    whole = [int(value) for value in values]
    assert facts["intensity_mean"] == sum(whole) / len(whole)
    assert facts["intensity_std"] == pytest.approx(statistics.pstdev(whole), rel=1e-12, abs=1e-12)
    assert intensities(np.sort(values)) == facts


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", r"x/evil\.png is empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, r"x/evil\.png is no image that can be read"),
        (b"<svg/>", r"x/evil\.png is no image that can be read: its bytes are of no format that is known; mend"),
        (bytes(128) + b"DICM" + b"\xff" * 50, r"x/evil\.png is DICOM without an image in it"),
        (encoded(np.zeros((9, 9), np.uint8))[:45], r"x/evil\.png is no image that can be read"),
    ],
)
def test_what_is_no_image_is_named(data, words):
    with pytest.raises(SourceError, match=words):
        image_rows([("x/evil.png", "")], lambda place: data)


def test_a_picture_made_to_exhaust_memory_is_refused_before_it_is_decoded():
    bomb = encoded(Image.new("1", (20_000, 20_000)))
    assert len(bomb) < 200_000
    with pytest.raises(SourceError, match=r"bomb\.png is no image that can be read: .*decompression bomb"):
        image_rows([("bomb.png", "")], lambda place: bomb)


def test_rows_come_in_order_with_the_partitions_of_their_paths():
    digits = load_digits().images[:40]
    data = [encoded((digit * 15).astype(np.uint8)) for digit in digits]
    paths = [f"scans/day={1 + place % 4}/{place:03}.png" for place in range(len(data))]
    named = [(path, hashlib.sha256(each).hexdigest()) for path, each in zip(paths, data, strict=True)]
    table = image_table(paths, image_rows(named, data.__getitem__), images("scans/**/*.png"))
    assert table.column("path").to_pylist() == paths
    assert table.column("day").to_pylist() == [1 + place % 4 for place in range(40)]
    assert table.column("size_bytes").to_pylist() == [len(each) for each in data]
    assert table.schema.names == [*SCHEMA.names, "day"]


def test_a_partition_called_as_a_column_is_refused():
    with pytest.raises(SourceError, match=r"partition 'width' of .* has the name of a column"):
        image_table(["a/width=3/b.png"], [], images("a/**/*.png"))


def test_a_dicom_file_that_is_cut_short_is_named():
    with pytest.raises(SourceError, match=r"ct\.dcm is no image that can be read"):
        image_facts(CT.read_bytes()[:20_000], path="ct.dcm")
