"""The command line: every command with its help, loaded when it is called."""

from cyclopts import App

from sluiceway import __version__
from sluiceway.cli.described import COMMANDS, GROUPS, Described
from sluiceway.cli.described_verbs import VERBS

HELP = """Take a model from a business problem to production through seven gates.

A project is a folder with spec.yaml, pipeline.py and its data. Start with: sluiceway init, on your data.

Exit codes: 0 passed, 1 a gate is closed, 2 misuse, 3 could not judge.
"""


def build() -> App:
    """Assemble the commands; their modules are imported only when used."""
    app = App(
        name="sluiceway",
        help=HELP,
        version=__version__,
        result_action="return_value",
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
    )
    for name, described in COMMANDS.items():
        add(app, name, f"sluiceway.cli.{name}:{name}", described)
    for group, summary in GROUPS.items():
        noun = App(name=group, help=summary)
        for verb, described in VERBS[group].items():
            add(noun, verb, f"sluiceway.cli.{group}:{function_of(verb)}", described)
        app.command(noun)
    return app


def add(app: App, name: str, target: str, described: Described) -> None:
    """Give a command its help: a summary, the details, and examples below the flags."""
    summary, details, examples = described
    lines = "\n".join(f"  {example}" for example in examples)
    app.command(target, name=name, help=f"{summary}\n\n{details}".strip(), help_epilogue=f"For example:\n{lines}")


def function_of(verb: str) -> str:
    """A verb's function has its name, except where that would hide a builtin."""
    return "list_" if verb == "list" else verb
