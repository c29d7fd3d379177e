"""REST APIs, through dlt's client: pages of JSON records, kept aside until the last of them has come."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from sluiceway.adapters.filled_secrets import FilledSecrets
from sluiceway.artifacts.landing import Bound, Counted
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import SourceError
from sluiceway.core.moments import iso
from sluiceway.declare.api import Api
from sluiceway.ports.extractor import Extraction, Origin, Since

if TYPE_CHECKING:
    import pyarrow as pa

    from sluiceway.plans.record_columns import RecordColumns

BATCH_RECORDS = 10_000
SHOWN = 120
ADVICE = "nothing that has landed before is lost; see to the API, and run again"


class RestExtractor:
    """Reads APIs. ``attempts`` and ``first_pause_s`` say how often, and how soon, what failed is asked again."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        attempts: int = 5,
        first_pause_s: float = 1.0,
        most_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self._environment = environment
        self._tries = {"attempts": attempts, "first_pause_s": first_pause_s, "most_bytes": most_bytes}

    def place(self, origin: Origin) -> str:
        """Digest host, port and path."""
        secrets = FilledSecrets(self._environment, origin.shown)
        with secrets.telling(ValueError, advice="correct the address"):
            return secrets.place(origin.url)

    def probe(self, origin: Origin, bound: Bound) -> Counted | None:  # noqa: ARG002
        """Say nothing: an API cannot be counted."""
        return None

    @contextmanager
    def read(self, origin: Origin, since: Since | None = None) -> Iterator[Extraction]:
        """Draw every page, then hand the records over: their types are known only then."""
        from sluiceway.plans.record_columns import RecordColumns

        if not isinstance(origin, Api):
            raise SourceError(f"{origin.shown} is no API")
        columns = RecordColumns(since.schema if since else None)
        with tempfile.TemporaryFile() as aside:
            self._draw(origin, since, columns, aside)
            schema = columns.schema
            if not schema.names:
                raise SourceError(f"{origin.shown}: there is no record yet, so that its columns are unknown")
            yield Extraction(schema, _batches(aside, columns))

    def _draw(self, origin: Api, since: Since | None, columns: "RecordColumns", aside: IO[bytes]) -> None:
        from requests.exceptions import RequestException

        secrets = FilledSecrets(self._environment, origin.shown)
        with secrets.telling(RequestException, ValueError, OSError, advice=ADVICE):
            seen = ""
            for number, page in enumerate(self._pages(origin, since, secrets), start=1):
                where = f"page {number}"
                records = _records(page, origin, where)
                written = b"".join(json.dumps(record).encode() + b"\n" for record in records)
                if number > 1 and records and digest_of(records) == seen:
                    raise SourceError(f"{where} is the same as the one before it; correct paging=, which leads nowhere")
                if number > origin.most_pages:
                    raise SourceError(
                        f"there is no end after {origin.most_pages:,} pages; raise most_pages=, or correct paging="
                    )
                seen = digest_of(records)
                columns.see(records, where=where)
                aside.write(written)

    def _pages(self, origin: Api, since: Since | None, secrets: FilledSecrets) -> Iterator[Any]:
        from dlt.sources.helpers.rest_client import RESTClient

        from sluiceway.adapters.bounded_http import bounded_session

        url = secrets.address(origin.url)
        params = {name: secrets.plain(value) for name, value in origin.params}
        headers = {name: secrets.plain(value) for name, value in origin.headers}
        auth = _auth(origin, headers, secrets)
        if since is not None:
            params[origin.since_param] = _asked(since.bound)
        if origin.paging.size and origin.paging.size_param:
            params[origin.paging.size_param] = str(origin.paging.size)
        session = bounded_session(url, timeout_s=origin.timeout_s, **self._tries)  # type: ignore[arg-type]
        try:
            client = RESTClient(url, headers=headers, session=session)
            yield from client.paginate(
                url,
                params=params,
                auth=auth,
                paginator=_paginator(origin),
                data_selector=origin.records or "$",
                hooks={"response": [lambda response, *_, **__: _checked(response, origin)]},
            )
        finally:
            session.close()


def _auth(origin: Api, headers: dict[str, str], secrets: FilledSecrets) -> Any:
    """Put what an API wants to see into the headers, or return what adds it to every address."""
    auth = origin.auth
    value = secrets.plain(auth.value) if auth else ""
    if auth is None or auth.kind != "query":
        if auth is not None:
            named = {"Authorization": f"Bearer {value}"} if auth.kind == "bearer" else {auth.name: value}
            headers.update(named)
        return None
    name = auth.name

    def with_key(request: Any) -> Any:
        if f"{name}=" not in request.url:  # a link to the next page may hold it already
            request.prepare_url(request.url, {name: value})
        return request

    return with_key


def _asked(bound: Bound) -> str:
    """Write a bound as APIs take it."""
    value = bound.value
    return iso(value) if bound.kind in {"moment", "time"} else bound.text  # type: ignore[arg-type]


def _paginator(origin: Api) -> Any:
    from dlt.sources.helpers.rest_client import paginators

    paging = origin.paging
    match paging.kind:
        case "page":
            return paginators.PageNumberPaginator(base_page=paging.first, page_param=paging.param, total_path=None)
        case "offset":
            names = {"offset_param": paging.param, "limit_param": paging.size_param}
            return paginators.OffsetPaginator(limit=paging.size, total_path=None, **names)
        case "cursor":
            return paginators.JSONResponseCursorPaginator(cursor_path=paging.next_path, cursor_param=paging.param)
        case "link":
            return paginators.HeaderLinkPaginator(links_next_key=paging.param)
        case _:
            return paginators.SinglePagePaginator()


def _checked(response: Any, origin: Api) -> None:
    """Refuse an answer that holds no page, before the client looks into it.

    Raises:
        SourceError: it lacks the records' path, or what ``whole_answer`` refuses.
    """
    if response.is_redirect:
        return
    from dlt.common.jsonpath import find_values

    from sluiceway.adapters.bounded_http import whole_answer

    answer = whole_answer(response)
    keys = f"an object with {', '.join(answer)[:SHOWN]}" if isinstance(answer, dict) else "a list"
    if not find_values(origin.records or "$", answer):
        raise SourceError(f"its answer has nothing at records={origin.records!r}; it is {keys}")
    if not origin.records and not isinstance(answer, list):
        raise SourceError(f"its answer is {keys}; say with records= where its records are")


def _records(page: Any, origin: Api, where: str) -> list[dict[str, object]]:
    records = list(page)
    wrong = next((record for record in records if not isinstance(record, dict)), None)
    if wrong is not None:
        raise SourceError(f"{where}: a record is {repr(wrong)[:60]}, not an object; correct records={origin.records!r}")
    return records


def _batches(aside: IO[bytes], columns: "RecordColumns") -> "Iterator[pa.RecordBatch]":
    aside.seek(0)
    while lines := list(islice(aside, BATCH_RECORDS)):
        yield columns.batch([json.loads(line) for line in lines])
