"""Version numbers of registered models, as people type them: ``3``, or ``v3`` as answers have it."""

from sluiceway.core.errors import MisuseError


def version_number(text: str | None) -> int | None:
    """Read a version.

    Raises:
        MisuseError: it is none.

    >>> version_number("v3")
    3
    """
    if text is None:
        return None
    digits = text.removeprefix("v")
    if not (digits.isascii() and digits.isdigit()):
        raise MisuseError(f"{text!r} is no version's name; give its number, as in 3 or v3: sluiceway models list")
    return int(digits)
