from datetime import UTC, datetime

import numpy as np

from sluiceway.observe.spans import Span
from sluiceway.observe.traffic import Requests
from sluiceway.observe.watch import watch

from .conftest import HOLDOUT, SERVED, SPEC

NOTHING = Requests(*(np.empty(0, dtype=np.int64) for _ in range(3)))


def test_the_reference_watched_against_itself_is_quiet(reference):
    found = watch(Span(HOLDOUT, SERVED), reference.rows, NOTHING, reference=reference, spec=SPEC, scope="live")
    assert found.is_quiet
    assert found.alerts == ()
    assert (found.began, found.ended) == (HOLDOUT, SERVED)
    assert found.performance.f1 == reference.f1


def test_a_window_in_which_nobody_asked_has_nothing_to_say(reference):
    empty = reference.rows.take(np.zeros(len(reference.rows), dtype=bool))
    later = Span(SERVED, datetime(2024, 8, 1, tzinfo=UTC))
    found = watch(later, empty, NOTHING, reference=reference, spec=SPEC, scope="live")
    assert (found.alerts, found.performance, found.traffic.requests) == ((), None, 0)
    assert found.prediction.verdict == "inconclusive"
