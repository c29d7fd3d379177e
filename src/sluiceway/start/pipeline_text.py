"""The pipeline of a draft: its sources, views, label and model, as Python."""

from collections.abc import Iterator
from datetime import time

from sluiceway.start.draft import Draft
from sluiceway.start.expectations_text import LIST_NAME, MODULE
from sluiceway.start.layout import WIDTH, call, comment, text
from sluiceway.start.question import Questions
from sluiceway.start.spans import outcome_delay, windows

MOST_AVERAGED = 3
MANY_VALUES = 50
HOURS_NAME, WEEKDAY_NAME = "hour", "weekday"
LEAST_LEAF, MOST_LEAF = 5, 100
LEAVES = ((20_000, 63), (2_000, 31), (0, 15))  # rows, and how many leaves a tree may have
FEW_CODES = 10
PRETENDED_DELAY = ("1m", "1 minute")


def pipeline_text(draft: Draft, questions: Questions) -> str:
    """Write ``pipeline.py``."""
    about = title(draft)
    blocks = [_sources(draft, questions), *_views(draft, questions)]
    body = "\n\n".join("\n".join(block) for block in blocks)
    ends = [_model(draft), _pipeline(draft)]
    return "\n".join([about, "", *_imports(), "", body, "", "", *ends[0], "", "", *ends[1]]) + "\n"


def title(draft: Draft) -> str:
    """Write the module's first line: the question, where it fits."""
    words = "stages 2 to 5, declared; a draft, with its questions marked."
    line = f'"""Is {draft.target.shown}? {words.capitalize()}"""'
    fits = len(line) <= WIDTH and not {"\\", '"'} & set(draft.target.shown)
    return line if fits else f'"""{words.capitalize()}"""'


def _imports() -> list[str]:
    return [
        "import sluiceway as sw",
        "",
        f"from {MODULE} import {LIST_NAME}",
    ]


def _sources(draft: Draft, questions: Questions) -> list[str]:
    at, key = text(draft.at), text(draft.key_name)
    files = [text(draft.sample.pattern)]
    evolve = ['schema="evolve"'] if draft.sample.is_uneven else []
    read = [text(draft.source), f"sw.files({', '.join(files)})", f'sql="sql/{draft.source}.sql"', *evolve]
    asked = [
        f"SELECT * EXCLUDE ({draft.label}) FROM {draft.source}",
        f"SELECT * FROM {draft.source} WHERE {draft.label} IS NOT NULL",
    ]
    return [
        *call("sw.Source", read, before=f"{draft.source} = "),
        "",
        "# what is known when asking, and what came of it",
        "asked = sw.Source(",
        '    "asked",',
        f"    sql={text(asked[0])},",
        f"    key={key},",
        f"    event_time={at},",
        f"    expectations={LIST_NAME},",
        ")",
        "outcomes = sw.Source(",
        '    "outcomes",',
        f"    sql={text(asked[1])},",
        f"    key={key},",
        f"    event_time={at},",
        *comment(questions.mark("outcome"), indent=4),
        f"    known_time={text(f'{draft.at} + interval {delay_of(draft)[1]}')},",
        ")",
    ]


def delay_of(draft: Draft) -> tuple[str, str]:
    """How long an outcome takes, as a duration and in words of SQL."""
    return outcome_delay(draft.span) if draft.time.chosen else PRETENDED_DELAY


def _views(draft: Draft, questions: Questions) -> Iterator[list[str]]:
    question = comment(questions.mark("entity"))
    for place, (entity, view) in enumerate(draft.entities.items()):
        yield [*(question if not place else []), *_history(draft, entity, view, is_first=not place)]
    parts = request_parts(draft)
    if parts:
        yield call("sw.RequestView", [f"{name}={text(sql)}" for name, sql in parts.items()], before="at_request = ")


def _history(draft: Draft, entity: str, view: str, *, is_first: bool) -> list[str]:
    every, over = windows(draft.span)
    numbers = [draft.names[name] for name in averaged(draft) if draft.names[name] not in draft.entities]
    features = [
        *(f"sw.count(over={text(window)})" for window in over),
        *(f"sw.mean({text(draft.label)}, over={text(window)})" for window in over),
        *(f"sw.mean({text(name)}, over={text(over[-1])})" for name in numbers[: MOST_AVERAGED if is_first else 0]),
    ]
    return [
        f"{view} = sw.FeatureView(",
        f"    {text(view)},",
        f"    entity={text(entity)},",
        "    source=outcomes,",
        f"    every={text(every)},",
        "    features=[",
        *(f"        {feature}," for feature in features),
        "    ],",
        ")",
    ]


def averaged(draft: Draft) -> list[str]:
    """Name the inputs of which an average tells something: numbers of many values, those first that alone tell most."""
    found = [name for name in draft.inputs if draft.facts[name].kind in {"integer", "number"}]
    told = [name for name in found if draft.facts[name].distinct > MANY_VALUES]
    return sorted(told, key=lambda name: -draft.choice.ranks.get(name, 0))


def request_parts(draft: Draft) -> dict[str, str]:
    """Give the parts of the time of asking that a model may learn from, where they differ."""
    if draft.time.chosen is None:
        return {}
    there = draft.time.chosen.there
    parts = {}
    if there.dt.time().unique().to_list() != [time(0)]:
        parts[HOURS_NAME] = f"hour({draft.at})"
    if there.dt.weekday().n_unique() > 1:
        parts[WEEKDAY_NAME] = f"isodow({draft.at})"
    taken = {name.lower() for name in [*draft.input_names, draft.label]}
    return {name: sql for name, sql in parts.items() if name not in taken}


def _model(draft: Draft) -> list[str]:
    rows = max(1, draft.target.known)
    leaf = max(LEAST_LEAF, min(MOST_LEAF, rows // 100))
    leaves = next(most for least, most in LEAVES if rows >= least)
    return [
        f"def {draft.label}(trial):",
        "    from lightgbm import LGBMClassifier",
        "    from sklearn.pipeline import make_pipeline",
        "",
        "    model = LGBMClassifier(",
        '        n_estimators=trial.suggest_int("n_estimators", 50, 200),',
        f'        num_leaves=trial.suggest_int("num_leaves", 4, {leaves}, log=True),',
        '        learning_rate=trial.suggest_float("learning_rate", 0.02, 0.1, log=True),',
        f'        min_child_samples=trial.suggest_int("min_child_samples", {leaf}, {8 * leaf}, log=True),',
        '        colsample_bytree=trial.suggest_float("colsample_bytree", 0.4, 1.0),',
        "    )",
        f"    return make_pipeline({_encode(draft)}, model)",
    ]


def _encode(draft: Draft) -> str:
    """Leave out what is only a name; texts of many values become the share of yes among their rows."""
    dropped = [name for name in draft.inputs if _is_only_a_name(draft, name)]
    texts = [name for name in draft.inputs if draft.facts[name].kind == "text" and name not in dropped]
    drop = [f"drop=[{', '.join(text(draft.names[name]) for name in dropped)}]"] if dropped else []
    shares = ['categories="target"'] if any(draft.facts[name].distinct > FEW_CODES for name in texts) else []
    return f"sw.encode({', '.join([*drop, *shares])})"


def _is_only_a_name(draft: Draft, name: str) -> bool:
    """Tell whether an input is there to be looked up by, and has too many values to be learnt."""
    return draft.names[name] in draft.entities and draft.facts[name].distinct > MANY_VALUES


def _pipeline(draft: Draft) -> list[str]:
    views = [*draft.entities.values(), *(["at_request"] if request_parts(draft) else [])]
    label = [text(draft.label), "outcomes", text(f"{draft.label} = 1"), "each=asked", f"at={text(draft.at)}"]
    return [
        "pipeline = sw.Pipeline(",
        '    spec="spec.yaml",',
        f"    views=[{', '.join(views)}],",
        *(
            f"{line}"
            for line in call(
                "sw.Label", [*label, f"matures={text(delay_of(draft)[0])}"], before="label=", after=",", indent=4
            )
        ),
        f"    model={draft.label},",
        "    search=sw.Search(trials=12, rows=50_000, folds=2),",
        ")",
    ]
