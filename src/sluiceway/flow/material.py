"""Material: the part of a declaration that each node reads, reduced to what can be hashed."""

from sluiceway.core.digest import digest_of, plain
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source


def materials(project: Project) -> dict[str, object]:
    """Reduce a project to one hashable value per kind of reading."""
    return {
        "promise": plain([project.spec_text, declared(project)]),
        "sources": [ingested(source) for source in project.sources.values()],
        "expectations": plain(
            [[rules(source) for source in project.sources.values()], labelled(project), *hidden(project)]
        ),
        "references": references(project),
        "features": plain([featured(project), labelled(project), spec_part(project, "inputs"), *hidden(project)]),
        "model": plain([model(project), project.code_digest, spec_part(project, "model")]),
        "evaluation": plain([model(project), project.code_digest, spec_part(project, "evaluation")]),
        "sensitive": sensitive_names(project),
        "rollout": plain([labelled(project), spec_part(project, "rollout")]),
        "monitoring": plain([labelled(project), spec_part(project, "monitoring"), freshness(project)]),
    }


def declared(project: Project) -> list[object]:
    """Everything that binding checks."""
    rule_list = [rules(source) for source in project.sources.values()]
    return [[ingested(source) for source in project.sources.values()], rule_list, featured(project), labelled(project)]


def ingested(source: Source) -> list[object]:
    """What decides a source's rows, and what its version says of where they come from."""
    return [*source.meaning, plain(source.provenance)]


def rules(source: Source) -> list[object]:
    """What a source's rows are checked against, and what the report says of where they come from."""
    return [source.name, list(source.keys), plain(source.expectations), plain(source.provenance)]


def references(project: Project) -> list[str]:
    """The references that expectations name, beside the settings' own."""
    declared = [each for source in project.sources.values() for each in source.expectations]
    return sorted({each.text for each in declared if each.is_drift and each.text})


def sensitive_names(project: Project) -> list[str]:
    """The columns that the spec calls sensitive."""
    from sluiceway.spec.parse import parse_spec

    return list(parse_spec(project.spec_text, path=project.pipeline.spec).sensitive)


def hidden(project: Project) -> list[object]:
    """What decides which columns are masked: the spec, and the SQL through which they flow; mostly nothing."""
    named = tuple(sensitive_names(project))
    return [named, [ingested(source) for source in project.sources.values()]] if named else []


def labelled(project: Project) -> list[object]:
    """What decides the label."""
    label = project.pipeline.label
    return [label.name, label.source.name, label.expression, label.each.name, label.at, label.matures]


def featured(project: Project) -> list[object]:
    """What decides the features."""
    pipeline = project.pipeline
    requests = [[name, expression.text] for name, expression in pipeline.request_columns.items()]
    return [[[view.name, view.digest] for view in pipeline.feature_views], requests]


def freshness(project: Project) -> list[object]:
    """How far behind views may be when they are served."""
    return [[name, within] for name, within in project.pipeline.may_be_behind.items()]


def model(project: Project) -> list[object]:
    """What decides the model, next to the project's own code."""
    return [plain(project.pipeline.search), plain(project.pipeline.split)]


def spec_part(project: Project, part: str) -> str:
    """What of the spec a later stage reads.

    Limits are for gates, which are judged again at every run; but a canary is steered, and alarms are raised, by them.
    """
    from sluiceway.spec.parse import parse_spec

    spec = parse_spec(project.spec_text, path=project.pipeline.spec)
    if part == "inputs":
        return digest_of(spec.inputs)
    decided = [spec.problem.name, spec.target, spec.costs, spec.metric]
    if part == "model":
        return digest_of(decided)
    acceptance = spec.acceptance
    if part == "rollout":
        steering = [acceptance.max_f1_drop, acceptance.max_latency_ratio, acceptance.min_canary_hours]
        enough = [acceptance.minimum_slice_rows, acceptance.minimum_slice_positives]
        return digest_of([*decided, spec.sla, *steering, *enough, spec.rollout])
    if part == "monitoring":
        alarms = [acceptance.max_f1_drop, acceptance.max_psi, acceptance.strict_drift]
        tests = [acceptance.drift_p_value, acceptance.drift_practical_floor]
        return digest_of([*decided, spec.sla, *alarms, *tests, spec.observe])
    slices = [acceptance.slices, acceptance.minimum_slice_rows, acceptance.minimum_slice_positives]
    return digest_of([*decided, slices])
