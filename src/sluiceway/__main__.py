"""The entry point: runs a command, and turns every error into a message and an exit code."""

import errno
import os
import sys
from typing import NoReturn

from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import MisuseError, SluicewayError, SourceError, TrainingError

ROOMLESS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
CLOSED, MISUSE, COULD_NOT_JUDGE, INTERRUPTED = 1, 2, 3, 130


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; return 0 passed, 1 a gate is closed, 2 misuse, 3 could not judge."""
    from cyclopts.exceptions import CycloptsError

    from sluiceway.cli.app import build

    try:
        result = build()(arguments, exit_on_error=False, print_error=True)
    except CycloptsError as error:
        return answered(arguments, MisuseError(str(error)), MISUSE)
    except BrokenPipeError:
        return unread()
    except OSError as error:
        return fail(arguments, SourceError(not_written(error)), COULD_NOT_JUDGE)
    except MisuseError as error:
        return fail(arguments, error, MISUSE)
    except SluicewayError as error:
        return fail(arguments, error, COULD_NOT_JUDGE)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the next run goes on from what was finished\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # threads that still train would be waited for; what they do may be lost at any moment
    except SystemExit as error:
        return ended(arguments, error)
    except Exception as error:  # (no traceback reaches a user; who wants it sets SLUICEWAY_DEBUG)
        if os.environ.get("SLUICEWAY_DEBUG"):
            raise
        return fail(arguments, error, COULD_NOT_JUDGE)
    return result if isinstance(result, int) else 0


def ended(arguments: list[str], error: SystemExit) -> int:
    """Tell who ended the program: the project's code, or rich, which does so where nobody reads what it prints."""
    if isinstance(error.__context__, BrokenPipeError):
        return unread()
    told = f"the project's code ended the program itself: exit({error.code})"
    return fail(arguments, TrainingError(told), COULD_NOT_JUDGE)


def unread() -> int:
    """End quietly where whoever read the output wants no more of it, as ``head`` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return INTERRUPTED


def not_written(error: OSError) -> str:
    """Say what the operating system refused, and, where that is a disk without room, what is safe."""
    where = f": {error.filename}" if error.filename else ""
    if error.errno in ROOMLESS:
        return f"{disk_trouble(error)}{where}"
    return f"{error.strerror or error}{where}; check the path, its rights and the disk"


def fail(arguments: list[str], error: Exception, code: int) -> int:
    """Tell what went wrong: words on standard error, and JSON where a script asked for it."""
    known = isinstance(error, SluicewayError)
    message = str(error) if known else f"unexpected {type(error).__name__}: {error}"
    sys.stderr.write(f"error: {message}\n")
    if not known:
        sys.stderr.write("this is a fault in Sluiceway; SLUICEWAY_DEBUG=1 shows where\n")
    return answered(arguments, error, code)


def answered(arguments: list[str], error: Exception, code: int) -> int:
    """Give a script its answer, too."""
    if "--json" in arguments:
        from sluiceway.cli.answer import print_json

        print_json({"error": {"kind": type(error).__name__, "message": str(error)}})
    return code


if __name__ == "__main__":
    main()
