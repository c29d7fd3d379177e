"""Stage 7: windows of logged requests beside the reference, drills of the alarms, and whether to train again."""

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.health_report import HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.observe.logged import Logged
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore


def run(
    candidate: Candidate,
    features: FeatureSet,
    logged: Logged,
    *,
    promise: Promise,
    tables: TableStore,
    objects: ObjectStore,
    progress: Progress,
) -> HealthReport:
    """Measure every window against the candidate's holdout rows, then plant faults and see whether they are noticed.

    Args:
        candidate: The served bundle with the evaluation that gate 5 judged.
        features: The set that the bundle was trained on; its rows of the holdout are the reference.
        logged: Requests and outcomes.
        promise: Holds the limits, the costs, the windows and the columns that move with the year.
        tables: Has the feature set's table.
        objects: Has the model, and takes the report's details.
        progress: Hears how far it is.

    Raises:
        DamagedError: the model does not repeat on the reference what gate 5 declared.
        UnknownTableError: the feature set's table is gone.
    """
    raise NotImplementedError
