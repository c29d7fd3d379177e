"""The files of a drafted project, and where in them each question is marked."""

import re
from dataclasses import dataclass
from datetime import datetime

from sluiceway.ports.engine import Engine
from sluiceway.ports.progress import Progress
from sluiceway.start.draft import Draft
from sluiceway.start.expectations_text import expectations_text
from sluiceway.start.pipeline_text import pipeline_text
from sluiceway.start.question import Questions
from sluiceway.start.spec_text import spec_text
from sluiceway.start.sql_text import sql_text

PIPELINE = "pipeline.py"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question is marked: a file, and its line from 1."""

    file: str
    line: int


def project_files(
    draft: Draft, questions: Questions, *, engine: Engine, now: datetime, progress: Progress
) -> dict[str, str]:
    """Write every file of the project, ``pipeline.py`` last: a folder is a project once it is there.

    Raises:
        SourceError: the SQL does not run on the sample.
    """
    sql = sql_text(draft, questions)
    made = engine.query(sql, {draft.source: draft.sample.table})
    progress.say(f"suggesting expectations for {made.num_columns - 1:,} columns")
    asked = made.drop_columns([draft.label])
    return {
        "spec.yaml": spec_text(draft, questions),
        f"sql/{draft.source}.sql": sql,
        "expectations.py": expectations_text(draft, asked, now=now),
        PIPELINE: pipeline_text(draft, questions),
    }


def places(files: dict[str, str]) -> dict[int, Place]:
    """Find where each question is marked, by its number."""
    found: dict[int, Place] = {}
    for name, text in files.items():
        for line, words in enumerate(text.splitlines(), start=1):
            if mark := re.search(r"(?:#|--) QUESTION (\d+): ", words):
                found.setdefault(int(mark[1]), Place(name, line))
    return found
