from tests import bundles
from tests.unit.deploy.conftest import Server

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.rollout_state import RolloutState


def test_a_server_without_a_model_lives_and_is_not_ready():
    server = Server()
    server.app.watch.look()
    assert (server.get("/health/live").status, server.get("/health/ready").status) == (200, 503)
    heard = server.get("/health")
    assert (heard.status, heard.json) == (503, {"ready": False, "scope": "live", "load_error": ""})
    assert server.get("/rollout").status == 503


def test_health_tells_who_answers_by_which_state():
    server = Server()
    server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=0.25, sequence=7)
    assert server.get("/health/ready").json == {"ready": True}
    assert server.get("/health").json == {
        "ready": True, "scope": "live", "load_error": "", "version": "v1", "challenger": "v2", "share": 0.25,
        "sequence": 7,
    }  # fmt: skip


def test_the_rollout_is_shown_whole():
    server = Server()
    state = server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=0.25)
    assert decode(RolloutState, server.get("/rollout").body) == state


def test_a_first_state_that_cannot_be_loaded_never_makes_ready():
    server = Server()
    one = server.shelve()
    server.objects.put(one.key, b"damaged")
    server.show(one)
    assert server.get("/health/ready").status == 503
    assert "is damaged" in server.get("/health").json["load_error"]


def test_a_challenger_that_is_not_there_is_told_while_the_champion_answers():
    server = Server()
    two = server.shelve(bundles.flipped(), "v2")
    server.objects.put(two.key, b"damaged")
    server.show(server.shelve(), two)
    heard = server.get("/health")
    assert (heard.status, heard.json["version"]) == (200, "v1")
    assert heard.json["load_error"].startswith("v1 answers alone: ")
