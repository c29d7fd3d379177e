"""Remote places: buckets and web servers that sources lie in, opened with options whose secrets the environment has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from sluiceway.core.errors import DeclarationError, Problem

if TYPE_CHECKING:
    from obstore.store import ObjectStore

FILE = "sluiceway.toml"
VARIABLE = re.compile(r"\$\{(\w+)\}")
ROOT = re.compile(r"(?:s3|gs|az)://[^/*?\[\]]+|https?://[^/*?\[\]@]+")
SECRET = re.compile(r"key|secret|token|password|credential|sas|authorization|cookie", re.IGNORECASE)
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT")
EXAMPLE = '[files."s3://lake"] with lines such as region = "eu-central-1" and secret_access_key = "${LAKE_SECRET}"'
PATIENCE = {"connect_timeout": timedelta(seconds=10), "read_timeout": timedelta(seconds=60)}
RETRIES: dict[str, Any] = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}


def root_of(url: str) -> str:
    """Give the bucket or server of a URL.

    >>> root_of("s3://lake/data/dt=2013-01-01/part.parquet")
    's3://lake'
    """
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def read_places(given: object, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    """Check the section ``[files]`` of the settings: a table of options for each bucket or server.

    Secrets must come from the environment, as ``${NAME}``; they are looked up when the place is opened.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        problems.append(Problem(f"files: must be sections, one a bucket or server, as {EXAMPLE}", FILE))
        return {}
    places: dict[str, dict[str, Any]] = {}
    for root, options in given.items():
        if not ROOT.fullmatch(str(root)) or not isinstance(options, Mapping):
            problems.append(Problem(f"files.{root!r}: it must name a bucket or server, as {EXAMPLE}", FILE))
            continue
        for name, value in options.items():
            problems += [Problem(f"files.{root!r}.{name}: {why}", FILE) for why in wrong_with(name, value)]
        places[root] = dict(options)
    return places


def wrong_with(name: str, value: object) -> list[str]:
    """Say what is wrong with an option, never what it holds."""
    if name == "headers":
        if not isinstance(value, Mapping):
            return ['must be a table, such as {authorization = "Bearer ${TOKEN}"}']
        return [f"{header}: {why}" for header, text in value.items() for why in wrong_with(header, text)]
    if isinstance(value, bool):
        return []
    if not isinstance(value, str) or not value:
        return ["must be a text, or true or false"]
    if SECRET.search(name) and not VARIABLE.search(value):
        return ["is a secret; write ${NAME}, and set NAME in the environment"]
    return []


@dataclass(frozen=True, slots=True)
class RemotePlaces:
    """Opens each bucket and server once. Safe to share between threads.

    Beside ``options``, by root, obstore reads its own environment variables, such as ``AWS_ACCESS_KEY_ID``.
    """

    options: Mapping[str, Mapping[str, Any]]
    environment: Mapping[str, str] = field(repr=False)
    _opened: dict[str, "ObjectStore"] = field(default_factory=dict, repr=False)
    _opening: Lock = field(default_factory=Lock, repr=False)

    def open(self, root: str) -> "ObjectStore":
        """Open a bucket or server; nothing is asked of it yet.

        Raises:
            DeclarationError: a variable is not set, or there is no such option.
        """
        with self._opening:
            if root not in self._opened:
                self._opened[root] = self._new(root)
            return self._opened[root]

    def _new(self, root: str) -> "ObjectStore":
        from obstore.exceptions import BaseError
        from obstore.store import HTTPStore, from_url

        options = {name: self._filled(root, name, value) for name, value in self.options.get(root, {}).items()}
        client: dict[str, Any] = dict(PATIENCE)
        headers = options.pop("headers", None)
        if headers:
            client["default_headers"] = headers
        if root.startswith("http://") or self._is_unencrypted(options):
            client["allow_http"] = True
        try:
            if root.startswith("http"):
                return HTTPStore.from_url(root, client_options=client, retry_config=RETRIES, **options)  # type: ignore[arg-type]
            return from_url(root, client_options=client, retry_config=RETRIES, **options)  # type: ignore[no-any-return,call-overload]
        except (BaseError, TypeError, ValueError):
            names = ", ".join(options) or "none"
            what = f"{root} cannot be opened with these options: {names}; see docs/backends.md for what there is"
            raise DeclarationError([Problem(what, FILE)]) from None

    def _filled(self, root: str, name: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {header: self._filled(root, header, text) for header, text in value.items()}
        if isinstance(value, bool):
            return str(value).lower()
        unset = [each for each in VARIABLE.findall(value) if not self.environment.get(each)]
        if unset:
            missing = ", ".join(f"${{{each}}}" for each in unset)
            raise DeclarationError([Problem(f"files.{root!r}.{name}: {missing} is not set in the environment", FILE)])
        return VARIABLE.sub(lambda found: self.environment[found[1]], value)

    def _is_unencrypted(self, options: Mapping[str, Any]) -> bool:
        endpoints = [text for name, text in options.items() if "endpoint" in name.lower()]
        endpoints += [self.environment.get(name, "") for name in ENDPOINTS]
        return any(endpoint.lower().startswith("http://") for endpoint in endpoints)
