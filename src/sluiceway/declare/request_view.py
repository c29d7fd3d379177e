"""Request views: what the request itself says, and what it says beside what is known of its entities."""

from functools import partial

from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.names import check_all, refuse, require_name
from sluiceway.declare.written_at import written_here


class RequestView:
    """Features computed at the request, by expressions over the spec's inputs, columns of views, and earlier ones.

    A view's column is named as in the feature table, ``carrier_delay__mean_arr_delay_24h``; it is missing where nothing
    is known of the request's entity. Earlier request features are those declared before.

    Example:
        ``sw.RequestView(hour="hour(at_zone(scheduled_departure, 'America/New_York'))")``,
        ``sw.RequestView(slow="carrier_delay__mean_arr_delay_24h / nullif(distance, 0)")``

    Raises:
        DeclarationError: a name or an expression that cannot be.
    """

    __slots__ = ("expressions", "written_at")

    def __init__(self, **expressions: str) -> None:
        if not expressions:
            raise refuse('RequestView() needs at least one expression, as in RequestView(hour="hour(departure)")')
        self.written_at = written_here()
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
