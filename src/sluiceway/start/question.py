"""Guesses and questions: what was decided from the data alone, and what only a person can answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guess:
    """One decision that was made from the data, in words, with the reason."""

    what: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that the draft does not use, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something the data cannot answer. ``key`` says where it is marked; until it is answered, the draft assumes."""

    key: str
    text: str


class Questions:
    """All that is asked, numbered in the order of asking."""

    def __init__(self, asked: tuple[Question, ...] = ()) -> None:
        self._asked = {question.key: (number, question) for number, question in enumerate(asked, start=1)}

    def mark(self, key: str) -> str:
        """Write a question as it is marked in a file, without the comment's sign; empty where it was not asked.

        >>> Questions((Question("costs", "what does a miss cost?"),)).mark("costs")
        'QUESTION 1: what does a miss cost?'
        """
        if key not in self._asked:
            return ""
        number, question = self._asked[key]
        return f"QUESTION {number}: {question.text}"

    def all(self) -> tuple[tuple[int, Question], ...]:
        """Every question with its number."""
        return tuple(self._asked.values())
