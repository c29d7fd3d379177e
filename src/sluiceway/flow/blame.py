"""Blame: everything that one source file reached, forwards through what was made from what."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.dataset_version import DatasetVersion, FileEntry
from sluiceway.artifacts.rollout_state import LIVE, REHEARSAL
from sluiceway.core.errors import UnknownNameError
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import recalled
from sluiceway.flow.reference import dataset_versions, require_evidence
from sluiceway.ledger.making import Made, everything_made
from sluiceway.ledger.rolling import transitions
from sluiceway.ledger.running import published
from sluiceway.ports.request_log import pieces

SHORTEST_HASH = 12
COUNTED_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class ReachedVersion:
    """A dataset version that holds the file: with which bytes, in which sources, and the sources that read those."""

    version: str
    recorded_at: str
    sha256: str
    sources: tuple[str, ...]
    derived: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReachedArtifact:
    """Something that was made from one of the versions, through whatever lies between."""

    node: str
    content_id: str
    recorded_at: str
    dataset: str


@dataclass(frozen=True, slots=True)
class ReachedModel:
    """A registered model that was trained on the file."""

    name: str
    version: int
    candidate: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A time in which such a model answered, or was tried out; ``until`` is ``None`` while it does.

    ``share`` is the largest share of the entities, 0 to 1, that it had. ``requests`` counts the rows that this version
    answered, live by the whole request log, or what a rehearsal asked it. The times of a rehearsal are virtual.
    """

    scope: str
    version: str
    role: str
    share: float
    since: datetime
    until: datetime | None
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Blame:
    """What a file reached. ``all_requests`` is false where the request log was too large to be counted whole."""

    file: str
    versions: tuple[ReachedVersion, ...]
    artifacts: tuple[ReachedArtifact, ...]
    models: tuple[ReachedModel, ...]
    deployments: tuple[Deployment, ...]
    all_requests: bool = True


def blame(file: str, kit: Kit) -> Blame:
    """Walk forwards from a file.

    Args:
        file: Its path in the project, or its SHA-256, or the first twelve digits of that and more.
        kit: Where the ledger, the evidence and the request log are.

    Raises:
        UnknownNameError: no version ever held such a file.
    """
    versions = dataset_versions(kit)
    holding = {key: version for key, version in versions.items() if any(_is(file, entry) for entry in version.files)}
    if not versions:
        require_evidence("", kit)
    if not holding:
        raise UnknownNameError("ingested file", file, sorted({e.path for v in versions.values() for e in v.files}))
    made = everything_made(kit.ledger)
    when = {record.content_id: entry.recorded_at for entry, record in reversed(made)}
    reached = _below(holding, [record for _, record in made])
    artifacts = tuple(
        ReachedArtifact(node, key, when[key], dataset) for key, (node, dataset) in reached.items() if key not in holding
    )
    models = tuple(
        ReachedModel(str(told["model"]), int(told["version"]), key, reached[key][1])
        for key, told in published(kit.ledger).items()
        if key in reached and "version" in told
    )
    live, whole = _live(kit, set(reached)), True
    if live:
        counts, whole = _answered(kit)
        live = [replace(each, requests=counts[each.version]) for each in live]
    deployments = (*live, *_rehearsed(kit, [record for _, record in made], set(reached)))
    versions_told = tuple(_version(file, version, when[key]) for key, version in holding.items())
    return Blame(file, versions_told, artifacts, models, deployments, whole)


def _is(file: str, entry: FileEntry) -> bool:
    return file == entry.path or (len(file) >= SHORTEST_HASH and entry.sha256.startswith(file))


def _version(file: str, version: DatasetVersion, recorded_at: str) -> ReachedVersion:
    entries = [entry for entry in version.files if _is(file, entry)]
    direct = list(dict.fromkeys(entry.source for entry in entries))
    derived: list[str] = []
    for facts in version.sources:  # each stands behind those that it reads
        if facts.name not in direct and set(facts.reads) & {*direct, *derived}:
            derived.append(facts.name)
    return ReachedVersion(version.version, recorded_at, entries[0].sha256, tuple(direct), tuple(derived))


def _below(holding: Iterable[str], made: Iterable[Made]) -> dict[str, tuple[str, str]]:
    """Find what was made from versions: node and version by content id; parents are always made before."""
    reached = {key: ("ingest", key) for key in holding}
    for record in made:
        origin = next((reached[parent][1] for parent in record.parents.values() if parent in reached), None)
        if origin is not None and record.content_id not in reached:
            reached[record.content_id] = (record.node, origin)
    return reached


def _live(kit: Kit, reached: set[str]) -> list[Deployment]:
    """Follow the live rollout: from when until when a reached bundle was champion, or tried out."""
    over: list[Deployment] = []
    running: dict[tuple[str, str], Deployment] = {}
    for change in transitions(kit.ledger, LIVE):
        state = change.state
        tried = state.challenger is not None
        sides = [("champion", state.champion, 1.0 - state.share if tried else 1.0)]
        sides += [("challenger", state.challenger, state.share)] if state.challenger else []
        now = {(role, served.version): share for role, served, share in sides if served.bundle in reached}
        over += [replace(running.pop(key), until=state.since) for key in sorted(running.keys() - now.keys())]
        for (role, version), share in now.items():
            known = running.get((role, version), Deployment(LIVE, version, role, share, state.since, None))
            running[role, version] = replace(known, share=max(known.share, share))
    return [*over, *running.values()]


def _rehearsed(kit: Kit, made: Iterable[Made], reached: set[str]) -> Iterator[Deployment]:
    """Find the rehearsals in which a reached bundle answered, or was tried out, with what it was asked."""
    for key in dict.fromkeys(record.content_id for record in made if record.node == "deploy"):
        report = recalled("deploy", key, kit)
        if not isinstance(report, CanaryReport):
            continue
        most = max((step.share for step in report.steps), default=0.0)
        sides = (
            ("champion", report.champion, 1.0, report.champion_arm),
            ("challenger", report.challenger, most, report.challenger_arm),
        )
        for role, served, share, arm in sides:
            if served.bundle in reached:
                yield Deployment(
                    REHEARSAL, served.version, role, share, report.began, report.ended, requests=arm.requests
                )


class _Answered(msgspec.Struct):
    """The one field of a logged row that says who answered it."""

    version: str = ""


def _answered(kit: Kit) -> tuple[Counter[str], bool]:
    """Count the rows that each version answered live; the log is read up to 1 GiB, and whether that was all."""
    counts, size = Counter[str](), 0
    decoder = msgspec.json.Decoder(_Answered)
    for _, piece in pieces(kit.requests):
        if size >= COUNTED_BYTES:
            return counts, False
        size += len(piece)
        for line in piece.splitlines():
            try:
                counts[decoder.decode(line).version] += 1
            except msgspec.DecodeError:
                continue  # health reports tell of lines that cannot be read
    return counts, True
