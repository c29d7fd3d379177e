"""Features from a store that fails: bounded, counted, refused or missing as declared, and back by itself."""

import pytest
from tests import bundles
from tests.unit.server.conftest import Server
from tests.unit.server.test_service import count

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.online.reader import OnlineReader
from sluiceway.server.guarded_reader import REST_S, GuardedReader, StoreGuard
from sluiceway.server.metrics import Metrics


class Failing(MemoryOnline):
    """A store that fails while ``error`` is set, and counts how often it is asked."""

    error: Exception | None = None
    asked = 0

    def read_many(self, asked):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return super().read_many(asked)


class Watched:
    """A reader over a failing store, with a clock that stands still until it is moved."""

    def __init__(self, **options):
        self.store, self.now, self.said = Failing(), 0.0, []
        self.store.replace(bundles.WIND.digest, [], snapshot="of nobody")
        self.guard = StoreGuard(self.store, Metrics(), self, now_s=lambda: self.now, **options)
        views = [bundles.WIND]
        self.reader = GuardedReader(OnlineReader(views, self.store, now_us=lambda: 0), views, self.guard)

    def say(self, text):
        self.said.append(text)

    def read(self, *origins):
        return self.reader.read({"origin": origins})


@pytest.fixture
def served():
    """A whole server over a failing store."""
    made = Server(online=Failing())
    made.show(made.shelve())
    return made


def test_after_a_failure_reads_fail_at_once_for_a_second_and_then_it_is_tried_again():
    watched = Watched()
    watched.store.error = TransientError("gone")
    for moment, asked in ((0.0, 1), (0.5 * REST_S, 1), (0.99 * REST_S, 1), (1.01 * REST_S, 2), (1.5 * REST_S, 2)):
        watched.now = moment
        with pytest.raises(TransientError, match="gone"):
            watched.read("JFK")
        assert watched.store.asked == asked
    watched.store.error, watched.now = None, 3 * REST_S
    assert watched.read("JFK")[0].features == {"origin_weather__latest_wind": None}
    assert watched.guard.error == ""
    assert watched.said == ["features cannot be read: gone", "the online store answers again"]


def test_where_that_is_declared_features_are_missing_and_it_is_said_why():
    watched = Watched(answers_without=True)
    watched.store.error = SourceError("gone")
    one, two = watched.read("JFK", "EWR")
    assert one == two == ({"origin_weather__latest_wind": None}, {"origin_weather": None}, "features are missing: gone")
    assert watched.read("JFK")[0].lacking == "features are missing: gone"
    assert watched.store.asked == 1


def test_a_store_that_was_emptied_is_no_store_that_knows_nobody():
    watched = Watched(looks_for_views=True)
    assert watched.read("JFK")[0].lacking == ""
    watched.store.remove(watched.store.leftovers(lambda key: False))
    watched.now = 10.0
    with pytest.raises(SourceError, match="holds nothing of origin_weather any more; fill it: sluiceway run"):
        watched.read("JFK")
    watched.store.replace(bundles.WIND.digest, [], snapshot="again")
    watched.now = 20.0
    assert watched.read("JFK")[0].lacking == ""


def test_requests_are_refused_with_503_counted_and_answered_again_when_the_store_is_back(served):
    served.online.error = TransientError("the online store did not answer within 100 ms")
    heard = [served.ask() for _ in range(3)]
    assert [each.status for each in heard] == [503] * 3
    assert heard[2].json["error"] == (
        "features cannot be read: the online store did not answer within 100 ms; try again shortly"
    )
    assert served.online.asked == 1
    assert count(served, "sluiceway_online_errors_total", outcome="refused") == 3
    assert served.get("/health").json["online_error"] == "the online store did not answer within 100 ms"
    assert served.get("/health/ready").status == 200
    served.online.error = None
    served.app.service._guard._rests_until = 0.0
    assert served.ask().status == 200
    assert served.get("/health").json["online_error"] == ""
    assert count(served, "sluiceway_online_read_seconds_count") == 1


def test_requests_are_answered_without_features_where_that_is_declared():
    server = Server(online=Failing(), answers_without_store=True)
    server.show(server.shelve())
    assert server.ask().status == 200
    server.online.error = TransientError("gone")
    assert server.ask().status == 200
    before, record = server.records
    assert (before.error, before.features["origin_weather__latest_wind"]) == ("", 12.5)
    assert (record.status, record.error) == (200, "features are missing: gone")
    assert record.features["origin_weather__latest_wind"] is None
    assert record.views == {"origin_weather": None}
    assert count(server, "sluiceway_online_errors_total", outcome="missing") == 1
    assert count(server, "sluiceway_views_without_value_total", view="origin_weather") == 1
    assert count(server, "sluiceway_features_missing_total", feature="origin_weather__latest_wind") == 1
    through = before.views["origin_weather"][2]
    assert count(server, "sluiceway_view_known_through_seconds", view="origin_weather") == through / 1e6


def test_why_features_are_missing_is_no_secret_of_the_request():
    server = Server(online=Failing(), answers_without_store=True)
    server.show(server.shelve(contract=bundles.other_contract(unlogged=("distance",))))
    server.online.error = TransientError("gone")
    server.ask()
    assert server.records[0].error == "features are missing: gone"
