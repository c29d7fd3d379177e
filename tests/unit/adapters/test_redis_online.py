"""What Redis and Valkey promise beyond the contract: one round trip, kills, pauses, what was not heard."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from redis.exceptions import ConnectionError as NotThere
from tests.redis_store import MANY, VIEW, online, value
from tests.valkey_server import Valkey

from sluiceway.adapters.redis_online import CHUNK_ITEMS
from sluiceway.adapters.redis_panes import COMMIT, RedisPanes
from sluiceway.adapters.redis_scripts import STAGE, SWITCH, WRITE
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.pane_store import PaneCommit


@pytest.fixture
def own(tmp_path):
    """A server of the test's own, which writes all that it is told to disk; a test may kill it."""
    server = Valkey(tmp_path)
    yield server
    server.go_on()
    server.kill()


def test_many_views_and_keys_are_one_round_trip(valkey):
    store, client = online(valkey, prefix=uuid.uuid4().hex), valkey.client()
    for view in "abc":
        store.replace(view, MANY, snapshot=view)
    asked = [(view, [key for key, _ in MANY[:100]]) for view in "abc"]
    store.read_many(asked)
    packets = client.info("stats")["total_reads_processed"]
    calls = client.info("commandstats")["cmdstat_hmget"]["calls"]
    assert store.read_many(asked) == [[stored for _, stored in MANY[:100]]] * 3
    assert client.info("stats")["total_reads_processed"] - packets == 3  # two of them are this test's own
    assert client.info("commandstats")["cmdstat_hmget"]["calls"] - calls == 3


def test_a_paused_server_is_waited_for_no_longer_than_said_and_answers_when_it_goes_on(own):
    store = online(own, patience_s=0.1)
    store.replace(VIEW, [(b"a", value(1)), (b"b", value(2))], snapshot="one")
    own.pause()
    for asking in (store, online(own, patience_s=0.1)):  # over a connection that is open, and over a new one
        began = time.monotonic()
        with pytest.raises(TransientError, match="did not answer within 100 ms"):
            asking.read(VIEW, [b"a"])
        assert time.monotonic() - began < 3
    own.go_on()
    assert store.read(VIEW, [b"b"]) == [value(2)]  # not the answer to what was asked before


def test_readers_go_on_by_themselves_when_a_server_comes_back(own):
    store = online(own)
    store.replace(VIEW, [(b"a", value(1))], snapshot="one")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: store.read(VIEW, [b"a"])[0], range(50))) == [value(1)] * 50
    own.kill()
    with pytest.raises(TransientError, match="is not there"):
        store.read(VIEW, [b"a"])
    own.start()
    assert store.read(VIEW, [b"a"]) == [value(1)]


def test_a_restart_between_two_questions_is_not_noticed(own):
    store = online(own)
    store.replace(VIEW, [(b"a", value(1))], snapshot="one")
    own.kill()
    own.start()
    assert store.read(VIEW, [b"a"]) == [value(1)]
    own.kill()
    own.start()
    assert store.write(VIEW, [(b"a", value(2))]) == 1


@pytest.mark.parametrize("keeps_data", [True, False])
def test_a_server_that_is_killed_in_the_middle_of_a_replacement_leaves_the_view_as_it_was(tmp_path, keeps_data):
    server = Valkey(tmp_path if keeps_data else None)
    store = online(server)
    try:
        store.replace(VIEW, [(b"a", value(1))], snapshot="one")

        def items():
            yield from MANY[: 2 * CHUNK_ITEMS]
            yield MANY[2 * CHUNK_ITEMS]
            server.kill()
            server.start()
            yield from MANY[2 * CHUNK_ITEMS + 1 :]

        before = ([value(1)], "one") if keeps_data else ([None], "")
        if keeps_data:  # what was made lies there still, so that it goes on as if nothing had been
            store.replace(VIEW, items(), snapshot="two")
            before = ([None], "two")
        else:
            with pytest.raises(TransientError, match="lost what was written"):
                store.replace(VIEW, items(), snapshot="two")
            assert store.count(VIEW) == 0
        assert (store.read(VIEW, [b"a"]), store.snapshot(VIEW)) == before
        store.replace(VIEW, MANY, snapshot="two")
        assert (store.count(VIEW), store.snapshot(VIEW)) == (len(MANY), "two")
        assert store.read(VIEW, [key for key, _ in MANY]) == [stored for _, stored in MANY]
        assert len(server.client().keys("*")) == 1
    finally:
        server.kill()


def test_a_killed_writer_leaves_what_is_swept_later_and_expires(valkey):
    prefix = uuid.uuid4().hex
    store, client = online(valkey, prefix=prefix), valkey.client()
    store.replace(VIEW, MANY[:5], snapshot="one")

    def items():
        yield from MANY
        store.close()
        store._wire._url = lambda: "redis://127.0.0.1:1/0"  # from here on the writer is gone
        store._wire._make = None
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.replace(VIEW, items(), snapshot="two")
    again = online(valkey, prefix=prefix)
    assert (again.count(VIEW), again.snapshot(VIEW)) == (5, "one")
    (left,) = client.keys(f"{prefix}:new:*")
    assert 0 < client.pttl(left) <= 3_600_000
    assert again.leftovers(lambda key: True) == []  # its writer may be at work
    client.pexpire(left, 2_999_000)  # as eleven minutes later
    (found,) = again.leftovers(lambda key: True)
    again.remove([found])
    assert client.keys(f"{prefix}:*") == [f"{prefix}:view:{VIEW}".encode()]
    assert again.count(VIEW) == 5


def unheard(wire, script):
    """Let the answer to a script's first call be lost: the server did it, and the connection broke."""
    asked, lost = wire._asked, []

    def lose(connection, commands):
        answers = asked(connection, commands)
        if not lost and {script.digest, script.text} & set(commands[0]):
            lost.append(commands)
            connection.disconnect()
            raise NotThere("Connection closed by server.")
        return answers

    wire._asked = lose
    return lost


@pytest.mark.parametrize("script", [STAGE, SWITCH, WRITE])
def test_what_a_server_did_and_could_not_say_is_a_success_when_it_is_asked_again(valkey, script):
    prefix = uuid.uuid4().hex
    store = online(valkey, prefix=prefix)
    store.replace(VIEW, MANY[:5], snapshot="one")
    lost = unheard(store._wire, script)
    store.replace(VIEW, MANY, snapshot="one")
    assert store.write(VIEW, MANY[:3]) == 3
    assert len(lost) == 1
    assert (store.count(VIEW), store.snapshot(VIEW)) == (len(MANY), "one")
    assert store.leftovers(lambda key: True) == []
    store.replace(VIEW, MANY[:5], snapshot="two")
    assert (store.count(VIEW), store.snapshot(VIEW)) == (5, "two")


def test_a_commit_that_a_server_made_and_could_not_say_is_made_once(valkey):
    prefix = uuid.uuid4().hex
    store = online(valkey, prefix=prefix)
    panes = RedisPanes(store._wire, prefix=prefix)
    assert panes.header("p") == b""  # over the connection that breaks
    lost = unheard(store._wire, COMMIT)
    panes.commit("p", PaneCommit(b"", b"one", put=[(b"a", b"1")]))
    assert len(lost) == 1
    assert panes.load("p") == (b"one", [(b"a", b"1")])


def test_projects_below_two_prefixes_see_nothing_of_each_other(valkey):
    one, two = (online(valkey, prefix=uuid.uuid4().hex) for _ in range(2))
    one.replace(VIEW, [(b"a", value(1))], snapshot="one")
    assert (two.read(VIEW, [b"a"]), two.count(VIEW), two.snapshot(VIEW)) == ([None], 0, "")
    assert two.leftovers(lambda key: False) == []


def test_a_full_server_says_so_and_a_replacement_leaves_the_view_as_it_was():
    server = Valkey(maxmemory="3mb", maxmemory_policy="noeviction")
    try:
        store = online(server)
        store.replace(VIEW, MANY[:5], snapshot="one")
        with pytest.raises(SourceError, match="is full: raise its maxmemory"):
            store.replace(VIEW, ((key * 10, stored * 50) for key, stored in MANY), snapshot="two")
        assert (store.count(VIEW), store.snapshot(VIEW)) == (5, "one")
        assert len(server.client().keys("*")) == 1
    finally:
        server.kill()


def test_a_server_that_is_killed_again_and_again_under_writers_ends_with_the_newest(own):
    """Who wrote and heard so finds it; what was broken off is written again, and ends the same."""
    keys = [number.to_bytes(2, "big") for number in range(2 * CHUNK_ITEMS)]
    over, heard = Event(), [0]

    def write(store, stamp):
        while True:
            try:
                return store.write(VIEW, [(key, value(stamp)) for key in keys])
            except TransientError:
                time.sleep(0.01)

    def keep_writing(offset):
        store, stamp = online(own), offset
        while not over.is_set():
            write(store, stamp)
            heard[0] = max(heard[0], stamp)
            stamp += 2
        return stamp - 2

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(keep_writing, offset) for offset in (1, 2)]
        for _ in range(3):
            time.sleep(0.2)
            before = heard[0]
            own.kill()
            own.start()
            assert min(int.from_bytes(found) for found in online(own).read(VIEW, keys)) >= before
        over.set()
    newest = max(writer.result() for writer in writers)
    assert online(own).read(VIEW, keys) == [value(newest)] * len(keys)
