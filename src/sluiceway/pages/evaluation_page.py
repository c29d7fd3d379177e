"""The page of an evaluation: how good the model is, where, by which evidence, and how it was found."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluiceway.artifacts.evaluation import Evaluation, Metrics, SliceScore
from sluiceway.artifacts.model_bundle import ModelBundle, Trial
from sluiceway.core.verdict import Verdict
from sluiceway.declare.spec import Spec
from sluiceway.pages.criteria_table import criteria_table
from sluiceway.pages.figure import Labels, Line, calibration, line_curves
from sluiceway.pages.number_text import moment_text, number_text
from sluiceway.pages.page import Bar, Block, Code, Facts, Figure, Gallery, Note, Page, Section, Table
from sluiceway.pages.split_timeline import split_timeline

MOST_FEATURES = 20
MOST_SLICES = 60
HIGHER_IS_BETTER = ("roc_auc", "average_precision", "precision", "recall", "f1", "f_beta")
LOWER_IS_BETTER = ("log_loss", "brier", "cost")


@dataclass(frozen=True, slots=True)
class Curves:
    """Points of one model's curves on the holdout, each an (x, y) pair of equal lengths.

    ``roc``: false and true positive rate; ``precision_recall``: recall and precision; ``calibration``: mean predicted
    probability and share observed; ``cost``: threshold and mean cost of a row.
    """

    roc: tuple[Sequence[float], Sequence[float]]
    precision_recall: tuple[Sequence[float], Sequence[float]]
    calibration: tuple[Sequence[float], Sequence[float]]
    cost: tuple[Sequence[float], Sequence[float]]


def evaluation_html(
    evaluation: Evaluation,
    bundle: ModelBundle,
    *,
    spec: Spec,
    verdict: Verdict,
    model: Curves,
    baseline: Curves,
) -> str:
    """Write the page; ``verdict`` is the gate's on this evidence."""
    split = evaluation.split
    when = f"{split.holdout_rows:,} rows from {moment_text(split.holdout_from)} to {moment_text(split.holdout_until)}"
    sections = [
        Section("", [_facts(evaluation, spec)]),
        Section("What the gate says", [criteria_table(verdict.criteria)]),
        Section("Holdout metrics", [_metrics(evaluation, spec)]),
        Section("Curves", [Gallery(_curves(model, baseline, bundle, spec))]),
        Section("Slices", _slices(evaluation.slices)),
        Section("Split in time", _split(evaluation)),
        Section("Each feature alone", _features(evaluation)),
        Section("Search", _search(bundle)),
        Section("Evidence", [_evidence(evaluation)]),
    ]
    return Page(
        title=f"{bundle.name}: evaluation",
        subtitle=f"{spec.problem.statement} Measured on {when} that no training or search had seen, "
        "from the exported model.",
        outcome=verdict.outcome,
        sections=sections,
        footer=f"bundle {evaluation.bundle} · baseline {evaluation.baseline} · features {evaluation.feature_set}",
    ).html()


def _facts(evaluation: Evaluation, spec: Spec) -> Facts:
    ours = evaluation.holdout
    return Facts(
        (
            ("ROC AUC", f"{ours.roc_auc:.3f}"),
            ("Average precision", f"{ours.average_precision:.3f}"),
            ("Log loss", f"{ours.log_loss:.4f}"),
            (f"Cost per row, {spec.costs.currency}", number_text(ours.cost)),
            ("Rows, positives", f"{ours.rows:,}, {ours.positives:,}"),
        )
    )


def _metrics(evaluation: Evaluation, spec: Spec) -> Table:
    ours, theirs = evaluation.holdout, evaluation.baseline_holdout
    names = {"cost": f"cost per row, {spec.costs.currency}", "f_beta": f"F at beta {number_text(spec.beta)}"}
    rows = [
        (
            names.get(name, name.replace("_", " ")),
            _of(ours, name),
            _of(theirs, name),
            _of(ours, name) - _of(theirs, name),
            better,
        )
        for better, group in (("higher", HIGHER_IS_BETTER), ("lower", LOWER_IS_BETTER))
        for name in group
    ]
    return Table(("Metric", "Model", "Baseline", "Difference", "Better is"), rows)


def _of(metrics: Metrics, name: str) -> float:
    return float(getattr(metrics, name))


def _curves(model: Curves, baseline: Curves, bundle: ModelBundle, spec: Spec) -> list[Figure]:
    roc = Labels("ROC curve", "false positive rate", "true positive rate")
    found = Labels("Precision and recall", "recall", "precision")
    honest = Labels("Calibration", "mean predicted probability", "share observed")
    price = Labels("Cost by threshold", "threshold", f"{spec.costs.currency} per row")
    chance = Line("chance", (0.0, 1.0), (0.0, 1.0), colour="faint", dashed=True)
    drawn = [
        (roc, line_curves([chance, *_both(model.roc, baseline.roc)], roc)),
        (found, line_curves(_both(model.precision_recall, baseline.precision_recall), found)),
        (honest, calibration(_both(model.calibration, baseline.calibration, dots=True), honest)),
        (price, line_curves(_both(model.cost, baseline.cost), price, marks={"threshold": bundle.threshold})),
    ]
    return [Figure(svg, labels.title) for labels, svg in drawn]


def _both(
    model: tuple[Sequence[float], Sequence[float]],
    baseline: tuple[Sequence[float], Sequence[float]],
    *,
    dots: bool = False,
) -> list[Line]:
    return [Line("baseline", *baseline, colour="then", dots=dots), Line("model", *model, colour="accent", dots=dots)]


def _slices(slices: Sequence[SliceScore]) -> list[Block]:
    """List the slices, those that are worse than the baseline before the others, then by size."""
    if not slices:
        return [Note("The spec names no slices.")]
    ranked = sorted(slices, key=lambda each: (not each.judged, _gain(each) >= 0, -each.rows))
    widest = max((abs(_gain(each)) for each in slices), default=0.0) or 1.0
    rows = [
        (
            f"{each.column} = {each.value}",
            each.rows,
            each.positives,
            each.model_log_loss,
            each.baseline_log_loss,
            Bar(f"{_gain(each):+.1%}", abs(_gain(each)) / widest, is_low=_gain(each) < 0),
            "yes" if each.judged else "too few rows",
        )
        for each in ranked[:MOST_SLICES]
    ]
    columns = ("Slice", "Rows", "Positives", "Log loss", "Baseline's", "Better than the baseline by", "Judged")
    left = len(slices) - len(rows)
    return [Table(columns, rows), *([Note(f"{left} smaller slices are left out here.")] if left else [])]


def _gain(score: SliceScore) -> float:
    """By how much of the baseline's log loss the model's is lower."""
    return 1 - score.model_log_loss / score.baseline_log_loss if score.baseline_log_loss else 0.0


def _split(evaluation: Evaluation) -> list[Block]:
    split = evaluation.split
    facts = Facts(
        (
            ("Training rows", split.train_rows),
            ("Left out in the gap", split.in_gap),
            ("Holdout rows", split.holdout_rows),
            ("Gap", f"{split.gap_s / 3600:g} h"),
            ("Keys on both sides", len(split.shared_keys)),
            ("Holdout rows equal to a training row", split.shared_rows),
            ("Labels known too late", split.late_labels),
        )
    )
    return [Gallery([Figure(split_timeline(split))], width_rem=60), facts]


def _features(evaluation: Evaluation) -> list[Block]:
    """Show how well each column alone ranks the labels; one that needs no other is likely to have leaked."""
    ranked = sorted(evaluation.single_feature_auc.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return [Note("No feature was measured alone.")]
    rows = [(name, Bar(f"{auc:.3f}", 2 * auc - 1)) for name, auc in ranked[:MOST_FEATURES]]
    left = len(ranked) - MOST_FEATURES
    more = f" The {left} weakest are left out." if left > 0 else ""
    words = "How well each column alone ranks the training labels: 0.5 is chance, and near 1 smells of a leak."
    return [Note(words + more), Table(("Feature", "ROC AUC"), rows)]


def _search(bundle: ModelBundle) -> list[Block]:
    """List the trials from best to worst."""
    if not bundle.trials:
        return [Note("No search was made.")]
    ranked = sorted(bundle.trials, key=lambda trial: (trial.log_loss, trial.number))
    folds = " and ".join(f"{fold.fitted:,} → {fold.scored:,}" for fold in ranked[0].folds)
    columns = ("Trial", "Log loss", *(f"Fold {number + 1}" for number in range(len(ranked[0].folds))), "Parameters")
    note = Note(f"Mean log loss over time-ordered folds (rows fitted → scored: {folds}).")
    return [note, Table(columns, [_trial(trial) for trial in ranked])]


def _trial(trial: Trial) -> tuple[int | float | str, ...]:
    params = ", ".join(f"{name} = {number_text(value)}" for name, value in sorted(trial.params.items()))
    return (trial.number, trial.log_loss, *(fold.log_loss for fold in trial.folds), params)


def _evidence(evaluation: Evaluation) -> Table:
    again = evaluation.reproduction
    rows = [
        ("Trained a second time from the same seed", ", ".join(again.unequal) or "every metric equal"),
        ("The second model's bytes", "the same" if again.same_bytes else "differ"),
        ("The second baseline's bytes", "the same" if again.baseline_same_bytes else "differ"),
        *(
            (
                f"Exported {name} against the fitted one",
                f"{each.max_difference:.2e} apart at most over {each.rows:,} rows",
            )
            for name, each in (("model", evaluation.parity), ("baseline", evaluation.baseline_parity))
        ),
        ("Model", Code(evaluation.bundle[:12])),
        ("Baseline", Code(evaluation.baseline[:12])),
    ]
    return Table(("What", "Found"), rows)
