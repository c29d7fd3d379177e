import pytest
from tests import bundles
from tests.unit.server.conftest import BEGAN, Server

from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.artifacts.serving_contract import Field, RequestFeature
from sluiceway.core.errors import RequestError
from sluiceway.online.reader import OnlineReader
from sluiceway.server.answering import CHALLENGER, CHAMPION, answer
from sluiceway.server.limits import Limits
from sluiceway.server.loading import Loader
from sluiceway.server.request import AskedRow

FIELDS = (*bundles.CONTRACT.inputs, Field("weight", "number"))
HALF = RequestFeature("half", "weight / 2", ("call", "/", ("column", "weight"), ("integer", 2)))


def serving(
    challenger,
    *,
    share=1.0,
    champion=None,
    challenger_contract=bundles.CONTRACT,
    inputs=None,
    damaged=False,
):
    shop = Server()
    plain = bundles.other_contract(inputs=inputs or bundles.CONTRACT.inputs)
    one = shop.shelve(champion or bundles.logistic(slope=0.0, intercept=-1.0), contract=plain)
    two = shop.shelve(challenger, "v2", contract=challenger_contract) if challenger else None
    if damaged:
        shop.objects.put(two.key, b"damaged")
    loader = Loader(shop.objects, lambda c: OnlineReader(c.views, shop.online, now_us=lambda: 0), Limits())
    return loader.load(RolloutState("live", one, 1, BEGAN, "x", two, share if two else 0.0, by=("seats",)), None)


def rows(count=1, **values):
    return [AskedRow(bundles.row(seats=number, **values), {}) for number in range(count)]


def test_without_a_challenger_the_champion_answers_all():
    found = answer(serving(None), rows(3), 0)
    assert [(each.arm, each.version, each.fallback, each.error) for each in found] == [(CHAMPION, "v1", False, "")] * 3


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_rows_of_one_request_go_each_to_its_arm_and_keep_their_order(share):
    split = serving(bundles.constant(0.9), share=share)
    found = answer(split, rows(200), 0)
    for row, each in zip(rows(200), found, strict=True):
        expected = (CHALLENGER, "v2", pytest.approx(0.9), 1) if split.tries_out(row) else (CHAMPION, "v1")
        assert (each.arm, each.version, each.probability, each.prediction)[: len(expected)] == expected
    assert abs(sum(each.arm == CHALLENGER for each in found) - 200 * share) <= 30


@pytest.mark.parametrize(
    ("challenger", "why"),
    [
        (bundles.nan_where_above(400), "v2: the model gave nan"),
        (bundles.raising_where_above(400), "v2: the model raised InvalidArgument"),
        (bundles.constant(float("inf")), "v2: the model gave inf"),
        (bundles.constant(-3.0), "v2: the model gave -3.0"),
    ],
)
@pytest.mark.parametrize("count", [1, 5])
def test_where_the_challenger_fails_the_champion_answers_and_it_is_said(challenger, why, count):
    alone = answer(serving(None), rows(count), 0)
    for each, plain in zip(answer(serving(challenger), rows(count), 0), alone, strict=True):
        assert (each.arm, each.version, each.fallback) == (CHALLENGER, "v1", True)
        assert each.error.startswith(why)
        assert (each.probability, each.prediction, each.known) == (plain.probability, plain.prediction, plain.known)


def test_only_the_rows_that_failed_fall_back():
    split = serving(bundles.nan_where_above(400))
    asked = [*rows(1), *rows(1, distance=100.0), *rows(1)]
    assert [each.fallback for each in answer(split, asked, 0)] == [True, False, True]


def test_flipped_answers_are_answers():
    (found,) = answer(serving(bundles.flipped(slope=0.0, intercept=-1.0)), rows(), 0)
    (plain,) = answer(serving(None), rows(), 0)
    assert found.probability == pytest.approx(1 - plain.probability)
    assert (found.prediction, plain.prediction, found.fallback) == (1, 0, False)


def test_a_challenger_that_could_not_be_loaded_fails_every_row_on_its_arm():
    (found,) = answer(serving(bundles.flipped(), damaged=True), rows(), 0)
    assert (found.arm, found.version, found.fallback) == (CHALLENGER, "v1", True)
    assert "is damaged" in found.error


def test_where_both_fail_nobody_answers_and_both_are_named():
    (found,) = answer(serving(bundles.constant(float("nan")), champion=bundles.constant(7.0)), rows(), 0)
    assert (found.probability, found.prediction, found.fallback) == (None, None, True)
    assert found.error == (
        "v2: the model gave nan, which is no probability; v1: the model gave 7.0, which is no probability"
    )


def test_what_only_the_challenger_lacks_is_its_failure_row_by_row():
    halving = bundles.other_contract(inputs=FIELDS, request=(HALF,))
    split = serving(bundles.constant(0.9), challenger_contract=halving, inputs=FIELDS)
    asked = [*rows(1), *rows(1, weight=7.0)]
    first, second = answer(split, asked, 0)
    assert (first.version, first.fallback) == ("v1", True)
    assert first.error.startswith("v2: feature 'half'")
    assert (second.version, second.fallback) == ("v2", False)


def test_what_the_champion_lacks_is_the_request_s_fault():
    alike = bundles.other_contract(inputs=FIELDS, request=(HALF,))
    shop = Server()
    one, two = shop.shelve(contract=alike), shop.shelve(bundles.flipped(), "v2", contract=alike)
    loader = Loader(shop.objects, lambda c: OnlineReader(c.views, shop.online, now_us=lambda: 0), Limits())
    for challenger, share in ((None, 0.0), (two, 1.0)):
        with pytest.raises(RequestError, match="half"):
            answer(loader.load(RolloutState("live", one, 1, BEGAN, "x", challenger, share), None), rows(), 0)


@pytest.mark.parametrize(("threshold", "prediction"), [(0.2, 1), (0.25, 1), (0.2500001, 0)])
def test_at_or_above_the_threshold_the_prediction_is_positive(threshold, prediction):
    shop = Server()
    one = shop.shelve(bundles.constant(0.25), threshold=threshold)
    loader = Loader(shop.objects, lambda c: OnlineReader(c.views, shop.online, now_us=lambda: 0), Limits())
    (found,) = answer(loader.load(RolloutState("live", one, 1, BEGAN, "x"), None), rows(), 0)
    assert found.prediction == prediction
