"""OpenMP: threads wait asleep, unless told otherwise."""

import os

import pytest

from sluiceway.adapters.openmp import wait_passively


@pytest.mark.parametrize(("given", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_passively_unless_the_user_chose(monkeypatch, given, kept):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if given is not None:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    wait_passively()
    assert os.environ["OMP_WAIT_POLICY"] == kept
    monkeypatch.undo()
