"""Personal columns: those that are called as if they told who somebody is, or where to find them."""

import re

from sluiceway.start.question import LeftOut

PERSONAL = re.compile(
    r"e_?mail|phone|mobile|ssn|social_?security|passport|iban|credit_?card|address|birth|dob|"
    r"(first|last|full|given|family|passenger|customer|user)_?name|surname",
    re.IGNORECASE,
)
WORDS = "called as if it told of a person; bring it back only if a model may know it"


def is_personal(name: str) -> bool:
    """Tell by its name whether a column may tell of a person.

    >>> is_personal("email"), is_personal("amount")
    (True, False)
    """
    return PERSONAL.search(name) is not None


def personal(names: list[str]) -> list[LeftOut]:
    """Leave out what may tell of a person: whether a model may use it is for people to say."""
    return [LeftOut(name, WORDS) for name in names if is_personal(name)]
