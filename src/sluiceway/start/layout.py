"""Layout: Python as formatters leave it by default, whatever line length above 88 they are set to; SQL and YAML."""

import ast
import textwrap
from collections.abc import Iterable, Sequence

WIDTH, CODE_WIDTH = 120, 88
NESTED = 4  # what is listed may be put one level deeper


def text(value: str) -> str:
    """Write a text as Python, in double quotes where that takes no more escapes.

    >>> print(text("it's"), text('an "odd" one'))
    "it's" 'an "odd" one'
    """
    written = repr(value)
    if written[0] == '"' or '"' in value:
        return written
    return '"' + written[1:-1] + '"'


def call(name: str, arguments: Sequence[str], *, before: str = "", after: str = "", indent: int = 0) -> list[str]:
    """Write a call on one line where it fits, else an argument a line with a comma behind the last, which pins it."""
    pad = " " * indent
    line = f"{pad}{before}{name}({', '.join(arguments)}){after}"
    if len(line) <= CODE_WIDTH:
        return [line]
    return [f"{pad}{before}{name}(", *(f"{pad}    {argument}," for argument in arguments), f"{pad}){after}"]


def comment(words: str, *, sign: str = "#", indent: int = 0) -> list[str]:
    """Break words into lines of comment; none for no words."""
    start = f"{' ' * indent}{sign} "
    return textwrap.wrap(
        words, WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False, break_on_hyphens=False
    )


def listed(names: Iterable[str], *, indent: int) -> list[str]:
    """Write names with commas between, as many to a line as fit; none is broken.

    >>> listed(["a", '"an  odd one"'], indent=2)
    ['  a, "an  odd one"']
    """
    lines: list[str] = []
    for name in names:
        if lines and indent + len(lines[-1]) + len(name) + len(", ,") <= WIDTH - NESTED:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return [f"{' ' * indent}{line}{',' * (place < len(lines))}" for place, line in enumerate(lines, start=1)]


def restyled(code: str, *, indent: int) -> list[str]:
    """Write one call, ending in a comma, as the formatter would.

    Raises:
        SyntaxError: the code is no expression.
    """
    return _element(ast.parse(code, mode="eval").body, indent=indent)


def _element(node: ast.expr, *, indent: int) -> list[str]:
    line = f"{' ' * indent}{_inline(node)},"
    if len(line) <= CODE_WIDTH or not isinstance(node, ast.Call):
        return [line]
    pad, inner = " " * indent, " " * (indent + 4)
    inside = [f"{inner}{each}," for each in _arguments(node)]
    return [f"{pad}{_inline(node.func)}(", *inside, f"{pad}),"]


def _arguments(node: ast.Call) -> list[str]:
    return [*map(_inline, node.args), *(f"{each.arg}={_inline(each.value)}" for each in node.keywords)]


def _inline(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return text(node.value)
    if isinstance(node, ast.Call):
        return f"{_inline(node.func)}({', '.join(_arguments(node))})"
    if isinstance(node, ast.Attribute):
        return f"{_inline(node.value)}.{node.attr}"
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        return f"({', '.join(map(_inline, node.elts))})"
    return ast.unparse(node)
