"""The model that every contender serves: LightGBM, 30 numbers, 200 trees of 31 leaves; and what is asked about it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from lightgbm import Booster, LGBMClassifier
from numpy.typing import NDArray

FEATURES, TREES, LEAVES = 30, 200, 31
TRAINED_ON, ENTITIES, ASKED = 50_000, 100_000, 200
NAMES = tuple(f"f{number}" for number in range(FEATURES))


@dataclass(frozen=True, slots=True)
class Questions:
    """Requests of one row each, as JSON, the probabilities they must be answered with, and how to read an answer."""

    bodies: tuple[bytes, ...]
    expected: tuple[float, ...]
    probability: Callable[[Any], float]

    @classmethod
    def of(cls, asked: list[object], expected: NDArray[np.float64], probability: Callable[[Any], float]) -> "Questions":
        bodies = tuple(json.dumps(each, separators=(",", ":")).encode() for each in asked)
        return cls(bodies, tuple(expected.tolist()), probability)


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model; ``rows`` has shape ``(ENTITIES, FEATURES)``, the first ``ASKED`` of which are asked about."""

    classifier: LGBMClassifier
    rows: NDArray[np.float64]

    @property
    def booster(self) -> Booster:
        return self.classifier.booster_

    def expected(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """What LightGBM itself gives, shape ``(rows,)``."""
        return np.asarray(self.booster.predict(rows, num_threads=1))

    def questions(
        self, asked: Callable[[list[float]], object], probability: Callable[[Any], float] = lambda answer: answer
    ) -> Questions:
        """Questions about the first rows; ``asked`` makes a row's request."""
        rows = self.rows[:ASKED]
        return Questions.of([asked(row) for row in rows.tolist()], self.expected(rows), probability)


def train() -> Trained:
    """Fit a model that has something to learn, and draw rows."""
    import polars as pl

    draw = np.random.default_rng(5)
    rows = draw.standard_normal((ENTITIES, FEATURES)).round(4)
    fitted = rows[:TRAINED_ON].astype(np.float32)
    signal = (fitted[:, :8] ** 2).sum(axis=1) + 2 * fitted[:, 8] * fitted[:, 9] + draw.standard_normal(TRAINED_ON)
    classifier = LGBMClassifier(
        n_estimators=TREES, num_leaves=LEAVES, learning_rate=0.05, random_state=5, n_jobs=2, verbose=-1
    )
    classifier.fit(pl.DataFrame(fitted, schema=list(NAMES)).to_arrow(), signal > 8)
    return Trained(classifier, rows)
