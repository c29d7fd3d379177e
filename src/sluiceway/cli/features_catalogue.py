"""``sluiceway features list``, ``show`` and ``search``: what features there are, and all that is known of one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.artifacts.catalogue import Catalogue, Entry, View, gathered
from sluiceway.artifacts.feature_profile import ViewFreshness
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.cli.answer import print_json, print_lines, print_table, text
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.page_file import write_page
from sluiceway.core.digest import plain_fields
from sluiceway.core.errors import UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.flow.recall import current
from sluiceway.pages.number_text import percent
from sluiceway.workspace import Workspace

SHORT, SHOWN = 12, 20


def list_(
    *,
    html: Annotated[Path | None, Parameter(help="Write the catalogue as a page into this file, too.")] = None,
    common: Common = HERE,
) -> int:
    """List every declared feature with its type, window, entity, source, owner and tags."""
    workspace = Workspace.open(common.project)
    known = read(workspace)
    features = current("features", workspace.kit)
    made = features if isinstance(features, FeatureSet) else None
    if html is not None:
        from sluiceway.pages.catalogue_page import catalogue_html

        write_page(html, catalogue_html(known))
    if common.json:
        inputs = [column for column in made.columns if column.origin == "input"] if made else []
        print_json(
            {
                "feature_set": known.feature_set,
                "cutoff": known.cutoff or None,
                "dataset": known.dataset,
                "views": {view.name: view.digest for view in known.views},
                "features": [as_json(entry, known) for entry in known.entries]
                + [{"feature": column.name, "view": "input", "type": column.type} for column in inputs],
            }
        )
        return 0
    print_lines(counted(known, made), "")
    print_table(
        ("feature", "type", "unit", "entity", "source", "window", "online", "owner", "tags"),
        [
            (entry.name, entry.type, entry.unit, ", ".join(entry.entity), entry.source, entry.window,
             "" if entry.profile is None else percent(entry.profile.online), entry.owner, ", ".join(entry.tags))
            for entry in gathered(known.entries)
        ],
    )  # fmt: skip
    return 0


def read(workspace: Workspace) -> Catalogue:
    """Read the declaration, and gather what is known of it."""
    from sluiceway.flow.catalogue import catalogue

    with stdout_aside():
        return catalogue(workspace.kit, workspace.kit.reader.load())


def counted(known: Catalogue, made: FeatureSet | None) -> str:
    """Say how many features there are, and of which set the figures are."""
    what = f"{len(known.entries)} features in {len(known.views)} views"
    if not known.dataset:
        return f"{what}, as declared; types are known once all sources are ingested: sluiceway run --until ingest"
    if made is None:
        return f"{what}; none has been made yet: sluiceway run --until features"
    rows = f"{made.counts.labelled:,} labelled rows, known until {iso(made.cutoff)}"
    return f"{what}; feature set {known.feature_set[:SHORT]}: {rows}"


def as_json(entry: Entry, known: Catalogue) -> dict[str, object]:
    """Give an entry the names that lists have."""
    online = {view.name: view.freshness.entities for view in known.views if view.freshness}
    renamed = {"feature": entry.name, "over": entry.window, "entities online": online.get(entry.view)}
    rest = {name: value for name, value in plain_fields(entry).items() if name != "name"}
    return {**renamed, **rest, "view": entry.view or entry.origin, "entity": ", ".join(entry.entity)}


def search(
    words: Annotated[list[str], Parameter(help="Words that the feature's name, tags, columns or description have.")],
    *,
    common: Common = HERE,
) -> int:
    """Find features by words, the best first."""
    from sluiceway.plans.feature_search import near
    from sluiceway.plans.feature_search import search as searched

    known, query = read(Workspace.open(common.project)), " ".join(words)
    found = searched(known.entries, query)
    meant = [] if found else near(known.entries, query)
    if common.json:
        features = [{**as_json(entry, known), "score": score} for entry, score in found]
        print_json({"query": query, "features": features, "near": meant})
    elif found:
        rows = [
            (e.name, ", ".join(e.entity), e.window, ", ".join(e.tags), e.description or e.definition)
            for e in gathered(entry for entry, _ in found)
        ]
        print_table(("feature", "entity", "window", "tags", "what it is"), rows[:SHOWN])
        if len(rows) > SHOWN:
            print_lines(f"… and {len(rows) - SHOWN} more with --json")
    else:
        hint = f"did you mean {' or '.join(map(repr, meant))}?" if meant else "sluiceway features list shows them all."
        print_lines(f"no feature has {query!r}; {hint}")
    return 0 if found else 1


def show(
    name: Annotated[str, Parameter(help="A feature, such as carrier_delay__mean_arr_delay_24h, or a view.")],
    *,
    common: Common = HERE,
) -> int:
    """Show all that is known of a feature or a view: what it is, where it comes from, who takes it, how full it is."""
    known = read(Workspace.open(common.project))
    lists = [each for each in gathered(known.entries) if each.one_of]
    named = {each.name: each for each in known.entries} | {each.one_of: each for each in lists}
    entry = (named | {each.name: each for each in lists}).get(name)
    view = next((each for each in known.views if each.name == (entry.view if entry else name)), None)
    if entry is None and view is None:
        names = [*named, *(each.name for each in known.views)]
        raise UnknownNameError("feature or view", name, names)
    if common.json:
        print_json({"feature": as_json(entry, known) if entry else None, "view": plain_fields(view) if view else None})
        return 0
    if entry is not None:
        print_lines(*entry_lines(entry))
    if view is not None:
        features = [each.name for each in gathered(known.entries) if each.view == view.name]
        print_lines(*([""] if entry else []), *view_lines(view, features if entry is None else ()))
    return 0


def entry_lines(entry: Entry) -> Iterator[str]:
    """Say what is known of a feature."""
    yield entry.name
    yield from (f"  {line}" for line in (entry.description, entry.definition) if line)
    unit = f", in {entry.unit}" if entry.unit else ""
    yield from _facts(
        ("type", f"{entry.type}{unit}"),
        ("tags", ", ".join(entry.tags)),
        ("owner", entry.owner),
        ("digest", entry.digest[:SHORT]),
        ("made of", ", ".join(entry.raw) or f"the rows of {entry.source}"),
        ("files", ", ".join(entry.files)),
        ("untraced", entry.untraceable),
        ("models", ", ".join(entry.models) or "none takes it"),
        *_profile(entry),
    )


def _profile(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.profile is None:
        yield "coverage", "nothing was made yet"
        return
    online = f", {percent(entry.profile.online)} of the entities online" if entry.profile.online is not None else ""
    yield "coverage", f"{percent(entry.profile.trained)} of the training rows{online}"
    examples = ", ".join(map(text, entry.profile.examples))
    yield "examples", "not shown: sensitive" if entry.is_sensitive else examples


def view_lines(view: View, features: Sequence[str]) -> Iterator[str]:
    """Say what is known of a view; with the names of its features, the whole of it."""
    whole = bool(features)
    yield f"view {view.name}"
    yield from (f"  {line}" for line in (view.description if whole else "",) if line)
    yield from _facts(
        ("entity", ", ".join(view.entity)),
        ("source", f"{view.source}, in steps of {view.every}" + (f", ttl {view.ttl}" if view.ttl else "")),
        ("stale", f"when behind a request by more than {view.may_be_behind}" if view.may_be_behind else ""),
        ("owner", view.owner if whole else ""),
        ("tags", ", ".join(view.tags) if whole else ""),
        ("features", ", ".join(features)),
        *_freshness(view.freshness),
    )
    for version in view.versions:
        pinned = f"pinned by {', '.join(version.models)}" if version.models else "pinned by no model"
        made = f"first made {version.first_made[:19]}" if version.first_made else "in no run yet"
        yield f"  version   {version.digest[:SHORT]}{' (declared)' * version.is_declared}: {made}, {pinned}"


def _freshness(fresh: ViewFreshness | None) -> Iterator[tuple[str, str]]:
    if fresh is None:
        return
    yield "knew all", f"through {iso(fresh.known_through)}"
    if fresh.newest_known is not None and fresh.newest_event is not None:
        yield "newest", f"fact of {iso(fresh.newest_event)}, known at {iso(fresh.newest_known)}"
    yield "coverage", f"{fresh.entities:,} entities online; {percent(fresh.asked)} of the training rows have a value"


def _facts(*pairs: tuple[str, str]) -> Sequence[str]:
    return [f"  {name:<9} {value}" for name, value in pairs if value]
