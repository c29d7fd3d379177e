"""What is declared of an API holds no secret, and fits together."""

import pytest

from sluiceway.core.digest import digest_of
from sluiceway.core.errors import DeclarationError
from sluiceway.declare.api import api, api_key, bearer, by_cursor, by_offset, by_page

URL = "https://api.example/items"


def refused(make):
    with pytest.raises(DeclarationError) as found:
        make()
    assert "hunter2" not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: bearer("hunter2"),
        lambda: api_key("hunter2", header="X-Key"),
        lambda: api(URL, headers={"X-Api-Key": "hunter2"}),
        lambda: api(URL, params={"access_token": "hunter2"}),
        lambda: api(f"{URL}?api_key=hunter2"),
        lambda: api("https://me:hunter2@api.example/items"),
    ],
)
def test_a_secret_that_is_spelled_out_is_refused_and_not_repeated(make):
    assert "${NAME}" in refused(make)


def test_secrets_of_the_environment_are_taken():
    made = api(f"{URL}?api_key=${{KEY}}", auth=bearer("${TOKEN}"), headers={"X-Secret": "${SECRET}"}, params={"a": 1})
    assert made.params == (("a", "1"),)
    assert made.shown == f"{URL}?api_key=${{KEY}}"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: api("ftp://api.example"), "'ftp' is not one of https, http"),
        (lambda: api(URL, cursor="at"), "given together"),
        (lambda: api(URL, since_param="since"), "given together"),
        (lambda: api(URL, timeout_s=0), "timeout_s=0"),
        (lambda: api(URL, timeout_s=float("nan")), "timeout_s=nan"),
        (lambda: api(URL, most_pages=0), "most_pages=0"),
        (lambda: by_offset(0), "limit=0"),
        (lambda: by_page(""), "not empty"),
        (lambda: by_cursor(""), "not empty"),
        (lambda: api_key("${KEY}"), "header="),
        (lambda: api_key("${KEY}", header="X", query="x"), "header="),
    ],
)
def test_values_that_cannot_be_are_refused(make, said):
    assert said in refused(make)


def test_who_asks_and_for_how_long_does_not_decide_the_records():
    plain = api(URL)
    assert digest_of(api(URL, auth=bearer("${TOKEN}"), timeout_s=5, most_pages=3).meaning) == digest_of(plain.meaning)
    assert digest_of(api(URL, records="data").meaning) != digest_of(plain.meaning)
