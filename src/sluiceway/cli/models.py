"""``sluiceway models``: what the registry holds, and how it earned its place."""

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.cli.answer import print_json, print_lines, print_table, text
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.version_number import version_number
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.flow.recall import recalled_candidate
from sluiceway.ledger.overriding import resting_on
from sluiceway.ledger.running import published
from sluiceway.ports.tracker import RegisteredModel
from sluiceway.workspace import Workspace

CANDIDATE = "candidate"
TOLD = ("estimator", "threshold", "train_rows", "holdout_from", "holdout_until", "registered_at", "bundle", "dataset")


def list_(*, common: Common = HERE) -> int:
    """List the registered versions, newest first."""
    versions = Workspace.open(common.project).kit.tracker.versions()
    if common.json:
        print_json({"models": versions})
    else:
        rows = [
            (model.name, model.version, iso(model.registered_at), ", ".join(model.aliases), model.bundle[:12])
            for model in versions
        ]
        print_table(("model", "version", "registered (UTC)", "aliases", "bundle"), rows)
    return 0


def show(
    version: Annotated[str | None, Parameter(help="The version, as in 3 or v3; the candidate by default.")] = None,
    *,
    name: Annotated[str | None, Parameter(help="The model, where the registry holds several.")] = None,
    common: Common = HERE,
) -> int:
    """Show one registered version: its scores on the holdout beside the baseline's, and what it was made from."""
    workspace = Workspace.open(common.project)
    versions = workspace.kit.tracker.versions()
    known = sorted({model.name for model in versions})
    if name is not None and name not in known:
        raise UnknownNameError("model", name, known)
    model = registered([model for model in versions if name in {None, model.name}], version_number(version))
    candidate = recalled_candidate(model.identity, workspace.kit)
    if candidate is None:
        raise MisuseError(f"the evidence of {model.name} version {model.version} is no longer in the store")
    ledger = workspace.kit.ledger
    facts = described(model, candidate, published(ledger).get(model.identity, {}))
    facts["rests_on"] = resting_on(ledger, model.identity)
    if common.json:
        print_json(facts)
    else:
        print_lines(f"{model.name} version {model.version} ({', '.join(model.aliases) or 'no alias'})", "")
        print_table(("", "model", "baseline"), scores(candidate))
        print_lines("", *(f"{key:<15}{facts[key]}" for key in TOLD))
        print_lines("", *(f"{key:<19}{text(value)}" for key, value in candidate.bundle.params.items()))
        print_lines(*excused_lines(facts["rests_on"]))
    return 0


def excused_lines(overrides: list[dict[str, Any]]) -> list[str]:
    """Tell what a version was let through by."""
    lines = [
        f"! gate {each['gate']}{' live' if each['scope'] == LIVE else ''}, {each['name']}: {each['detail']}, until "
        f"{each['valid_until']}"
        for each in overrides
    ]
    return ["", *lines] if lines else []


def registered(versions: list[RegisteredModel], version: int | None) -> RegisteredModel:
    """Choose a version, or the candidate.

    Raises:
        MisuseError: nothing is registered.
        UnknownNameError: there is no such version.
    """
    if not versions:
        raise MisuseError("no model is registered yet; a model is when gate 5 opens: sluiceway run")
    if version is None:
        return next((model for model in versions if CANDIDATE in model.aliases), versions[0])
    found = [model for model in versions if model.version == version]
    if not found:
        raise UnknownNameError("version", str(version), [str(model.version) for model in versions])
    return found[0]


def described(model: RegisteredModel, candidate: Candidate, told: Mapping[str, Any]) -> dict[str, Any]:
    """Everything a script may ask of a version; ``told`` is what the ledger remembers of its registration."""
    bundle, evaluation = candidate.bundle, candidate.evaluation
    return {
        "name": model.name,
        "version": model.version,
        "aliases": list(model.aliases),
        "registered_at": iso(model.registered_at),
        "holdout_roc_auc": evaluation.holdout.roc_auc,
        "holdout_average_precision": evaluation.holdout.average_precision,
        "holdout": evaluation.holdout,
        "baseline_holdout": evaluation.baseline_holdout,
        "threshold": bundle.threshold,
        "estimator": bundle.estimator,
        "params": dict(bundle.params),
        "columns": [column.name for column in bundle.columns],
        "train_rows": bundle.train_rows,
        "holdout_from": iso(evaluation.split.holdout_from),
        "holdout_until": iso(evaluation.split.holdout_until),
        "bundle": bundle.content_id,
        "feature_set": bundle.feature_set,
        "dataset": bundle.dataset,
        "onnx_sha256": bundle.onnx_sha256,
        "overrides": list(told.get("overrides", ())),
    }


def scores(candidate: Candidate) -> list[tuple[str, float, float]]:
    """The holdout's scores, model beside baseline."""
    model, baseline = candidate.evaluation.holdout, candidate.evaluation.baseline_holdout
    names = ("roc_auc", "average_precision", "log_loss", "brier", "precision", "recall", "f_beta", "cost")
    return [(name, getattr(model, name), getattr(baseline, name)) for name in names]
