"""Answering: every row gets its arm's answer, or the champion's where the challenger fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluiceway.deploy.loading import Serving
from sluiceway.deploy.request import AskedRow
from sluiceway.deploy.served_model import Known, ServedModel

CHAMPION, CHALLENGER = "champion", "challenger"


@dataclass(frozen=True, slots=True)
class Answered:
    """One row's answer. ``probability`` is ``None`` where nobody could answer; ``error`` says what failed."""

    arm: str
    version: str
    known: Known
    probability: float | None
    prediction: int | None
    fallback: bool = False
    error: str = ""


def answer(serving: Serving, rows: Sequence[AskedRow], at_us: int) -> list[Answered]:
    """Answer rows as of a moment, microseconds since the epoch.

    Raises:
        RequestError: a feature cannot be computed from what the request says.
        SluicewayError: the online store cannot be read.
    """
    if serving.state.challenger is None:
        return _by_champion(serving, rows, at_us)
    tried = [serving.tries_out(row) for row in rows]
    made: dict[int, Answered] = {}
    for arm, ask in ((False, _by_champion), (True, _by_challenger)):
        places = [place for place, on_challenger in enumerate(tried) if on_challenger is arm]
        if places:
            made.update(zip(places, ask(serving, [rows[place] for place in places], at_us), strict=True))
    return [made[place] for place in range(len(rows))]


def _by_champion(serving: Serving, rows: Sequence[AskedRow], at_us: int) -> list[Answered]:
    return _ask(serving.champion, serving.champion.known(rows, at_us), CHAMPION)


def _by_challenger(serving: Serving, rows: Sequence[AskedRow], at_us: int) -> list[Answered]:
    challenger = serving.challenger
    if challenger is None:
        return [_instead(each, serving.lacking) for each in _by_champion(serving, rows, at_us)]
    made = _ask(challenger, challenger.known(rows, at_us), CHALLENGER)
    failed = [place for place, each in enumerate(made) if each.probability is None]
    if failed:
        known = _known_to_champion(serving, [rows[place] for place in failed], [made[place] for place in failed], at_us)
        for place, each in zip(failed, _ask(serving.champion, known, CHAMPION), strict=True):
            made[place] = _instead(each, f"{challenger.version}: {made[place].error}")
    return made


def _known_to_champion(
    serving: Serving, rows: Sequence[AskedRow], failed: Sequence[Answered], at_us: int
) -> list[Known]:
    champion, challenger = serving.champion, serving.challenger
    if challenger is not None and champion.feeds_on == challenger.feeds_on:
        return [each.known for each in failed]
    return champion.known(rows, at_us)


def _instead(answered: Answered, why: str) -> Answered:
    """Let the champion's answer stand for the challenger's."""
    return Answered(
        CHALLENGER,
        answered.version,
        answered.known,
        answered.probability,
        answered.prediction,
        fallback=True,
        error=f"{why}; {answered.error}" if answered.error else why,
    )


def _ask(model: ServedModel, known: Sequence[Known], arm: str) -> list[Answered]:
    given = model.probabilities([each.vector for each in known])
    return [_answered(model, each, found, arm) for each, found in zip(known, given, strict=True)]


def _answered(model: ServedModel, known: Known, found: float | str, arm: str) -> Answered:
    if isinstance(found, str):
        return Answered(arm, model.version, known, None, None, error=found)
    return Answered(arm, model.version, known, found, int(found >= model.threshold))
