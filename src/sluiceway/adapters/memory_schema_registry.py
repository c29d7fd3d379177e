"""Schemas held in memory: for tests, and for topics whose schemas are known beforehand."""

from collections.abc import Mapping

from sluiceway.core.errors import UnknownNameError
from sluiceway.ports.schema_registry import RegisteredSchema


class MemorySchemaRegistry:
    """Gives what it was made with."""

    def __init__(self, schemas: Mapping[int, RegisteredSchema]) -> None:
        self._schemas = dict(schemas)

    def schema(self, number: int) -> RegisteredSchema:
        """Return a schema.

        Raises:
            UnknownNameError: there is none of that number.
        """
        try:
            return self._schemas[number]
        except KeyError:
            known = [str(each) for each in sorted(self._schemas)]
            raise UnknownNameError("registered schema", str(number), known) from None
