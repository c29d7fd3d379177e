"""Files behind URLs are fetched once, and a server that fails loses nothing and tells no secret."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.s3_server import ENVIRONMENT, Wire, require_known_keys

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.remote_places import RemotePlaces
from sluiceway.adapters.source_files import FETCHED, SourceFiles
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.errors import DeclarationError, MisuseError, SourceError, UnknownObjectError

BIG = bytes(range(256)) * 4096 * 5


@pytest.fixture
def kept():
    return ObstoreObjects.memory()


def reach(places, kept, tmp_path):
    return SourceFiles(ObstoreObjects.local(tmp_path / "project"), kept=kept, places=places, spool=tmp_path / "spool")


@contextmanager
def wired(lake, **how):
    wire = Wire(lake.endpoint, **how)
    try:
        yield wire
    finally:
        wire.close()


def test_what_lies_in_a_bucket_is_listed_by_url_and_read(lake, kept, tmp_path):
    lake.put("data/dt=2013-01-01/ü x.csv", b"x\n1\n")
    lake.put("data2/b.csv", b"x\n2\n")
    store = reach(lake.places(), kept, tmp_path)
    url = f"{lake.root}/data/dt=2013-01-01/ü x.csv"
    [info] = store.list(f"{lake.root}/data")
    assert (info.key, info.size_bytes) == (url, 4)
    assert info.tag
    assert store.list(url) == [info]
    assert len(store.list(lake.root)) == 2
    assert store.get(url) == b"".join(store.stream(url)) == b"x\n1\n"
    assert store.has(url)
    assert not store.has(f"{lake.root}/data/none.csv")
    with pytest.raises(UnknownObjectError):
        store.get(f"{lake.root}/data/none.csv")


def test_bytes_are_fetched_once_and_kept_as_every_source_file_is(lake, kept, tmp_path):
    lake.put("a.csv", BIG)
    url = f"{lake.root}/a.csv"
    with wired(lake) as wire:
        for _ in range(2):  # the second is another process, that knows only what is kept
            store = reach(lake.places(wire.endpoint), kept, tmp_path)
            assert store.get(url) == b"".join(store.stream(url)) == BIG
        assert len(wire.got()) == 1
    assert kept.get(object_key(hashlib.sha256(BIG).hexdigest())) == BIG


def test_what_changed_is_fetched_again(lake, kept, tmp_path):
    store, url = reach(lake.places(), kept, tmp_path), f"{lake.root}/a.csv"
    lake.put("a.csv", b"x\n1\n")
    assert store.get(url) == b"x\n1\n"
    lake.put("a.csv", b"x\n2\n")
    assert store.get(url) == b"x\n2\n"


@pytest.mark.parametrize("harm", ["damaged", "gone"])
def test_kept_bytes_that_are_damaged_or_gone_are_fetched_again(lake, tmp_path, harm):
    kept = ObstoreObjects.local(tmp_path / "objects")
    lake.put("a.csv", b"x\n1\n")
    url = f"{lake.root}/a.csv"
    reach(lake.places(), kept, tmp_path).get(url)
    place = tmp_path / "objects" / object_key(hashlib.sha256(b"x\n1\n").hexdigest())
    place.write_bytes(b"x\n7\n") if harm == "damaged" else place.unlink()
    assert reach(lake.places(), kept, tmp_path).get(url) == b"x\n1\n"
    assert place.read_bytes() == b"x\n1\n"


def test_a_server_that_dies_in_the_middle_of_a_file_leaves_nothing_half_and_the_next_try_goes_on(lake, tmp_path):
    kept = ObstoreObjects.local(tmp_path / "objects")
    lake.put("a.csv", b"x\n1\n")
    lake.put("b.csv", BIG)
    urls = [f"{lake.root}/{name}.csv" for name in "ab"]
    with wired(lake, dies_after_bytes=len(BIG) // 2) as wire:
        dying = reach(lake.places(wire.endpoint), kept, tmp_path)
        assert dying.get(urls[0]) == b"x\n1\n"
        with pytest.raises(
            SourceError, match=rf"could not read '{urls[1]}': .*; .*fetched before is kept, so run again"
        ):
            dying.get(urls[1])
    assert [info.size_bytes for info in kept.list("files")] == [4]
    assert len(kept.list(FETCHED)) == 1
    assert list((tmp_path / "spool").iterdir()) == []
    with wired(lake) as wire:
        again = reach(lake.places(wire.endpoint), kept, tmp_path)
        assert [again.get(url) for url in urls] == [b"x\n1\n", BIG]
        assert len(wire.got()) == 1


def test_a_server_that_is_dead_is_named(lake, kept, tmp_path):
    with wired(lake, dies_after_bytes=0) as wire:
        store = reach(lake.places(wire.endpoint), kept, tmp_path)
        for ask in (store.list, store.get, store.has):
            with pytest.raises(SourceError, match=rf"{lake.root}.*; check the address, the network and the server"):
                ask(f"{lake.root}/data/a.csv")


def test_keys_that_the_server_does_not_know_are_told_without_their_values(lake, kept, tmp_path):
    lake.put("a.csv", b"x\n1\n")
    store, url = reach(lake.places(), kept, tmp_path), f"{lake.root}/a.csv"
    require_known_keys(lake.endpoint, after="0")
    try:
        for ask in (store.get, store.list):
            with pytest.raises(SourceError, match=r"403 Forbidden.*check its credentials") as refused:
                ask(url)
            told = str(refused.value) + str(refused.value.__cause__)
            assert not [secret for secret in ENVIRONMENT.values() if secret in told]
    finally:
        require_known_keys(lake.endpoint, after="inf")


def test_a_bucket_that_is_not_there_is_named(lake, kept, tmp_path):
    places = RemotePlaces({"s3://nothing": lake.places().options[lake.root]}, ENVIRONMENT)
    with pytest.raises(SourceError, match=r"could not list s3://nothing, .*404 Not Found, NoSuchBucket"):
        reach(places, kept, tmp_path).list("s3://nothing/data")


def test_nothing_is_written_behind_a_url(lake, kept, tmp_path):
    with pytest.raises(MisuseError, match="only read"):
        reach(lake.places(), kept, tmp_path).put(f"{lake.root}/a.csv", b"x")
    assert lake.places()
    assert not ObstoreObjects.over(lake.store()).list()


def test_a_secret_that_is_not_set_is_asked_for_only_when_the_place_is_reached(lake, kept, tmp_path):
    places = RemotePlaces({lake.root: {"secret_access_key": "${NOT_SET}"}}, {})
    store = reach(places, kept, tmp_path)
    assert store.list() == []
    with pytest.raises(DeclarationError, match=r"secret_access_key: \$\{NOT_SET\} is not set in the environment"):
        store.list(f"{lake.root}/a.csv")


class Web:
    """A web server with files, which may demand a token, cut answers short, or keep tags and times to itself."""

    def __init__(self, files):
        self.files, self.asked, self.token, self.cut, self.headers = files, [], None, 0, ("ETag", "Last-Modified")
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.answer(b"")

            def do_GET(self):
                self.answer(None)

            def answer(self, body):
                data = web.files.get(self.path)
                web.asked.append(f"{self.command} {self.path}")
                code = 404 if data is None else 403 if web.token and self.headers["authorization"] != web.token else 200
                self.send_response(code)
                data = (data or b"") if code == 200 else b""
                given = {"ETag": f'"{hashlib.md5(data).hexdigest()}"', "Last-Modified": "Tue, 01 Jan 2013 00:00:00 GMT"}
                for name in web.headers:
                    self.send_header(name, given[name])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data[: len(data) - web.cut] if body is None else body)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web():
    web = Web({"/data/a%20b.csv": b"x\n1\n"})
    yield web
    web.server.shutdown()
    web.server.server_close()


def test_a_file_on_a_web_server_is_read_by_its_exact_url(web, kept, tmp_path):
    store = reach(RemotePlaces({}, {}), kept, tmp_path)
    url = f"{web.root}/data/a b.csv"
    assert [info.key for info in store.list(url)] == [url]
    assert store.get(url) == b"x\n1\n"
    assert store.list(f"{web.root}/data") == store.list(web.root) == []
    assert web.asked.count("GET /data/a%20b.csv") == 1


def test_headers_with_secrets_come_from_the_environment(web, kept, tmp_path):
    web.token, url = "Bearer of-the-web", f"{web.root}/data/a b.csv"
    with pytest.raises(SourceError, match=r"403 Forbidden.*credentials"):
        reach(RemotePlaces({}, {}), kept, tmp_path).get(url)
    options = {web.root: {"headers": {"authorization": "Bearer ${TOKEN}"}}}
    assert reach(RemotePlaces(options, {"TOKEN": "of-the-web"}), kept, tmp_path).get(url) == b"x\n1\n"


def test_without_a_tag_the_time_of_the_last_change_tells_and_without_both_the_file_is_fetched_each_time(
    web, kept, tmp_path
):
    store, url = reach(RemotePlaces({}, {}), kept, tmp_path), f"{web.root}/data/a b.csv"
    web.headers = ("Last-Modified",)
    assert store.get(url) == store.get(url)
    assert web.asked.count("GET /data/a%20b.csv") == 1
    web.headers = ()
    web.files["/data/a%20b.csv"] = b"x\n2\n"
    assert store.get(url) == store.get(url) == b"x\n2\n"
    assert web.asked.count("GET /data/a%20b.csv") == 3


def test_an_answer_that_comes_short_is_refused_and_not_kept(web, kept, tmp_path):
    web.cut = 2
    with pytest.raises(SourceError, match=r"a b\.csv"):
        reach(RemotePlaces({}, {}), kept, tmp_path).get(f"{web.root}/data/a b.csv")
    assert kept.list() == []


CHILD = """
import json, sys
from pathlib import Path
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.remote_places import RemotePlaces
from sluiceway.adapters.source_files import SourceFiles

folder, root, options, environment = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
places = RemotePlaces({root: options}, environment)
store = SourceFiles(ObstoreObjects.local(folder / "p"), kept=ObstoreObjects.local(folder / "objects"), places=places,
                    spool=folder / "spool")
print(len(store.get(f"{root}/small.csv")), flush=True)
print(len(store.get(f"{root}/large.bin")), flush=True)
"""


def test_killed_in_the_middle_of_a_file_it_keeps_what_was_whole_and_leaves_nothing_half(lake, tmp_path):
    lake.put("small.csv", b"x\n1\n")
    lake.put("large.bin", BIG * 12)
    with wired(lake) as wire:
        places = lake.places(wire.endpoint)
        words = [str(tmp_path), lake.root, json.dumps(places.options[lake.root]), json.dumps(ENVIRONMENT)]
        child = subprocess.Popen([sys.executable, "-c", CHILD, *words], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "4\n"
        started = time.monotonic()
        while wire.carried < 8_000_000:
            assert time.monotonic() - started < 60
            time.sleep(0.001)
        child.kill()
        child.wait()
        child.stdout.close()
    objects = ObstoreObjects.local(tmp_path / "objects")
    assert [info.size_bytes for info in objects.list("files")] == [4]
    assert list((tmp_path / "spool").iterdir()) == []
    with wired(lake) as wire:
        again = reach(lake.places(wire.endpoint), objects, tmp_path)
        assert len(again.get(f"{lake.root}/small.csv")) == 4
        assert again.get(f"{lake.root}/large.bin") == BIG * 12
        assert len(wire.got()) == 1
