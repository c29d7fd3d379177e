"""An API is read page by page, over real HTTP, whatever goes wrong on the way."""

from datetime import UTC, datetime

import pytest
from tests.faulty_api import FaultyApi, cut_short, dropped, endless, failing, html, slow, whole

from sluiceway.adapters.rest_extractor import RestExtractor
from sluiceway.artifacts.landing import Bound
from sluiceway.core.errors import SourceError
from sluiceway.declare.api import api, api_key, bearer, by_cursor, by_link, by_offset, by_page
from sluiceway.ports.extractor import Since

ITEMS = [{"id": number, "name": f"item {number}"} for number in range(7)]
ENVIRONMENT = {"TOKEN": "t0ps3cret", "KEY": "k3y&/=ü"}


@pytest.fixture
def faulty():
    made = FaultyApi()
    yield made
    made.close()


def extractor(**given):
    return RestExtractor(ENVIRONMENT, **{"first_pause_s": 0.01, "attempts": 3} | given)


def read(origin, since=None, **given):
    with extractor(**given).read(origin, since) as extraction:
        return [row for batch in extraction.batches for row in batch.to_pylist()]


def refused(origin, **given):
    with pytest.raises(SourceError) as found:
        read(origin, **given)
    said = str(found.value)
    assert said.startswith(origin.url)
    assert not any(secret in said for secret in ENVIRONMENT.values())
    return said


def paged(asked, number):
    page = int(asked["page"])
    return {"data": {"items": ITEMS[(page - 1) * 3 : page * 3]}}


def test_pages_are_counted_up_to_the_first_empty_one(faulty):
    faulty.answer = paged
    assert read(api(faulty.url, records="data.items", paging=by_page(size=3, size_param="per"))) == ITEMS
    assert faulty.asked == [{"page": str(page), "per": "3"} for page in (1, 2, 3, 4)]


def test_records_are_counted_up_to_the_first_empty_page(faulty):
    faulty.answer = lambda asked, number: ITEMS[int(asked["offset"]) : int(asked["offset"]) + int(asked["limit"])]
    assert read(api(faulty.url, paging=by_offset(4))) == ITEMS
    assert [asked["offset"] for asked in faulty.asked] == ["0", "4", "8"]


def test_tokens_are_followed_to_the_page_without_one(faulty):
    pages = {"": (0, "b"), "b": (3, "c"), "c": (6, None)}

    def answer(asked, number):
        start, after = pages[asked.get("cursor", "")]
        return {"items": ITEMS[start : start + 3], "meta": {"next": after}}

    faulty.answer = answer
    assert read(api(faulty.url, records="items", paging=by_cursor("meta.next"))) == ITEMS


def linked(faulty, to):
    def answer(asked, number):
        start = int(asked.get("from", 0))
        link = {"Link": f'<{to}?from={start + 4}>; rel="next"'} if start + 4 < len(ITEMS) else {}
        return lambda handler: whole(handler, json_of(ITEMS[start : start + 4]), **link)

    return answer


def json_of(value):
    import json

    return json.dumps(value).encode()


def test_links_are_followed_and_the_key_goes_with_them(faulty):
    faulty.answer = linked(faulty, faulty.url)
    origin = api(faulty.url, paging=by_link(), auth=api_key("${KEY}", query="key"))
    assert read(origin) == ITEMS
    assert [asked["key"] for asked in faulty.asked] == [ENVIRONMENT["KEY"]] * 2


def test_a_link_or_a_redirect_to_another_host_is_not_followed(faulty):
    other = FaultyApi()
    origin = api(faulty.url, paging=by_link(), auth=bearer("${TOKEN}"))
    faulty.answer = linked(faulty, other.url)
    assert "leads to another host" in refused(origin)
    faulty.answer = lambda asked, number: failing(302, Location=other.url)
    assert "leads to another host" in refused(origin)
    assert other.asked == []
    other.close()


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        (bearer("${TOKEN}"), "Authorization", "Bearer t0ps3cret"),
        (api_key("${TOKEN}", header="X-Key"), "X-Key", "t0ps3cret"),
    ],
)
def test_secrets_come_from_the_environment(faulty, auth, name, value):
    faulty.answer = lambda asked, number: ITEMS
    read(api(faulty.url, auth=auth))
    assert faulty.headers[0][name] == value
    faulty.answer = lambda asked, number: failing(401)
    assert "answered 401; check auth=" in refused(api(faulty.url, auth=auth))
    with pytest.raises(SourceError, match=r"\$\{UNSET\} is not set"):
        read(api(faulty.url, auth=bearer("${UNSET}")))


def broken_once(fault):
    """The second page breaks the first time that it is asked for."""
    seen = []

    def answer(asked, number):
        if asked["page"] == "2" and not seen:
            seen.append(number)
            return fault
        return paged(asked, number)

    return answer


@pytest.mark.parametrize(
    "fault", [failing(500), failing(503), dropped, cut_short], ids=["500", "503", "dropped", "cut"]
)
def test_what_breaks_once_is_asked_again_and_nothing_comes_twice(faulty, fault):
    faulty.answer = broken_once(fault)
    assert read(api(faulty.url, records="data.items", paging=by_page())) == ITEMS
    assert [asked["page"] for asked in faulty.asked] == ["1", "2", "2", "3", "4"]


def test_it_waits_as_long_as_the_server_asks(faulty):
    faulty.answer = broken_once(failing(429, Retry_After="1"))
    assert read(api(faulty.url, records="data.items", paging=by_page())) == ITEMS
    assert faulty.times[2] - faulty.times[1] >= 0.9


def test_a_slow_page_is_waited_for_and_a_dead_one_is_not(faulty):
    faulty.answer = lambda asked, number: slow(0.3, ITEMS)
    assert read(api(faulty.url, timeout_s=5)) == ITEMS
    faulty.answer = lambda asked, number: slow(2, ITEMS)
    assert "timed out" in refused(api(faulty.url, timeout_s=0.2)).lower()
    assert len(faulty.asked) == 4  # the slow one, and three attempts


def test_what_stays_broken_is_told_after_the_last_attempt(faulty):
    faulty.answer = lambda asked, number: failing(500)
    said = refused(api(faulty.url))
    assert "it answered 500" in said
    assert "nothing that has landed before is lost" in said
    assert len(faulty.asked) == 3
    faulty.close()
    assert "refused" in refused(api(faulty.url)).lower()


def test_a_page_that_never_ends_is_cut_off_by_time_and_by_size(faulty):
    faulty.answer = lambda asked, number: endless(faulty.over, 0.02)
    assert "was not whole after 1 s" in refused(api(faulty.url, timeout_s=0.1))
    faulty.answer = lambda asked, number: endless(faulty.over, 0)
    assert "larger than 1,000,000 bytes" in refused(api(faulty.url), most_bytes=1_000_000)


def test_pages_without_an_end_end(faulty):
    faulty.answer = lambda asked, number: [{"id": number}]
    assert "no end after 5 pages" in refused(api(faulty.url, paging=by_page(), most_pages=5))
    faulty.answer = lambda asked, number: [{"id": 1}]
    assert "page 2 is the same as the one before it" in refused(api(faulty.url, paging=by_page()))


def test_html_and_answers_without_records_are_refused(faulty):
    faulty.answer = lambda asked, number: html
    assert "no JSON but text/html; charset=utf-8: '<html><body>Please sign in" in refused(api(faulty.url))
    assert len(faulty.asked) == 1
    faulty.answer = lambda asked, number: {"rows": ITEMS, "total": 7}
    assert "say with records= where its records are" in refused(api(faulty.url))
    assert "nothing at records='items'; it is an object with rows, total" in refused(api(faulty.url, records="items"))
    faulty.answer = lambda asked, number: [1, 2]
    assert "a record is 1, not an object" in refused(api(faulty.url))
    faulty.answer = lambda asked, number: failing(404)
    assert "it answered 404" in refused(api(faulty.url))


def test_columns_that_change_between_pages_are_joined_or_refused(faulty):
    pages = [
        [{"id": 1, "seen": None, "to": {"a": [1]}}],
        [{"id": 2.5, "seen": "2013-01-01T05:00:00+01:00", "new": True}],
        [],
    ]
    faulty.answer = lambda asked, number: pages[int(asked["page"]) - 1]
    assert read(api(faulty.url, paging=by_page())) == [
        {"id": 1.0, "seen": None, "to": '{"a":[1]}', "new": None},
        {"id": 2.5, "seen": datetime(2013, 1, 1, 4, tzinfo=UTC), "to": None, "new": True},
    ]
    pages[1] = [{"id": "two"}]
    assert "field 'id' is of type text on page 2, but integer before" in refused(api(faulty.url, paging=by_page()))


def test_only_what_is_at_or_beyond_the_cursor_is_asked_for_in_the_columns_known(faulty):
    faulty.answer = lambda asked, number: [{"id": 1, "at": "2013-01-01T00:00:00Z", "note": "x"}]
    origin = api(faulty.url, cursor="at", since_param="since")
    with extractor().read(origin) as extraction:
        schema = extraction.schema
    faulty.answer = lambda asked, number: [{"at": "2013-01-02T00:00:00Z", "id": 2, "note": None}]
    bound = Bound.of(datetime(2013, 1, 1, tzinfo=UTC))
    with extractor().read(origin, Since(bound, schema)) as extraction:
        assert extraction.schema == schema
        assert [batch.to_pylist() for batch in extraction.batches] == [
            [{"id": 2, "at": datetime(2013, 1, 2, tzinfo=UTC), "note": None}]
        ]
    assert faulty.asked[-1] == {"since": "2013-01-01T00:00:00Z"}


def test_nothing_yet_is_told(faulty):
    assert "there is no record yet" in refused(api(faulty.url))
