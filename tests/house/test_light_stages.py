import subprocess
import sys

HEAVY = ("polars", "pyarrow", "numpy", "scipy", "jinja2", "matplotlib")


def test_the_gate_loads_nothing_heavy():
    code = f"import sys, sluiceway.validate.gate; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_validation_loads_no_plotting_and_no_scipy_stats():
    heavy = ("matplotlib", "scipy.stats", "sklearn")
    code = f"import sys, sluiceway.validate.run; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_every_command_opens_loads_no_reports_and_no_server():
    heavy = (
        "sluiceway.artifacts.health_report",
        "sluiceway.artifacts.dataset_version",
        "sluiceway.adapters.granian_server",
    )
    heavy += ("sluiceway.adapters.rehearsal_server", "deltalake", "mlflow", "apprise", "dlt", "duckdb")
    code = f"import sys, sluiceway.cli.status; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
