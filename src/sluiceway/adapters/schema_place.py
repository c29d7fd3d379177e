"""Where schemas of messages are known: the registry that the setting ``schemas`` names."""

from collections.abc import Mapping

from sluiceway.core.errors import DeclarationError, Problem
from sluiceway.declare.address import require_address
from sluiceway.ports.schema_registry import SchemaRegistry

FILE = "sluiceway.toml"


def schema_registry(address: str, environment: Mapping[str, str]) -> SchemaRegistry | None:
    """Open the registry, without asking anything of it yet; ``None`` where the settings name none.

    Raises:
        SourceError: a variable of the address is not set.
    """
    if not address:
        return None
    from sluiceway.adapters.http_schema_registry import HttpSchemaRegistry

    return HttpSchemaRegistry(address, environment)


def read_schemas(given: object, problems: list[Problem]) -> str:
    """Check the setting ``schemas``; no message repeats a secret."""
    if given is None or given == "":
        return ""
    try:
        address = require_address("schemas", given, schemes=("http", "https"))
    except DeclarationError as error:
        problems += [Problem(problem.message, FILE) for problem in error.problems]
        return ""
    if not address.partition("://")[2].rpartition("@")[2].partition("/")[0]:
        problems.append(Problem("schemas: names no host; write http://host:8081", FILE))
    return address
