"""The time of a row: which moment a prediction is made at, or how to go on where the data has none."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.core.moments import iso
from sluiceway.start.columns import Facts
from sluiceway.start.moments import ENOUGH_THERE, Moment, is_time_of_rows, moment_of, moments_in

MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class TimeOfRows:
    """The time that was chosen, if any, why, and the other times that the data has."""

    chosen: Moment | None
    reason: str
    others: tuple[Moment, ...] = ()
    is_given: bool = False

    @property
    def doubt(self) -> str:
        """What only a person can tell about the choice; empty where nothing is."""
        if self.chosen is None:
            return ""
        doubts = []
        if self.chosen.doubt:
            doubts.append(f"is {self.chosen.name} written as {self.chosen.doubt}? The first is taken")
        rivals = [each.name for each in self.others if is_time_of_rows(each)]
        if rivals and not self.is_given:
            doubts.append(
                f"is {self.chosen.name} when the prediction is asked for, or is it {' or '.join(rivals)}? "
                f"{self.chosen.name} is taken, {self.reason}"
            )
        return "; ".join(doubts)


def time_of_rows(facts: Facts, *, given: str | None) -> TimeOfRows:
    """Choose the moment of a prediction: as given, else the earliest time that nearly every row has.

    Raises:
        UnknownNameError: no column has the given name.
        MisuseError: the given column is no time, or too many rows lack one.
    """
    found = list(moments_in(facts))
    if given is not None:
        moment = given_moment(facts, given)
        others = tuple(each for each in found if each.name != moment.name)
        return TimeOfRows(moment, "as --time says" + _written(moment), others, is_given=True)
    fitting = sorted((each for each in found if is_time_of_rows(each)), key=lambda each: each.middle)
    if not fitting:
        return TimeOfRows(None, _why_none(found), tuple(found))
    chosen = fitting[0]
    others = tuple(each for each in found if each is not chosen)
    why = "the only time that its rows have" if len(fitting) == 1 else "the earliest of the times that its rows have"
    return TimeOfRows(chosen, why + _written(chosen) + _span(chosen), others)


def given_moment(facts: Facts, name: str) -> Moment:
    """Read the column that ``--time`` names.

    Raises:
        UnknownNameError: there is no such column.
        MisuseError: it is no time, or too many rows lack one.
    """
    if name not in facts:
        raise UnknownNameError("column", name, facts)
    moment = moment_of(facts[name])
    if moment is None:
        examples = ", ".join(repr(value) for value in facts[name].present().head(MOST_EXAMPLES).to_list()) or "nothing"
        raise MisuseError(
            f"--time {name}: its values ({examples}) are no times that can be read; write them as "
            "2013-11-01T06:00:00Z, or leave --time out"
        )
    share = len(moment.there) / len(moment.values)
    if share < ENOUGH_THERE:
        raise MisuseError(
            f"--time {name}: only {100 * share:.3g} % of the rows have one, and {100 * ENOUGH_THERE:.0f} % is the "
            "least; name another column, or leave --time out"
        )
    return moment


def _written(moment: Moment) -> str:
    return f" (read as {moment.how})" if moment.how else ""


def _span(moment: Moment) -> str:
    return f", from {iso(moment.first)} to {iso(moment.last)}"


def _why_none(found: Sequence[Moment]) -> str:
    if not found:
        return "no column holds times"
    names = ", ".join(each.name for each in found)
    return f"{names} has too few different moments, is missing too often, or is a time of something else"
