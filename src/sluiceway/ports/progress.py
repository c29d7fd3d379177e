"""Progress: what a person watching sees."""

from typing import Protocol

NOTE = "note: "  # what is said with it in front stays to be read, also where nothing moves


class Progress(Protocol):
    """Where long work says how far it is. Safe to share between threads."""

    def say(self, text: str) -> None:
        """Tell what is being done now, in a few words."""

    def advance(self, done: int, total: int) -> None:
        """Tell how much of it is done."""


class Silence:
    """Progress that nobody watches."""

    def say(self, text: str) -> None:
        """Keep quiet."""

    def advance(self, done: int, total: int) -> None:
        """Keep quiet."""
