"""Real databases for tests: PostgreSQL from a wheel, MariaDB where the machine has it, SQLite and DuckDB files."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import warnings
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

PATIENCE_S = 60
ROOT = 0


class Postgres:
    """A PostgreSQL server in a temporary folder of its own, reached by its socket."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells where it falls back to without XDG_RUNTIME_DIR
            import pgserver

            # Not below pytest's folder: root runs the server as another user, whom any pytest that starts shuts out.
            self.folder = Path(tempfile.mkdtemp(prefix="sluiceway-pg-"))
            self._server = pgserver.get_server(self.folder, cleanup_mode="stop")
        self.environment = {"PGSOCKET": str(self._server.get_postmaster_info().socket_dir), "PGPASSWORD": "s3cr@t/pw"}
        self.url = "postgresql://postgres:${PGPASSWORD}@/postgres?host=${PGSOCKET}"

    def run(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        import adbc_driver_postgresql.dbapi as driver

        socket_folder = quote(self.environment["PGSOCKET"], safe="")
        with driver.connect(f"postgresql://postgres@/postgres?host={socket_folder}", autocommit=True) as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)

    def kill(self) -> None:
        """Kill every process of the server at once, as a machine that dies does."""
        import psutil

        head = psutil.Process(self._server.get_postmaster_info().pid)
        processes = [head, *head.children(recursive=True)]
        for sent in (signal.SIGSTOP, signal.SIGKILL):  # stopped first: none may notice that another has gone
            for process in processes:
                with suppress(ProcessLookupError):  # a worker may end by itself
                    os.kill(process.pid, sent)
        psutil.wait_procs(processes, timeout=PATIENCE_S)

    def start(self) -> None:
        """Start it again, after it was killed."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop it."""
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


class SqliteFile:
    """A SQLite file in a project's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        self.url = "sqlite:///data.db"

    def run(self, *statements: str) -> None:
        """Run statements."""
        connection = sqlite3.connect(self.folder / "data.db")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    def close(self) -> None:
        """Do nothing: a file needs no server."""


class DuckdbFile:
    """A DuckDB file in a project's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        self.url = "duckdb:///data.duckdb"

    def run(self, *statements: str) -> None:
        """Run statements."""
        import duckdb

        with duckdb.connect(str(self.folder / "data.duckdb")) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for statement in statements:
                connection.execute(statement)

    def close(self) -> None:
        """Do nothing: a file needs no server."""


class Mysql:
    """A MariaDB server in a folder of its own, where the machine has one installed."""

    program = shutil.which("mariadbd") or shutil.which("mysqld")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        data = folder / "mysql"
        user = ["--user=root"] if os.getuid() == ROOT else []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        install = ["mariadb-install-db", f"--datadir={data}", "--auth-root-authentication-method=normal", *user]
        subprocess.run(install, check=True, timeout=PATIENCE_S, **quiet)
        places = [
            f"--datadir={data}",
            f"--socket={folder / 's'}",
            f"--pid-file={folder / 'pid'}",
            f"--port={self.port}",
        ]
        command = [str(self.program), "--no-defaults", *places, "--bind-address=127.0.0.1", *user]
        self._process = subprocess.Popen(command, **quiet)
        self.environment = {"MYSQL_USER": "sluice", "MYSQL_PASSWORD": "p@ss:w/rd"}
        self.url = f"mysql://${{MYSQL_USER}}:${{MYSQL_PASSWORD}}@127.0.0.1:{self.port}/shop"
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not (self.folder / "s").exists() and self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        while True:
            try:
                self._as_root("CREATE DATABASE IF NOT EXISTS shop", at="mysql")
                for host in ("localhost", "127.0.0.1"):
                    self._as_root(f"CREATE USER sluice@'{host}' IDENTIFIED BY 'p@ss:w/rd'", at="mysql")
                    self._as_root(f"GRANT SELECT ON shop.* TO sluice@'{host}'", at="mysql")
            except Exception:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.2)
            else:
                return

    def _as_root(self, *statements: str, at: str) -> None:
        import pymysql

        place = str(self.folder / "s")
        with closing(pymysql.connect(unix_socket=place, user="root", database=at, autocommit=True)) as connection:
            cursor = connection.cursor()
            for statement in ("SET time_zone = '+00:00'", *statements):
                cursor.execute(statement)

    def run(self, *statements: str) -> None:
        """Run statements."""
        self._as_root(*statements, at="shop")

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_S)


SERVERS = {"postgres": Postgres, "sqlite": SqliteFile, "duckdb": DuckdbFile, "mysql": Mysql}
