"""The peers, each in an environment of its own with its pins: servers, Evidently, Feast, Quix, two validators.

Environments lie under ``bench-data/environments``, which git ignores, and are made once; that needs the network.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from serving_model import NAMES, Trained
from serving_process import HOST, NotServingError, Service

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parent / "bench-data" / "environments"
PINS: Mapping[str, tuple[str, ...]] = {
    "mlflow": ("mlflow==3.17.2", "lightgbm==4.7.0"),
    "bentoml": ("bentoml==1.4.39", "lightgbm==4.7.0"),
    "pandera": ("pandera[polars]==0.35.0", "polars==2.1.0"),
    "great_expectations": ("great-expectations==1.24.1", "pyarrow"),
    "feast": ("feast[redis]==0.67.0", "dask"),
    "quix": ("quixstreams==3.28.1", "redis==8.1.0"),
    "evidently": ("evidently==0.7.23", "pandas<3"),
}
MODEL = "model.txt"
INSTALLED = "pins.txt"


class NotInstalledError(RuntimeError):
    """A peer's environment could not be made."""


def environment(peer: str) -> Path:
    """A peer's environment, made anew unless it holds just what is pinned; its bytecode is compiled, as ours is.

    Raises:
        NotInstalledError: there is no network, or a pinned version is gone.
    """
    folder, wanted = ENVIRONMENTS / peer, "\n".join((sys.version, *PINS[peer]))
    stamp = folder / INSTALLED
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        sys.stderr.write(f"installing {', '.join(PINS[peer])} into {folder.relative_to(HERE.parent)}\n")
        shutil.rmtree(folder, ignore_errors=True)
        uv("venv", "--python", sys.executable, str(folder))
        uv("pip", "install", "--compile-bytecode", "--python", str(folder / "bin" / "python"), *PINS[peer])
        stamp.write_text(wanted, encoding="utf-8")
    return folder


def uv(*arguments: str) -> None:
    """Run this environment's uv.

    Raises:
        NotInstalledError: it failed; the message is the last that it said, hints left out.
    """
    command = [str(Path(sys.executable).with_name("uv")), "--quiet", "--no-progress", *arguments]
    try:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        raise NotInstalledError(f"uv does not run: {error}") from error
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith("hint")]
        raise NotInstalledError(said[-1] if said else f"uv ended with exit code {done.returncode}")


def mlflow(trained: Trained, folder: Path) -> list[Service]:
    """``mlflow models serve``, twice: with a signature it checks each request's columns and types."""
    place = environment("mlflow")
    trained.booster.save_model(folder / MODEL)
    save = [place / "bin" / "python", HERE / "serving_mlflow.py", folder / MODEL, folder]
    done = subprocess.run(save, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NotServingError(f"MLflow did not save the model: {done.stderr[-500:]}")
    plain = trained.questions(lambda row: {"inputs": [row]}, first_prediction)
    named = trained.questions(lambda row: {"dataframe_split": {"columns": NAMES, "data": [row]}}, first_prediction)
    serve = (str(place / "bin" / "mlflow"), "models", "serve", "--env-manager", "local", "-w", "1", "-h", HOST)
    return [
        Service(
            name, (*serve, "-p", "{port}", "-m", model), "/invocations", asked, folder, {"PATH": found_first(place)}
        )
        for name, model, asked in (("MLflow", "plain", plain), ("MLflow, with a signature", "checked", named))
    ]


def first_prediction(answer: Mapping[str, list[float]]) -> float:
    return answer["predictions"][0]


def bentoml(trained: Trained, folder: Path) -> list[Service]:
    """``bentoml serve`` of a service that asks LightGBM."""
    place = environment("bentoml")
    trained.booster.save_model(folder / MODEL)
    serve = ("serve", "serving_bento:Model", "--working-dir", str(HERE), "--host", HOST, "--port", "{port}")
    settings = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(folder / "bentoml"), "MODEL": str(folder / MODEL)}
    asked = trained.questions(lambda row: {"rows": [row]}, lambda answer: float(answer[0]))
    command = (str(place / "bin" / "bentoml"), *serve)
    return [Service("BentoML", command, "/predict", asked, folder, {"PATH": found_first(place), **settings})]


def found_first(place: Path) -> str:
    """A search path that begins with an environment's commands."""
    return os.pathsep.join((str(place / "bin"), os.environ.get("PATH", "")))
