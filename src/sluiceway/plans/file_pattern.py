"""File patterns: which of a project's files a source is made of."""

import re
from collections.abc import Iterable

WILD = re.compile(r"[*?\[]")
SIGNS = re.compile(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])")


def matching(pattern: str, paths: Iterable[str]) -> list[str]:
    """Return the paths that a pattern names, sorted.

    ``*`` and ``?`` stay within one folder, ``**`` crosses folders, ``[ab]`` is one of these. Hidden files and folders
    are named only by a pattern that spells their dot. A path equal to the pattern matches, whatever signs it holds.

    >>> matching("data/*.csv", ["data/b.csv", "data/a.csv", "data/old/c.csv", "data/.d.csv"])
    ['data/a.csv', 'data/b.csv']
    """
    compiled = re.compile(_as_regex(pattern), re.DOTALL)
    return sorted(path for path in paths if path == pattern or compiled.fullmatch(path))


def folder_of(pattern: str) -> str:
    """Return the deepest folder that holds every match: what to list; empty for the project's own.

    >>> folder_of("data/2013/*.csv")
    'data/2013'
    """
    return fixed_part(pattern).rpartition("/")[0]


def fixed_part(pattern: str) -> str:
    """Return what stands before the first sign.

    >>> fixed_part("data/flights.csv")
    'data/flights.csv'
    """
    found = WILD.search(pattern)
    return pattern[: found.start()] if found else pattern


def _as_regex(pattern: str) -> str:
    written, at_start = [], True
    for part in filter(None, SIGNS.split(pattern)):
        written.append(_translated(part, visible=r"(?!\.)" if at_start else ""))
        at_start = part.endswith("/")
    return "".join(written)


def _translated(part: str, *, visible: str) -> str:
    """Write one sign, or the plain text between two, as a regular expression; ``visible`` refuses a leading dot."""
    signs = {"**/": r"(?:(?!\.)[^/]+/)*", "**": r"[^/]*(?:/(?!\.)[^/]+)*", "*": r"[^/]*", "?": r"[^/]"}
    if part in signs:
        return signs[part] if part == "**/" else visible + signs[part]
    if SIGNS.fullmatch(part):
        inside = part[1:-1].replace("\\", "\\\\")
        return visible + (f"[^/{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
    return re.escape(part)
