"""A project is drafted from data by one command, runs as it was written, and says what stops it."""

import csv
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from .conftest import Shop

RUFF = str(Path(sys.executable).with_name("ruff"))
ODD = [
    "order",
    "class",
    "select",
    "größe",
    'naïve "quote"',
    "it's",
    "a b",
    "日本",
    "2nd",
    "x__y",
    "sw",
    "row_id",
    "a\tb",
    "no",
]
ZONES = ("Z", "+02:00", "-05:00")


def write(path, head, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


@pytest.fixture
def here(tmp_path):
    """A folder with data in it, and the command to run there."""
    return Shop(tmp_path)


def begun(here, *words):
    """Draft a project, check what was written, and return it with what was said."""
    said = here("init", *words, "--json").json
    project = Shop(here.folder / said["project"])
    assert said["files"][-1] == "pipeline.py"
    for question in said["questions"]:
        line = (project.folder / question["file"]).read_text().splitlines()[question["line"] - 1]
        assert f"QUESTION {question['number']}: " in line
    for command in (("format", "--check"), ("check",)):
        done = subprocess.run(
            [RUFF, *command, "-q", "--isolated", "."],
            cwd=project.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    project("check")
    return project, said


def guessed(said):
    return {guess["what"]: guess["value"] for guess in said["guesses"]}


def visits(rows=3_000):
    """Events in time: whether a customer buys depends on the page, on the hour, and on who it is. In mixed zones."""
    chance = random.Random(7)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(rows):
        moment, customer = start + timedelta(hours=number), chance.randrange(120)
        page, basket = chance.choice(["home", "search", "sale"]), round(chance.gauss(50, 20), 2)
        wants = (page == "sale") != (moment.hour < 12) or (customer % 4 == 0 and basket > 60)
        bought = chance.random() < (0.75 if wants else 0.15)
        hours = (0, 2, -5)[number % 3]
        local = (moment + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S") + ZONES[number % 3]
        closed = (moment + timedelta(hours=20)).strftime("%Y-%m-%d %H:%M:%S")
        receipt = f"R{number}" if bought else ""
        yield [number, local, closed, f"C{customer:04}", page, basket, "EUR", receipt, bought * basket, int(bought)]


VISIT = ["visit_id", "when", "closed_at", "customer", "page", "basket", "currency", "receipt", "paid", "bought"]


def test_events_in_time_get_through_training_and_gate_6_says_how_many_requests_are_missing(here):
    write(here.folder / "visits.csv", VISIT, visits())
    project, said = begun(here, "visits.csv", "--target", "bought")
    found = guessed(said)
    assert (found["time"], found["entity"], found["key"]) == ("when", "customer", "visit_id")
    left_out = {column["column"]: column["reason"] for column in said["left_out"]}
    assert set(left_out) == {"closed_at", "currency", "receipt", "paid"}
    assert "ROC AUC" in left_out["paid"]
    assert any("closed_at" in question["text"] for question in said["questions"])
    project("run", code=1)
    gates = project.gates(code=1)
    assert [gates[stage]["verdict"] for stage in ("spec", "ingest", "features", "train")] == ["passed"] * 4
    assert gates["validate"]["verdict"] == "no_reference"
    assert gates["deploy"]["verdict"] in {"inconclusive", "stopped"}
    assert any(re.search(r"\d", criterion["detail"]) for criterion in gates["deploy"]["criteria"])


def test_rows_without_a_time_are_trained_on_and_that_is_asked_about(here):
    load_breast_cancer(as_frame=True).frame.to_csv(here.folder / "tumours.csv", index=False)
    project, said = begun(here, "tumours.csv", "--target", "target")
    assert guessed(said)["time"] == "none"
    assert len(said["left_out"]) == 11
    assert any("random order" in question["text"] for question in said["questions"])
    assert "'2001-01-01 00:00:00+00'" in (project.folder / "sql/tumours.sql").read_text()
    project("run", code=1)
    gates = project.gates(code=1)
    assert (gates["ingest"]["verdict"], gates["features"]["verdict"]) == ("passed", "no_reference")
    assert gates["train"]["verdict"] in {"passed", "stopped"}
    closed = [criterion["name"] for criterion in gates["train"]["criteria"] if criterion["verdict"] == "stopped"]
    assert all("baseline" in name for name in closed), "nothing but the baseline stops it"


def test_a_number_is_refused_with_a_condition_that_can_be_learnt(here):
    load_diabetes(as_frame=True, scaled=False).frame.to_csv(here.folder / "progression.csv", index=False)
    refused = here("init", "progression.csv", "--target", "target", code=2)
    condition = re.search(r'--target "([^"]+)"', refused.err)[1]
    assert condition.startswith("target > ")
    project, said = begun(here, "progression.csv", "--target", condition)
    assert guessed(said)["task"] == f"is {condition}?"
    project("run", "--until", "train", code=None)
    gates = project.gates(code=None)
    assert gates["ingest"]["verdict"] == "passed"
    assert gates["train"]["verdict"] in {"passed", "stopped"}


def test_a_folder_of_partitions_becomes_a_project_where_it_lies(here):
    rows = [dict(zip(VISIT, row, strict=True)) for row in visits(800)]
    for day, part in enumerate((rows[:400], rows[400:]), start=1):
        folder = here.folder / "lake" / f"batch={day}"
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(part), folder / "part.parquet")
    project, said = begun(here, "lake", "--target", "bought", "--entity", "customer", "--into", "lake")
    assert said["link"] is None
    assert 'sw.files("**/*.parquet")' in (project.folder / "pipeline.py").read_text()
    project("run", "--until", "features")
    assert project.gates(code=None)["features"]["verdict"] == "passed"


def test_names_that_need_quotes_are_given_others(here):
    chance = random.Random(4)
    rows = [[*(round(chance.gauss(told, 2), 3) for _ in ODD), "ja" if told else "nein"] for told in [0, 1, 0] * 120]
    write(here.folder / "odd 'name'.csv", [*ODD, 'is "it"'], rows)
    project, _ = begun(here, "odd 'name'.csv", "--target", 'is "it"', "--into", "odd")
    project("run", "--until", "features")


def test_of_two_thousand_columns_the_most_telling_are_kept(here):
    chance = random.Random(6)
    rows = [[*(chance.randrange(1000) for _ in range(2_000)), place % 2] for place in range(250)]
    write(here.folder / "wide.csv", [*(f"c{place}" for place in range(2_000)), "y"], rows)
    project, said = begun(here, "wide.csv", "--target", "y")
    assert guessed(said)["inputs"] == "200 columns"
    project("run", "--until", "ingest")


def test_of_a_large_file_a_sample_is_read_and_that_is_said(here):
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with (here.folder / "large.csv").open("w") as file:
        file.write("at,shop,filling,y\n")
        for number in range(700_000):
            moment = (start + timedelta(minutes=number)).isoformat()
            file.write(f"{moment},shop{number % 50},{'x' * 60}{number % 9},{number * 7919 % 3 // 2}\n")
    said = here("init", "large.csv", "--target", "y", "--json").json
    assert not said["sample"]["is_whole"]
    assert "the rest was not looked at" in said["guesses"][0]["reason"]
    assert "(of the sample)" in (here.folder / "large/expectations.py").read_text()


HOSTILE = {
    "missing target": ("a,y\n1,0\n2,1\n", "z", "no column is called 'z'"),
    "constant target": ("a,y\n1,1\n2,1\n", "y", "nothing to tell apart"),
    "one row": ("a,y\n1,1\n", "y", "nothing to tell apart"),
    "empty": ("", "y", "is empty"),
    "a header alone": ("a,y\n", "y", "has a header but no rows"),
    "a name twice": ("a,a,y\n1,2,0\n1,2,1\n", "y", "repeats a"),
    "a name in two cases": ("a,A,y\n1,2,0\n1,2,1\n", "y", "differs in more than case"),
    "no columns besides": ("y\n0\n1\n", "y", "no column is left to learn from"),
    "nothing in them": ("a,b,y\n,,0\n,,1\n", "y", "a: every value is missing"),
    "many answers": ("a,y\n1,x\n2,y\n3,z\n", "y", "--target \"y = 'x'\""),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_data_that_cannot_be_used_is_an_error_that_says_so_and_nothing_is_written(here, what):
    text, target, why = HOSTILE[what]
    (here.folder / "rows.csv").write_text(text)
    said = here("init", "rows.csv", "--target", target, code=None)
    assert said.code in {2, 3}
    assert why in said.err
    assert [path.name for path in here.folder.iterdir()] == ["rows.csv"]


def test_a_folder_that_holds_a_project_is_let_alone(here):
    write(here.folder / "visits.csv", VISIT, visits(100))
    here("init", "visits.csv", "--target", "bought")
    before = (here.folder / "visits/pipeline.py").read_bytes()
    said = here("init", "visits.csv", "--target", "page = 'sale'", code=2)
    assert "name a new folder with --into" in said.err
    assert (here.folder / "visits/pipeline.py").read_bytes() == before


def test_a_person_is_told_what_was_written_guessed_and_asked(here):
    write(here.folder / "visits.csv", VISIT, visits(300))
    said = here("init", "visits.csv", "--target", "bought")
    for words in ("Guessed:", "Left out:", "Questions,", "pipeline.py:", "run --project visits"):
        assert words in said.out
    assert "reading visits.csv" in said.err


def test_a_kill_leaves_a_whole_project_or_none(here):
    write(here.folder / "visits.csv", VISIT, visits(2_000))
    for place in range(6):
        process = here.start("init", "visits.csv", "--target", "bought", "--into", f"p{place}")
        time.sleep(0.25 + 0.25 * place)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        folder = here.folder / f"p{place}"
        assert not folder.exists() or (folder / "pipeline.py").exists()
        if not folder.exists():
            here("init", "visits.csv", "--target", "bought", "--into", f"p{place}")
        assert not list(here.folder.glob(f".sluiceway-init-p{place}-*"))
