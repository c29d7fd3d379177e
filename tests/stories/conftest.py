"""A shop whose customers come back or not: the purchases example, cut down, driven by the installed command."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from importlib.metadata import distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "purchases"
FLIGHTS = ROOT / "examples" / "flights"
COMMAND = (str(Path(sys.executable).with_name("sluiceway")),)
FAULTY_COMMAND = (sys.executable, str(ROOT / "tests" / "faulty_command.py"))
PURCHASES = 8_000
PATIENCE_S = 120
PATIENCE_FOR_ALL_FLIGHTS_S = 600
# a promise that so few requests can keep, on a machine that is busy with other tests as well
EASIER = {
    "latency_p99_ms: 50, success_rate: 0.999": "latency_p99_ms: 500, success_rate: 0.99",
}
# the last two weeks are replayed after the model was made
EARLIER = "as_of = 1998-06-15\nreplay_until = 1998-07-01\n"
# a baseline that the model beats on so few rows, and a search that is over at once
SMALLER = {
    "trials=8, rows=22_000": "trials=2, rows=3_000",
    "    model=buys_again,\n": "    model=buys_again,\n    baseline=rule_of_thumb,\n",
    "\n\npipeline = ": (
        "\n\ndef rule_of_thumb():\n"
        "    from lightgbm import LGBMClassifier\n"
        "    from sklearn.pipeline import make_pipeline\n"
        '    return make_pipeline(sw.encode(drop=["customer_id"]), LGBMClassifier(n_estimators=5, num_leaves=2))\n'
        "\n\npipeline = "
    ),
}


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be JSON and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shop:
    """A project's folder, and the command to run in it."""

    folder: Path
    patience_s: int = PATIENCE_S
    command: tuple[str, ...] = COMMAND

    def faulty(self, fault: str, *, since: str) -> "Shop":
        """The same project, driven by a command whose rehearsals have a fault from a moment of their clock on."""
        return replace(self, command=(*FAULTY_COMMAND, fault, since))

    def start(self, *words: str) -> subprocess.Popen:
        """Start a command in a process group of its own."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*self.command, *words],
            cwd=self.folder,
            env=quiet(),
            stdout=pipe,
            stderr=pipe,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *words: str, code: int | None = 0) -> Said:
        """Run a command, which must exit with ``code``, unless it is ``None``, and never shows a traceback."""
        done = subprocess.run(
            [*self.command, *words], cwd=self.folder, env=quiet(), check=False, capture_output=True, text=True,
            timeout=self.patience_s,
        )  # fmt: skip
        said = Said(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in said.out + said.err, said.err
        assert "fault in Sluiceway" not in said.err, said.err
        assert code in {None, said.code}, f"{words} exited {said.code}, not {code}\n{said.out}\n{said.err}"
        return said

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        """Replace texts in one of the project's files; each must be there."""
        path = self.folder / name
        text = path.read_text()
        for old, new in changes:
            assert old in text, f"{name} has no {old!r}"
            text = text.replace(old, new, 1)
        path.write_text(text)

    def stored(self, pattern: str) -> Path:
        """Find the one stored file of a pattern below the state."""
        found = sorted(path for path in (self.folder / ".sluiceway").glob(pattern) if path.is_file())
        assert found, pattern
        return found[0]

    def registrations(self) -> int:
        """How often a model was registered, by the ledger."""
        return sum(entry["body"]["node"] == "evaluate" for entry in self.entries("published"))

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The ledger's entries of a kind."""
        entries = self("ledger", "log", "--last", "1000", "--json").json["entries"]
        return [entry for entry in entries if entry["kind"] == kind]

    def gates(self, *, code: int = 0) -> dict[str, dict[str, Any]]:
        """Every gate by its stage, as ``status`` tells them."""
        return {gate["stage"]: gate for gate in self("status", "--json", code=code).json["gates"]}

    def copied(self, target: Path) -> "Shop":
        """The same project elsewhere, with all that was made in it."""
        shutil.copytree(self.folder, target)
        return Shop(target, self.patience_s)


def quiet() -> dict[str, str]:
    """The environment without what would steer the command."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLUICEWAY_")}


def stopped(gate: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The criteria that hold a gate shut, by name."""
    return {each["name"]: each for each in gate["criteria"] if each["verdict"] in {"stopped", "inconclusive"}}


@pytest.fixture(scope="session", name="stopped")
def stopped_fixture():
    return stopped


@pytest.fixture(scope="session")
def purchases() -> list[str]:
    """The lines of the example's table, as its own script prepares it."""
    spec = spec_from_file_location("prepare_data", EXAMPLE / "prepare_data.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    source = Path(str(distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_master.txt")))
    return script.converted(source.read_text()).decode().splitlines(keepends=True)


@pytest.fixture(scope="session")
def declared(purchases, tmp_path_factory) -> Shop:
    """The project before anything has run in it."""
    shop = Shop(tmp_path_factory.mktemp("declared") / "shop")
    shutil.copytree(EXAMPLE, shop.folder, ignore=shutil.ignore_patterns(".sluiceway", "data", "__pycache__"))
    shop.edit("pipeline.py", *SMALLER.items())
    shop.edit("spec.yaml", *EASIER.items())
    (shop.folder / "sluiceway.toml").write_text(EARLIER)
    (shop.folder / "data").mkdir()
    (shop.folder / "data" / "purchases.csv").write_text("".join(purchases[: PURCHASES + 1]))
    return shop


@pytest.fixture(scope="session")
def featured(declared, tmp_path_factory) -> Shop:
    """The project behind gate 4."""
    shop = declared.copied(tmp_path_factory.mktemp("featured") / "shop")
    shop("run", "--until", "features")
    return shop


@pytest.fixture(scope="session")
def trained(featured, tmp_path_factory) -> Shop:
    """The project behind gate 5, its model registered."""
    shop = featured.copied(tmp_path_factory.mktemp("trained") / "shop")
    shop("run", "--until", "train")
    return shop


@pytest.fixture(scope="session")
def finished(trained, tmp_path_factory) -> Shop:
    """The project behind gate 7, its model rehearsed and watched."""
    shop = trained.copied(tmp_path_factory.mktemp("finished") / "shop")
    shop("run")
    return shop


@pytest.fixture(scope="session")
def made(finished) -> dict[str, str]:
    """The content ids of a run that nothing disturbed."""
    return finished("run", "--json").json["made"]


@pytest.fixture(scope="session")
def flights(tmp_path_factory) -> Shop:
    """The flagship behind gate 7, on every flight of 2013: its own script fetches the data."""
    folder = tmp_path_factory.mktemp("flights") / "flights"
    shutil.copytree(FLIGHTS, folder, ignore=shutil.ignore_patterns(".sluiceway", "data", "__pycache__"))
    subprocess.run([sys.executable, "fetch_data.py"], cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S)
    shop = Shop(folder, PATIENCE_FOR_ALL_FLIGHTS_S)
    shop("run")
    return shop


@pytest.fixture(scope="session")
def streamed(tmp_path_factory):
    """A project with a streamed source, its table ingested; whoever uses it takes a copy."""
    from tests.streamed_project import StreamedProject

    return StreamedProject.made(tmp_path_factory.mktemp("streamed") / "project")


@pytest.fixture
def fresh_shop(declared, tmp_path) -> Shop:
    return declared.copied(tmp_path / "shop")


@pytest.fixture
def featured_shop(featured, tmp_path) -> Shop:
    return featured.copied(tmp_path / "shop")


@pytest.fixture
def trained_shop(trained, tmp_path) -> Shop:
    return trained.copied(tmp_path / "shop")


@pytest.fixture
def shop(finished, tmp_path) -> Shop:
    return finished.copied(tmp_path / "shop")


@pytest.fixture
def several(fresh_shop):
    """Four versions of the shop's purchases, none of which anything but the last needs; and their ids, oldest first."""
    table = fresh_shop.folder / "data" / "purchases.csv"
    ids = []
    for _ in range(4):
        ids.append(fresh_shop("run", "--until", "ingest", "--json").json["made"]["ingest"])
        table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    table.write_text(table.read_text())
    return fresh_shop, ids


def state(shop):
    return shop.folder / ".sluiceway"


def staged(shop):
    """What killed writes left behind."""
    return shop("data", "gc", "--json").json["staged"]


def restored(shop, version, tmp_path):
    """A version's table as it was, from a restore into a fresh folder."""
    shop("data", "restore", version, "--to", str(tmp_path / version))
    return (tmp_path / version / "data" / "purchases.csv").read_bytes()
