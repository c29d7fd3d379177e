"""Safe names: what a column is called in a project where its own name would have to be quoted everywhere."""

import keyword
import re
import unicodedata
from collections.abc import Iterable

from sluiceway.plans.quoting import quoted

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
LONGEST = 40
# what DuckDB or sqlglot takes for more than a name somewhere: in a SELECT, before FROM, or in an expression
RESERVED = frozenset(
    """
    all alter analyse analyze and anti any array as asc asof asymmetric at attach authorization begin between
    binary both by cache call case cast check collate collation column comment commit concurrently connect
    constraint copy create cross current_date current_time current_timestamp default deferrable delete desc
    describe detach disconnect distinct do drop else end except execute explain false fetch for force foreign
    freeze from full glob grant group having if ilike in initially inner insert install intersect interval into
    is isnull join lambda lateral leading left like limit load localtime localtimestamp map merge natural not
    notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing positional pragma
    prepare primary qualify references rename reset returning revoke right rollback select semi set show similar
    some summarize symmetric table tablesample then to trailing true truncate union unique unpack unpivot update
    use using vacuum values variadic verbose when where window with
    """.split()  # noqa: SIM905  (a list of so many strings says no more)
)
TAKEN = frozenset({"row_id", "asked_at", "sw", "asked", "outcomes", "at_request", "pipeline", "trial", "model"})


def safe_names(names: Iterable[str], *, besides: Iterable[str] = ()) -> dict[str, str]:
    """Give every column a name of letters, digits and single underscores that is no word of SQL; most keep their own.

    Names differ in more than case, also from those in ``besides``.

    >>> safe_names(["age", "mean radius", "order", "größe", "2nd"])
    {'age': 'age', 'mean radius': 'mean_radius', 'order': 'the_order', 'größe': 'grosse', '2nd': 'the_2nd'}
    """
    given: dict[str, str] = {}
    used = {name.lower() for name in besides}
    for name in sorted(names, key=lambda name: not is_safe(name)):  # who can keep a name comes first
        wanted = name if is_safe(name) else made_safe(name)
        given[name] = unused(wanted, used)
        used.add(given[name].lower())
    return {name: given[name] for name in names}


def is_safe(name: str) -> bool:
    """Tell whether a name can stand anywhere as it is."""
    is_plain = PLAIN.fullmatch(name) is not None and "__" not in name and not name.endswith("_")
    return is_plain and name.lower() not in RESERVED | TAKEN


def bare(sql: str) -> str:
    """Take the quotes off a quoted name that needs none; other SQL stays as it is."""
    inside = sql[1:-1]
    return inside if sql == quoted(inside) and is_safe(inside) else sql


def made_safe(name: str) -> str:
    """Make a name of the letters and digits in a text."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:LONGEST].strip("_") or "column"
    return words if is_safe(words) else f"the_{words}"


def unused(wanted: str, used: set[str]) -> str:
    """Number a name until nothing else has it."""
    number, name = 1, wanted
    while name.lower() in used:
        number += 1
        name = f"{wanted}_{number}"
    return name


def python_name(text: str, *, besides: Iterable[str] = ()) -> str:
    """Make a name for a variable or a function of Python, in lower case.

    >>> python_name("Class")
    'the_class'
    """
    wanted = made_safe(text).lower()
    if keyword.iskeyword(wanted):
        wanted = f"the_{wanted}"
    return unused(wanted, {name.lower() for name in besides})
