import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import MisuseError
from sluiceway.plans.data_sample import DataSample
from sluiceway.ports.progress import Silence
from sluiceway.start.draft import Wishes, drafted, key_of, stem
from sluiceway.start.guesses import all_left_out, guesses_of
from sluiceway.start.project_text import places, project_files
from sluiceway.start.questions_of import questions_of

CHANCE = random.Random(1)
ROWS = 400
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=9 * number) for number in range(ROWS)]
TRUTH = [CHANCE.randrange(2) for _ in range(ROWS)]
SHOP = {
    "visit_id": list(range(ROWS)),
    "at": AT,
    "customer": [f"C{CHANCE.randrange(40)}" for _ in range(ROWS)],
    "email": [f"{CHANCE.randrange(30)}@example.org" for _ in range(ROWS)],
    "amount": [CHANCE.gauss(10, 3) for _ in range(ROWS)],
    "paid": [told * 5 for told in TRUTH],
    "bought": TRUTH,
}


def draft(columns, target="bought", *, is_whole=True, **wishes):
    table = pa.table(columns)
    rows = table.num_rows if is_whole else 10 * table.num_rows
    sample = DataSample("shop.csv", "data/shop.csv", table, 1, 1, rows, is_whole)
    return drafted(sample, Wishes(target, owner="ops", **wishes), engine=DuckdbEngine(), progress=Silence())


def files_of(found):
    questions = questions_of(found)
    return questions, project_files(found, questions, engine=DuckdbEngine(), now=NOW, progress=Silence())


def without(*names):
    return {name: values for name, values in SHOP.items() if name not in names}


def test_a_draft_knows_time_key_entity_and_what_to_leave_out():
    found = draft(SHOP)
    assert (found.at, found.key_name, list(found.entities)) == ("the_at", "visit_id", ["customer"])
    assert found.input_names == ["the_at", "customer", "amount"]
    assert found.personal == ["email"]
    assert [column.column for column in all_left_out(found)] == ["email", "paid"]
    assert {guess.what for guess in guesses_of(found)} >= {"rows", "task", "time", "entity", "key", "inputs"}


@pytest.mark.parametrize("missing", [(), ("at",), ("customer",), ("visit_id", "at", "customer", "email")])
def test_every_question_is_marked_once_in_what_is_written(missing):
    found = draft(without(*missing))
    questions, files = files_of(found)
    marked = places(files)
    assert sorted(marked) == [number for number, _ in questions.all()]
    assert list(files)[-1] == "pipeline.py"


def test_what_is_written_is_python_yaml_and_sql():
    _, files = files_of(draft(SHOP))
    compile(files["pipeline.py"], "pipeline.py", "exec")
    compile(files["expectations.py"], "expectations.py", "exec")
    assert "# sensitive: [email]" in files["spec.yaml"]
    assert "@example.org" not in "".join(files.values())


def test_no_value_of_an_entity_that_may_be_a_person_is_written():
    _, files = files_of(draft(SHOP, entity="email"))
    assert "@example.org" not in "".join(files.values())


def test_a_sample_cannot_tell_how_many_rows_there_are():
    _, files = files_of(draft(SHOP, is_whole=False))
    assert "    # sw.rows(" in files["expectations.py"]
    assert "    sw.rows(" not in files["expectations.py"]


def test_suspects_are_kept_and_said_where_nothing_else_is_left():
    found = draft({"paid": SHOP["paid"], "bought": TRUTH})
    assert found.choice.keeps_suspects
    assert any("gate 5 will stop" in question.text for _, question in questions_of(found).all())


def test_a_given_entity_without_a_time_is_told_to_need_one():
    found = draft(without("at"), entity="customer")
    assert found.entities == {}
    assert any("needs a time" in question.text for _, question in questions_of(found).all())


def test_nothing_to_learn_from_is_refused():
    with pytest.raises(MisuseError, match="no column is left"):
        draft({"bought": TRUTH, "same": [1] * ROWS})


@pytest.mark.parametrize(("is_whole", "key"), [(True, "code"), (False, None)])
def test_of_a_sample_only_what_is_named_a_key_is_one(is_whole, key):
    facts = draft({"code": [f"x{number}" for number in range(ROWS)], **SHOP}).facts
    assert key_of(facts, besides=["visit_id"], is_whole=is_whole) == key


@pytest.mark.parametrize(
    ("path", "name"), [("./a.csv", "a"), ("*.csv", "data"), ("../x/", "x"), ("/srv/x/**/*.csv", "x")]
)
def test_a_source_is_named_after_its_data(path, name):
    assert stem(path) == name
