"""What ``sluiceway init`` answers: what was written, what was guessed and why, and what is asked."""

import shlex
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sluiceway.cli.answer import table_lines
from sluiceway.start.draft import Draft
from sluiceway.start.guesses import all_left_out, guesses_of
from sluiceway.start.project_text import places
from sluiceway.start.question import Questions

MOST_LEFT_OUT = 20
ABOUT = {
    "spec.yaml": "the promise: what is predicted, from what, what mistakes cost",
    "expectations.py": "what rows must be like: suggestions to be read",
    "pipeline.py": "sources, features, label and model",
}
SQL = "the data's rows with names, key and label"


@dataclass(frozen=True, slots=True)
class Begun:
    """A project that was written: its folder, the draft and its questions, the files, and the link to the data."""

    folder: Path
    draft: Draft
    questions: Questions
    files: dict[str, str]
    link: str


def begun_json(begun: Begun) -> dict[str, Any]:
    """Give it the shape that scripts read."""
    marked = places(begun.files)
    sample = begun.draft.sample
    return {
        "project": str(begun.folder),
        "files": list(begun.files),
        "link": begun.link or None,
        "sample": {
            "rows": sample.table.num_rows,
            "is_whole": sample.is_whole,
            "files_read": sample.files_read,
            "files": sample.files,
        },
        "guesses": [asdict(guess) for guess in guesses_of(begun.draft)],
        "left_out": [asdict(column) for column in all_left_out(begun.draft)],
        "questions": [
            {"number": number, "file": marked[number].file, "line": marked[number].line, "text": question.text}
            for number, question in begun.questions.all()
        ],
    }


def begun_lines(begun: Begun) -> list[str]:
    """Lay it out for a person: files, guesses, what is left out, questions, and what to do next."""
    left_out, marked = all_left_out(begun.draft), places(begun.files)
    lines = [f"✓ {begun.folder} is a project now", *_files(begun), "", "Guessed:"]
    lines += _indented(table_lines(("", "", ""), [(g.what, g.value, g.reason) for g in guesses_of(begun.draft)])[1:])
    if left_out:
        shown = [(column.column, column.reason) for column in left_out[:MOST_LEFT_OUT]]
        more = f"  and {len(left_out) - MOST_LEFT_OUT:,} more, see sql/{begun.draft.source}.sql"
        lines += [
            "",
            "Left out:",
            *_indented(table_lines(("", ""), shown)[1:]),
            *([more] if len(left_out) > MOST_LEFT_OUT else []),
        ]
    lines += ["", "Questions, which only you can answer; each is marked where an assumption stands for the answer:"]
    for number, question in begun.questions.all():
        lines.append(f"  {number}. {marked[number].file}:{marked[number].line}  {question.text}")
    command, where = shlex.quote(sys.argv[0]), shlex.quote(str(begun.folder))
    return [*lines, "", "Next:", f"  {command} check --project {where}", f"  {command} run --project {where}"]


def _files(begun: Begun) -> list[str]:
    rows = [(name, ABOUT.get(name, SQL)) for name in begun.files]
    rows += [(begun.link, f"a link to {begun.draft.sample.shown}: the data stays where it is")] if begun.link else []
    return _indented(table_lines(("", ""), rows)[1:])


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
