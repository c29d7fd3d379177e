"""Skew of what was served: the request log, live or of the newest rehearsal, beside what offline computes of it."""

from datetime import datetime
from typing import TYPE_CHECKING

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.artifacts.skew_report import SkewReport
from sluiceway.declare.project import Project
from sluiceway.flow.drawn_requests import Sample, drawn_live, drawn_rehearsed
from sluiceway.flow.earlier_facts import EarlierFacts
from sluiceway.flow.kit import Kit
from sluiceway.flow.late_messages import LateMessages
from sluiceway.flow.newest_dataset import newest_promised
from sluiceway.ports.progress import Progress

if TYPE_CHECKING:
    from sluiceway.features.skew import Answers


def find_skew(
    kit: Kit, project: Project, sample: Sample, *, scope: str, limit: float, progress: Progress
) -> SkewReport:
    """Compare every sampled feature vector with the offline one of its request's moment.

    Args:
        kit: Has the log, the ledger, the dataset versions.
        project: The declaration that offline goes by.
        sample: Which requests.
        scope: ``live``, or ``rehearsal`` for the newest canary and what was replayed behind it.
        limit: The share of values that may differ.
        progress: Hears how far it is.

    Raises:
        MisuseError: nothing was ingested yet, or there is no rehearsal.
        UnknownNameError, DeclarationError: the declaration does not fit the newest dataset.
    """
    from sluiceway.features.binding import check_binding
    from sluiceway.features.far_from_data import far_from_data
    from sluiceway.features.held_tables import HeldTables
    from sluiceway.features.large_sources import LargeSources
    from sluiceway.features.point_in_time import Facts
    from sluiceway.features.skew import Found, Skew

    dataset, promise = newest_promised(kit)
    pipeline, inputs = project.pipeline, promise.spec.inputs
    check_binding(dataset, pipeline, inputs)
    progress.say("reading the request log")
    drawn = drawn_live(kit, sample) if scope == LIVE else drawn_rehearsed(kit, sample)
    ends = [each for each in map(_ends, drawn.answers) if each]
    cutoff = max((last for _, last in ends), default=0)
    facts = Facts(dataset, HeldTables(kit.tables), kit.engine, cutoff, large=LargeSources(kit.derived))
    skew, found = Skew(facts, pipeline, inputs), Found()
    if scope == LIVE:
        earlier = EarlierFacts(kit, dataset, cutoff)
        skew = Skew(facts, pipeline, inputs, earlier, LateMessages(kit, facts, earlier))
    for answers in drawn.answers:
        progress.say(f"computing {answers.table.num_rows:,} vectors of {answers.version} again, offline")
        skew.compare(answers, found)
    order = [name for view in pipeline.feature_views for name in view.columns] + list(pipeline.request_columns)
    differ = any(each.differing for each in found.features.values())
    first = min((begin for begin, _ in ends), default=cutoff)
    return SkewReport(
        scope=scope,
        dataset=dataset.content_id,
        since=_moment(first if ends else None),
        until=_moment(cutoff if ends else None),
        requests=drawn.rows,
        sampled=sum(each.table.num_rows for each in drawn.answers),
        features=tuple(found.features[name] for name in order if name in found.features),
        examples=tuple(each for several in found.examples.values() for each in several),
        unchecked=dict(found.unchecked),
        unknown_versions=drawn.unknown,
        unread_lines=drawn.unread,
        limit=limit,
        hint=far_from_data(facts, pipeline.feature_views, first, cutoff) if differ else "",
    )


def _ends(answers: "Answers") -> tuple[int, int] | None:
    """Tell the first and the last moment that was asked for, in microseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not answers.table.num_rows:
        return None
    at = pc.min_max(answers.table["at"].cast(pa.int64()))
    return at["min"].as_py(), at["max"].as_py()


def _moment(count: int | None) -> datetime | None:
    from sluiceway.plans.moments_sql import moment_of

    return None if count is None else moment_of(count)
