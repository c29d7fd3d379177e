"""The entry point: runs a command, and turns every error into a message and an exit code."""

import os
import sys
from typing import NoReturn

from sluiceway.core.errors import MisuseError, SluicewayError

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
    except CycloptsError:
        return MISUSE
    except MisuseError as error:
        return fail(arguments, error, MISUSE)
    except SluicewayError as error:
        return fail(arguments, error, COULD_NOT_JUDGE)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the next run goes on from what was finished\n")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except Exception as error:  # (no traceback reaches a user; who wants it sets SLUICEWAY_DEBUG)
        if os.environ.get("SLUICEWAY_DEBUG"):
            raise
        return fail(arguments, error, COULD_NOT_JUDGE)
    return result if isinstance(result, int) else 0


def fail(arguments: list[str], error: Exception, code: int) -> int:
    """Tell what went wrong: words on standard error, and JSON where a script asked for it."""
    known = isinstance(error, SluicewayError)
    message = str(error) if known else f"unexpected {type(error).__name__}: {error}"
    sys.stderr.write(f"error: {message}\n")
    if not known:
        sys.stderr.write("this is a fault in Sluiceway; SLUICEWAY_DEBUG=1 shows where\n")
    if "--json" in arguments:
        from sluiceway.cli.answer import print_json

        print_json({"error": {"kind": type(error).__name__, "message": message}})
    return code


if __name__ == "__main__":
    main()
