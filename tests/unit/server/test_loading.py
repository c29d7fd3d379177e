import pytest
from tests import bundles
from tests.unit.server.conftest import BEGAN, Server

from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.artifacts.serving_contract import Field
from sluiceway.core.errors import DamagedError, MisuseError, UnknownObjectError
from sluiceway.online.reader import OnlineReader
from sluiceway.server.limits import Limits
from sluiceway.server.loading import Loader
from sluiceway.server.request import AskedRow


@pytest.fixture
def shop():
    """A server's stores, with nothing served."""
    return Server()


@pytest.fixture
def loader(shop):
    return Loader(
        shop.objects, lambda contract: OnlineReader(contract.views, shop.online, now_us=lambda: 0), Limits(rows=5)
    )


def state(champion, challenger=None, *, share=0.5, sequence=1, by=()):
    return RolloutState("live", champion, sequence, BEGAN, "x", challenger, share if challenger else 0.0, by=by)


def asked(**values):
    return AskedRow(bundles.row(**values), {})


def test_a_state_is_loaded_whole(shop, loader):
    one, two = shop.shelve(), shop.shelve(bundles.flipped(), "v2")
    serving = loader.load(state(one, two), None)
    assert (serving.champion.version, serving.challenger.version, serving.lacking) == ("v1", "v2", "")


def test_what_is_loaded_already_is_used_again(shop, loader):
    one, two = shop.shelve(), shop.shelve(bundles.flipped(), "v2")
    first = loader.load(state(one, two), None)
    shop.objects.put(two.key, b"damaged since")
    promoted = loader.load(state(two, sequence=2), first)
    assert promoted.champion is first.challenger
    assert promoted.challenger is None
    rolled_back = loader.load(state(one, sequence=3), first)
    assert rolled_back.champion is first.champion


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": (*bundles.CONTRACT.inputs, Field("gate", "text"))}, "their requests differ in gate"),
        ({"inputs": (Field("carrier", "integer"), *bundles.CONTRACT.inputs[1:])}, "their requests differ in carrier"),
        ({"key": ()}, "their requests differ in flight_id"),
    ],
)
def test_a_challenger_that_asks_for_other_fields_is_refused(shop, loader, change, said):
    one = shop.shelve()
    two = shop.shelve(bundles.flipped(), "v2", contract=bundles.other_contract(**change))
    old = loader.load(state(one), None)
    with pytest.raises(MisuseError, match=said):
        loader.load(state(one, two, sequence=2), old)


def test_a_challenger_that_cannot_be_loaded_is_refused_beside_what_answers(shop, loader):
    one, two = shop.shelve(), shop.shelve(bundles.flipped(), "v2")
    old = loader.load(state(one), None)
    shop.objects.put(two.key, b"damaged")
    with pytest.raises(DamagedError):
        loader.load(state(one, two, sequence=2), old)


def test_where_nothing_answers_yet_the_champion_answers_without_its_challenger(shop, loader):
    one, two = shop.shelve(), shop.shelve(bundles.flipped(), "v2")
    shop.objects.put(two.key, b"damaged")
    serving = loader.load(state(one, two), None)
    assert serving.challenger is None
    assert f"{two.key} is damaged" in serving.lacking


def test_without_its_champion_nothing_is_loaded(loader):
    nowhere = bundles.shelved(Server().objects, bundles.logistic())
    with pytest.raises(UnknownObjectError, match="bundles/"):
        loader.load(state(nowhere), None)


def test_bytes_that_are_no_model_are_damage(shop, loader):
    with pytest.raises(DamagedError, match="cannot be loaded"):
        loader.load(state(shop.shelve(b"no model at all")), None)


def test_all_entities_decide_the_arm_unless_the_rollout_names_columns(shop, loader):
    one, two = shop.shelve(), shop.shelve(bundles.flipped(), "v2")
    by_origin = loader.load(state(one, two), None)
    assert by_origin.by == ("origin",)
    assert by_origin.tries_out(asked(carrier="AA")) == by_origin.tries_out(asked(carrier="ZZ"))
    by_seats = loader.load(state(one, two, by=("seats",)), None)
    assert {by_seats.tries_out(asked(seats=seats)) for seats in range(40)} == {True, False}


def test_a_key_field_may_decide_the_arm_too(shop, loader):
    one, two = shop.shelve(), shop.shelve(bundles.flipped(), "v2")
    serving = loader.load(state(one, two, by=("flight_id",)), None)
    rows = [AskedRow(bundles.row(), {"flight_id": f"UA{number}"} if number else {}) for number in range(200)]
    assert 70 <= sum(map(serving.tries_out, rows)) <= 130
    assert [serving.tries_out(row) for row in rows] == [serving.tries_out(row) for row in rows]


def test_a_model_without_entities_goes_by_its_inputs(shop, loader):
    columns, contract = bundles.COLUMNS[:2], bundles.other_contract(views=())
    serving = loader.load(
        state(shop.shelve(bundles.constant(columns=columns), columns=columns, contract=contract)), None
    )
    assert serving.by == tuple(bundles.row())
    assert serving.champion.known([asked()], 0)[0].vector == {"carrier": "AA", "distance": 500.0}


def test_a_column_that_requests_do_not_have_decides_nothing(shop, loader):
    with pytest.raises(MisuseError, match="goes by tail, which requests do not have"):
        loader.load(state(shop.shelve(), by=("tail",)), None)
