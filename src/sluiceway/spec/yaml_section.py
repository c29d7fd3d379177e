"""YAML sections: reading typed values out of a mapping while noting every problem with its line."""

import math
from dataclasses import dataclass, field
from difflib import get_close_matches

import yaml

from sluiceway.core.errors import Problem

KINDS = {"null": "nothing", "bool": "true or false", "int": "a number", "float": "a number", "str": "text"}


@dataclass(frozen=True, slots=True)
class Range:
    """Which numbers are allowed; ``text`` says it in words."""

    text: str
    above: float = -math.inf
    at_least: float = -math.inf
    below: float = math.inf
    at_most: float = math.inf
    whole: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a number is allowed; NaN and infinities never are."""
        inside = self.above < value < self.below and self.at_least <= value <= self.at_most
        return inside and math.isfinite(value) and (not self.whole or isinstance(value, int))


@dataclass(slots=True)
class Section:
    """A mapping under ``where`` (empty for the whole file). Each reader returns ``None`` after noting a problem."""

    where: str
    line: int
    path: str
    problems: list[Problem]
    nodes: dict[str, yaml.Node] = field(default_factory=dict)

    def note(self, message: str, node: yaml.Node | None = None) -> None:
        """Add a problem, at a node's line or at the section's."""
        self.problems.append(Problem(message, self.path, node.start_mark.line + 1 if node else self.line))

    def named(self, key: str) -> str:
        """Write a key the way messages do: ``costs.false_negative``."""
        return f"{self.where}.{key}" if self.where else key

    def fill(self, node: yaml.MappingNode, allowed: tuple[str, ...]) -> None:
        """Take the keys of a mapping, refusing what is unknown or stands twice."""
        for key_node, value in node.value:
            key = str(key_node.value)
            if key in self.nodes:
                self.note(f"{self.named(key)} is given twice; keep one", key_node)
            elif key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(allowed)}."
                self.note(f"{self.named(key)} is not a key of the spec. {hint}", key_node)
            else:
                self.nodes[key] = value

    def child(self, key: str, allowed: tuple[str, ...], *, optional: bool = False) -> "Section | None":
        """Read a section of its own."""
        node = self._present(key, optional=optional)
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.note(f"{self.named(key)} must be a mapping of {', '.join(allowed)}, got {_kind(node)}", node)
            return None
        section = Section(self.named(key), node.start_mark.line + 1, self.path, self.problems)
        section.fill(node, allowed)
        return section

    def text(self, key: str, *, blank: bool = False) -> str | None:
        """Read a text; an empty one only where ``blank`` allows it."""
        node = self._present(key)
        if node is None:
            return None
        if _tag(node) != "str":
            self.note(f"{self.named(key)} must be text, got {_shown(node)}; put it in quotes", node)
            return None
        if not blank and not str(node.value).strip():
            self.note(f"{self.named(key)} is empty; fill it in", node)
            return None
        return str(node.value).strip()

    def number(self, key: str, allowed: Range, *, optional: bool = False) -> float | None:
        """Read a number within a range. Text that looks like a number is refused with the way to write it."""
        node = self._present(key, optional=optional)
        if node is None:
            return None
        if _tag(node) not in {"int", "float"}:
            self.note(f"{self.named(key)} must be a number, got {_shown(node)}{_as_number(node)}", node)
            return None
        value: float = yaml.SafeLoader("").construct_object(node)
        if not allowed.holds(value):
            self.note(f"{self.named(key)} must be {allowed.text}, got {node.value}", node)
            return None
        return value

    def flag(self, key: str) -> bool | None:
        """Read an optional true or false."""
        node = self._present(key, optional=True)
        if node is None:
            return None
        if _tag(node) != "bool":
            self.note(f"{self.named(key)} must be true or false, got {_shown(node)}", node)
            return None
        return bool(yaml.SafeLoader("").construct_object(node))

    def scalar(self, key: str) -> int | str | bool | None:
        """Read a whole number, a text or true or false."""
        node = self._present(key)
        if node is None:
            return None
        if _tag(node) not in {"int", "str", "bool"}:
            self.note(f"{self.named(key)} must be a whole number, text, true or false, got {_shown(node)}", node)
            return None
        value: int | str | bool = yaml.SafeLoader("").construct_object(node)
        return value

    def names(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """Read a list of texts, each once; not empty unless optional."""
        node = self._present(key, optional=optional)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.note(f"{self.named(key)} must be a list, as in [carrier, origin], got {_shown(node)}", node)
            return ()
        if not node.value and not optional:
            self.note(f"{self.named(key)} is empty; name at least one column", node)
        found: list[str] = []
        for item in node.value:
            if _tag(item) != "str" or not str(item.value).strip():
                self.note(f"{self.named(key)} must hold column names, got {_shown(item)}", item)
            elif item.value in found:
                self.note(f"{self.named(key)} names {item.value!r} twice; keep one", item)
            else:
                found.append(item.value)
        return tuple(found)

    def numbers(self, key: str, allowed: Range) -> tuple[float, ...] | None:
        """Read an optional list of numbers, each within a range."""
        node = self._present(key, optional=True)
        if node is None:
            return None
        if not isinstance(node, yaml.SequenceNode):
            self.note(f"{self.named(key)} must be a list of numbers, as in [0.25, 0.5], got {_shown(node)}", node)
            return None
        section = Section(self.where, self.line, self.path, self.problems)
        section.nodes = {f"{key}[{place}]": item for place, item in enumerate(node.value)}
        found = [section.number(each, allowed) for each in section.nodes]
        return tuple(value for value in found if value is not None)

    def _present(self, key: str, *, optional: bool = False) -> yaml.Node | None:
        node = self.nodes.get(key)
        if node is None and not optional:
            self.note(f"{self.named(key)} is missing")
        return node


def _tag(node: yaml.Node) -> str:
    return str(node.tag).removeprefix("tag:yaml.org,2002:")


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else KINDS.get(_tag(node), "a value")


def _shown(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode) and str(node.value):
        return f"{str(node.value)[:60]!r} ({_kind(node)})" if _tag(node) == "str" else str(node.value)[:60]
    return _kind(node)


def _as_number(node: yaml.Node) -> str:
    """Tell how to write a text that was meant as a number; YAML reads ``1e-5`` as text for want of a point."""
    try:
        meant = float(str(node.value).replace(",", "").replace("_", ""))
    except ValueError:
        return ""
    if not math.isfinite(meant):
        return ""
    written = f"{meant:.10g}"
    whole, mark, exponent = written.partition("e")
    written = f"{whole}{'' if '.' in whole else '.0'}{mark}{exponent}" if mark else written
    return f"; write {written}, without quotes"
