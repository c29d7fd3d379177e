"""Loading: a rollout state becomes who answers. It is whole before it replaces what answered before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.errors import DamagedError, MisuseError, SluicewayError
from sluiceway.ports.feature_reader import FeatureReader, FeatureRow, Moments
from sluiceway.ports.object_store import ObjectStore
from sluiceway.server.arms import deciding, share_of
from sluiceway.server.limits import Limits
from sluiceway.server.request import AskedRow, RequestReader
from sluiceway.server.served_model import NOTHING, ServedModel
from sluiceway.server.shelf import take

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
                _check_alike(champion, challenger)
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


def require_loadable(served: Served, objects: ObjectStore) -> None:
    """Load a version as a server would, before it is put in charge, and forget it again.

    Raises:
        SluicewayError: no server could answer with it.
    """
    bundle, onnx = take(served, objects)
    try:
        RequestReader(bundle.contract, Limits())
        ServedModel(served, bundle, onnx, _NothingKnown())
    except SluicewayError:
        raise
    except Exception as error:
        raise DamagedError(
            f"{served.version} cannot be loaded by a server, and so answers nobody: {type(error).__name__}: {error}"
        ) from error


class _NothingKnown:
    """Features of which there are none: nobody is asked about while it is only found out whether a model loads."""

    def read(self, entities: Mapping[str, Sequence[object]], *, now_us: Moments = None) -> list[FeatureRow]:  # noqa: ARG002
        """Know nothing of anybody."""
        return [NOTHING for _ in next(iter(entities.values()), ())]


def _check_alike(champion: ServedModel, challenger: ServedModel) -> None:
    """Refuse two that one request cannot suit."""
    differing = champion.bundle.contract.differing(challenger.bundle.contract)
    if differing:
        raise MisuseError(
            f"{challenger.version} cannot be tried out beside {champion.version}: their requests differ in "
            f"{', '.join(differing)}; roll out a model that takes the same requests, or replace the champion"
        )
