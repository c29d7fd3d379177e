import json

from sluiceway.server.answering import Answered
from sluiceway.server.response import refusal, response
from sluiceway.server.served_model import Known

NOTHING = Known({}, {})
YES, NO = Answered("champion", "v1", NOTHING, 0.75, 1), Answered("challenger", "v2", NOTHING, 0.1, 0)


def test_one_row_is_answered_flat():
    told = json.loads(response([YES], many=False, latency_us=210, request_id="r"))
    assert told == {"prediction": 1, "probability": 0.75, "model_version": "v1", "latency_ms": 0.21, "request_id": "r"}


def test_an_array_is_answered_in_its_order_also_of_one():
    told = json.loads(response([NO, YES], many=True, latency_us=1000, request_id="r"))
    assert [each["model_version"] for each in told["predictions"]] == ["v2", "v1"]
    assert (told["latency_ms"], told["request_id"]) == (1.0, "r")
    assert len(json.loads(response([NO], many=True, latency_us=1, request_id="r"))["predictions"]) == 1


def test_a_probability_is_written_to_its_last_bit():
    probability = 0.8398812413215637
    told = json.loads(response([YES._replace(probability=probability)], many=False, latency_us=1, request_id="r"))
    assert told["probability"] == probability


def test_a_refusal_says_why():
    assert json.loads(refusal('a "quoted" reason', "r")) == {"error": 'a "quoted" reason', "request_id": "r"}
