"""The page of a spec: one page that the people who pay for the model can read, as Markdown and as HTML."""

from dataclasses import dataclass, fields

from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Verdict
from sluiceway.declare.spec import Spec
from sluiceway.pages.criteria_table import criteria_table, detail_of
from sluiceway.pages.number_text import number_text, percent
from sluiceway.pages.page import Facts, Note, Page, Section, Table
from sluiceway.pages.provenance_row import PROVENANCE_COLUMNS, provenance_row

LIMITS = {
    "slices": "The model must beat the baseline on every slice of",
    "max_f1_drop": "F1 in production may fall by at most",
    "max_psi": "Population stability index at most",
    "max_class_share_change": "The positive class's share may change, relatively, by at most",
    "drift_p_value": "A column has drifted when its adjusted p-value is below",
    "drift_practical_floor": "... and its effect (D or Cramer's V) is at least",
    "strict_drift": "Judge drift by the bare p-value alone",
    "max_restore_s": "Seconds to rebuild all data from storage, at most",
    "max_retrieval_p99_ms": "Milliseconds to read one entity's features (99th percentile), at most",
    "max_single_feature_auc": "ROC AUC of any one feature alone, at most (more smells of a leak)",
    "max_onnx_difference": "Difference between trained and exported model, at most",
    "minimum_slice_rows": "A slice is judged from this many rows",
    "minimum_slice_positives": "... and this many positives",
    "max_latency_ratio": "A new model's median work on a request, in times of the one that it replaces, at most",
    "require_licence": "Every source from outside must declare a licence",
    "min_canary_hours": "Hours of canary traffic before a new model takes over, at least",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with a sentence and rows under column names."""

    title: str
    words: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def spec_markdown(promise: Promise, verdict: Verdict) -> str:
    """Write the page as Markdown; ``verdict`` is the gate's on this promise."""
    spec = promise.spec
    lines = [f"# {_title(spec)}", "", _cell(spec.problem.statement), "", f"Owner: {_cell(spec.problem.owner)}", ""]
    for part in [*_parts(promise), _judged(verdict)]:
        lines += [f"## {part.title}", ""]
        lines += [part.words, ""] if part.words else []
        lines += [_line(part.columns), _line(("---",) * len(part.columns)), *map(_line, part.rows), ""]
    return "\n".join(lines)


def spec_html(promise: Promise, verdict: Verdict) -> str:
    """Write the page as one HTML file; ``verdict`` is the gate's on this promise."""
    spec = promise.spec
    facts = Facts(
        (
            ("Owner", spec.problem.owner),
            ("Target", f"{spec.target.label} = {spec.target.positive}"),
            ("Beta", number_text(spec.beta)),
            ("Threshold", number_text(spec.threshold)),
            ("Latency, p99", f"{number_text(spec.sla.latency_p99_ms)} ms"),
            ("Success rate", percent(spec.sla.success_rate)),
        )
    )
    sections = [Section("", [facts])]
    for part in _parts(promise):
        words = [Note(part.words)] if part.words else []
        sections.append(Section(part.title, [*words, Table(part.columns, part.rows)]))
    sections.append(Section("What the gate says", [criteria_table(verdict.criteria)]))
    return Page(
        _title(spec),
        spec.problem.statement,
        outcome=verdict.outcome,
        sections=sections,
        footer=f"promise {promise.content_id}",
    ).html()


def _title(spec: Spec) -> str:
    words = spec.problem.name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _parts(promise: Promise) -> list[Part]:
    spec = promise.spec
    decided = [_costs(spec), _decision(spec), _service(spec), _life(spec), _limits(spec)]
    return [_target(spec), _inputs(promise), *_origins(promise), *_sensitive(promise), *decided]


def _target(spec: Spec) -> Part:
    rows = (("Kind", spec.target.kind), ("Label", spec.target.label), ("Counts as yes", str(spec.target.positive)))
    return Part("Target", "", ("What", "Value"), rows)


def _inputs(promise: Promise) -> Part:
    rows = tuple((each.name, each.type, "yes" if each.available else "NO", each.reason) for each in promise.inputs)
    words = "A caller supplies these when asking, and nothing that becomes known only later."
    return Part("Inputs at inference", words, ("Input", "Type", "Available", "Where from"), rows)


def _origins(promise: Promise) -> list[Part]:
    """Lay out where the data come from, once any source says so."""
    if all(each.provenance is None for each in promise.origins):
        return []
    rows = tuple(provenance_row(each.source, each.provenance) for each in promise.origins)
    return [Part("Where the data come from", "", PROVENANCE_COLUMNS, rows)]


def _sensitive(promise: Promise) -> list[Part]:
    """List the columns that nobody sees, and why all of a source's are."""
    if not promise.sensitive:
        return []
    rows = tuple(
        (each.source, ", ".join(each.columns), f"all, as {each.untraced}" if each.untraced else "")
        for each in promise.sensitive
    )
    words = "Reports and logs never show their values, nor of what SQL makes of them."
    return [Part("Sensitive columns", words, ("Source", "Columns", "Note"), rows)]


def _costs(spec: Spec) -> Part:
    """Lay out the cost matrix; being right costs nothing."""
    costs, label = spec.costs, spec.target.label
    rows = (
        (f"{label}", "0", _money(spec, costs.false_negative)),
        (f"not {label}", _money(spec, costs.false_positive), "0"),
    )
    return Part("What a mistake costs", "", ("Truth", "Predicted yes", "Predicted no"), rows)


def _decision(spec: Spec) -> Part:
    miss, alarm = number_text(spec.costs.false_negative), number_text(spec.costs.false_positive)
    given = spec.metric.beta is not None
    beta = "as the spec fixes it" if given else f"sqrt(C_FN / C_FP) = sqrt({miss} / {alarm})"
    rows = (
        ("Metric", spec.metric.name, "what people are told"),
        ("Beta", number_text(spec.beta), beta),
        ("Threshold", number_text(spec.threshold), f"C_FP / (C_FP + C_FN) = {alarm} / ({alarm} + {miss})"),
    )
    words = "At or above the threshold, on a calibrated probability, acting is cheaper than not acting."
    return Part("Metric and threshold", words, ("What", "Value", "Because"), rows)


def _service(spec: Spec) -> Part:
    rows = (
        ("Latency, 99th percentile", f"{number_text(spec.sla.latency_p99_ms)} ms"),
        ("Requests answered", percent(spec.sla.success_rate)),
    )
    return Part("Service level", "", ("What", "Promise"), rows)


def _life(spec: Spec) -> Part:
    rollout, watched = spec.rollout, spec.observe
    rows = (
        ("New models take over by", ", ".join(percent(share) for share in rollout.shares)),
        ("Each step lasts at least", rollout.hold),
        ("Who is on the canary depends on", ", ".join(rollout.by) or "all entities"),
        ("Watched in windows of", watched.window),
        ("Moves with the seasons", ", ".join(watched.seasonal) or "nothing named"),
    )
    return Part("Rollout and monitoring", "", ("What", "Value"), rows)


def _limits(spec: Spec) -> Part:
    values = {each.name: getattr(spec.acceptance, each.name) for each in fields(spec.acceptance)}
    rows = tuple((LIMITS.get(name, name), _limit(value)) for name, value in values.items())
    return Part("Limits the gates judge by", "", ("Limit", "Value"), rows)


def _judged(verdict: Verdict) -> Part:
    rows = tuple((each.outcome.value.replace("_", " "), each.name, detail_of(each)) for each in verdict.criteria)
    words = f"Taken together: {verdict.outcome.value.replace('_', ' ')}."
    return Part("What the gate says", words, ("Verdict", "Check", "Detail"), rows)


def _limit(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none named"
    return ("yes" if value else "no") if isinstance(value, bool) else number_text(value)


def _money(spec: Spec, amount: float) -> str:
    return f"{number_text(amount)} {spec.costs.currency}"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """Keep a user's text inside its cell, and out of the markup."""
    flat = " ".join(text.split())
    return flat.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
