"""Questions of a draft: what it assumes, and only a person can answer."""

from collections.abc import Iterator

from sluiceway.start.draft import Draft
from sluiceway.start.question import Question, Questions
from sluiceway.start.spans import outcome_delay
from sluiceway.start.suspects import LIMIT

MOST_NAMED = 8


def questions_of(draft: Draft) -> Questions:
    """Number all that is to be asked about a draft, in the order in which people would decide it."""
    return Questions(tuple(_asked(draft)))


def _asked(draft: Draft) -> Iterator[Question]:
    yield Question("statement", "what is asked, in the words of who pays for it, and who answers for it?")
    if draft.target.doubt:
        yield Question("positive", f"{draft.target.doubt}: the condition is in sql/{draft.source}.sql")
    yield Question("inputs", "does a caller know all of these when asking? Take out what is known only afterwards")
    yield from _of_suspects(draft)
    missed, alarmed = draft.target.costs
    yield Question(
        "costs",
        f"what does a miss cost, and what a false alarm? Taken: {missed} to {alarmed}, as if all yes weighed as much "
        "as all no; the threshold on the probability follows from it",
    )
    yield Question("sla", "how fast must answers come, and which share of the requests must be answered?")
    if draft.slices:
        names = ", ".join(draft.slices)
        yield Question("slices", f"which groups must be served well each? Such as slices: [{names}]; taken: none")
    if draft.personal:
        names = ", ".join(draft.personal[:MOST_NAMED])
        words = "By their names they may tell of persons, and are left out"
        yield Question("sensitive", f"may models know {names}? {words}. Bring back what they may, and name it here")
    yield from _of_time(draft)


def _of_suspects(draft: Draft) -> Iterator[Question]:
    if not draft.choice.suspects:
        return
    shown = ", ".join(list(draft.choice.suspects)[:MOST_NAMED])
    more = len(draft.choice.suspects) - MOST_NAMED
    names = shown + (f" and {more} more" if more > 0 else "")
    told = "kept, as nothing else is left; gate 5 will stop" if draft.choice.keeps_suspects else "left out"
    yield Question(
        "suspects",
        f"which of these are known before the outcome: {names}? They look like leaks: alone they have a ROC AUC above "
        f"{LIMIT}, or they are missing where the outcome is. For now: {told}. What is known, bring back in "
        f"sql/{draft.source}.sql and in the inputs, and raise acceptance.max_single_feature_auc where it must be",
    )


def _of_time(draft: Draft) -> Iterator[Question]:
    if draft.time.chosen is None:
        yield Question(
            "time",
            f"when was each row asked about? The data has no such time ({draft.time.reason}): rows are put in a random "
            "order, as if they had come one after the other in 2001. Until then, what gates say of time means nothing",
        )
        if draft.entity.is_given:
            yield Question(
                "entity", f"the history of {draft.entity.names[0]} needs a time: without one there is no view of it"
            )
        return
    if draft.time.doubt:
        yield Question("time", draft.time.doubt)
    delay = outcome_delay(draft.span)[1]
    yield Question("outcome", f"when is the outcome certain to be known? Taken: {delay} after {draft.at}")
    if draft.entity.doubt:
        yield Question("entity", draft.entity.doubt)
