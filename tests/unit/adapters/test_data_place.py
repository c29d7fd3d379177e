import pytest

from sluiceway.adapters.data_place import data_place, suffix_of
from sluiceway.core.errors import MisuseError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "shop.csv",
        "logs/dt=2024-01-01/a.jsonl.gz",
        "logs/dt=2024-01-02/b.jsonl.gz",
        "mixed/a.csv",
        "mixed/b.pq",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "logs" / "README.md").write_text("about")
    (tmp_path / "notes.txt").write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "pattern", "link", "files"),
    [
        ("shop.csv", "data/shop.csv", "data/shop.csv", 1),
        ("logs", "data/logs/**/*.jsonl.gz", "data/logs", 2),
        ("logs/*/*.gz", "data/logs/*/*.gz", "data/logs", 2),
        ("mixed/*.csv", "data/mixed/*.csv", "data/mixed", 1),
        ("./mixed/../shop.csv", "data/shop.csv", "data/shop.csv", 1),
    ],
)
def test_data_outside_of_a_project_is_linked(here, given, pattern, link, files):
    place = data_place(given)
    assert place.pattern_in(here / "project") == (pattern, link)
    assert len(place.files) == files


def test_data_in_the_projects_folder_needs_no_link(here):
    assert data_place("logs").pattern_in(here) == ("logs/**/*.jsonl.gz", "")
    assert data_place("logs").pattern_in(here / "logs") == ("**/*.jsonl.gz", "")
    assert data_place("shop.csv").pattern_in(here) == ("shop.csv", "")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("no.csv", "no such file"),
        ("notes.txt", "has .txt"),
        ("mixed", r"several endings lie there \(1 .csv, 1 .pq\)"),
        ("*.parquet", "no file there"),
        ("s3://lake/a.csv", "local files"),
        ("https://host/a.csv", "local files"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_is_no_data_is_refused_with_what_to_do(given, why):
    with pytest.raises(MisuseError, match=why) as refused:
        data_place(given)
    assert given in str(refused.value)


def test_a_link_to_a_file_keeps_its_name(here):
    (here / "latest.csv").symlink_to("shop.csv")
    assert data_place("latest.csv").root.name == "latest.csv"


def test_an_ending_is_read_in_any_case(here):
    assert suffix_of(here / "A.CSV.GZ") == ".csv.gz"


def test_endings_in_both_cases_and_signs_of_patterns_are_refused(here):
    folder = here / "both"
    folder.mkdir()
    for name in ("x.CSV", "y.csv"):
        (folder / name).write_text("a\n1\n")
    with pytest.raises(MisuseError, match="several endings"):
        data_place(str(folder))
    odd = here / "g[1]"
    odd.mkdir()
    (odd / "a.csv").write_text("a\n1\n")
    with pytest.raises(MisuseError, match="signs that a pattern takes for wild cards"):
        data_place(str(odd)).pattern_in(here / "elsewhere" / "project")
