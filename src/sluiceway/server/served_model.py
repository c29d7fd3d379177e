"""A served model: one bundle, ready to turn rows that are asked about into probabilities."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.rollout_state import Served
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import DamagedError, RequestError
from sluiceway.online.model_row import ModelRow
from sluiceway.online.predictor import Predictor
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.ports.feature_reader import FeatureReader, FeatureRow
from sluiceway.server.request import AskedRow

Vector: TypeAlias = dict[str, FeatureValue]

NOTHING = FeatureRow({}, {})  # of a model without views


class Known(NamedTuple):
    """What is known of one row: the vector that the model is given, and by view what it was read from.

    ``lacking`` says why features are missing, where the online store could not be read.
    """

    vector: Vector
    views: dict[str, tuple[str, int, int] | None]
    lacking: str = ""


class ServedModel:
    """A version that answers. Safe to share between threads."""

    def __init__(self, served: Served, bundle: ModelBundle, onnx: bytes, reader: FeatureReader) -> None:
        """Load the model.

        Raises:
            DamagedError: the bytes are no such model, or its contract does not give all its columns.
        """
        self.served = served
        self.version = served.version
        self.bundle = bundle
        self.threshold = bundle.threshold
        self.feeds_on = digest_of([bundle.columns, bundle.contract])
        self._predictor = Predictor(bundle, onnx)
        self._reader = reader
        self._row, tried = _row_of(bundle, served.version)
        self._entities = bundle.contract.entities
        if tried is not None:
            self.probabilities([tried])  # the first run is the slowest

    def known(self, rows: Sequence[AskedRow], at_us: int | Sequence[int]) -> list[Known]:
        """Look up and compute the features of rows as of a moment of each, or one for all; microseconds since 1970.

        Raises:
            RequestError: a row lacks what a feature is computed of.
            SluicewayError: the online store cannot be read.
        """
        entities = {name: [row.inputs[name] for row in rows] for name in self._entities}
        found = self._reader.read(entities, now_us=at_us) if entities else [NOTHING] * len(rows)
        return [
            Known(self._row.of(row.inputs, each.features), each.views, each.lacking)
            for row, each in zip(rows, found, strict=True)
        ]

    def probabilities(self, vectors: Sequence[Vector]) -> list[float | str]:
        """Ask the model about each vector: a probability, or in words why there is none."""
        try:
            return [_judged(probability) for probability in self._predictor.rows(vectors)]
        except Exception as error:  # noqa: BLE001 - a model may raise anything, and for one row of many
            if len(vectors) > 1:
                return [found for vector in vectors for found in self.probabilities([vector])]
            return [f"the model raised {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"]


def _judged(probability: float) -> float | str:
    if 0.0 <= probability <= 1.0:
        return probability
    return f"the model gave {probability}, which is no probability"


def _row_of(bundle: ModelBundle, version: str) -> tuple[ModelRow, Vector | None]:
    """Make what makes a bundle's rows, and one of them: that of which nothing is known, where there can be one."""
    contract = bundle.contract
    inputs = dict.fromkeys(field.name for field in contract.inputs)
    looked_up = dict.fromkeys(name for view in contract.views for name in view.columns)
    try:
        row = ModelRow(bundle.columns, contract)
        return row, row.of(inputs, looked_up)
    except KeyError as error:
        raise DamagedError(f"the contract of {version} does not give its column {error}") from None
    except RequestError:
        return row, None
