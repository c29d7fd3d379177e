import pytest
from tests.contracts.test_alerter import COST, DRIFT, at, webhook

from sluiceway.adapters.apprise_alerter import AppriseAlerter, masked


def test_people_read_a_line_an_alert_with_its_day():
    with webhook() as server:
        alerter = AppriseAlerter([at(server)])
        alerter.send("December 2013", [COST, DRIFT], places=alerter.places)
        (heard,) = server.heard
    assert heard.splitlines() == [
        "December 2013",
        "- a request costs 67 % more, since 2013-12-05",
        "- temp moved: PSI 3.80, limit 0.2",
    ]


def test_one_place_that_fails_holds_no_other_back():
    with webhook() as works, webhook(answers=500) as fails:
        alerter = AppriseAlerter([at(fails), at(works), "nowhere://x"])
        failed = alerter.send("title", [COST], places=alerter.places)
        assert len(works.heard) == 1
    broken, _, nowhere = alerter.places
    assert set(failed) == {broken, nowhere}
    assert "500" in failed[broken]
    assert failed[nowhere] == "this is no address that apprise knows; see its documentation for how it is written"


def test_only_the_places_asked_for_are_told():
    with webhook() as first, webhook() as second:
        alerter = AppriseAlerter([at(first), at(second)])
        alerter.send("title", [COST], places=alerter.places[1:])
        assert (len(first.heard), len(second.heard)) == (0, 1)


def test_a_place_keeps_its_name_when_others_come_and_go():
    slack, mail = "slack://T0KEN-secret/x", "mailto://me:hunter22@mail.example"
    (alone,) = AppriseAlerter([mail]).places
    assert AppriseAlerter([slack, mail]).places[1] == alone
    assert alone.startswith("mailto ")
    assert len(alone.split()[1]) == 4
    assert AppriseAlerter(["mailto://me:other@mail.example"]).places != (alone,)


def test_two_addresses_never_share_a_name():
    addresses = [f"json://host/{number}" for number in range(2000)]
    assert len(set(AppriseAlerter(addresses).places)) == 2000
    assert len(AppriseAlerter(addresses[:1] * 2).places) == 1


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("cannot reach T0KEN-secret now", "slack://T0KEN-secret/x", "cannot reach … now"),
        ("bad password hunter22", "mailto://me:hunter22@mail.example", "bad password …"),
        ("port 8080", "json://host:8080/", "port 8080"),
        ("longest first: abcdefgh", "x://abcdef/abcdefgh", "longest first: …"),
    ],
)
def test_no_longer_piece_of_an_address_is_shown(text, address, shown):
    assert masked(text, address) == shown
