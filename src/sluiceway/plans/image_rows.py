"""Image rows: one row for each image or DICOM file, with its size and the statistics of its intensities."""

import io
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from math import isqrt, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sluiceway.core.errors import SourceError
from sluiceway.declare.files import Files
from sluiceway.plans.partitions import partition_columns

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MOST_SAMPLES = 356_000_000
BLOCK = 1 << 20
QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
SCHEMA = pa.schema(
    [("path", pa.string()), ("sha256", pa.string()), ("format", pa.string())]
    + [(name, pa.int64()) for name in ("size_bytes", "width", "height", "channels", "frames", "bits")]
    + [(f"intensity_{name}", pa.float64()) for name in ("mean", "std", "min", "max", *QUANTILES)]
    + [("modality", pa.string()), ("manufacturer", pa.string()), ("study_date", pa.date32())]
)
DICOM_MARK = slice(128, 132)


def image_table(paths: Sequence[str], rows: Iterable[Mapping[str, object]], files: Files) -> pa.Table:
    """Put rows, in the order of the paths, together with the partitions on the way to each file.

    Without rows, this is the table's schema.

    Raises:
        SourceError: what ``partition_columns`` refuses, or a partition is called as a column is.
    """
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA)
    for name, values in partition_columns(paths, files).items():
        if name.lower() in SCHEMA.names:
            raise SourceError(f"partition {name!r} of {files.pattern} has the name of a column; rename the folders")
        table = table.append_column(name, values if table.num_rows else values.slice(0, 0))
    return table


def image_rows(files: Sequence[tuple[str, str]], read: Callable[[int], bytes]) -> list[dict[str, object]]:
    """Read images on all cores; of each no more is kept than its row, and no more are held than there are cores.

    Args:
        files: Path and SHA-256 of each.
        read: Gives the bytes of one, by its place in ``files``.

    Raises:
        SourceError: a file is no image that can be read, or too large; the message names it.
    """
    from concurrent.futures import ThreadPoolExecutor

    import PIL.Image
    import pydicom.pixels  # noqa: F401  # loaded before threads ask for it at once

    def row(place: int) -> dict[str, object]:
        path, sha256 = files[place]
        data = read(place)
        return {"path": path, "sha256": sha256, "size_bytes": len(data), **image_facts(data, path=path)}

    with warnings.catch_warnings():
        warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="pydicom")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(row, range(len(files))))


def image_facts(data: bytes, *, path: str) -> dict[str, object]:
    """Measure one image: its format, size and intensities, and of DICOM a few tags that name no patient.

    Intensities are those of all pixels of all colour channels and frames, an alpha channel left out, in the file's own
    units (0 to 255 with 8 bits); those of DICOM are rescaled by its slope and intercept, in CT to Hounsfield units.

    Raises:
        SourceError: the bytes are no image that can be read, or it is too large.
    """
    if not data:
        raise SourceError(f"{path} is empty; remove the file, or copy it again")
    try:
        return dicom_facts(data, path=path) if data[DICOM_MARK] == b"DICM" else picture_facts(data, path=path)
    except SourceError:
        raise
    except Exception as error:  # decoders of hostile bytes raise whatever they like
        known = type(error).__name__ != "UnidentifiedImageError"  # its text names an object in memory
        reason = str(error).partition("\n")[0][:200] if known else "its bytes are of no format that is known"
        raise SourceError(
            f"{path} is no image that can be read: {reason or type(error).__name__}; mend or remove the file"
        ) from error


def picture_facts(data: bytes, *, path: str) -> dict[str, object]:
    """Measure what Pillow reads; of an animation, all frames."""
    from PIL import Image, ImageSequence

    with Image.open(io.BytesIO(data)) as image:
        frames = int(getattr(image, "n_frames", 1))
        require_size(image.width * image.height * len(image.getbands()) * frames, path=path)
        pixels = np.stack([colours(frame) for frame in ImageSequence.Iterator(image)])
        kind, width, height = image.format or "", image.width, image.height
    shape = {"format": kind, "width": width, "height": height, "channels": pixels.shape[3], "frames": len(pixels)}
    return {**shape, "bits": pixels.dtype.itemsize * 8, **intensities(pixels)}


def colours(frame: Any) -> np.ndarray:
    """Give the colour channels of a picture: height, width, channels; palettes are looked up, alpha is left out."""
    if frame.mode in {"P", "PA"}:
        frame = frame.convert("RGB")
    if frame.mode == "1":
        frame = frame.convert("L")
    pixels = np.asarray(frame)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels  # noqa: PLR2004  # height and width, one channel
    return pixels[:, :, :-1] if frame.mode in {"LA", "RGBA", "La", "RGBa"} else pixels


def dicom_facts(data: bytes, *, path: str) -> dict[str, object]:
    """Measure a DICOM file. Of its tags, only modality, manufacturer and study date are taken: they name no patient."""
    import pydicom

    found = pydicom.dcmread(io.BytesIO(data))
    if "PixelData" not in found and "FloatPixelData" not in found:
        raise SourceError(f"{path} is DICOM without an image in it; leave it out of the pattern")
    frames, channels = int(found.get("NumberOfFrames") or 1), int(found.get("SamplesPerPixel") or 1)
    height, width = int(found.Rows), int(found.Columns)
    require_size(width * height * channels * frames, path=path)
    pixels = found.pixel_array
    slope, intercept = number(found, "RescaleSlope", 1.0), number(found, "RescaleIntercept", 0.0)
    measured = intensities(pixels, slope=slope, intercept=intercept)
    shape = {"format": "DICOM", "width": width, "height": height, "channels": channels, "frames": frames}
    tags = {"modality": text(found, "Modality"), "manufacturer": text(found, "Manufacturer")}
    bits = int(found.get("BitsStored") or pixels.dtype.itemsize * 8)
    return {**shape, "bits": bits, **measured, **tags, "study_date": day(text(found, "StudyDate"))}


def text(found: "Dataset", tag: str) -> str | None:
    """Read a tag as text; nothing where it is empty or absent."""
    return str(found.get(tag) or "").strip() or None


def number(found: "Dataset", tag: str, otherwise: float) -> float:
    """Read a tag as a number."""
    value = found.get(tag)
    return otherwise if value is None else float(value)


def day(written: str | None) -> date | None:
    """Read a DICOM date, such as 20040826; nothing where it is none."""
    try:
        return datetime.strptime(written or "", "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def require_size(samples: int, *, path: str) -> None:
    """Refuse an image that would take too much memory, before it is decoded."""
    if samples > MOST_SAMPLES:
        raise SourceError(
            f"{path} holds {samples:,} values, the most is {MOST_SAMPLES:,}; scale it down, or cut it into tiles"
        )


def intensities(pixels: np.ndarray, *, slope: float = 1.0, intercept: float = 0.0) -> dict[str, float]:
    """Give mean, standard deviation (of the population), extremes and quantiles of intensities, after rescaling.

    Whole numbers are summed exactly, so that the same image gives the same numbers on every machine. A quantile is the
    smallest value that at least that share of the values does not exceed.

    Raises:
        ValueError: there is no pixel, or a value is not finite.
    """
    flat = pixels.reshape(-1)
    if not flat.size:
        raise ValueError("it has no pixels")
    low, high = flat.min(), flat.max()
    if not np.isfinite([float(low), float(high)]).all():
        raise ValueError("an intensity is not finite")
    mean, std = exact_moments(flat) if np.issubdtype(flat.dtype, np.integer) else float_moments(flat)
    shares = [*QUANTILES.values()] if slope >= 0 else [1 - share for share in QUANTILES.values()]
    cuts = np.quantile(flat, shares, method="inverted_cdf").tolist()
    ends = sorted([float(low) * slope + intercept, float(high) * slope + intercept])
    found = {"mean": mean * slope + intercept, "std": std * abs(slope), "min": ends[0], "max": ends[1]}
    found |= {name: float(cut) * slope + intercept for name, cut in zip(QUANTILES, cuts, strict=True)}
    return {f"intensity_{name}": value for name, value in found.items()}


def exact_moments(flat: np.ndarray) -> tuple[float, float]:
    """Give mean and standard deviation of whole numbers below 2^31, from exact sums."""
    count, total, squares = flat.size, 0, 0
    for start in range(0, count, BLOCK):
        block = flat[start : start + BLOCK].astype(np.int64)
        total += int(block.sum())
        low, high = np.bitwise_and(block, 0xFFFF), np.right_shift(block, 16)
        squares += int((low * low).sum()) + (int((low * high).sum()) << 17) + (int((high * high).sum()) << 32)
    scaled = count * squares - total * total  # the variance times count², exactly
    return total / count, isqrt(scaled << 128) / (count << 64)


def float_moments(flat: np.ndarray) -> tuple[float, float]:
    """Give mean and standard deviation of floats, summed in blocks as float64."""
    values = flat.astype(np.float64)
    mean = float(values.mean())
    return mean, sqrt(float(np.square(values - mean).mean()))
