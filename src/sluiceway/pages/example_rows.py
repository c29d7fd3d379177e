"""Example rows: a few of the rows, or of the values, that break a rule."""

from collections.abc import Mapping, Sequence

from sluiceway.pages.page import Block, Cell, Code, Table


def example_blocks(examples: object) -> list[Block]:
    """Show examples, whatever they hold: rows under their columns' names, mappings of names to values, or texts."""
    columns, rows = getattr(examples, "columns", None), getattr(examples, "rows", None)
    if columns is not None and rows is not None:
        return [_table(tuple(map(str, columns)), rows)] if rows else []
    if not isinstance(examples, Sequence) or not examples:
        return []
    mappings = [each for each in examples if isinstance(each, Mapping)]
    if len(mappings) == len(examples):
        names = tuple(dict.fromkeys(str(name) for row in mappings for name in row))
        return [_table(names, [[row.get(name) for name in names] for row in mappings])]
    return [Code("\n".join(_visible(str(each)) for each in examples))]


def _table(columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> Table:
    return Table(columns, [[_cell(value) for value in row] for row in rows], is_narrow=True)


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, int | float) else _visible(str(value))


def _visible(text: str) -> str:
    """Put a text in quotes that would look like another: an empty one, or one with space around it."""
    return text if text == text.strip() and text else repr(text)
