"""APIs: facts that a REST API answers with, page by page, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluiceway.declare.address import SECRET_NAME, require_address, require_secret
from sluiceway.declare.names import refuse

SCHEMES = ("https", "http")
LONGEST_TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True)
class Paging:
    """How one page leads to the next: ``page``, ``offset``, ``cursor``, ``link`` or, for a single page, ``none``."""

    kind: str = "none"
    param: str = ""
    first: int = 0
    size: int = 0
    size_param: str = ""
    next_path: str = ""


@dataclass(frozen=True, slots=True)
class Auth:
    """What an API wants to see: a ``bearer`` token, or a key in a ``header`` or in the ``query``."""

    kind: str
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Api:
    """The records of a REST API, read whole, or since the largest value of a cursor field seen so far."""

    url: str
    records: str = ""
    paging: Paging = Paging()
    auth: Auth | None = None
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cursor: str | None = None
    since_param: str = ""
    timeout_s: float = 30.0
    most_pages: int = 10_000

    @property
    def scheme(self) -> str:
        """What it is spoken to by."""
        return self.url.partition("://")[0]

    @property
    def shown(self) -> str:
        """Name it for people; the address is as declared, without secrets."""
        return self.url

    @property
    def meaning(self) -> list[object]:
        """What decides its records, ready to be hashed: not who asks, nor for how long."""
        paging = [self.paging.kind, self.paging.param, self.paging.size, self.paging.next_path]
        params = [list(pair) for pair in self.params]
        return ["api", self.url, self.records, paging, params, self.cursor, self.since_param]


def by_page(param: str = "page", *, first: int = 1, size: int = 0, size_param: str = "") -> Paging:
    """Count pages: ``?page=1``, ``?page=2``, up to the first page without records.

    Args:
        param: The parameter that numbers the page.
        first: The number of the first page.
        size: How many records a page is asked for; 0 leaves that to the API.
        size_param: The parameter for ``size``.
    """
    return Paging("page", require_param("by_page()", param), first=first, size=size, size_param=size_param)


def by_offset(limit: int = 100, *, param: str = "offset", limit_param: str = "limit") -> Paging:
    """Count records: ``?offset=0&limit=100``, ``?offset=100&limit=100``, up to the first page without records."""
    require_count("by_offset()", "limit", limit)
    return Paging("offset", require_param("by_offset()", param), size=limit, size_param=limit_param)


def by_cursor(next_path: str, *, param: str = "cursor") -> Paging:
    """Follow a token: each page holds the next one's at ``next_path``, such as ``meta.next``; the last holds none."""
    return Paging("cursor", require_param("by_cursor()", param), next_path=require_param("by_cursor()", next_path))


def by_link(rel: str = "next") -> Paging:
    """Follow the ``Link`` header (RFC 8288) with this relation; the last page has none. Links stay on the same host."""
    return Paging("link", require_param("by_link()", rel))


def bearer(token: str) -> Auth:
    """Send ``Authorization: Bearer …``; the token as ``${ENV_VAR}``."""
    return Auth("bearer", require_secret("bearer()", token))


def api_key(key: str, *, header: str | None = None, query: str | None = None) -> Auth:
    """Send a key, written as ``${ENV_VAR}``, in a header or as a parameter of the address.

    Raises:
        DeclarationError: not exactly one of ``header`` and ``query`` is given, or the key is spelled out.
    """
    require_secret("api_key()", key)
    if (header is None) == (query is None):
        raise refuse("api_key(): give the name of a header=, or of a query= parameter")
    return Auth("header", key, str(header)) if header is not None else Auth("query", key, str(query))


def api(  # noqa: PLR0913  (each is a word of its own in a declaration)
    url: str,
    *,
    records: str = "",
    paging: Paging | None = None,
    auth: Auth | None = None,
    params: Mapping[str, object] | None = None,
    headers: Mapping[str, object] | None = None,
    cursor: str | None = None,
    since_param: str = "",
    timeout_s: float = 30.0,
    most_pages: int = 10_000,
) -> Api:
    """Name the records of a REST API that answers ``GET`` with JSON.

    Args:
        url: The address of the first page; secrets as ``${ENV_VAR}``.
        records: The JSON path to the list of records, such as ``data.items``; by default the answer is the list.
        paging: ``by_page``, ``by_offset``, ``by_cursor`` or ``by_link``; by default there is one page.
        auth: ``bearer`` or ``api_key``.
        params: More parameters of the address.
        headers: More headers.
        cursor: A field that only grows, such as ``updated_at``; needs ``since_param``.
        since_param: The parameter that asks for records from the cursor's largest value so far on.
        timeout_s: How long to wait for an answer to begin, and for its next bytes, seconds; a page as a whole may
            take ten times that.
        most_pages: After so many pages the reading ends in an error, so that an API without end ends.

    Raises:
        DeclarationError: a secret is spelled out, or a value cannot be.

    Example:
        ``sw.api("https://api.example/orders", records="data", paging=sw.by_page(), auth=sw.bearer("${TOKEN}"))``
    """
    owner = "api()"
    require_address(owner, url, schemes=SCHEMES)
    if (cursor is None) != (not since_param):
        raise refuse(f"{owner}: cursor= (a field) and since_param= (a parameter) are given together, or not at all")
    if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        raise refuse(f"{owner}: timeout_s={timeout_s!r} must lie above 0 and be at most {LONGEST_TIMEOUT_S}")
    require_count(owner, "most_pages", most_pages)
    return Api(
        url,
        records,
        paging or Paging(),
        auth,
        _pairs(owner, "params", params),
        _pairs(owner, "headers", headers),
        cursor,
        since_param,
        float(timeout_s),
        most_pages,
    )


def require_param(owner: str, name: object) -> str:
    """Refuse an empty name.

    Raises:
        DeclarationError: it is no text, or empty.
    """
    if not isinstance(name, str) or not name:
        raise refuse(f"{owner}: {name!r} must be a text that is not empty")
    return name


def require_count(owner: str, what: str, number: object) -> None:
    """Refuse what does not count anything.

    Raises:
        DeclarationError: it is no whole number from 1 on.
    """
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise refuse(f"{owner}: {what}={number!r} must be a whole number from 1 on")


def _pairs(owner: str, what: str, given: Mapping[str, object] | None) -> tuple[tuple[str, str], ...]:
    pairs = tuple(sorted((str(name), str(value)) for name, value in (given or {}).items()))
    for name, value in pairs:
        if SECRET_NAME.search(name):
            require_secret(f"{owner}, {name!r} in {what}", value)
    return pairs
