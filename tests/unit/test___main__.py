"""The entry point, where whoever reads the output goes away."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [["--help"], ["features", "--help"]])
def test_help_that_nobody_reads_ends_quietly(words):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "sluiceway", *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (130, "")
