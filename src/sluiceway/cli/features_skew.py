"""``sluiceway features skew``: whether what was served is what offline computes, and if not, why."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.artifacts.rollout_state import LIVE, REHEARSAL
from sluiceway.artifacts.skew_report import SkewExample, SkewReport
from sluiceway.cli.answer import print_json, print_lines, table_lines, text
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.page_file import write_page
from sluiceway.cli.watching import say
from sluiceway.core.digest import plain_fields
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import iso, parse_moment
from sluiceway.workspace import Workspace

SHOWN = 12


def skew(
    *,
    since: Annotated[str | None, Parameter(help="From this moment on, or of the last 24h, 7d and so on.")] = None,
    last: Annotated[int, Parameter(help="Compare the last so many of the sampled rows.")] = 20_000,
    sample: Annotated[float, Parameter(help="Compare this share of the entities, above 0 to 1, by their hash.")] = 1.0,
    limit: Annotated[float, Parameter(help="The share of values that may differ, 0 to 1.")] = 0.0,
    rehearsal: Annotated[
        bool, Parameter(help="Take the newest rehearsal's log, not that of servers.", negative=())
    ] = False,
    html: Annotated[Path | None, Parameter(help="Write a page into this file, too.")] = None,
    common: Common = HERE,
) -> int:
    """Compute served feature vectors again, offline, as of their requests, and say what differs and why."""
    from sluiceway.flow.drawn_requests import Sample
    from sluiceway.flow.skew import find_skew

    if not 0 < sample <= 1 or not 0 <= limit <= 1:
        raise MisuseError(f"--sample {sample:g} must be above 0 and at most 1, --limit {limit:g} from 0 to 1")
    if last < 1:
        raise MisuseError(f"--last {last}: must be at least 1")
    workspace = Workspace.open(common.project, alerts=False)
    chosen = Sample(sample, None if since is None else moment(since, workspace.kit.clock.now()), last)
    with stdout_aside():
        report = find_skew(
            workspace.kit,
            workspace.kit.reader.load(),
            chosen,
            scope=REHEARSAL if rehearsal else LIVE,
            limit=limit,
            progress=Told(),
        )
    if html is not None:
        from sluiceway.pages.skew_page import skew_html

        write_page(html, skew_html(report))
    if common.json:
        print_json({**plain_fields(report), "compared": report.compared, "differing": report.differing,
                    "share": report.share, "causes": report.causes, "within_limit": report.is_within})  # fmt: skip
    else:
        print_lines(*lines(report))
    return 0 if report.is_within else 1


class Told:
    """Says on standard error how far it is."""

    def say(self, text: str) -> None:
        """Tell what begins."""
        say(text)

    def advance(self, done: int, total: int) -> None:
        """Say nothing of every step."""


def moment(given: str, now: datetime) -> datetime:
    """Read a moment, or a duration before now.

    Raises:
        MisuseError: it is neither.
    """
    try:
        return now - parse_duration(given)
    except ValueError:
        try:
            return parse_moment(given)
        except ValueError:
            raise MisuseError(
                f"--since {given!r} is neither a moment such as 2026-01-04T09:00 nor a duration such as 24h"
            ) from None


def lines(report: SkewReport) -> Iterator[str]:
    """Say what was compared, what differs, and why."""
    yield headline(report)
    if report.hint:
        yield report.hint
    if report.sampled:
        yield ""
        yield from table_lines(
            ("feature", "compared", "equal", "mismatched", "missing", "extra", "largest", "causes"),
            [
                (f.feature, f.compared, f.equal, f.mismatched, f.missing, f.extra, f.largest, counted(f.causes))
                for f in report.features
            ],
        )
    if report.examples:
        yield ""
        yield from (f"  {example_line(each)}" for each in report.examples[:SHOWN])
        if len(report.examples) > SHOWN:
            yield f"  … and {len(report.examples) - SHOWN} more with --json"
    if report.unchecked:
        yield ""
    yield from (f"not compared: {name}: {why}" for name, why in report.unchecked.items())
    for version, rows in report.unknown_versions.items():
        yield f"not compared: {rows:,} rows that {version} answered, which is not registered"
    if report.unread_lines:
        yield f"not compared: {report.unread_lines:,} lines of the log cannot be read"


def headline(report: SkewReport) -> str:
    """Say in a line how it stands."""
    if not report.sampled or report.since is None or report.until is None:
        return f"{report.scope}: nothing was answered that could be compared"
    what = f"{report.scope}, {iso(report.since)} to {iso(report.until)}: {report.sampled:,} of {report.requests:,} rows"
    if not report.compared:
        return f"{what}: no feature of them can be compared"
    if not report.differing:
        return f"{what}: all {report.compared:,} values are as offline computes them"
    why = counted(report.causes)
    return f"{what}: {report.differing:,} of {report.compared:,} values differ ({why}); {report.limit:.4g} of them may"


def counted(causes: object) -> str:
    """Write causes with their counts."""
    return ", ".join(f"{cause} {count:,}" for cause, count in dict(causes).items())  # type: ignore[call-overload]  # a mapping


def example_line(each: SkewExample) -> str:
    """Tell of one value."""
    values = f"{text(each.served)} served, {text(each.offline)} offline"
    detail = f": {each.detail}" if each.detail else ""
    return f"{each.feature} of request {each.request_id} at {iso(each.at)}: {values} ({each.cause}{detail})"
