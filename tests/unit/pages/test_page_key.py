from dataclasses import replace
from datetime import UTC, datetime

from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.pages.page_key import page_key

CRITERION = Criterion.at_most("drift", measured=0.1, limit=0.2)


def key(criterion=CRITERION, content_id="c" * 64, **beside):
    return page_key("validation", content_id, Verdict((criterion,)), **beside)


def test_a_page_has_one_place_for_each_artifact_and_all_that_is_said_of_it():
    ends = datetime(2026, 1, 2, tzinfo=UTC)
    others = [
        replace(CRITERION, measured=0.3),
        replace(CRITERION, limit=0.05),
        replace(CRITERION, outcome=Outcome.OVERRIDDEN),
        replace(CRITERION, outcome=Outcome.OVERRIDDEN, valid_until=ends),
    ]
    keys = [key(), *map(key, others), key(content_id="d" * 64), key(beside="promise")]
    assert len(set(keys)) == len(keys)
    assert key() == key(replace(CRITERION))
    assert key().startswith("reports/validation-cccccccccccc-")


def test_a_measure_that_is_no_number_has_a_place_too():
    assert key(replace(CRITERION, measured=float("nan"))) != key()
