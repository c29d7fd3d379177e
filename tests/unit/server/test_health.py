from tests import bundles
from tests.unit.server.conftest import Server

from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import SourceError


def test_a_server_without_a_model_lives_and_is_not_ready():
    server = Server()
    server.app.watch.look()
    assert (server.get("/health/live").status, server.get("/health/ready").status) == (200, 503)
    heard = server.get("/health")
    told = {"ready": False, "scope": "live", "load_error": "", "log_error": "", "online_error": ""}
    assert (heard.status, heard.json) == (503, told)
    assert server.get("/rollout").status == 503


def test_health_tells_who_answers_by_which_state():
    server = Server()
    server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=0.25, sequence=7)
    assert server.get("/health/ready").json == {"ready": True}
    assert server.get("/health").json == {
        "ready": True, "scope": "live", "load_error": "", "log_error": "", "online_error": "", "version": "v1",
        "challenger": "v2", "share": 0.25, "sequence": 7,
    }  # fmt: skip


class Moody(MemoryRequests):
    """A log that can be written or not."""

    fails = ""

    def append(self, lines):
        self.check()
        super().append(lines)

    def check(self):
        if self.fails:
            raise SourceError(self.fails)


def test_a_server_whose_log_cannot_be_written_is_not_ready_until_it_can():
    log = Moody()
    server = Server(log=log)
    server.show(server.shelve())
    log.fails = "the disk is full"
    assert server.get("/health/ready").status == 200  # nobody has tried
    assert server.ask().status == 503
    assert (server.get("/health/ready").status, server.get("/health/live").status) == (503, 200)
    heard = server.get("/health")
    assert (heard.status, heard.json["ready"], heard.json["log_error"]) == (503, False, "the disk is full")
    log.fails = ""
    assert server.get("/health/ready").status == 200
    assert server.said[-1] == "the request log can be written again"
    assert server.get("/health").json["log_error"] == ""
    assert len(server.records) == 0


def test_an_answer_makes_a_server_ready_again():
    log = Moody()
    server = Server(log=log)
    server.show(server.shelve())
    log.fails = "the disk is full"
    assert server.ask().status == 503
    log.fails = ""
    assert server.ask().status == 200
    assert server.app.service.log_error == ""


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
