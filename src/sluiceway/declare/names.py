"""Names: what may be called what."""

import re
from collections.abc import Callable, Iterable

from sluiceway.core.errors import DeclarationError, Problem

ALLOWED = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


def require_name(kind: str, name: object) -> str:
    """Refuse a name that could not be a column, a folder and a JSON key at once.

    Raises:
        DeclarationError: the name is not letters, digits and underscores, 63 at most, a letter first,
            or has the two underscores in a row that join a view's name to its feature's.
    """
    if not isinstance(name, str) or not ALLOWED.fullmatch(name) or "__" in name:
        rule = "use letters, digits and single underscores, a letter first, 63 at most"
        raise DeclarationError([Problem(f"{kind} name {name!r} is not allowed: {rule}")])
    return name


def check_all(checks: Iterable[Callable[[], object]]) -> None:
    """Make every check, and report what all of them found.

    Raises:
        DeclarationError: with the problems of each.
    """
    problems: list[Problem] = []
    for check in checks:
        try:
            check()
        except DeclarationError as error:
            problems += error.problems
    if problems:
        raise DeclarationError(problems)


def refuse(message: str) -> DeclarationError:
    """Make the error for a single thing wrong with a declaration."""
    return DeclarationError([Problem(message)])


def as_tuple(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Let one column be written plainly where several are allowed."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def require_text(owner: str, what: str, text: object) -> None:
    """Refuse words that are no text.

    Raises:
        DeclarationError: they are none.
    """
    if not isinstance(text, str):
        raise refuse(f"{owner}: {what}={text!r} must be a text")


def require_tags(owner: str, tags: object) -> tuple[str, ...]:
    """Refuse tags that are no list of texts, each once.

    Raises:
        DeclarationError: they are none.
    """
    found: tuple[object, ...] = tuple(tags) if isinstance(tags, list | tuple) else (None,)
    texts = tuple(tag for tag in found if isinstance(tag, str) and tag)
    if len(texts) < len(found) or len(set(texts)) < len(texts):
        raise refuse(f'{owner}: tags={tags!r} must be a list of texts, each once, such as ["delays", "core"]')
    return texts
