"""Loading: a rollout state becomes who answers. It is whole before it replaces what answered before."""

from collections.abc import Callable
from dataclasses import dataclass

from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.errors import SluicewayError
from sluiceway.deploy.arms import deciding, share_of
from sluiceway.deploy.limits import Limits
from sluiceway.deploy.request import AskedRow, RequestReader
from sluiceway.deploy.same_requests import require_same_requests
from sluiceway.deploy.served_model import ServedModel
from sluiceway.deploy.shelf import take
from sluiceway.ports.feature_reader import FeatureReader
from sluiceway.ports.object_store import ObjectStore

ReaderOf = Callable[[ServingContract], FeatureReader]


@dataclass(frozen=True, slots=True)
class Serving:
    """Who answers, immutable: a state with its models. ``lacking`` says why a challenger of the state is not there.

    ``unlogged`` are the inputs and features that are sensitive to either of the two.
    """

    state: RolloutState
    request: RequestReader
    champion: ServedModel
    challenger: ServedModel | None = None
    lacking: str = ""
    by: tuple[str, ...] = ()
    unlogged: frozenset[str] = frozenset()

    def tries_out(self, row: AskedRow) -> bool:
        """Tell whether a row is on the challenger's arm."""
        state = self.state
        if state.challenger is None:
            return False
        values = [row.inputs[name] if name in row.inputs else row.key.get(name) for name in self.by]
        return share_of(values, state.challenger.bundle) < state.share

    def model(self, served: Served) -> ServedModel | None:
        """Return the loaded model of a bundle, when there is one."""
        models = (self.champion, self.challenger)
        return next((model for model in models if model is not None and model.served == served), None)


class Loader:
    """Loads rollout states. ``reader_of`` makes what reads the features of a contract's views."""

    def __init__(self, objects: ObjectStore, reader_of: ReaderOf, limits: Limits) -> None:
        self._objects = objects
        self._reader_of = reader_of
        self._limits = limits

    def load(self, state: RolloutState, old: Serving | None) -> Serving:
        """Load what a state names; what ``old`` has loaded already is used again.

        Where nothing answers yet, a challenger that cannot be loaded does not keep the champion from answering.

        Raises:
            SluicewayError: a bundle is not there, damaged, or does not go with the other.
        """
        champion = self._model(state.champion, old)
        challenger, lacking = None, ""
        if state.challenger is not None:
            try:
                challenger = self._model(state.challenger, old)
                require_same_requests(
                    (champion.version, champion.bundle.contract), (challenger.version, challenger.bundle.contract)
                )
            except SluicewayError as error:
                if old is not None:
                    raise
                challenger, lacking = None, str(error)
        contract = champion.bundle.contract
        return Serving(
            state,
            RequestReader(contract, self._limits),
            champion,
            challenger,
            lacking,
            deciding(state.by, contract),
            frozenset(contract.unlogged) | frozenset(challenger.bundle.contract.unlogged if challenger else ()),
        )

    def _model(self, served: Served, old: Serving | None) -> ServedModel:
        loaded = old.model(served) if old is not None else None
        if loaded is not None:
            return loaded
        bundle, onnx = take(served, self._objects)
        return ServedModel(served, bundle, onnx, self._reader_of(bundle.contract))
