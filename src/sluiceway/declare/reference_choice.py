"""Reference choice: which earlier versions a comparison is with, as a user writes it."""

import re
from dataclasses import dataclass

from sluiceway.declare.names import refuse

PINNED, PREVIOUS, ROLLING, VERSION = "pinned", "previous", "rolling", "version"
ROLLING_VERSIONS, MOST_VERSIONS = 5, 100
DIGITS = re.compile(r"[0-9a-f]{4,64}")
ROLLING_TEXT = re.compile(r"rolling(?: ([1-9]\d*))?")


@dataclass(frozen=True, slots=True)
class ReferenceChoice:
    """Which versions: ``kind`` is pinned (by the settings), previous, rolling (the last ``versions``) or version.

    ``digits`` are those that a ``version`` begins with.
    """

    kind: str
    versions: int = 1
    digits: str = ""

    @property
    def text(self) -> str:
        """The choice as it is written, with what was left out."""
        if self.kind == ROLLING:
            return f"{ROLLING} {self.versions}"
        return self.digits or self.kind


def parse_reference(text: str, *, owner: str) -> ReferenceChoice:
    """Read ``pinned``, ``previous``, ``rolling``, ``rolling 10``, or the first digits of a dataset version.

    Raises:
        DeclarationError: it is none of these.
    """
    if text in {PINNED, PREVIOUS}:
        return ReferenceChoice(text)
    rolling = ROLLING_TEXT.fullmatch(text)
    if rolling and int(rolling[1] or 1) <= MOST_VERSIONS:
        return ReferenceChoice(ROLLING, int(rolling[1] or ROLLING_VERSIONS))
    if DIGITS.fullmatch(text):
        return ReferenceChoice(VERSION, digits=text)
    raise refuse(
        f"{owner}: reference {text!r} is none of 'previous', 'rolling', 'rolling N' (N from 1 to {MOST_VERSIONS}), "
        "'pinned', or at least four digits of a version that `sluiceway data log` lists"
    )
