"""One request through the service: what is answered, logged, counted, in this order."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests import bundles
from tests.unit.server.conftest import NOW, Server

from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.plans.packed_value import pack_key
from sluiceway.plans.request_log import request_table


def count(server, name, **labels):
    families = text_string_to_metric_families(server.get("/metrics").body.decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def test_a_request_is_logged_with_all_that_its_answer_came_from(server):
    heard = server.ask(bundles.row(flight_id="UA1"), x_request_id="mine")
    (record,) = server.records
    assert (record.request_id, record.row, record.rows, record.status) == ("mine", 0, 1, 200)
    assert (record.arrival, record.at, record.scope) == (NOW, NOW, "live")
    assert (record.arm, record.version, record.share, record.sequence) == ("champion", "v1", 0.0, 1)
    assert (record.probability, record.prediction) == (heard.json["probability"], heard.json["prediction"])
    assert (record.fallback, record.error) == (False, "")
    assert record.key == {"flight_id": "UA1"}
    assert record.inputs == bundles.row()
    assert record.features == {"carrier": "AA", "distance": 500.0, "origin_weather__latest_wind": 12.5}
    assert record.views == {"origin_weather": (bundles.WIND.digest[:12], 3, 2)}
    assert heard.json["latency_ms"] == record.latency_us / 1000


def test_an_entity_that_nobody_knows_is_answered_without_its_features(server):
    assert server.ask(bundles.row(origin="ZZZ")).status == 200
    (record,) = server.records
    assert record.features["origin_weather__latest_wind"] is None
    assert record.views == {"origin_weather": None}


def test_each_row_of_an_array_is_a_line_of_one_request(server):
    server.ask([bundles.row(seats=number) for number in range(3)])
    assert [(record.row, record.rows, record.inputs["seats"]) for record in server.records] == [
        (0, 3, 0), (1, 3, 1), (2, 3, 2)
    ]  # fmt: skip
    assert len({record.request_id for record in server.records}) == 1
    assert count(server, "sluiceway_rows_total", version="v1", arm="champion") == 3
    assert count(server, "sluiceway_requests_total", status="2xx") == 1


def test_a_refused_request_is_one_line_with_its_reason(server):
    server.ask(b"{")
    server.ask(bundles.row(seats="x"))
    assert [(record.status, record.rows, bool(record.error)) for record in server.records] == [
        (400, 0, True), (422, 0, True)
    ]  # fmt: skip
    assert count(server, "sluiceway_requests_total", status="4xx") == 2


def test_the_log_is_a_table(server):
    server.ask(bundles.row(flight_id="UA1"))
    server.ask(b"{")
    table = request_table([chunk for _, chunk in server.log.read()], contract=bundles.CONTRACT, columns=bundles.COLUMNS)
    assert table["status"].to_pylist() == [200, 400]
    assert table["key:flight_id"].to_pylist() == ["UA1", None]
    assert table["input:scheduled_departure"].to_pylist() == [datetime(2013, 9, 1, 8, tzinfo=UTC), None]
    assert table["view:origin_weather:known_through"].cast("int64").to_pylist() == [2, None]


def test_the_line_is_there_before_the_answer(server, monkeypatch):
    events, append = [], server.log.append
    monkeypatch.setattr(server.log, "append", lambda lines: (append(lines), events.append("logged")))

    async def receive():
        return {"type": "http.request", "body": json.dumps(bundles.row()).encode()}

    async def send(message):
        events.append(message["type"])

    asyncio.run(server.app({"type": "http", "method": "POST", "path": "/predict", "headers": []}, receive, send))
    assert events == ["logged", "http.response.start", "http.response.body"]


def test_what_cannot_be_logged_is_not_answered():
    class Full(MemoryRequests):
        def append(self, lines):
            raise SourceError("the disk is full")

    server = Server(log=Full())
    server.show(server.shelve())
    heard = server.ask()
    assert heard.status == 503
    assert heard.json["error"] == "the request could not be recorded; try again shortly"
    assert "disk is full" in server.said[-1]
    assert count(server, "sluiceway_requests_total", status="5xx") == 1


def test_a_challenger_that_fails_is_covered_by_the_champion_and_counted():
    server = Server()
    server.show(server.shelve(), server.shelve(bundles.nan_where_above(400), "v2"))
    heard = server.ask()
    assert (heard.status, heard.json["model_version"]) == (200, "v1")
    (record,) = server.records
    assert (record.arm, record.version, record.fallback, record.share) == ("challenger", "v1", True, 1.0)
    assert record.error == "v2: the model gave nan, which is no probability"
    assert count(server, "sluiceway_fallbacks_total", challenger="v2") == 1


def test_rows_of_several_versions_are_counted_apart():
    server = Server()
    server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=0.5, by=("seats",))
    versions = {
        each["model_version"] for each in server.ask([bundles.row(seats=n) for n in range(60)]).json["predictions"]
    }
    assert versions == {"v1", "v2"}
    assert count(server, "sluiceway_requests_total", version="several", arm="several") == 1
    assert (
        count(server, "sluiceway_rows_total", version="v1") + count(server, "sluiceway_rows_total", version="v2") == 60
    )


def test_a_champion_that_fails_is_a_failure_that_says_so():
    server = Server()
    server.show(server.shelve(bundles.nan_where_above(400)))
    heard = server.ask()
    assert heard.status == 500
    assert heard.json["error"] == "v1 could not answer; the request log says why"
    (record,) = server.records
    assert (record.status, record.probability, record.version, record.arm) == (500, None, "v1", "champion")
    assert record.error == "the model gave nan, which is no probability"
    assert record.features["distance"] == 500.0
    assert server.ask(bundles.row(distance=1.0)).status == 200
    assert count(server, "sluiceway_rows_total") == 1


class Gone:
    """An online store that fails."""

    def __init__(self, error):
        self.error = error

    def write(self, view, items):
        return 0

    def read_many(self, asked):
        raise self.error


@pytest.mark.parametrize("error", [SourceError("the online store is gone"), TransientError("no answer within 50 ms")])
def test_an_online_store_that_fails_is_told_plainly_and_logged(error):
    server = Server(online=Gone(error))
    server.show(server.shelve())
    heard = server.ask()
    assert heard.status == 503
    assert heard.json["error"] == f"features cannot be read: {error}; try again shortly"
    assert (server.records[0].status, server.records[0].error) == (503, heard.json["error"])


@pytest.mark.parametrize("value", [b"", b"short", bytes(40), b"\xff" * 60])
def test_a_damaged_online_value_is_no_traceback(server, value):
    class Damaged(Gone):
        def read_many(self, asked):
            return [[value] * len(keys) for _, keys in asked]

    server = Server(online=Damaged(None))
    server.show(server.shelve())
    heard = server.ask()
    assert (heard.status, server.records[0].status) == (503, 503)
    assert heard.json["error"].startswith("features cannot be read")


def test_what_nobody_foresaw_reads_as_an_apology_and_is_logged():
    server = Server(online=Gone(ZeroDivisionError("secret inner detail")))
    server.show(server.shelve())
    heard = server.ask()
    assert (heard.status, heard.json["error"]) == (500, "the server failed to answer; its log says why")
    assert server.records[0].error == "ZeroDivisionError: secret inner detail"
    assert "secret inner detail" in server.said[-1]


def test_before_anything_is_loaded_every_request_is_told_to_wait():
    server = Server()
    heard = server.ask()
    assert (heard.status, heard.json["error"]) == (503, "no model is loaded yet; try again shortly")
    assert server.records[0].status == 503


def test_a_server_for_events_alone_says_how_it_comes_to_a_model_and_another_why_it_has_none():
    server = Server()
    server.app.service.is_ready_alone = True
    heard = server.ask()
    assert heard.status == 503
    assert heard.json["error"].startswith(
        "no model is in service: none is registered, and this server takes events alone"
    )
    assert "sluiceway run" in heard.json["error"]
    server.app.service.load_error = "v1 is damaged"
    assert server.ask().json["error"] == (
        "no model is in service: the model that should answer cannot be loaded; GET /health says why"
    )


def test_a_swap_takes_effect_at_once_and_says_so(server):
    server.show(server.shelve(bundles.constant(0.9), "v2"), sequence=2)
    assert server.ask().json["model_version"] == "v2"
    assert server.said == ["answering by rollout state 1: state 1", "answering by rollout state 2: state 2"]
    assert count(server, "sluiceway_rollout_sequence") == 2


def test_a_state_that_cannot_be_loaded_leaves_everything_as_it_was(server):
    two = server.shelve(bundles.constant(0.9), "v2")
    server.objects.put(two.key, b"damaged")
    server.show(two, sequence=2)
    assert server.ask().json["model_version"] == "v1"
    assert "rollout state 2 cannot be taken up" in server.said[-1]
    assert "is damaged" in server.get("/health").json["load_error"]
    assert count(server, "sluiceway_load_failures_total") == 1
    assert count(server, "sluiceway_rollout_sequence") == 1


def test_entities_are_found_by_their_type(server):
    assert server.online.read(bundles.WIND.digest, [pack_key(["EWR"])])[0] is not None
    server.ask(bundles.row(origin=None))
    assert server.records[0].views == {"origin_weather": None}


SENSITIVE = bundles.other_contract(unlogged=("distance", "origin_weather__latest_wind"))
SECRET = 4711.25


@pytest.fixture
def discreet():
    """A server whose model is given something sensitive."""
    made = Server()
    made.show(made.shelve(contract=SENSITIVE))
    return made


def test_sensitive_inputs_and_features_are_used_and_never_logged(server, discreet):
    heard = discreet.ask(bundles.row(distance=SECRET, flight_id="UA1"))
    assert heard.json["probability"] == server.ask(bundles.row(distance=SECRET)).json["probability"]
    (record,) = discreet.records
    assert record.features == {"carrier": "AA"}
    assert record.inputs == {name: value for name, value in bundles.row().items() if name != "distance"}
    assert record.key == {"flight_id": "UA1"}
    assert record.probability == heard.json["probability"]
    assert b"4711" not in b"".join(chunk for _, chunk in discreet.log.read())


def test_a_refusal_tells_its_caller_what_was_wrong_and_the_log_only_that_something_was(server, discreet):
    heard = discreet.ask(bundles.row(distance="secret 4711"))
    assert "secret 4711" in heard.json["error"]
    (record,) = discreet.records
    assert record.status == heard.status == 422
    assert "secret" not in record.error
    assert "left out" in record.error
    server.ask(bundles.row(distance="secret 4711"))
    assert "secret 4711" in server.records[0].error


def test_what_a_challenger_stumbles_over_is_not_logged_either():
    made = Server()
    failing = made.shelve(bundles.raising_where_above(1000), "v2", contract=SENSITIVE)
    made.show(made.shelve(contract=SENSITIVE), failing, share=1.0)
    assert made.ask(bundles.row(distance=SECRET)).status == 200
    (record,) = made.records
    assert record.fallback
    assert record.error.endswith("its words are left out, as some of the fields are sensitive")


def test_one_sensitive_side_of_a_canary_is_enough():
    made = Server()
    made.show(made.shelve(), made.shelve(bundles.flipped(), "v2", contract=SENSITIVE), share=0.0)
    made.ask(bundles.row(distance=SECRET))
    assert "distance" not in made.records[0].features | made.records[0].inputs


def test_what_the_champion_would_have_said_is_logged_where_nobody_can_ask_it_later(server):
    made = Server()
    made.show(made.shelve(contract=SENSITIVE), made.shelve(bundles.flipped(), "v2", contract=SENSITIVE), share=1.0)
    made.ask(bundles.row(distance=700.0))
    (record,) = made.records
    assert record.version == "v2"
    assert record.rival == pytest.approx(1 - record.probability)
    server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=1.0, sequence=2)
    server.ask(bundles.row(distance=700.0))
    assert server.records[0].rival is None
