"""Callers of a served project, and what those saw who asked all the while."""

import http.client
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 30


@dataclass(frozen=True)
class Said:
    """One answer. ``worker`` is the mark that each process puts at the head of its request ids."""

    status: int
    json: dict[str, Any]
    worker: str = ""


class Caller:
    """One kept connection; it is opened again after it broke. ``worker`` is who answered on it last."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._headers = headers or {}
        self.worker = ""

    def ask(self, body: object, path: str = "/predict", method: str = "POST") -> Said:
        """Ask once; bytes are sent as they are. Raises ``OSError`` or ``HTTPException`` where no answer comes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # a server that refuses a body need not read it
                self._connection.request(method, path, data if method == "POST" else None, self._headers)
            response = self._connection.getresponse()
            said = Said(response.status, json.loads(response.read()), response.headers["x-request-id"][:16])
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        self.worker = said.worker
        return said

    def get(self, path: str) -> Said:
        """Read a page."""
        return self.ask(None, path, "GET")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self.worker = ""


@dataclass
class Load:
    """What callers saw who asked all the while: answers, and for each that did not come who had been asked."""

    answers: list[Said] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)

    @property
    def workers(self) -> set[str]:
        """Every process that answered."""
        return {said.worker for said in self.answers}

    @property
    def versions(self) -> set[str]:
        """Every version that answered."""
        return {said.json["model_version"] for said in self.answers if said.status == 200}

    @property
    def refused(self) -> list[Said]:
        """Every answer that was no prediction."""
        return [said for said in self.answers if said.status != 200]
