"""A schema registry over real HTTP that answers as Confluent's does: schemas by number, references by subject."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

from tests.faulty_api import whole


class SchemaServer:
    """``schemas`` by number, ``subjects`` by (subject, version): each the JSON that is answered.

    ``status`` is answered instead where it is set; ``asked`` are the paths that were asked for.
    """

    def __init__(self):
        self.schemas, self.subjects, self.asked, self.status, self.login = {}, {}, [], None, None
        server = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                sent = self.headers.get("Authorization", "").removeprefix("Basic ")
                if server.login is not None and base64.b64decode(sent).decode() != server.login:
                    whole(self, b"{}", status=401)
                elif server.status is not None:
                    whole(self, b"{}", status=server.status)
                else:
                    found = server.find(self.path)
                    status = 404 if found is None else 200
                    said = found if found is not None else {"error_code": 40403, "message": "Schema not found"}
                    whole(self, json.dumps(said).encode(), status=status)

            def log_message(self, *args):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self._server.server_port}"

    def find(self, path):
        parts = urlsplit(path).path.strip("/").split("/")
        if parts[:2] == ["schemas", "ids"]:
            return self.schemas.get(int(parts[2]))
        return self.subjects.get((unquote(parts[1]), int(parts[3])))

    def close(self):
        self._server.shutdown()
        self._server.server_close()
