import pytest

from sluiceway.core.errors import SourceError, TransientError
from sluiceway.flow.retry import with_retries


class Flaky:
    def __init__(self, failures: int, error: type[Exception] = TransientError) -> None:
        self.failures, self.error, self.calls = failures, error, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error("no answer")
        return "done"


def test_a_transient_failure_is_tried_again_ever_more_slowly() -> None:
    pauses: list[float] = []
    told: list[str] = []
    assert with_retries(Flaky(3), sleep=pauses.append, say=told.append) == "done"
    assert pauses == [0.5, 1.0, 2.0]
    assert told[0] == "no answer; trying again in 0.5 s"


def test_the_last_failure_is_raised() -> None:
    flaky = Flaky(9)
    with pytest.raises(TransientError):
        with_retries(flaky, sleep=lambda _: None, say=lambda _: None, attempts=4)
    assert flaky.calls == 4


def test_another_failure_is_not_tried_again() -> None:
    flaky = Flaky(1, SourceError)
    with pytest.raises(SourceError):
        with_retries(flaky, sleep=lambda _: None, say=lambda _: None)
    assert flaky.calls == 1
