"""OpenMP: how the threads of scikit-learn and LightGBM wait for each other."""

import os

POLICY = "OMP_WAIT_POLICY"


def wait_passively() -> None:
    """Let waiting threads sleep, unless the user chose otherwise; call it before anything loads an OpenMP runtime.

    By default they spin. Where another process or a fit beside it wants the cores too, a spinning thread keeps the one
    it waits for from running: LightGBM on two busy cores then takes ten to thirty times as long.
    """
    os.environ.setdefault(POLICY, "PASSIVE")
