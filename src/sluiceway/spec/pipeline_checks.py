"""Pipeline checks: the label, the views and the spec against each other and the columns of their sources."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.core.errors import DeclarationError, UnknownNameError
from sluiceway.declare.expression import Expression, bind_expression
from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.pipeline import Label, Pipeline
from sluiceway.declare.spec import Spec
from sluiceway.plans.derived import STORED, feature_kinds
from sluiceway.plans.distinct import COUNTED
from sluiceway.spec.findings import A_LIST, Findings, Kinds
from sluiceway.spec.source_checks import alike

AGGREGATED = ("integer", "number", "boolean")
LEARNED = (*AGGREGATED, "text")
LOOKED_UP = ("integer", "text", "boolean")


def check_label(label: Label, columns: Mapping[str, Kinds], findings: Findings) -> None:
    """Note a label whose expressions or keys the sources do not bear out."""
    source, each = columns.get(label.source.name), columns.get(label.each.name)
    where = f"label {label.name!r}"
    if source is not None:
        findings.expression(where, label.condition, source, wanted=("boolean",))
    if each is not None:
        findings.expression(f"{where}, at", label.moment, each, wanted=("time",))
    if source is None or each is None:
        return
    for key in label.source.keys:
        here, there = source.get(key), each.get(key)
        if here and there and not alike(here, there):
            findings.note(f"{where}: key {key!r} is {here} in {label.source.name} and {there} in {label.each.name}")


def check_view(view: FeatureView, label: Label, columns: Mapping[str, Kinds], findings: Findings) -> None:
    """Note a view that names columns its source lacks, cannot aggregate, or cannot be looked up by."""
    own, each = columns.get(view.source.name), columns.get(label.each.name)
    if own is None or each is None:
        return
    where = f"view {view.name!r}"
    for entity in view.entities:
        here = findings.column(f"{where}, entity in {view.source.name}", entity, own)
        there = _asked_about(where, entity, label, each, findings)
        if here and there and (here != there or here not in LOOKED_UP):
            findings.note(
                f"{where}: entity {entity!r} is {here} in {view.source.name} and {there} in {label.each.name}; it must "
                f"be the same in both, one of {', '.join(LOOKED_UP)}; CAST it in the source's sql, or declare it where "
                f"it comes from CSV: files(kinds={{{entity!r}: 'text'}})"
            )
    for feature in view.features:
        with findings.about(feature.written_at):
            _check_feature(f"{where}, feature {feature.name!r}", feature, own, findings)
    if all(name in own for feature in view.features for name in feature.reads):
        _check_derived(view, own, findings)


def _check_derived(view: FeatureView, own: Kinds, findings: Findings) -> None:
    try:
        feature_kinds(view, own)
    except DeclarationError as error:
        findings.note(str(error))


def _check_feature(where: str, feature: Feature, own: Kinds, findings: Findings) -> None:
    if feature.condition is not None:
        known = [findings.column(f"{where}, where", name, own) for name in sorted(feature.condition.columns)]
        if None not in known:
            findings.expression(f"{where}, where", feature.condition, own, wanted=("boolean",))
    if feature.column is None:
        return
    if feature.kind == "count":
        findings.column(where, feature.column, own)
    else:
        latest = LEARNED if feature.size is None else (NUMBERS, "text")
        allowed = {"latest": latest, "count_distinct": COUNTED}.get(feature.kind, AGGREGATED)
        findings.typed(where, feature.column, own, allowed=allowed)


def check_inputs(pipeline: Pipeline, spec: Spec, columns: Mapping[str, Kinds], findings: Findings) -> None:
    """Note what is to be computed at inference from anything but the inputs that a caller has."""
    each = columns.get(pipeline.label.each.name)
    offered: dict[str, str | None] = {
        **_looked_up(pipeline, columns),
        **{name: (each or {}).get(name) for name in spec.inputs},
    }
    for name in spec.inputs:
        if offered[name] == NUMBERS:
            findings.note(f"input {name!r} is {A_LIST}")
    written = {name: view.written_at for view in pipeline.views for name in view.columns}
    for name, expression in pipeline.request_columns.items():
        with findings.about(written[name]):
            _check_requested(name, expression, offered, spec, findings)
            if name in spec.inputs:
                findings.note(f"request feature {name!r} has the name of an input; give it another")
        offered.setdefault(name, _stored_kind(expression, offered))
    for view in pipeline.feature_views:
        for entity in view.entities:
            if entity not in spec.inputs and (each is None or entity in each):
                with findings.about(view.written_at):
                    reason = _not_an_input(entity, spec.inputs)
                    findings.note(f"view {view.name!r} is looked up by {entity!r}: {reason}")


def _asked_about(where: str, entity: str, label: Label, each: Kinds, findings: Findings) -> str | None:
    """Return the kind of an entity in the label's rows, or ``None`` after noting that they have no such column."""
    if entity in each or get_close_matches(entity, each, n=1):
        return findings.column(f"{where}, entity in {label.each.name}", entity, each)
    rows = label.each.name
    findings.note(
        f"{where} is of {entity!r}, which the rows of {rows} do not have, and those are what label {label.name!r} is "
        f"about: bring the column into {rows} by its sql (a join), or declare the view in a project of its own, whose "
        f"label is about {entity}. {rows} has: {', '.join(each)}"
    )
    return None


def _looked_up(pipeline: Pipeline, columns: Mapping[str, Kinds]) -> dict[str, str | None]:
    """Give what each column of the views is stored as; ``None`` where that is not known, as something else is wrong."""
    found: dict[str, str | None] = {}
    for view in pipeline.feature_views:
        found |= dict.fromkeys(view.columns)
        own = columns.get(view.source.name, {})
        if all(name in own for feature in view.features for name in feature.reads):
            with suppress(DeclarationError):
                stored = feature_kinds(view, own)
                found |= dict(zip(view.columns, stored.values(), strict=True))
    return found


def _check_requested(
    name: str, expression: Expression, offered: Mapping[str, str | None], spec: Spec, findings: Findings
) -> None:
    known = {each.lower(): each for each in offered}
    foreign = sorted(column for column in expression.columns if column.lower() not in known)
    for column in foreign:
        near = get_close_matches(column, [each for each in offered if each not in spec.inputs], n=1)
        said = f"there is no feature {column!r}; did you mean {near[0]!r}?" if "__" in column and near else ""
        findings.note(f"request feature {name!r}: {said or _not_an_input(column, spec.inputs)}")
    kinds = {each: kind for each, kind in offered.items() if kind is not None}
    if not foreign and all(known[column.lower()] in kinds for column in expression.columns):
        findings.expression(f"request feature {name!r}", expression, kinds, wanted=LEARNED)


def _stored_kind(expression: Expression, offered: Mapping[str, str | None]) -> str | None:
    with suppress(DeclarationError):
        return STORED.get(str(bind_expression(expression, {n: k for n, k in offered.items() if k is not None})))
    return None


def _not_an_input(column: str, inputs: Sequence[str]) -> str:
    return (
        f"{column} is not an input that a caller has at inference; the inputs are {', '.join(inputs)}. "
        "Leave it out, or add it to the spec's inputs if a caller does have it"
    )


def check_spec(pipeline: Pipeline, spec: Spec, findings: Findings) -> None:
    """Note a spec that speaks of another label, or of slices that the model will not have."""
    if spec.target.label != pipeline.label.name:
        findings.note_spec(
            "target",
            f"target.label is {spec.target.label!r}, but pipeline.py declares the label {pipeline.label.name!r}",
        )
    if spec.target.positive != 1:
        findings.note_spec(
            "target",
            f"target.positive is {spec.target.positive!r}, but a label is a condition: write 1, and the condition so "
            "that it is true for the positive class",
        )
    features = [column for view in pipeline.feature_views for column in view.columns]
    known = [*spec.inputs, *pipeline.request_columns, *features]
    for name in spec.acceptance.slices:
        if name not in known:
            findings.note_spec("acceptance", f"acceptance.slices: {UnknownNameError('model column', name, known)}")
    entities = [name for view in pipeline.feature_views for name in view.entities]
    offered = list(dict.fromkeys([*spec.inputs, *entities]))
    for name in spec.rollout.by:
        if name not in offered:
            findings.note_spec("rollout", f"rollout.by: {UnknownNameError('request column', name, offered)}")
    watched = [*known, *(view.name for view in pipeline.feature_views)]
    for name in spec.observe.seasonal:
        if name not in watched:
            findings.note_spec("observe", f"observe.seasonal: {UnknownNameError('column or view', name, watched)}")
