"""Request views: what the request itself says."""

from functools import partial

from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.names import check_all, refuse, require_name


class RequestView:
    """Features computed from the request alone, by expressions over the spec's inputs.

    Example:
        ``sw.RequestView(hour="hour(at_zone(scheduled_departure, 'America/New_York'))")``

    Raises:
        DeclarationError: a name or an expression that cannot be.
    """

    __slots__ = ("expressions",)

    def __init__(self, **expressions: str) -> None:
        if not expressions:
            raise refuse('RequestView() needs at least one expression, as in RequestView(hour="hour(departure)")')
        self.expressions: tuple[tuple[str, str], ...] = tuple(expressions.items())
        check_all(
            check
            for name, text in self.expressions
            for check in (partial(require_name, "request feature", name), partial(parse_expression, text))
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the features, which are also their names in a feature table."""
        return tuple(name for name, _ in self.expressions)

    def parsed(self) -> dict[str, Expression]:
        """Each feature's expression."""
        return {name: parse_expression(text) for name, text in self.expressions}
