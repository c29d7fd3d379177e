"""The project's folder: its declaration read, its files identified."""

import importlib.util
import os
import platform
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

from sluiceway.adapters.openmp import wait_passively
from sluiceway.core.digest import digest_of, sha256_hex
from sluiceway.core.errors import DeclarationError, Problem
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.declare.request_view import RequestView
from sluiceway.declare.source import Source

PIPELINE = "pipeline.py"
DISTRIBUTION = {".dist-info", ".egg-info"}
DECLARED = {".py", ".sql", ".yaml", ".yml", ".toml"}
# Which projects' folders this process has on its import path: one at a time.
IMPORTABLE: set[str] = set()


class ProjectFolder:
    """Reads a folder with ``pipeline.py``, the spec it names, and the SQL files its sources name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def fingerprint(self) -> str:
        """Digest every declaring file and the versions of what runs them."""
        return digest_of([self._files(DECLARED), environment()])

    def load(self) -> Project:
        """Import ``pipeline.py`` and resolve what it names.

        Raises:
            DeclarationError: a file is missing or fails, or what they declare does not fit together.
        """
        module = self._run()
        pipeline = the_pipeline(module)
        sources = self._sources(module, pipeline)
        spec_text = self._text(pipeline.spec, f"{PIPELINE}: the spec")
        code = digest_of([self._files({".py"}), environment()])
        return Project(with_sources(pipeline, sources), sources, spec_text, code)

    def _files(self, suffixes: set[str]) -> dict[str, str]:
        paths = (path for path in declaring(self._folder) if path.suffix in suffixes)
        return {path.relative_to(self._folder).as_posix(): sha256_hex(path.read_bytes()) for path in sorted(paths)}

    def _text(self, name: str, what: str) -> str:
        path = self._folder / name
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
            if isinstance(error, UnicodeDecodeError):
                reason = "is not UTF-8 text; save it as UTF-8, as in: iconv -f latin1 -t utf-8 old.yaml > new.yaml"
            raise DeclarationError([Problem(f"{what} {name!r} {reason}")]) from None

    def _run(self) -> ModuleType:
        path = self._folder / PIPELINE
        if not path.is_file():
            where = f"no {PIPELINE} in {self._folder}; go to the project's folder, or name it with --project"
            raise DeclarationError([Problem(where)])
        spec = importlib.util.spec_from_file_location(f"sluiceway_project_{digest_of(str(path))[:8]}", path)
        if spec is None or spec.loader is None:
            raise DeclarationError([Problem(f"{path} cannot be imported")])
        module = importlib.util.module_from_spec(spec)
        wait_passively()
        make_importable(self._folder)
        try:
            spec.loader.exec_module(module)
        except DeclarationError as error:
            raise DeclarationError(placed(error, self._folder)) from None
        except (Exception, SystemExit) as error:  # noqa: BLE001  (whatever the user's file raises is told, with its line)
            message = f"{type(error).__name__}: {error}"
            raise DeclarationError([place(message, error, self._folder)]) from None
        return module

    def _sources(self, module: ModuleType, pipeline: Pipeline) -> dict[str, Source]:
        return with_upstream(in_order(self._declared(module, pipeline)))

    def _declared(self, module: ModuleType, pipeline: Pipeline) -> dict[str, Source]:
        declared = [value for value in vars(module).values() if isinstance(value, Source)]
        used = [view.source for view in pipeline.feature_views] + [pipeline.label.source, pipeline.label.each]
        found: dict[str, Source] = {}
        for source in [*pipeline.sources, *declared, *used]:
            if found.setdefault(source.name, source) is not source and found[source.name] != source:
                raise DeclarationError([Problem(f"two different sources are called {source.name!r}", PIPELINE)])
        return {name: self._with_text(source) for name, source in found.items()}

    def _with_text(self, source: Source) -> Source:
        checks = tuple(self._check_with_text(source.name, each) for each in source.expectations)
        source = replace(source, expectations=checks) if checks else source
        if source.sql is None or not source.sql.strip().endswith(".sql"):
            return source
        return replace(source, sql=self._text(source.sql.strip(), f"source {source.name!r}: the SQL file"))

    def _check_with_text(self, source: str, expectation: Expectation) -> Expectation:
        path = (expectation.text or "").strip()
        if expectation.kind != "sql" or not path.endswith(".sql"):
            return expectation
        text = self._text(path, f"source {source!r}: the SQL file of a check")
        return replace(expectation, text=text, other=expectation.other or path)


def the_pipeline(module: ModuleType) -> Pipeline:
    """Find the one pipeline of a module.

    Raises:
        DeclarationError: there is none, or more than one.
    """
    found = {id(value): value for value in vars(module).values() if isinstance(value, Pipeline)}
    if len(found) != 1:
        count = "no" if not found else f"{len(found)}"
        raise DeclarationError([Problem(f"{count} sw.Pipeline at its top level; there must be exactly one", PIPELINE)])
    return next(iter(found.values()))


def with_sources(pipeline: Pipeline, sources: Mapping[str, Source]) -> Pipeline:
    """Let views and label speak of the sources as they were resolved."""
    views: list[FeatureView | RequestView] = [
        replace(view, source=sources[view.source.name]) if isinstance(view, FeatureView) else view
        for view in pipeline.views
    ]
    label = pipeline.label
    resolved = replace(label, source=sources[label.source.name], each=sources[label.each.name])
    return replace(pipeline, views=views, label=resolved)


def in_order(sources: Mapping[str, Source]) -> dict[str, Source]:
    """Put each source behind those that its SQL reads.

    Raises:
        DeclarationError: SQL that cannot be read, or sources that read each other in a circle.
    """
    reads = {name: read_by(source, sources) for name, source in sorted(sources.items())}
    try:
        return {name: sources[name] for name in TopologicalSorter(reads).static_order()}
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise DeclarationError([Problem(f"sources read each other in a circle: {circle}")]) from None


def read_by(source: Source, sources: Mapping[str, Source]) -> list[str]:
    """Name the other sources that a source's SQL reads, or by whose keys its rows are quarantined, sorted.

    Raises:
        DeclarationError: the SQL is not one plain SELECT.
    """
    from sluiceway.plans.lineage import tables_read

    named = {name.lower() for name in tables_read(source.sql)} if source.sql else set()
    named |= {each.other.lower() for each in source.expectations if each.on_failure == QUARANTINE and each.other}
    return sorted(name for name in sources if name.lower() in named and name != source.name)


def with_upstream(ordered: Mapping[str, Source]) -> dict[str, Source]:
    """Let each source identify those that its SQL reads, through all the SQL between."""
    known: dict[str, Source] = {}
    for name, source in ordered.items():
        above = [known[parent] for parent in read_by(source, known)]
        known[name] = replace(source, upstream=digest_of([parent.meaning for parent in above]) if above else "")
    return known


def declaring(folder: Path) -> Iterator[Path]:
    """Walk the files that may be part of a declaration, past hidden folders and environments."""
    for root, folders, names in os.walk(folder):
        here = Path(root)
        kept = [
            name for name in folders if not name.startswith((".", "__")) and not (here / name / "pyvenv.cfg").exists()
        ]
        folders[:] = sorted(kept)
        yield from (here / name for name in names if Path(name).suffix in DECLARED)


def environment() -> list[str]:
    """Name Python's version and every distribution that can be imported with its version: what a lock would say."""
    folders = [Path(entry) for entry in sys.path if entry and Path(entry).is_dir()]
    installed = {path.name for folder in folders for path in folder.iterdir() if path.suffix in DISTRIBUTION}
    return [platform.python_version(), *sorted(installed)]


def make_importable(folder: Path) -> None:
    """Let a project import its own modules, now and when its functions run; forget those of another project first."""
    for other in [Path(entry) for entry in sys.path if entry in IMPORTABLE and entry != str(folder)]:
        sys.path.remove(str(other))
        IMPORTABLE.discard(str(other))
        forget(other)
    if str(folder) not in IMPORTABLE:
        sys.path.insert(0, str(folder))
        IMPORTABLE.add(str(folder))
    forget(folder)


def forget(folder: Path) -> None:
    """Unload the modules of a folder: another project may have the same names, or this one another text."""
    for name in [name for name, module in sys.modules.items() if is_below(getattr(module, "__file__", None), folder)]:
        del sys.modules[name]


def is_below(file: str | None, folder: Path) -> bool:
    """Whether a module's file lies in a folder, and not in an environment inside it."""
    return file is not None and Path(file).is_relative_to(folder) and "site-packages" not in file


def place(message: str, error: BaseException, folder: Path) -> Problem:
    """Say where in the project's own files an exception came from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_below(frame.filename, folder)]
    if isinstance(error, SyntaxError) and is_below(error.filename, folder):
        return Problem(message, Path(str(error.filename)).relative_to(folder).as_posix(), error.lineno or 0)
    if not frames:
        return Problem(message, PIPELINE)
    return Problem(message, Path(frames[-1].filename).relative_to(folder).as_posix(), frames[-1].lineno or 0)


def placed(error: DeclarationError, folder: Path) -> Iterable[Problem]:
    """Give a declaration's problems the line that declared them."""
    return [problem if problem.path else place(problem.message, error, folder) for problem in error.problems]
