"""``sluiceway validate``: the report of stage 3, leave to pass a check, rows set apart, and suggested expectations."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.artifacts.dataset_version import QUARANTINE_FOLDER
from sluiceway.artifacts.validation_report import RuleCheck, ValidationReport
from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.data import Version, chosen
from sluiceway.cli.example_text import broken_lines, row_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json, gate_lines
from sluiceway.cli.override import Author, Check, Reason, Until, excuse, gate_named
from sluiceway.core.errors import MisuseError
from sluiceway.flow.hidden_columns import hidden_columns
from sluiceway.flow.recall import recalled
from sluiceway.ledger.standing import Standing, standings
from sluiceway.workspace import Workspace


def report(*, common: Common = HERE) -> int:
    """Show gate 3's verdict check by check, and where the full report lies. Exits 1 when the gate is closed."""
    workspace = Workspace.open(common.project)
    standing = judged(workspace)
    now = workspace.kit.clock.now()
    gate = gate_json(standing.gate, standing.stage, standing, now)
    pages = workspace.pages()
    found = recalled("validate", standing.artifact, workspace.kit)
    measured = found if isinstance(found, ValidationReport) else None
    if common.json:
        rules = () if measured is None else measured.rules
        print_json(
            {
                **gate,
                "dataset": standing.upstream["ingest"],
                "broken": [broken_json(check) for check in rules if check.broken],
                "report": str(pages["validate"]) if "validate" in pages else None,
            }
        )
    else:
        print_lines(f"dataset {standing.upstream['ingest'][:12]}", *gate_lines(gate, whole=True))
        print_lines(*(() if measured is None else broken_lines(measured)))
        print_lines("", str(pages.get("validate", "the report is no longer in the store")))
    return 0 if standing.at(now).is_open else 1


def broken_json(check: RuleCheck) -> dict[str, object]:
    """Give the rows that break a rule the shape that scripts read."""
    shown = check.broken_rows
    return {
        "source": check.source,
        "rule": check.name,
        "on_failure": check.on_failure,
        "broken": check.broken,
        "rows": check.rows,
        "share": check.broken / check.rows if check.is_share else None,
        "examples": [dict(zip(shown.columns, row, strict=True)) for row in shown.rows],
    }


def quarantine(
    source: Annotated[str | None, Parameter(help="The source; without it, every one is counted.")] = None,
    *,
    version: Version = None,
    rows: Annotated[int, Parameter(help="How many rows to show.")] = 20,
    common: Common = HERE,
) -> int:
    """Show the rows that were set apart, and which rules they break; values of sensitive columns are masked."""
    from sluiceway.validate.set_apart import rows_set_apart

    workspace = Workspace.open(common.project)
    found, hidden = chosen(version, workspace), hidden_columns(workspace.kit)
    names = [table.name.removeprefix(QUARANTINE_FOLDER) for table in found.tables if table.is_below(QUARANTINE_FOLDER)]
    if source is not None:
        kept = found.table(source)
        shown = rows_set_apart(found, source, tables=workspace.kit.tables, hidden=hidden(source), most=rows)
        counts = {"kept": kept.rows, "quarantined": found.rows_quarantined(source)}
        if common.json:
            listed = [dict(zip(shown.columns, row, strict=True)) for row in shown.rows]
            print_json({"version": found.version, "source": source, **counts, "rows": listed})
        else:
            print_lines(
                f"version {found.version}, {source}: {counts['quarantined']:,} in quarantine, {kept.rows:,} kept"
            )
            print_lines(*row_lines(shown) if shown.rows else ())
        return 0
    counted = [(name, found.rows_quarantined(name), found.table(name).rows) for name in names]
    if common.json:
        fields = ("source", "quarantined", "kept")
        print_json({"version": found.version, "sources": [dict(zip(fields, row, strict=True)) for row in counted]})
    elif counted:
        print_table(("source", "quarantined", "kept"), counted)
    else:
        print_lines(f"version {found.version}: no row is in quarantine")
    return 0


def suggest(
    source: Annotated[str | None, Parameter(help="The source; all of them by default.")] = None,
    *,
    version: Version = None,
    to: Annotated[Path | None, Parameter(help="A new file to write to, instead of the screen.")] = None,
    common: Common = HERE,
) -> int:
    """Suggest expectations from what a version's rows are like, as Python text to be reviewed. Changes nothing."""
    from sluiceway.validate.source_table import read_source
    from sluiceway.validate.suggest import suggest as suggestions

    workspace = Workspace.open(common.project)
    found, now = chosen(version, workspace), workspace.present
    if to is not None and to.exists():
        raise MisuseError(f"{to} is there already; suggestions never overwrite, name another file")
    with stdout_aside():
        project = workspace.kit.reader.load()
    hidden = hidden_columns(workspace.kit)
    wanted = [project.source(source)] if source is not None else list(project.sources.values())
    made = [
        suggestions(
            read_source(each, found, workspace.settings.as_of, workspace.kit.tables),
            version=found.version,
            now=now,
            hidden=hidden(each.name),
        )
        for each in wanted
    ]
    text = "\n\n".join(["import sluiceway as sw\n", *(each.text() for each in made)])
    if to is not None:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    if common.json:
        print_json({"version": found.version, "sources": made, "to": str(to) if to else None})
    else:
        print_lines(f"✓ {sum(len(each.made) for each in made)} suggestions in {to}" if to else text.rstrip("\n"))
    return 0


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
