import errno
import sqlite3

import pytest

from sluiceway.core.disk_trouble import disk_trouble, number_of


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full. What was stored before is safe"),
        (OSError("Generic LocalFileSystem error: No space left on device (os error 28)"), "the disk is full."),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full."),
        (OSError(errno.EFBIG, "File too large"), "no file may grow so large here"),
        (OSError(errno.EROFS, "Read-only file system"), "the place can only be read"),
        (ValueError("something else\nwith more"), "something else. What was stored before is safe"),
    ],
)
def test_a_refusal_to_write_says_why_and_what_is_safe(error, said):
    assert disk_trouble(error).startswith(said)
    assert "run again: it goes on from what is stored" in disk_trouble(error)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ESTALE, errno.ENOTCONN])
def test_a_store_that_is_gone_is_not_said_to_be_safe(number):
    said = disk_trouble(OSError(number, "gone"))
    assert "The ledger and the sources are safe. Bring it back" in said
    assert "What was stored" not in said


def test_an_error_that_no_disk_gave_has_no_number():
    assert number_of(ValueError("os trouble")) is None
