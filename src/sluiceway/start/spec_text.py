"""The spec of a draft: the one-page promise, with every working assumption marked as a question."""

import json
import re
from collections.abc import Iterator

from sluiceway.start.draft import Draft
from sluiceway.start.layout import WIDTH, comment, listed
from sluiceway.start.question import Questions

SWITCHES = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def spec_text(draft: Draft, questions: Questions) -> str:
    """Write ``spec.yaml``."""
    about = (
        "Stage 1, the one-page promise, readable by the people who pay for the model. What is marked as a QUESTION is "
        "an assumption: answer it, and take the mark away."
    )
    missed, alarmed = draft.target.costs
    lines = [
        *comment(about),
        *comment(questions.mark("statement")),
        "problem:",
        f"  name: {draft.label}",
        f"  statement: {json.dumps(f'Is {draft.target.shown}?', ensure_ascii=False)}",
        f"  owner: {written(draft.wishes.owner)}",
        f"target:     {{kind: binary, label: {draft.label}, positive: 1}}",
        *_inputs(draft, questions),
        *comment(questions.mark("costs")),
        f"costs:      {{currency: USD, false_negative: {missed}, false_positive: {alarmed}}}",
        "metric:     {name: f_beta, beta: auto}  # beta = sqrt(C_FN / C_FP)",
        *comment(questions.mark("sla")),
        "sla:        {latency_p99_ms: 50, success_rate: 0.999}",
        *comment(questions.mark("slices")),
        "acceptance: {slices: []}",
        *_sensitive(draft, questions),
    ]
    return "\n".join(lines) + "\n"


def _inputs(draft: Draft, questions: Questions) -> Iterator[str]:
    yield from comment(questions.mark("inputs"))
    yield from comment(questions.mark("suspects"))
    names = [written(name) for name in draft.input_names]
    line = f"inputs:     [{', '.join(names)}]"
    if len(line) <= WIDTH:
        yield line
    else:
        yield from ["inputs:", "  [", *listed(names, indent=4), "  ]"]


def _sensitive(draft: Draft, questions: Questions) -> Iterator[str]:
    if draft.personal:
        yield from comment(questions.mark("sensitive"))
        yield f"# sensitive: [{', '.join(map(written, draft.personal))}]"


def written(name: str) -> str:
    """Write a name as YAML, in quotes where YAML might take it for something else.

    >>> written("age"), written("no")
    ('age', '"no"')
    """
    is_plain = re.fullmatch(r"[A-Za-z][\w ]*", name, re.ASCII) is not None and name.lower() not in SWITCHES
    return name if is_plain else json.dumps(name, ensure_ascii=False)
