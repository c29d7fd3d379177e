"""The catalogue's page: every feature behind a line of its own, a box to search them, and lineage drawn."""

from collections.abc import Iterator, Sequence

from sluiceway.artifacts.catalogue import Catalogue, Entry, View, gathered
from sluiceway.pages.lineage_chart import Layer, lineage_chart
from sluiceway.pages.number_text import moment_text, number_text, percent
from sluiceway.pages.page import (
    Block,
    Cell,
    Code,
    Facts,
    Figure,
    Fold,
    Gallery,
    Lead,
    Note,
    Page,
    Search,
    Section,
    Table,
)

SHORT = 12
WIDE_REM = 60


def catalogue_html(catalogue: Catalogue) -> str:
    """Write the page."""
    sections = [Section("", list(_head(catalogue)))]
    for view in catalogue.views:
        own = gathered(entry for entry in catalogue.entries if entry.view == view.name)
        sections.append(Section(view.name, [*_view_blocks(view), *_drawn(own, view.name), *map(_fold, own)]))
    asked = [entry for entry in catalogue.entries if not entry.view]
    if asked:
        said = Note("Computed from what a caller sends, when it is asked.")
        sections.append(Section("Of the request", [said, *_drawn(asked, "request"), *map(_fold, asked)]))
    footer = f"dataset {catalogue.dataset[:SHORT]}, feature set {catalogue.feature_set[:SHORT] or 'none yet'}"
    return Page(f"Features of {catalogue.project}", _subtitle(catalogue), sections=sections, footer=footer).html()


def _subtitle(catalogue: Catalogue) -> str:
    if not catalogue.cutoff:
        return "As they are declared; none has been made yet."
    known = f"which knew what was known until {catalogue.cutoff}"
    return f"As they are declared; figures are of the newest feature set, {known}"


def _head(catalogue: Catalogue) -> Iterator[Block]:
    yield Lead(f"{len(catalogue.entries)} features in {len(catalogue.views)} views.")
    yield Search("Search names, tags, columns, descriptions")


def _view_blocks(view: View) -> Iterator[Block]:
    if view.description:
        yield view.description
    fresh = view.freshness
    facts: list[tuple[str, Cell]] = [
        ("entity", ", ".join(view.entity)),
        ("source", view.source),
        ("in steps of", view.every),
        ("ttl", view.ttl or None),
        ("stale when behind by more than", view.may_be_behind or None),
        ("owner", view.owner or None),
        ("tags", ", ".join(view.tags) or None),
    ]
    if fresh is not None:
        facts += [
            ("entities online", fresh.entities),
            ("training rows with any value", percent(fresh.asked)),
            ("knew all through", moment_text(fresh.known_through)),
            ("newest fact known at", moment_text(fresh.newest_known) if fresh.newest_known else None),
        ]
    yield Facts(tuple((name, value) for name, value in facts if value is not None))
    yield Table(
        ("version", "declared now", "first made", "pinned by"),
        [
            (Code(each.digest[:SHORT]), "yes" if each.is_declared else "no", each.first_made[:19] or None,
             ", ".join(each.models) or None)
            for each in view.versions
        ],
    )  # fmt: skip


def _drawn(entries: Sequence[Entry], name: str) -> Iterator[Block]:
    raw = list(dict.fromkeys(column for entry in entries for column in _origins(entry)))
    models = list(dict.fromkeys(model for entry in entries for model in entry.models))
    layers = [Layer("columns of files", raw), Layer("features", [entry.name for entry in entries])]
    layers += [Layer("registered models", models)] if models else []
    edges = [(column, entry.name) for entry in entries for column in _origins(entry)]
    edges += [(entry.name, model) for entry in entries for model in entry.models]
    drawing = lineage_chart(layers, edges, title=f"Lineage of {name}")
    yield Gallery([Figure(drawing, "Lineage")], width_rem=WIDE_REM)


def _origins(entry: Entry) -> tuple[str, ...]:
    return entry.raw or (f"rows of {entry.source}",)


def _fold(entry: Entry) -> Fold:
    said = [part for part in (entry.type, entry.unit, entry.window, ", ".join(entry.tags)) if part]
    facts: tuple[tuple[str, Cell], ...] = (
        ("type", entry.type),
        ("unit", entry.unit or None),
        ("owner", entry.owner or None),
        ("definition's digest", Code(entry.digest[:SHORT])),
        *_profile(entry),
    )
    blocks: list[Block] = [entry.description] if entry.description else []
    blocks += [entry.definition, Facts(tuple((name, value) for name, value in facts if value is not None))]
    rows = [
        ("made of", ", ".join(entry.raw) or f"the rows of {entry.source}"),
        ("files", ", ".join(entry.files)),
        ("not traced", entry.untraceable),
        ("models", ", ".join(entry.models) or "none takes it"),
    ]
    blocks.append(Table(("lineage", ""), [row for row in rows if row[1]]))
    return Fold(entry.name, blocks, remark=" · ".join(said))


def _profile(entry: Entry) -> Iterator[tuple[str, Cell]]:
    if entry.profile is None:
        return
    yield "training rows with a value", percent(entry.profile.trained)
    if entry.profile.online is not None:
        yield "entities online with a value", percent(entry.profile.online)
    yield "examples", "sensitive: not shown" if entry.is_sensitive else _examples(entry)


def _examples(entry: Entry) -> str | None:
    values = entry.profile.examples if entry.profile else ()
    return ", ".join(map(number_text, values)) or None
