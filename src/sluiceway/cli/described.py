"""Described: what the help says of every command of one word, and of every group: a summary, the details, examples."""

Described = tuple[str, str, tuple[str, ...]]

COMMANDS: dict[str, Described] = {
    "init": (
        "Look at data, and write a project that runs, with the questions only you can answer marked in it.",
        "The target is a column of two values, or a condition. The data stays where it is; nothing is overwritten. "
        "Of large files a sample is read, and that is said.",
        (
            "sluiceway init titanic.csv --target survived",
            'sluiceway init "flights/*.parquet" --target "arr_delay > 30" --time time_hour --into late_flights',
        ),
    ),
    "check": (
        "Read the declaration, bind it to the data's columns, and run nothing.",
        "All problems are reported at once, each with its place. Exits 1 when gate 1 would stop.",
        ("sluiceway check --project examples/flights",),
    ),
    "run": (
        "Run the stages in order, judge each gate, and stop behind the first that is closed.",
        "What has not changed is not made again; every gate is judged again. A killed run is resumed by the next.",
        ("sluiceway run", "sluiceway run --until validate", "sluiceway run --as-of 2013-11-01"),
    ),
    "status": (
        "Show where each of the seven gates stands.",
        "An override that has run out no longer opens. Exits 1 when a gate is closed; gates not reached are pending.",
        ("sluiceway status", "sluiceway status --json --project examples/flights"),
    ),
    "override": (
        "Let one check of gate 3, 6 or 7 pass on this very dataset, for a reason and for a time.",
        "The gate is judged anew on the same evidence, until the time is up. What makes the other checks worthless, "
        "such as skew, may not be overridden.",
        (
            'sluiceway override deploy 3f9c2a7d10be --reason "few callers until May, agreed with ops" --until 14d',
            'sluiceway override 7 81b0c4e2a6f0 --reason "distances are checked upstream" --until 2027-01-31',
        ),
    ),
    "serve": (
        "Answer requests with the registered model over HTTP, and take events, until interrupted.",
        "Who answers is what rollouts decided, at first the baseline; before there is a model, events alone are taken. "
        "SLUICEWAY_API_KEY (environment) protects it.",
        (
            "sluiceway serve",
            "sluiceway serve --port 9000 --workers 2",
            "SLUICEWAY_API_KEY=… sluiceway serve --host 0.0.0.0",
        ),
    ),
}
GROUPS = {
    "data": "Dataset versions: what was ingested, and whether it is intact.",
    "validate": "Validation: the report, overrides, quarantine, suggestions.",
    "features": "Features: what there is, and their values now.",
    "stream": "Streams: views kept up as messages arrive.",
    "models": "Models in the registry.",
    "rollout": "Rollouts: who answers, and whom a share of the traffic tries out.",
    "observe": "Health: what moved, since when, what it costs, and whether the alarms work.",
    "ledger": "The evidence.",
}
