"""Stage 4 as a node."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Verdict
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.gate import STAGE_VERSION, gate
from sluiceway.flow.discreetly import discreetly
from sluiceway.flow.kept_definitions import keep_definition
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.pinned_views import pinned_views
from sluiceway.flow.stages import stage_named
from sluiceway.ports.progress import NOTE


def run(job: Job) -> Artifact:
    """Build the training table and fill the online store, also for models that read views as they were."""
    from sluiceway.features.run import run
    from sluiceway.flow.held_views import Held, forget, note
    from sluiceway.flow.sealing import seal_streams
    from sluiceway.plans.moments_sql import microseconds

    require_store(job)
    kit, promise, dataset = job.kit, job.needs("spec", Promise), job.needs("ingest", DatasetVersion)
    views = job.project.pipeline.feature_views
    pinned = pinned_views(kit, job.project, dataset)
    for said in pinned.lost:
        job.progress.say(f"{NOTE}{said}")
    for view in (*views, *pinned.views):
        keep_definition(view, kit.objects)
        forget(view.digest, kit)
    seal_streams(dataset, job.project, kit, say=job.progress.say)  # before batch writes beside them
    with discreetly(job):
        made = run(
            dataset,
            project=job.project,
            inputs=promise.spec.inputs,
            as_of=job.settings.as_of,
            tables=kit.tables,
            engine=kit.engine,
            elsewhere=kit.elsewhere,
            online=kit.online,
            progress=job.progress,
            clock=kit.clock,
            seed=job.settings.seed,
            hidden=promise.hidden,
            derived=kit.derived,
            watermarks=landed_watermarks(dataset, views, kit),
        )
        for view in pinned.views:
            refill(view, dataset, job, made.cutoff)
    for view in views:
        note(view, Held(dataset.content_id, microseconds(made.cutoff), made.snapshots[view.name]), kit)
    return made


def refill(view: FeatureView, dataset: DatasetVersion, job: Job, cutoff: datetime) -> None:
    """Fill the online store with a view that models in service read, and that is declared no more."""
    from sluiceway.features.held_tables import HeldTables
    from sluiceway.features.large_sources import LargeSources
    from sluiceway.features.materialise import materialise
    from sluiceway.features.point_in_time import Facts
    from sluiceway.flow.held_views import Held, note
    from sluiceway.plans.moments_sql import microseconds

    kit = job.kit
    job.progress.say(f"materialising {view.name} as a model in service reads it")
    large = LargeSources(kit.derived, progress=job.progress)
    facts = Facts(dataset, HeldTables(kit.tables), kit.engine, microseconds(cutoff), large=large)
    watermark = landed_watermarks(dataset, [view], kit).get(view.source.name)
    materialise(replace(facts, elsewhere=kit.elsewhere), view, kit.online, now=kit.clock.now(), watermark=watermark)
    note(view, Held(dataset.content_id, facts.cutoff, kit.online.snapshot(view.digest)), kit)


def landed_watermarks(dataset: DatasetVersion, views: Sequence[FeatureView], kit: Kit) -> dict[str, int]:
    """Tell up to when the events go that have landed in every partition of each view's source."""
    from sluiceway.ingest.landed_events import known_event_landing

    found = {}
    for source in {view.source.name for view in views if dataset.has_events(view.source.name)}:
        landing = known_event_landing(source, kit.objects)
        reached = [each.watermark for each in landing.partitions] if landing else []
        known = [watermark for watermark in reached if watermark is not None]
        if known and len(known) == len(reached):
            found[source] = min(known)
    return found


def require_store(job: Job) -> None:
    """Find out that the online store answers, before what takes long is done for it.

    Raises:
        SluicewayError: it does not.
    """
    for view in job.project.pipeline.feature_views[:1]:
        job.kit.online.snapshot(view.digest)


def present(kit: Kit, features: FeatureSet) -> bool:
    """Whether the offline table is there, and every online view is that of this very set."""
    if not kit.tables.has(features.table):
        return False
    return all(kit.online.snapshot(features.views[view]) == mark for view, mark in features.snapshots.items())


def page(kit: Kit, features: FeatureSet, verdict: Verdict, promise: Promise) -> str:
    """Write the catalogue's page, unless it is there: then the project's code is not loaded for it."""
    from sluiceway.core.digest import digest_of
    from sluiceway.flow.catalogue_entries import catalogue_of, registered_bundles
    from sluiceway.flow.reference import dataset_by_id
    from sluiceway.pages.catalogue_page import catalogue_html
    from sluiceway.pages.page_key import page_key

    shown = digest_of([kit.reader.fingerprint(), sorted(registered_bundles(kit))])
    key = page_key("catalogue", features.content_id, verdict, beside=shown)
    if not kit.objects.has(key):
        dataset = dataset_by_id(features.dataset, kit)
        kit.objects.put(key, catalogue_html(catalogue_of(kit, kit.reader.load(), dataset, promise, features)).encode())
    return key


FEATURES = Node(
    "features",
    stage_named("features"),
    STAGE_VERSION,
    FeatureSet,
    needs=("ingest",),
    reads="features",
    run=run,
    present=present,
    by=("as_of", "seed"),
    gate=gate,
    page=page,
)
