"""``sluiceway status``: where each gate stands."""

from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import gate_json, gate_lines, gates_json
from sluiceway.ledger.rolling import live_in_force
from sluiceway.ledger.standing import in_force
from sluiceway.workspace import Workspace


def status(
    *,
    all: Annotated[bool, Parameter(help="Show every criterion.", negative=())] = False,  # noqa: A002
    common: Common = HERE,
) -> int:
    """Show the seven gates as the ledger has them now; an override that has run out no longer opens."""
    workspace = Workspace.open(common.project)
    now = workspace.kit.clock.now()
    gates = gates_json(in_force(workspace.kit.ledger, now), now)
    live = [gate_json(found.gate, stage, found, now) for stage, found in live_in_force(workspace.kit.ledger).items()]
    if common.json:
        print_json({"gates": gates, "live": live})
    else:
        for gate in [*gates, *live]:
            print_lines(*gate_lines(gate, whole=all))
    return int(any(gate["verdict"] in {"stopped", "inconclusive"} for gate in gates))
