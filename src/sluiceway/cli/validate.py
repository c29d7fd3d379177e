"""``sluiceway validate``: the report of stage 3, and leave to pass a check."""

from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json, gate_lines
from sluiceway.cli.override import Author, Check, Reason, Until, excuse, gate_named
from sluiceway.core.errors import MisuseError
from sluiceway.ledger.standing import Standing, standings
from sluiceway.workspace import Workspace


def report(*, common: Common = HERE) -> int:
    """Show gate 3's verdict check by check, and where the full report lies. Exits 1 when the gate is closed."""
    workspace = Workspace.open(common.project)
    standing = judged(workspace)
    now = workspace.kit.clock.now()
    gate = gate_json(standing.gate, standing.stage, standing, now)
    pages = workspace.pages()
    if common.json:
        print_json(
            {
                **gate,
                "dataset": standing.upstream["ingest"],
                "report": str(pages["validate"]) if "validate" in pages else None,
            }
        )
    else:
        print_lines(f"dataset {standing.upstream['ingest'][:12]}", *gate_lines(gate, whole=True))
        print_lines("", str(pages.get("validate", "the report is no longer in the store")))
    return 0 if standing.at(now).is_open else 1


def override(check: Check, *, reason: Reason, until: Until, author: Author = None, common: Common = HERE) -> int:
    """Let one check pass on this very dataset, as ``sluiceway override validate`` does."""
    return excuse(gate_named("validate"), check, reason=reason, until=until, author=author, common=common)


def schema(*, common: Common = HERE) -> int:  # noqa: ARG001 - every command takes these
    """Print the JSON Schema of validation reports, as objects/reports/validation-*.json holds them."""
    from sluiceway.validate.measured import report_schema

    print_lines(report_schema().rstrip("\n"))
    return 0


def judged(workspace: Workspace) -> Standing:
    """Find gate 3's newest verdict.

    Raises:
        MisuseError: nothing was validated yet.
    """
    standing = standings(workspace.kit.ledger).get("validate")
    if standing is None:
        raise MisuseError("nothing has been validated yet; run `sluiceway run --until validate` first")
    return standing
