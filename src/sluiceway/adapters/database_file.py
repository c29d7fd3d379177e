"""Database files: where the file of an address such as ``sqlite:///data/shop.db`` lies."""

from pathlib import Path
from urllib.parse import unquote

from sluiceway.core.errors import SourceError


def file_of(url: str, folder: Path) -> str:
    """Return the path of an address's file: ``scheme:///below/the/project`` or ``scheme:////from/the/root``.

    Raises:
        SourceError: the address names no file, or there is none.
    """
    scheme, _, rest = url.partition("://")
    if not rest.startswith("/") or not rest.strip("/"):
        raise SourceError(f"write {scheme}:///path/below/the/project or {scheme}:////path/from/the/root")
    path = folder / unquote(rest[1:])
    if not path.is_file():
        raise SourceError(f"there is no file {unquote(rest[1:])!r}; put it there, or correct the address")
    return str(path)
