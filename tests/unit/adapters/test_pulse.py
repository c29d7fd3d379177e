import os

import pytest

from sluiceway.adapters.pulse import Pulse


@pytest.fixture
def pulse():
    made = Pulse()
    yield made
    made.close()
    made.handed_over()


def test_silence_is_counted_until_something_is_heard(pulse):
    assert pulse.silent_s(100.0) == 0.0
    assert pulse.silent_s(100.5) == 0.5
    assert pulse.silent_s(101.25) == 1.25
    assert not pulse.heard
    os.write(pulse.descriptor, b"...")
    assert pulse.silent_s(102.0) == 0.0
    assert pulse.heard
    assert pulse.silent_s(102.5) == 0.5


def test_where_the_machine_stood_still_nobody_was_silent(pulse):
    pulse.silent_s(100.0)
    assert pulse.silent_s(90_000.0) == 1.0


def test_one_who_has_gone_is_silent(pulse):
    gone = Pulse()
    gone.silent_s(0.0)
    gone.handed_over()
    assert gone.silent_s(0.5) == 0.5
    gone.close()
