"""Disk trouble: what an operating system's refusal to write means, what is safe after it, and what to do."""

import errno
import re

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "no file may grow so large here (see ulimit -f)",
    errno.EROFS: "the place can only be read",
    errno.EIO: "the disk does not answer as it should",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.ENOTDIR: "a file stands where a folder should",
}
LOST = {errno.ENOENT, errno.ESTALE, errno.ENOTCONN}
GONE = (
    "its folder was removed while it was written to, or is no longer mounted. The ledger and the sources are safe. "
    "Bring it back, from a copy if need be, and run again; without it, a run makes anew what the sources still have"
)
# How libraries that are not Python's own spell it, and SQLite, which names no number.
NUMBERED, UNNUMBERED = re.compile(r"os error (\d+)"), {"database or disk is full": errno.ENOSPC}
SAFE = (
    "What was stored before is safe, and no half of this was kept. Make room or mend the place (sluiceway data gc "
    "shows what can go), then run again: it goes on from what is stored"
)


def disk_trouble(error: BaseException) -> str:
    """Say in words why a write failed, what is safe and what to do; the error's own words where they are not known.

    >>> disk_trouble(OSError(errno.ENOSPC, "No space left on device")).partition(".")[0]
    'the disk is full'
    """
    if number_of(error) in LOST:
        return GONE
    reason = REASONS.get(number_of(error) or 0) or str(error).partition("\n")[0]
    return f"{reason}. {SAFE}"


def number_of(error: BaseException) -> int | None:
    """Find the operating system's number for an error, also where a library hides it in its text."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error)
    found = NUMBERED.search(text)
    return int(found[1]) if found else next((code for said, code in UNNUMBERED.items() if said in text), None)
