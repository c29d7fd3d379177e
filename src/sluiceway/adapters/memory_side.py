"""The side channel in memory: for tests."""

from collections.abc import Sequence

from sluiceway.ports.side_channel import Aside


class MemorySide:
    """Messages that were set aside, by source, each once."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[tuple[str, int, int], Aside]] = {}

    def put(self, source: str, messages: Sequence[Aside]) -> None:
        """Keep messages."""
        kept = self.messages.setdefault(source, {})
        kept.update({(each.kind, each.partition, each.offset): each for each in messages})

    def read(self, source: str, kind: str) -> list[Aside]:
        """Return what was set aside of a kind."""
        return [each for each in self.messages.get(source, {}).values() if each.kind == kind]
