"""Guesses of a draft: what was decided from the data, each with its reason."""

from collections.abc import Iterator

from sluiceway.start.draft import Draft
from sluiceway.start.question import Guess, LeftOut

FEW_POSITIVES = 30


def guesses_of(draft: Draft) -> tuple[Guess, ...]:
    """Tell every decision that the draft rests on."""
    return tuple(_told(draft))


def all_left_out(draft: Draft) -> tuple[LeftOut, ...]:
    """Every column that the project does not use, also for telling the answer by itself."""
    if draft.choice.keeps_suspects:
        return draft.choice.left_out
    return (
        *draft.choice.left_out,
        *(LeftOut(name, f"{reason}: known before the outcome?") for name, reason in draft.choice.suspects.items()),
    )


def _told(draft: Draft) -> Iterator[Guess]:
    yield Guess("rows", f"{draft.sample.table.num_rows:,}", draft.sample.words)
    yield Guess("task", f"is {draft.target.shown}?", draft.target.reason + _balance(draft))
    time = draft.time
    yield Guess("time", time.chosen.name if time.chosen else "none", time.reason)
    if draft.entity.names and time.chosen is None:
        yield Guess("entity", "none", f"the history of {draft.entity.names[0]} would need a time")
    else:
        yield Guess("entity", ", ".join(draft.entity.names) or "none", draft.entity.reason)
    keyed = "all its values differ" if draft.key else "rows are numbered, as no column of the data identifies them"
    yield Guess("key", draft.key or draft.key_name, keyed)
    yield Guess(
        "inputs",
        f"{len(draft.input_names):,} columns",
        f"of {len(draft.facts):,}; the target is none" + _passed_over(draft),
    )
    words = sorted({word for name in draft.inputs for word in draft.facts[name].spelled_missing})
    if words:
        names = ", ".join(name for name in draft.inputs if draft.facts[name].spelled_missing)
        yield Guess("missing", ", ".join(words), f"in the texts of {names}: taken for no value")
    if draft.sample.is_uneven:
        yield Guess("schema", "evolve", "not all files have the same columns")


def _passed_over(draft: Draft) -> str:
    if not draft.choice.too_many:
        return ""
    return f", and {draft.choice.too_many:,} were passed over, as alone they tell less of the earlier outcomes"


def _balance(draft: Draft) -> str:
    known, yes = draft.target.known, draft.target.positives
    words = f"; yes in {yes:,} of {known:,} rows" + (
        f", {len(draft.target.truth) - known:,} more lack it" * (known < len(draft.target.truth))
    )
    few = min(yes, known - yes) < FEW_POSITIVES
    return words + (f": fewer than {FEW_POSITIVES} of a kind prove little, gates will say so" if few else "")
