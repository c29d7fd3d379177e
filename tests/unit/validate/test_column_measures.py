"""Statistics of real images: a scanner that brightens by 1.8 standard deviations is stopped at its first batch.

The images are the 1,797 handwritten digits that scikit-learn ships (UCI, "Optical Recognition of Handwritten Digits",
1998), and their statistics one row a file, as a folder of images is read.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from sluiceway.artifacts.validation_report import DriftCheck
from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ports.progress import Silence
from sluiceway.validate.gate import gate
from sluiceway.validate.run import run

REFERENCE, BATCH = 500, 64


@pytest.fixture(scope="module")
def pixels():
    """Digits of 8 by 8 pixels, 0 to 255, in an order that a batch does not follow."""
    from sklearn.datasets import load_digits

    images = load_digits().images * (255 / 16)
    return images[np.random.default_rng(4).permutation(len(images))]


def statistics(images, *, first=0):
    """One row a file: its size, its channels, and the mean and the spread of its intensity."""
    count = len(images)
    return pl.DataFrame(
        {
            "path": [f"scan_{first + place:05d}.png" for place in range(count)],
            "width": np.full(count, images.shape[2]),
            "height": np.full(count, images.shape[1]),
            "channels": np.ones(count, dtype=np.int64),
            "intensity_mean": images.mean(axis=(1, 2)),
            "intensity_std": images.std(axis=(1, 2)),
        }
    )


def brightened(images, deviations):
    """Raise every pixel so that the mean intensity moves by so many standard deviations of the images' means."""
    return images + deviations * images.mean(axis=(1, 2)).std(ddof=1)


class Scans:
    """A project with a table of scans beside the flights, validated against an earlier version of it."""

    def __init__(self, world, expectations=()):
        self.world = world
        self.source = Source("scans", files("scans.csv"), key="path", expectations=expectations)

    def criteria(self, then, now):
        # An expectation makes a source without times one that is validated.
        from sluiceway.declare.column_rules import column

        source = replace(self.source, expectations=(*self.source.expectations, column("width").not_null()))
        declared = self.world.project()
        project = Project(declared.pipeline, {**declared.sources, "scans": source}, "", "")
        flights = self.world.frames(1)
        report = run(
            self.world.dataset({**flights, "scans": now}),
            {"": (self.world.dataset({**flights, "scans": then}),)},
            project=project,
            as_of=self.world.now,
            tables=self.world.tables,
            objects=self.world.objects,
            engine=self.world.engine,
            progress=Silence(),
        )
        verdict = gate(report, self.world.promise(), NO_OVERRIDES, self.world.now)
        return report, {each.name: each for each in verdict.criteria if each.name.startswith("scans: ")}


def stopped(criteria):
    return {name.removeprefix("scans: ") for name, each in criteria.items() if not each.outcome.is_open}


BRIGHT = {"drift of intensity_mean (Kolmogorov-Smirnov)", "shift of the mean of intensity_mean"}


@pytest.mark.parametrize("added", [False, True], ids=["as a table of its own", "into the folder of the reference"])
def test_a_shift_of_1_8_deviations_stops_the_first_batch_of_64(world, pixels, added):
    then = statistics(pixels[:REFERENCE])
    now = statistics(brightened(pixels[REFERENCE : REFERENCE + BATCH], 1.8), first=REFERENCE)
    report, criteria = Scans(world).criteria(then, pl.concat([then, now]) if added else now)
    assert stopped(criteria) == BRIGHT
    moved = criteria["scans: shift of the mean of intensity_mean"]
    assert moved.measured == pytest.approx(1.8, abs=0.3)
    checks = [each for each in report.drift if each.source == "scans"]
    assert {(each.rows, each.is_new) for each in checks if isinstance(each, DriftCheck)} == {(BATCH, added)}


@pytest.mark.parametrize("added", [False, True], ids=["as a table of its own", "into the folder of the reference"])
@pytest.mark.parametrize("batch", range(12))
def test_a_control_batch_of_the_same_scanner_stays_silent(world, pixels, batch, added):
    then = statistics(pixels[:REFERENCE])
    start = REFERENCE + batch * BATCH
    now = statistics(pixels[start : start + BATCH], first=start)
    _, criteria = Scans(world).criteria(then, pl.concat([then, now]) if added else now)
    assert stopped(criteria) == set()
    assert Outcome.PASSED in {each.outcome for each in criteria.values()}


def test_half_a_deviation_is_told_by_the_mean_where_ks_is_not_sure(world, pixels):
    then = statistics(pixels[:REFERENCE])
    now = statistics(brightened(pixels[700 : 700 + BATCH], 0.55), first=REFERENCE)
    _, criteria = Scans(world).criteria(then, now)
    assert "shift of the mean of intensity_mean" in stopped(criteria)


def test_images_of_another_size_stop_too(world, pixels):
    then = statistics(pixels[:REFERENCE])
    now = statistics(np.pad(pixels[700 : 700 + BATCH], ((0, 0), (0, 0), (0, 4))), first=REFERENCE)
    _, criteria = Scans(world).criteria(then, now)
    assert "shift of the mean of width" in stopped(criteria)
    assert "shift of the mean of height" not in stopped(criteria)
