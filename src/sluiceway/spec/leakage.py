"""Leakage by lineage: an input that comes from the very facts that decide the label."""

from collections.abc import Sequence

from sluiceway.declare.pipeline import Label
from sluiceway.plans.ancestry import Ancestry
from sluiceway.spec.findings import Findings


def check_leaks(label: Label, inputs: Sequence[str], ancestry: Ancestry, findings: Findings) -> None:
    """Note every input whose values are made of a file's column that also decides the label.

    Where the label's source looks across rows (tomorrow's rain), sharing a column says nothing; what leaks then is for
    gate 5 to find.
    """
    if ancestry.mixes_rows(label.source.name):
        return
    reason = ancestry.untraceable(label.source.name) or ancestry.untraceable(label.each.name)
    if reason:
        findings.note(f"label {label.name!r}: where the inputs come from cannot be told: {reason}")
        return
    deciding = {raw for column in label.condition.columns for raw in ancestry.of(label.source.name, column)}
    for name in inputs:
        for source, column in sorted(ancestry.of(label.each.name, name) & deciding):
            findings.note(
                f"input {name!r} of {label.each.name} comes from {source}.{column}, which decides the label "
                f"{label.name!r}: it is known only after the event. Take it out of the inputs; what was known of "
                "it earlier belongs in a feature view, where times are kept"
            )
