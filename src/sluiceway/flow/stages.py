"""The seven stages, in the order in which work flows."""

from dataclasses import dataclass

from sluiceway.core.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; ``promise`` is the sentence that its gate proves."""

    number: int
    name: str
    promise: str


STAGES = (
    Stage(1, "spec", "the metric follows the costs, and the latency SLA is written down"),
    Stage(2, "ingest", "the dataset can be rebuilt from its sources, byte for byte, within the hour"),
    Stage(3, "validate", "every expectation holds, or someone answers for the exception"),
    Stage(4, "features", "features are read back by id, the same each time, within 50 ms"),
    Stage(5, "train", "the metrics repeat, nothing leaked, and the baseline is beaten"),
    Stage(6, "deploy", "99.9 % of canary requests succeed over 48 hours"),
    Stage(7, "observe", "an alert fires at 5 % degradation or PSI above 0.2"),
)


def stage_named(name: str) -> Stage:
    """Find a stage.

    Raises:
        UnknownNameError: there is no such stage.
    """
    for stage in STAGES:
        if stage.name == name:
            return stage
    raise UnknownNameError("stage", name, (stage.name for stage in STAGES))
