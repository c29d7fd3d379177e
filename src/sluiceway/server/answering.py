"""Answering: every row gets its arm's answer, or the champion's where the challenger fails."""

from collections.abc import Sequence
from typing import NamedTuple

from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION
from sluiceway.core.errors import RequestError
from sluiceway.server.coverage import is_covered
from sluiceway.server.loading import Serving
from sluiceway.server.request import AskedRow
from sluiceway.server.served_model import Known, ServedModel


class Answered(NamedTuple):
    """One row's answer. ``probability`` is ``None`` where nobody could; ``error`` says what failed or is missing.

    ``rival`` is the champion's probability of a challenger's row (see ``beside``).
    """

    arm: str
    version: str
    known: Known
    probability: float | None
    prediction: int | None
    fallback: bool = False
    error: str = ""
    rival: float | None = None


def answer(serving: Serving, rows: Sequence[AskedRow], at_us: int) -> list[Answered]:
    """Answer rows as of a moment, microseconds since the epoch.

    Raises:
        RequestError: the request lacks what a feature of the champion's is computed of.
        SluicewayError: the online store cannot be read.
    """
    if serving.state.challenger is None:
        return answer_by_champion(serving, rows, at_us)
    tried = [serving.tries_out(row) for row in rows]
    made: dict[int, Answered] = {}
    for arm, ask in ((False, answer_by_champion), (True, _by_challenger)):
        places = [place for place, on_challenger in enumerate(tried) if on_challenger is arm]
        if places:
            made.update(zip(places, ask(serving, [rows[place] for place in places], at_us), strict=True))
    return [made[place] for place in range(len(rows))]


def answer_by_champion(serving: Serving, rows: Sequence[AskedRow], at_us: int | Sequence[int]) -> list[Answered]:
    """Let the champion answer rows, each as of its own moment, or all as of one.

    Raises:
        RequestError, SluicewayError: as ``answer`` does.
    """
    return _ask(serving.champion, serving.champion.known(rows, at_us), CHAMPION)


def beside(serving: Serving, answered: list[Answered]) -> list[Answered]:
    """Let the champion judge the challenger's rows too, by the same vectors, where the log will leave these out.

    Then the two can be compared although nobody can ask them later.
    """
    champion, challenger = serving.champion, serving.challenger
    if not serving.unlogged or challenger is None or not is_covered(champion.bundle, challenger.bundle):
        return answered
    places = [place for place, each in enumerate(answered) if each.version == challenger.version]
    given = champion.probabilities([answered[place].known.vector for place in places]) if places else []
    for place, found in zip(places, given, strict=True):
        if not isinstance(found, str):
            answered[place] = answered[place]._replace(rival=found)
    return answered


def _by_challenger(serving: Serving, rows: Sequence[AskedRow], at_us: int) -> list[Answered]:
    champion, challenger = serving.champion, serving.challenger
    if challenger is None:
        return [_instead(each, serving.lacking) for each in answer_by_champion(serving, rows, at_us)]
    try:
        made = _ask(challenger, challenger.known(rows, at_us), CHALLENGER)
    except RequestError as error:
        if champion.feeds_on == challenger.feeds_on:
            raise
        if len(rows) > 1:  # one row's fault is not the others'
            return [each for row in rows for each in _by_challenger(serving, [row], at_us)]
        return [_instead(each, f"{challenger.version}: {error}") for each in answer_by_champion(serving, rows, at_us)]
    failed = [place for place, each in enumerate(made) if each.probability is None]
    if failed:
        alike = champion.feeds_on == challenger.feeds_on
        known = [made[place].known for place in failed]
        known = known if alike else champion.known([rows[place] for place in failed], at_us)
        for place, each in zip(failed, _ask(champion, known, CHAMPION), strict=True):
            made[place] = _instead(each, f"{challenger.version}: {made[place].error}")
    return made


def _instead(answered: Answered, why: str) -> Answered:
    """Let the champion's answer stand for the challenger's."""
    error = f"{why}; {answered.version}: {answered.error}" if answered.error else why
    return answered._replace(arm=CHALLENGER, fallback=True, error=error)


def _ask(model: ServedModel, known: Sequence[Known], arm: str) -> list[Answered]:
    given = model.probabilities([each.vector for each in known])
    return [_answered(model, each, found, arm) for each, found in zip(known, given, strict=True)]


def _answered(model: ServedModel, known: Known, found: float | str, arm: str) -> Answered:
    if isinstance(found, str):
        return Answered(arm, model.version, known, None, None, error=found)
    return Answered(arm, model.version, known, found, int(found >= model.threshold), error=known.lacking)
