"""HTTP: every path, every refusal, and bodies made of anything."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import bundles
from tests.unit.server.conftest import NOW, Server

from sluiceway.core.errors import MisuseError
from sluiceway.server.limits import Limits

PAGES = ["/health", "/health/live", "/health/ready", "/metrics", "/rollout"]


def test_a_prediction_is_json_with_its_length_and_id(server):
    heard = server.ask()
    assert heard.status == 200
    assert heard.headers[b"content-type"] == b"application/json"
    assert heard.headers[b"content-length"] == str(len(heard.body)).encode()
    assert heard.headers[b"x-request-id"].decode() == heard.json["request_id"]
    assert set(heard.json) == {"prediction", "probability", "model_version", "latency_ms", "request_id"}


def test_every_request_gets_an_id_of_its_own(server):
    assert len({server.ask().json["request_id"] for _ in range(50)}) == 50
    other = Server()
    other.show(other.shelve())
    assert other.ask().json["request_id"] not in {record.request_id for record in server.records}


@pytest.mark.parametrize("given_id", ["a", "trace-01/7 (x)", "~" * 128])
def test_a_caller_s_id_is_kept(server, given_id):
    heard = server.ask(x_request_id=given_id)
    assert (
        heard.json["request_id"] == given_id == heard.headers[b"x-request-id"].decode() == server.records[0].request_id
    )


@pytest.mark.parametrize("given_id", ["", "x" * 129, "ü", "a\x07b", "a\x7f"])
def test_an_id_that_is_none_is_replaced(server, given_id):
    assert server.ask(x_request_id=given_id).json["request_id"] != given_id


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_read_with_get_and_head(server, path):
    got, headed = server.get(path), server.call("HEAD", path, [])
    assert (got.status, headed.status) == (200, 200)
    assert headed.body == b""
    assert got.headers[b"content-type"] == headed.headers[b"content-type"]
    assert got.body
    assert got.headers[b"content-length"] == str(len(got.body)).encode()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_take_nothing_else(server, path, method):
    heard = server.call(method, path, [b"x"])
    assert (heard.status, heard.headers[b"allow"]) == (405, b"GET, HEAD")
    assert heard.json["error"] == f"{path} takes GET and HEAD, not {method}"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_predict_takes_post_only(server, method):
    heard = server.call(method, "/predict", [])
    assert (heard.status, heard.headers[b"allow"]) == (405, b"POST")
    assert bool(heard.body) == (method != "HEAD")


@pytest.mark.parametrize("path", ["/", "/predict/", "/Predict", "/metrics/x", "", "/health/live/", "//predict"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_paths_lead_nowhere_and_say_where_to_go(server, method, path):
    heard = server.call(method, path, [b"{}"])
    assert heard.status == 404
    assert "POST /predict" in heard.json["error"]


def test_any_content_type_will_do(server):
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        assert server.ask(content_type=kind).status == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP, identity"])
def test_a_compressed_body_is_not_read(server, coding):
    heard = server.ask(content_encoding=coding)
    assert heard.status == 415
    assert f"content-encoding {coding.lower()!r} is not supported; send the body uncompressed" in heard.json["error"]
    assert heard.headers[b"connection"] == b"close"


def test_a_body_that_says_it_is_as_it_is_is_read(server):
    assert server.ask(content_encoding="identity").status == 200


# ---- the key


@pytest.mark.parametrize("key", [" ", "", "s3same "])
def test_a_key_of_blanks_or_with_one_at_its_end_is_refused(key):
    with pytest.raises(MisuseError, match="blank"):
        Server(key=key)


@pytest.fixture
def locked():
    made = Server(key="s3same")
    made.show(made.shelve())
    return made


def test_without_a_key_all_may_call(server):
    assert server.ask(authorization="Bearer whatever").status == 200


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer s3same"}, {"authorization": "bearer  s3same"}, {"x_api_key": "s3same"}],
)
def test_the_key_opens(locked, headers):
    assert locked.ask(**headers).status == 200
    assert [locked.get(path, **headers).status for path in PAGES] == [200] * 5


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": "Bearer"}, {"authorization": "s3same"}, {"authorization": "Basic s3same"},
        {"x_api_key": ""}, {"x_api_key": "s3sam"}, {"authorization": "Bearer wrong", "x_api_key": "s3same"},
    ],
)  # fmt: skip
def test_without_the_key_only_health_is_told(locked, headers):
    heard = locked.ask(**headers)
    assert (heard.status, heard.headers[b"www-authenticate"]) == (401, b"Bearer")
    assert "s3same" not in heard.body.decode()
    assert [locked.get(path, **headers).status for path in PAGES] == [200, 200, 200, 401, 401]
    assert locked.records == [], "strangers do not fill the log"
    metrics = locked.get("/metrics", x_api_key="s3same").body.decode()
    assert 'sluiceway_requests_total{arm="",status="4xx",version=""} 1.0' in metrics


def test_a_stranger_s_body_is_not_read(locked):
    assert asyncio.run(locked.speak("POST", "/predict", [])).status == 401


# ---- the moment


def test_live_requests_are_answered_for_the_present(server):
    server.ask(x_sluiceway_at="5")
    assert (server.records[0].arrival, server.records[0].at) == (NOW, NOW)


def test_a_project_as_of_a_moment_is_answered_for_that_moment():
    server = Server(as_of_us=1_383_264_000_000_000)
    server.show(server.shelve())
    server.ask(x_sluiceway_at="5")
    assert (server.records[0].arrival, server.records[0].at) == (NOW, 1_383_264_000_000_000)


def test_in_a_rehearsal_every_request_says_its_moment():
    server = Server(scope="rehearsal")
    server.show(server.shelve())
    assert server.ask(x_sluiceway_at="1378022400000000").status == 200
    record = server.records[0]
    assert (record.scope, record.arrival, record.at) == ("rehearsal", NOW, 1_378_022_400_000_000)
    for wrong in (
        {},
        {"x_sluiceway_at": ""},
        {"x_sluiceway_at": "2013-09-01"},
        {"x_sluiceway_at": "-1"},
        {"x_sluiceway_at": "9" * 30},
    ):
        heard = server.ask(**wrong)
        assert heard.status == 400
        assert "x-sluiceway-at" in heard.json["error"]
    assert [record.status for record in server.records] == [200, 400, 400, 400, 400, 400]


def test_a_view_ages_by_the_moment_asked_for():
    aging = bundles.other_contract(
        views=(
            type(bundles.WIND)("origin_weather", "d" * 64, ("origin",), bundles.WIND.columns, bundles.WIND.columns, 10),
        )
    )
    server = Server(scope="rehearsal")
    server.show(server.shelve(contract=aging))
    server.ask(x_sluiceway_at="11")
    server.ask(x_sluiceway_at="12")
    assert [record.features["origin_weather__latest_wind"] for record in server.records] == [12.5, None]


# ---- anything at all

bodies = st.binary(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*bundles.row(), "flight_id"]) | st.text(max_size=3), inner, max_size=8)
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
almost = st.fixed_dictionaries(
    {
        name: st.just(value)
        | st.none()
        | st.booleans()
        | st.integers(-(2**65), 2**65)
        | st.floats()
        | st.text(max_size=3)
        for name, value in bundles.row().items()
    }
).map(lambda value: json.dumps(value).encode())


@given(bodies | almost)
@settings(max_examples=500, deadline=None)
def test_no_body_brings_the_server_down(body):
    server = SHARED
    heard = server.ask(body)
    assert heard.status in {200, 400, 413, 422}
    assert heard.json.keys() >= {"request_id"}
    assert (heard.status == 200) == ("error" not in heard.json)
    assert server.records[-1].status == heard.status


SHARED = Server(limits=Limits(rows=3))
SHARED.show(SHARED.shelve())


def test_a_large_body_is_answered_beside_the_others():
    server = Server()
    server.show(server.shelve())
    heard = server.ask([bundles.row(seats=number) for number in range(1000)])
    assert (heard.status, len(heard.json["predictions"]), len(server.records)) == (200, 1000, 1000)
    assert server.ask([bundles.row()] * 1001).status == 413
