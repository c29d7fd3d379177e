"""Described verbs: what the help says of every command of two words: a summary, the details, examples."""

from sluiceway.cli.described import Described

VERBS: dict[str, dict[str, Described]] = {
    "data": {
        "log": ("List the dataset versions, newest first.", "", ("sluiceway data log",)),
        "show": (
            "Show a version's manifest and its tables.",
            "",
            ("sluiceway data show", "sluiceway data show 3f9c2a7d --manifest > manifest.csv"),
        ),
        "diff": (
            "Show what changed from one version to another.",
            "",
            ("sluiceway data diff 3f9c2a7d", "sluiceway data diff 3f9c2a7d 81b0c4e2"),
        ),
        "verify": (
            "Hash every stored byte of a version again.",
            "Exits 1 and names each file that is not what was stored.",
            ("sluiceway data verify",),
        ),
        "restore": (
            "Write a version's files as they were into an empty folder.",
            "Every byte is checked on the way.",
            ("sluiceway data restore 3f9c2a7d --to old",),
        ),
        "blame": (
            "Show every version, source, feature, model and deployment that a source file reached.",
            "Forwards through all that was made from it, to the rows that were answered.",
            ("sluiceway data blame data/flights.csv.zip", "sluiceway data blame 6eecf830ad0b --json"),
        ),
        "lineage": (
            "Show which columns of files a column or a feature is made from, and what is made from it.",
            "Through all the SQL between, as the declaration has it now.",
            ("sluiceway data lineage weather.temp", "sluiceway data lineage origin_weather__latest_temp"),
        ),
        "pin": (
            "Give a version a name that keeps it, and by which every command knows it.",
            "No sweep removes it until the pin is freed.",
            ("sluiceway data pin 3f9c2a7d audit-2026",),
        ),
        "unpin": (
            "Forget a pin.",
            "The version stays until nothing else needs it and a sweep removes it.",
            ("sluiceway data unpin audit-2026",),
        ),
        "gc": (
            "Show what no model, report, rollout, pin or recent version needs, and with --yes remove it.",
            "Says why each version stays, and how many bytes go, before anything does.",
            ("sluiceway data gc", "sluiceway data gc --keep 5 --yes"),
        ),
    },
    "validate": {
        "report": (
            "Show gate 3 check by check, and where the full report lies.",
            "Exits 1 when the gate is closed.",
            ("sluiceway validate report", "sluiceway validate report --json"),
        ),
        "override": (
            "Let one check pass on this very dataset, for a reason and for a time.",
            "The same as: sluiceway override validate. The next run judges the gate anew, on the same evidence.",
            ('sluiceway validate override 3f9c2a7d10be --reason "new sensor, agreed with ops" --until 7d',),
        ),
        "schema": (
            "Print the JSON Schema of validation reports.",
            "It describes objects/reports/validation-*.json below the state folder, for other tools to read.",
            ("sluiceway validate schema > validation-report.schema.json",),
        ),
        "suggest": (
            "Suggest expectations from what a version's rows are like, as Python text to be reviewed.",
            "Each line says why. Nothing is changed, and no file is overwritten.",
            ("sluiceway validate suggest", "sluiceway validate suggest purchases --to suggested.py"),
        ),
        "quarantine": (
            "Show the rows that rules with on_failure='quarantine' set apart, and which rules they break.",
            "Nothing downstream is built on them. Values of sensitive columns are masked.",
            ("sluiceway validate quarantine", "sluiceway validate quarantine purchases --rows 50 --json"),
        ),
    },
    "features": {
        "list": (
            "List every declared feature with its type, window, entity, source, owner and tags.",
            "With --html, write the catalogue as one page with a search box and the lineage drawn.",
            ("sluiceway features list", "sluiceway features list --html catalogue.html"),
        ),
        "show": (
            "Show all that is known of a feature or a view: what it is, whence it comes, who takes it, how full it is.",
            "Values of sensitive columns are not shown.",
            (
                "sluiceway features show carrier_delay__mean_arr_delay_24h",
                "sluiceway features show carrier_delay --json",
            ),
        ),
        "search": (
            "Find features by words, the best first.",
            "Looks into names, tags, columns, descriptions and definitions. Exits 1 where nothing has all the words.",
            ("sluiceway features search delay 24h",),
        ),
        "get": (
            "Read an entity's features from the online store, as a service would, or compute those of some moment.",
            "Give column=value for every entity column of the views you want; other views are left out. Each view is\n"
            "shown with the moment it was materialised as of, and through when it knows all. The present, against\n"
            "which ages count, is the setting as_of, or now: the one that materialize goes by, too. Exits 1 where the\n"
            "store has lost a view, and shows the others; 2 where no view knows the entity.",
            (
                "sluiceway features get origin=JFK carrier=B6",
                "sluiceway features get origin=JFK --as-of 2013-11-01T06:00 --json",
            ),
        ),
        "history": (
            "Show a view's values for one entity over time, as they were known, at each change or on a grid.",
            "",
            (
                "sluiceway features history origin_weather origin=JFK --since 2013-12-01",
                "sluiceway features history carrier_delay carrier=B6 --every 1h --html b6.html",
            ),
        ),
        "materialize": (
            "Bring online views up to the present: only entities that changed since, in one pass.",
            "The present is the setting as_of, or now. It takes the newest dataset version that gate 3 is open on.\n"
            "To do it again changes nothing; killed, the next one goes on.\n"
            "Views that a stream keeps up are left out. A moment before that of a view is refused without --back.",
            (
                "sluiceway features materialize",
                "sluiceway features materialize --view carrier_delay --as-of 2026-01-04T09:00",
            ),
        ),
        "skew": (
            "Compute served feature vectors again, offline, as of their requests, and say what differs and why.",
            "Reads the request log of servers, or with --rehearsal that of the newest rehearsal. Exits 1 where more\n"
            "values differ than --limit, or none could be compared.",
            (
                "sluiceway features skew --since 24h",
                "sluiceway features skew --sample 0.1 --json",
                "sluiceway features skew --rehearsal --html skew.html",
            ),
        ),
    },
    "stream": {
        "run": (
            "Keep the views of streamed sources up as messages arrive, until interrupted.",
            "Several may run: they share the partitions of a topic. A kill loses nothing. Exits 0 when interrupted.",
            (
                "sluiceway stream run",
                "sluiceway stream run --source landings --until-idle --json",
                "sluiceway stream run --spark arriving/",
            ),
        ),
        "add": (
            "Add the events of a file of JSON lines to a source's topic.",
            "All are checked before any is added. Where that breaks off, it says with which line to go on.",
            ("sluiceway stream add landings landings.jsonl", "sluiceway stream add landings landings.jsonl.gz --json"),
        ),
        "status": (
            "Show how far each partition is, how far behind, and how many messages were late or dead.",
            "What is shown is what was committed. Lag counts messages that have arrived and were not learnt yet.",
            ("sluiceway stream status", "sluiceway stream status --json"),
        ),
    },
    "models": {
        "list": ("List the registered versions, newest first.", "", ("sluiceway models list",)),
        "show": (
            "Show a registered version beside the baseline, and what it was made from.",
            "",
            ("sluiceway models show", "sluiceway models show 3 --json"),
        ),
    },
    "rollout": {
        "start": (
            "Put a registered version on the live canary: a share of the entities, as the spec's rollout says.",
            "Gate 5 must be open, and gate 6 in a rehearsal; exits 1 with the reason where it is not.\n"
            "With --replace, a version that takes other requests than the champion answers everything, with no canary.",
            (
                "sluiceway rollout start",
                "sluiceway rollout start 3",
                'sluiceway rollout start --replace --reason "callers send the wind from today"',
            ),
        ),
        "status": (
            "Show who answers, who is tried out on which share since when, and what is missing.",
            "",
            ("sluiceway rollout status", "sluiceway rollout status --json"),
        ),
        "advance": (
            "Judge the live canary by gate 6, and make the change that is due: the next share, the promotion, the end.",
            "Exits 0 while the gate is open, 1 where something is missing or the challenger is out.",
            ("sluiceway rollout advance", "sluiceway rollout advance --watch 5m"),
        ),
        "abort": (
            "Take the challenger out at once; the champion answers everything again.",
            "",
            ('sluiceway rollout abort --reason "calls from the gates"',),
        ),
        "rollback": (
            "Put the champion before this one back, at once.",
            "A challenger that is being tried out goes out as well.",
            ("sluiceway rollout rollback", 'sluiceway rollout rollback --reason "calls from the gates"'),
        ),
        "rehearse": (
            "Rehearse the newest candidate afresh on a virtual clock, and judge gate 6.",
            "The same as: sluiceway run --only deploy --again deploy. Live traffic is not touched.",
            ("sluiceway rollout rehearse",),
        ),
    },
    "observe": {
        "report": (
            "Show how the model fares: the newest run's report, or with --live what was really asked of late.",
            "Exits 1 when gate 7 is closed, as it is on too little traffic. The page that it names has the charts.",
            (
                "sluiceway observe report",
                "sluiceway observe report --live --json",
                "sluiceway observe report --live --windows 2 --watch 1h",
            ),
        ),
        "drill": (
            "Try the alarms now: plant faults into a copy of the candidate's holdout, and watch it.",
            "Nothing is stored; --send sends a test to every place. Exits 1 when an alarm or a place does not work.",
            ("sluiceway observe drill", "sluiceway observe drill --send"),
        ),
    },
    "ledger": {
        "log": ("List the newest entries, the oldest of them first.", "", ("sluiceway ledger log --last 50",)),
        "verify": (
            "Walk the chain; exit 1 at the first entry that is not what was written.",
            "Keep the head that it prints elsewhere: whoever holds it can prove that nothing before it was changed.",
            ("sluiceway ledger verify", "sluiceway ledger verify --head 3f9c2a7d10be"),
        ),
    },
}
