"""Turn the purchases of CDNOW, from the installed package ``lifetimes``, into ``data/purchases.csv``.

One row per purchase of the 23,570 customers who first bought from the CD shop CDNOW in early 1997, until June 1998.
A customer may buy twice on one day, and the file has only dates: the order of its lines numbers such purchases.
"""

import csv
import hashlib
import io
import os
import sys
from collections import Counter
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

PACKAGE = "lifetimes"
TARGET = Path(__file__).resolve().parent / "data" / "purchases.csv"
SHA256 = "aeb43bbbf2dccdd53520bef40d2060294292229bb5c7946cd745677fc0b1220a"
COLUMNS = ("purchase_id", "customer_id", "purchased_at", "number_of_cds", "dollar_value")


def main() -> int:
    """Write the table unless it is there; exit 1 with a message when that cannot be done."""
    try:
        write(converted(packaged().read_text(encoding="ascii")))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def converted(text: str) -> bytes:
    """Write the columns that whitespace separates as CSV, and give every purchase an id.

    >>> converted("id date n value\\n7 19970131 2 9.50\\n7 19970131 1 3.00").decode().splitlines()[1:]
    ['7-19970131-1,7,1997-01-31T00:00:00Z,2,9.50', '7-19970131-2,7,1997-01-31T00:00:00Z,1,3.00']
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    seen: Counter[tuple[str, str]] = Counter()
    for line in filter(None, map(str.split, text.splitlines()[1:])):
        customer, day, count, value = line
        seen[customer, day] += 1
        moment = f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00Z"
        rows.writerow((f"{customer}-{day}-{seen[customer, day]}", customer, moment, count, value))
    return out.getvalue().encode()


def write(content: bytes) -> None:
    """Write the table as a whole or not at all.

    Raises:
        ValueError: it is not the table this example was written for.
        OSError: it cannot be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise ValueError(f"the table has SHA-256 {digest}, expected {SHA256}; install {PACKAGE}==0.11.3")
    if TARGET.is_file() and TARGET.read_bytes() == content:
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    partial = TARGET.with_name(f".{TARGET.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(TARGET)
    finally:
        partial.unlink(missing_ok=True)
    sys.stderr.write(f"{TARGET.name}: {len(content) / 1e6:.1f} MB\n")


def packaged() -> Path:
    """Find the data file of the installed package, without importing it.

    Raises:
        ValueError: the package is not installed in this environment.
    """
    try:
        return Path(str(distribution(PACKAGE).locate_file(f"{PACKAGE}/datasets/CDNOW_master.txt")))
    except PackageNotFoundError:
        raise ValueError(f"{PACKAGE} is not installed here; pip install --no-deps {PACKAGE}==0.11.3") from None


if __name__ == "__main__":
    sys.exit(main())
