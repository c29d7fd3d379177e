import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.server.arms import share_of

numbers = st.integers(-(2**63), 2**63 - 1)
values = st.lists(st.one_of(st.none(), st.booleans(), numbers, st.text(), st.floats()), max_size=4)


@given(values, st.text())
def test_a_place_is_from_0_up_to_but_without_1_and_never_another(given_values, salt):
    assert 0.0 <= share_of(given_values, salt) < 1.0
    assert share_of(given_values, salt) == share_of(list(given_values), salt)


@given(st.lists(numbers, min_size=1, unique=True), st.floats(0, 1), st.floats(0, 1))
def test_who_is_on_the_canary_stays_there_while_its_share_grows(entities, one, other):
    small, large = sorted((one, other))
    on = {entity for entity in entities if share_of([entity], "salt") < small}
    assert on <= {entity for entity in entities if share_of([entity], "salt") < large}


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5, 1.0])
def test_the_canary_gets_its_share_of_the_entities(share):
    entities = [("UA", f"N{number}") for number in range(20_000)]
    on = sum(share_of(entity, "bundle") < share for entity in entities)
    assert abs(on - share * 20_000) <= 4 * (20_000 * share * (1 - share)) ** 0.5


def test_another_rollout_shuffles_anew():
    entities = [[number] for number in range(4000)]
    both = sum(share_of(each, "one") < 0.1 and share_of(each, "two") < 0.1 for each in entities)
    assert 10 <= both <= 75  # 40 by chance


def test_types_and_borders_between_values_count():
    different = [[1], ["1"], [1.0], [True], [None], [""], [], ["a", "b"], ["ab"], ["ab", ""], ["", "ab"]]
    assert len({share_of(each, "salt") for each in different}) == len(different)


def test_places_never_move_between_releases():
    assert share_of(["AA", 1, None], "b" * 64) == 0.7919580421321176
    assert share_of(["EWR"], "one") == 0.39519692969657316
