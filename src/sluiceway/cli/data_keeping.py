"""``sluiceway data pin``, ``unpin``, ``gc``: what is kept, and what goes."""

import re
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.override import user
from sluiceway.cli.run import seconds
from sluiceway.core.errors import DamagedError, MisuseError, UnknownNameError
from sluiceway.flow.reference import dataset_by_id
from sluiceway.ledger.pinning import pins, record_pin, record_unpin
from sluiceway.ledger.sweeping import swept
from sluiceway.ports.sweepable import OBJECT, SEGMENT, STAGED, STREAM, TABLE, VIEW, Leftover
from sluiceway.workspace import Workspace

if TYPE_CHECKING:
    from sluiceway.flow.sweeping import SweepPlan

PIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
HEXADECIMAL = re.compile(r"[0-9a-f]+")
SHOWN = 12
KEPT = 3
WORDS = {
    OBJECT: "objects",
    TABLE: "tables",
    VIEW: "online views",
    STREAM: "partitions of streams",
    SEGMENT: "segments of spools",
    STAGED: "left by killed writes",
}

Author = Annotated[str | None, Parameter(help="Who wants it kept; you, by default.")]


def pin(
    version: Annotated[str, Parameter(help="A version, its first digits, or a pin.")],
    name: Annotated[str, Parameter(help="What to call it, such as audit-2026.")],
    *,
    author: Author = None,
    common: Common = HERE,
) -> int:
    """Give a version a name that keeps it, and by which every command knows it."""
    workspace = Workspace.open(common.project)
    if not PIN_NAME.fullmatch(name) or HEXADECIMAL.fullmatch(name):
        raise MisuseError(
            f"{name!r} is not a pin's name; write a letter, then letters, digits, '_', '.', '-', 64 at most, and not "
            "only 0-9 and a-f, which would look like a version"
        )
    with workspace.keeping("data pin"):
        found = dataset_by_id(version, workspace.kit)
        require_there(found, workspace)
        before = pins(workspace.kit.ledger).get(name)
        if before not in {None, found.content_id}:
            raise MisuseError(
                f"pin {name!r} holds version {before[:SHOWN]}; sluiceway data unpin {name} frees it first"
            )
        if before is None:
            record_pin(workspace.kit.ledger, name, found.content_id, author=author or user())
    if common.json:
        print_json({"pin": name, "version": found.version, "content_id": found.content_id})
    else:
        print_lines(f"✓ {name} is version {found.version}; no sweep removes it")
    return 0


def unpin(
    name: Annotated[str, Parameter(help="The pin.")],
    *,
    author: Author = None,
    common: Common = HERE,
) -> int:
    """Forget a pin. The version stays until nothing else needs it and a sweep removes it."""
    workspace = Workspace.open(common.project)
    with workspace.keeping("data unpin"):
        held = pins(workspace.kit.ledger)
        if name not in held:
            raise UnknownNameError("pin", name, held)
        record_unpin(workspace.kit.ledger, name, author=author or user())
    if common.json:
        print_json({"unpinned": name, "content_id": held[name]})
    else:
        print_lines(f"✓ {name} is free; version {held[name][:SHOWN]} stays until sluiceway data gc --yes")
    return 0


def gc(
    *,
    keep: Annotated[int, Parameter(help="How many of the newest versions stay in any case.")] = KEPT,
    yes: Annotated[bool, Parameter(help="Remove it; without, it is only shown.", negative=())] = False,
    lost_for_good: Annotated[
        bool, Parameter(help="Go on although evidence of something needed is gone.", negative=())
    ] = False,
    wait: Annotated[str, Parameter(help="How long to wait for a run, such as 10m.")] = "0s",
    common: Common = HERE,
) -> int:
    """Show what no model, report, rollout, pin or recent version needs, and with --yes remove it."""
    from sluiceway.flow.sweeping import plan_sweep

    workspace = Workspace.open(common.project)
    if workspace.lost_its_ledger():
        raise DamagedError(
            "the ledger is empty, but the store holds earlier work: without it nobody can say what is still needed. "
            "Nothing was removed; bring .sluiceway/ledger.db back from a copy"
        )
    told = told_before if not common.json else nothing_told
    if yes:
        plan = workspace.sweep(told, last=keep, lost_for_good=lost_for_good, wait_s=seconds(wait))
    else:
        plan = plan_sweep(workspace.kit, workspace.settings, last=keep, lost_for_good=lost_for_good)
        told(plan)
    if common.json:
        print_json(
            {
                "removed": yes,
                "size_bytes": plan.size_bytes,
                "versions": [version.version for version in plan.versions],
                "kept": {version[:SHOWN]: list(why) for version, why in plan.kept.items()},
                **{kind: plan.of_kind(kind) for kind in WORDS},
            }
        )
        return 0
    if not any(plan.found):
        print_lines("✓ nothing to remove")
    elif yes:
        print_lines(f"✓ {plan.size_bytes:,} bytes freed")
    else:
        print_lines("nothing was removed yet: sluiceway data gc --yes")
    return 0


def told_before(plan: "SweepPlan") -> None:
    """Say what stays and why, and what goes, before anything does."""
    print_lines(*(f"  {version[:SHOWN]} stays: {', '.join(why)}" for version, why in plan.kept.items()))
    print_lines(*(f"- {version.version} goes: no longer to be restored" for version in plan.versions))
    print_lines(*(kind_line(kind, plan.of_kind(kind)) for kind in WORDS if plan.of_kind(kind)))
    if any(plan.found):
        print_lines(f"  {plan.size_bytes:,} bytes in all")


def nothing_told(plan: "SweepPlan") -> None:
    """Leave it to the JSON at the end."""


def kind_line(kind: str, found: list[Leftover]) -> str:
    """Say how much of a kind goes."""
    return f"- {len(found):,} {WORDS[kind]}: {sum(each.size_bytes for each in found):,} bytes"


def require_there(version: DatasetVersion, workspace: Workspace) -> None:
    """Refuse a version whose bytes a sweep removed.

    Raises:
        MisuseError: it was.
    """
    when = swept(workspace.kit.ledger).get(version.content_id)
    if when is not None:
        raise MisuseError(
            f"version {version.version} was removed by data gc on {when[:19]} UTC; its manifest is still shown by "
            "data show. Put the same files back, and sluiceway run ingests it again"
        )
