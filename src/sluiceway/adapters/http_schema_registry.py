"""The schema registry behind Confluent's REST interface, which Karapace, Apicurio and Redpanda answer to as well."""

from collections.abc import Mapping
from threading import Lock
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import requests

from sluiceway.adapters.bounded_http import BoundedAdapter, host_of
from sluiceway.adapters.filled_secrets import FilledSecrets
from sluiceway.core.errors import SourceError, TransientError, UnknownNameError
from sluiceway.ports.schema_registry import AVRO, PROTOBUF, RegisteredSchema

TIMEOUT_S = 5.0
MOST_BYTES = 8 << 20
MOST_REFERENCES = 200
NOT_FOUND, TOO_MANY, REFUSED, FAILING = 404, 429, (401, 403), 500


class HttpSchemaRegistry:
    """Asks a registry for each number once; what a number stands for never changes.

    User and password stand in the address, as ``${ENV_VAR}``, and are sent as basic authentication.
    """

    def __init__(self, address: str, environment: Mapping[str, str], *, timeout_s: float = TIMEOUT_S) -> None:
        """Name a registry; nothing is asked yet.

        Args:
            address: Such as ``http://${USER}:${PASSWORD}@schemas:8081``.
            environment: What fills the variables in.
            timeout_s: How long to wait for an answer to begin, and between its parts, in seconds.

        Raises:
            SourceError: a variable is not set, or it is no http address.
        """
        self._secrets = FilledSecrets(environment, f"schema registry {address}")
        parts = urlsplit(self._secrets.address(address))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SourceError(f"schema registry {address}: write an address such as http://schemas:8081")
        host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._shown = address
        self._known: dict[int, RegisteredSchema] = {}
        self._lock = Lock()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies and no .netrc: what is sent is what is written here
        login = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._session.auth = login if any(login) else None
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAdapter(host_of(self._base), timeout_s, MOST_BYTES))

    def schema(self, number: int) -> RegisteredSchema:
        """Return a schema.

        Raises:
            UnknownNameError: the registry has none of that number.
            TransientError: it did not answer, or is failing.
            SourceError: it refuses who asks, or answers what is no schema.
        """
        with self._lock:
            if number not in self._known:
                self._known[number] = self._ask(number)
            return self._known[number]

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def _ask(self, number: int) -> RegisteredSchema:
        answer = self._get(f"schemas/ids/{number}")
        if answer is None:
            raise UnknownNameError("registered schema", str(number), [str(each) for each in sorted(self._known)])
        kind = str(answer.get("schemaType") or AVRO)
        if kind == PROTOBUF:
            answer = self._get(f"schemas/ids/{number}?format=serialized") or answer
        references: dict[str, str] = {}
        self._follow(answer, kind, references)
        return RegisteredSchema(kind, str(answer["schema"]), tuple(references.values()))

    def _follow(self, answer: Mapping[str, Any], kind: str, found: dict[str, str]) -> None:
        """Collect what a schema refers to, each before those that need it."""
        for each in answer.get("references") or ():
            place = f"subjects/{quote(str(each['subject']), safe='')}/versions/{int(each['version'])}"
            if place in found:
                continue
            if len(found) >= MOST_REFERENCES:
                raise SourceError(f"schema registry {self._shown}: a schema refers to over {MOST_REFERENCES} others")
            inner = self._get(place + ("?format=serialized" if kind == PROTOBUF else ""))
            if inner is None:
                raise SourceError(f"schema registry {self._shown}: a schema refers to {place}, which is not there")
            found[place] = ""  # a circle ends here
            self._follow(inner, kind, found)
            del found[place]
            found[place] = str(inner["schema"])

    def _get(self, path: str) -> dict[str, Any] | None:
        try:
            response = self._session.get(f"{self._base}/{path}")
        except requests.RequestException as error:
            why = self._secrets.said(error)
            raise TransientError(f"schema registry {self._shown} does not answer: {why}; is it up?") from None
        if response.status_code == NOT_FOUND:
            return None
        if response.status_code in REFUSED:
            raise SourceError(f"schema registry {self._shown} answered {response.status_code}; check user and password")
        if response.status_code >= FAILING or response.status_code == TOO_MANY:
            raise TransientError(f"schema registry {self._shown} answered {response.status_code}; wait, or look at it")
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not response.ok or not isinstance(answer, dict) or not isinstance(answer.get("schema"), str):
            raise SourceError(
                f"schema registry {self._shown} answered {response.status_code} and no schema to GET /{path}; "
                "check the address"
            )
        return answer
