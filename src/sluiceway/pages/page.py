"""A page: a title, a verdict and sections, written as one HTML file that fetches nothing.

It runs no script, except for the one of a search box, which the page names by its hash: no other runs.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from sluiceway.core.verdict import Outcome
from sluiceway.pages.number_text import number_text
from sluiceway.pages.shell import SCRIPT, STYLE, TEMPLATE

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell with a bar as long as ``share`` (0 to 1) before its text; ``is_low`` sets it apart."""

    text: str
    share: float
    is_low: bool = False

    @property
    def percent(self) -> str:
        """The bar's length."""
        return f"{100 * min(max(self.share, 0.0), 1.0):.1f}" if self.share == self.share else "0"


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be typed or compared letter by letter; in a section it stands as a block."""

    text: str


@dataclass(frozen=True, slots=True)
class Shade:
    """A cell on a ground of its own, the deeper the nearer ``depth`` is to 1; ``tone`` is bad, known or plain."""

    text: str
    tone: str
    depth: float

    @property
    def percent(self) -> str:
        """How much of the tone the ground takes."""
        return f"{50 * min(max(self.depth, 0.0), 1.0):.0f}"


Cell = str | int | float | None | Outcome | Bar | Code | Shade


@dataclass(frozen=True, slots=True)
class Lead:
    """What a reader should know who reads nothing else."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark in a quieter voice."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A few named values, side by side."""

    items: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. A column of numbers alone is set to the right; a narrow one breaks names to fit a phone."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    is_narrow: bool = False

    def is_number(self, index: int) -> bool:
        """Whether every value of a column is a number, or missing, and one is there."""
        cells = [row[index] for row in self.rows if row[index] is not None]
        return bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know: a word on a ground, a sentence, and a remark below it."""

    word: Shade
    text: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Notices:
    """Things to know, one below the other."""

    items: Sequence[Notice]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing: a badge, a sentence, and a remark below it."""

    outcome: Outcome
    text: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings, one below the other."""

    items: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as inline SVG, which must come from this package: it is not escaped."""

    svg: str
    caption: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Figures in as many columns as fit, each at least ``width_rem`` wide."""

    figures: Sequence[Figure]
    width_rem: int = 26


@dataclass(frozen=True, slots=True)
class Search:
    """A box that hides the folds of the page that lack what is typed; ``words`` say what to type. One on a page."""

    words: str


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that deserves a frame of its own: a badge, a heading, and blocks."""

    outcome: Outcome
    title: str
    blocks: "Sequence[Block]"


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks behind a line that opens them; ``outcome`` is the badge on that line.

    On paper they are open, or, where they only repeat what stands elsewhere and not ``is_on_paper``, left out.
    """

    summary: str
    blocks: "Sequence[Block]"
    outcome: Outcome | None = None
    remark: str = ""
    is_on_paper: bool = True


Block = str | Lead | Note | Notices | Findings | Facts | Table | Gallery | Code | Card | Fold | Search


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and blocks under it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page; ``outcome`` is the badge beside the title, with its ``scope`` where it has one: in rehearsal."""

    title: str
    subtitle: str = ""
    outcome: Outcome | None = None
    sections: Sequence[Section] = field(default=())
    footer: str = ""
    scope: str = ""

    def html(self) -> str:
        """Write the page; every text is escaped."""
        return _template().render(page=self, style=STYLE, script=SCRIPT, allowed=_allowed() if self.is_searched else "")

    @property
    def is_searched(self) -> bool:
        """Whether there is a box to search the page with."""
        return any(isinstance(block, Search) for section in self.sections for block in section.blocks)


def _allowed() -> str:
    """Let the page's policy name the one script by its hash."""
    return f"; script-src 'sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}'"


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "written": number_text,
        "kind": lambda value: type(value).__name__.lower(),
        "word": lambda outcome: outcome.value.replace("_", " ").capitalize(),
    }
    return environment.from_string(TEMPLATE)
