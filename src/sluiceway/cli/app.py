"""The command line: every command, loaded when it is called."""

from cyclopts import App

from sluiceway import __version__

HELP = """Take a model from a business problem to production through seven gates.

A project is a folder with spec.yaml, pipeline.py and its data. Start with: sluiceway check, then sluiceway run.

Exit codes: 0 passed, 1 a gate is closed, 2 misuse, 3 could not judge.
"""
COMMANDS = {
    "check": "Read the declaration, bind it to the data's columns, and run nothing.",
    "run": "Run the stages in order, judge each gate, and stop behind the first that is closed.",
    "status": "Show where each of the seven gates stands.",
}
GROUPS = {
    "data": (
        "Dataset versions: what was ingested, and whether it is intact.",
        ("log", "show", "diff", "verify", "restore"),
    ),
    "validate": ("Validation: the report, and overrides.", ("report", "override")),
    "features": ("Features: what there is, and their values now.", ("list", "get")),
    "models": ("Models in the registry.", ("list", "show")),
    "ledger": ("The evidence.", ("log", "verify")),
}


def build() -> App:
    """Assemble the commands; their modules are imported only when used."""
    app = App(name="sluiceway", help=HELP, version=__version__, result_action="return_value", help_format="plaintext")
    for name, help_text in COMMANDS.items():
        app.command(f"sluiceway.cli.{name}:{name}", name=name, help=help_text)
    for group, (help_text, commands) in GROUPS.items():
        noun = App(name=group, help=help_text)
        for verb in commands:
            noun.command(f"sluiceway.cli.{group}:{function_of(verb)}", name=verb)
        app.command(noun)
    return app


def function_of(verb: str) -> str:
    """A verb's function has its name, except where that would hide a builtin."""
    return "list_" if verb == "list" else verb
