"""Availability: whether whoever asks for a prediction can have each input at that moment."""

from collections.abc import Mapping

from sluiceway.artifacts.promise import InputAvailability
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.pipeline import Label
from sluiceway.declare.spec import Spec
from sluiceway.spec.binding import Binding
from sluiceway.spec.findings import Kinds, kinds_of


def input_availability(spec: Spec, label: Label, binding: Binding) -> tuple[InputAvailability, ...]:
    """Look each input up where predictions are made, and say where else it is known if not there."""
    columns = {name: kinds_of(found) for name, found in binding.columns.items()}
    return tuple(_input(name, label, columns) for name in spec.inputs)


def _input(name: str, label: Label, columns: Mapping[str, Kinds]) -> InputAvailability:
    each, told = columns[label.each.name], columns[label.source.name]
    if name in each:
        return InputAvailability(name, each[name], available=True, reason=f"a column of {label.each.name}")
    if name in told:
        reason = f"known only from {label.source.name}, after the event; take it out of the inputs"
        return InputAvailability(name, told[name], available=False, reason=reason)
    elsewhere = [source for source, found in columns.items() if name in found]
    if elsewhere:
        reason = (
            f"{label.each.name} lacks it; {elsewhere[0]} has it: add it to the SQL of {label.each.name}, or drop it"
        )
        return InputAvailability(name, columns[elsewhere[0]][name], available=False, reason=reason)
    reason = f"{label.each.name}: {UnknownNameError('column', name, each)}"
    return InputAvailability(name, "unknown", available=False, reason=reason)
