"""Drawn requests: a sample of what was answered, live or in the newest rehearsal, by version."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.replayed_requests import ReplayedRequests
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.errors import MisuseError
from sluiceway.flow.answering import answering
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current

if TYPE_CHECKING:
    from sluiceway.features.skew import Answers

LAST = 20_000
ANSWERED = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """Which requests are compared: of a share of the entities (0 to 1), from a moment (UTC) on, the last so many."""

    share: float = 1.0
    since: datetime | None = None
    last: int = LAST


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn of a log: the answers by version, how many rows there were, and what nobody can compare."""

    answers: tuple["Answers", ...]
    rows: int
    unknown: Mapping[str, int]
    unread: int = 0


def drawn_live(kit: Kit, sample: Sample) -> Drawn:
    """Draw from what servers logged, in the order of writing."""
    from sluiceway.features.skew import Answers
    from sluiceway.plans.moments_sql import microseconds
    from sluiceway.plans.readable_lines import ReadableLines
    from sluiceway.ports.request_log import pieces

    bundles, lines = _Bundles(kit), ReadableLines()
    since_us = None if sample.since is None else microseconds(sample.since)
    held: deque[RequestRecord] = deque(maxlen=sample.last)
    rows, unknown = 0, dict[str, int]()
    for mark, piece in pieces(kit.requests, "" if sample.since is None else kit.logged_since(sample.since)):
        for record in lines.records(mark, piece):
            if not _is_asked(record, since_us):
                continue
            rows += 1
            bundle = bundles.of(record.version)
            if bundle is None:
                unknown[record.version] = unknown.get(record.version, 0) + 1
            elif _is_drawn(record, bundle, sample.share):
                held.append(record)
    by_version: dict[str, list[RequestRecord]] = {}
    for record in held:
        by_version.setdefault(record.version, []).append(record)
    answers = []
    for version, records in by_version.items():
        bundle = bundles.of(version)
        if bundle is not None:
            table = lines.table(records, contract=bundle.contract, columns=bundle.columns)
            answers.append(Answers(version, bundle.contract, bundle.columns, table))
    return Drawn(tuple(answers), rows, unknown, lines.unread.lines)


class _Bundles:
    """Finds what versions answered by; each once."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._known: dict[str, ModelBundle | None] = {}

    def of(self, version: str) -> ModelBundle | None:
        """Return a version's bundle; ``None`` where the registry does not know it."""
        if version not in self._known:
            found = answering(version, self._kit)
            self._known[version] = None if found is None else found.candidate.bundle
        return self._known[version]


def _is_asked(record: RequestRecord, since_us: int | None) -> bool:
    answered = record.status == ANSWERED and record.probability is not None and record.scope == LIVE
    return answered and (since_us is None or record.arrival >= since_us)


def _is_drawn(record: RequestRecord, bundle: ModelBundle, share: float) -> bool:
    from sluiceway.plans.key_sample import is_drawn

    names = [name for name in bundle.contract.entities if name in record.inputs]
    entity: list[Any] = [record.inputs[name] for name in names] or [record.request_id]
    return share >= 1 or is_drawn(entity, share)


def drawn_rehearsed(kit: Kit, sample: Sample) -> Drawn:
    """Draw from the newest canary that was rehearsed, and from what was replayed behind it.

    Raises:
        MisuseError: there is none.
    """
    from sluiceway.features.skew import Answers
    from sluiceway.server.shelf import bundle_of

    canary, replayed = current("deploy", kit), current("replay", kit)
    if not isinstance(canary, CanaryReport):
        raise MisuseError("nothing was rehearsed yet; run `sluiceway run` first, or leave --rehearsal out")
    served = {each.version: each for each in (canary.champion, canary.challenger)}
    tables = [kit.tables.read(canary.requests)]
    if isinstance(replayed, ReplayedRequests) and replayed.served.version in served:
        tables.append(kit.tables.read(replayed.requests))
    bundles = {version: bundle_of(each, kit.objects) for version, each in served.items()}
    chosen = [_chosen(tables, version, bundle, sample) for version, bundle in bundles.items()]
    answers = []
    for (version, bundle), table in zip(bundles.items(), _last([rows for rows, _ in chosen], sample.last), strict=True):
        columns = tuple(column for column in bundle.columns if f"feature:{column.name}" in table.column_names)
        answers.append(Answers(version, bundle.contract, columns, table))
    return Drawn(tuple(answers), sum(many for _, many in chosen), {})


def _last(tables: list[Any], many: int) -> list[Any]:
    """Keep the last so many rows of several tables, and those of the same moment as the first of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = pa.concat_tables([table.select(["at"]) for table in tables]).sort_by([("at", "descending")])
    if moments.num_rows <= many:
        return tables
    first = moments["at"][many - 1]
    return [table.filter(pc.greater_equal(table["at"], first)) for table in tables]


def _chosen(tables: list[Any], version: str, bundle: ModelBundle, sample: Sample) -> tuple[Any, int]:
    """Choose a version's answered rows of several logs, oldest first, and count them before they were sampled."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from sluiceway.plans.key_sample import is_drawn
    from sluiceway.plans.request_log import INPUT

    whole = pa.concat_tables(tables, promote_options="default")
    answered = pc.and_(pc.equal(whole["status"], ANSWERED), pc.is_valid(whole["probability"]))
    whole = whole.filter(pc.and_(answered, pc.equal(whole["version"], version))).sort_by("at")
    if sample.since is not None:
        whole = whole.filter(pc.greater_equal(whole["at"], pa.scalar(sample.since, whole["at"].type)))
    many = whole.num_rows
    if sample.share < 1:
        names = [INPUT + name for name in bundle.contract.entities]
        entities = zip(*(whole[name].to_pylist() for name in names or ["request_id"]), strict=True)
        whole = whole.filter(pa.array([is_drawn(entity, sample.share) for entity in entities], pa.bool_()))
    return whole.combine_chunks(), many
