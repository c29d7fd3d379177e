from dataclasses import replace

import polars as pl
import pytest

from sluiceway.core.errors import DamagedError, UnknownTableError
from sluiceway.observe.reference import reference_of
from sluiceway.stats.reference_profile import CategoryProfile, NumberProfile

from .conftest import HOLDOUT, WITHIN, World


def built(world, candidate, features=None):
    return reference_of(
        candidate,
        features or world.features(),
        promise=world.promise,
        predictor=world.predictor,
        tables=world.tables,
        within=WITHIN,
    )


def test_it_is_the_holdout_as_gate_5_declared_it(world, reference):
    declared = world.candidate().evaluation.holdout
    held = world.learnt().filter(pl.col("_at") >= HOLDOUT)
    assert len(reference.rows) == declared.rows == held.height
    assert (reference.f1, reference.cost) == (pytest.approx(declared.f1), pytest.approx(declared.cost))
    assert sorted(reference.rows.at.tolist()) == reference.rows.at.tolist()
    assert sorted(reference.rows.probability.tolist()) == pytest.approx(sorted(world.probability(held).tolist()))


def test_columns_are_profiled_and_the_seasonal_have_a_limit_of_their_own(reference):
    kinds = {name: type(profile) for name, profile in reference.profiles.items()}
    assert kinds == {
        "carrier": CategoryProfile,
        "distance": NumberProfile,
        "origin_weather__latest_wind": NumberProfile,
    }
    assert reference.limits["distance"] == 0.2
    assert reference.limits["origin_weather__latest_wind"] > 1
    assert reference.seasonal == {"origin_weather__latest_wind"}


def test_a_model_that_does_not_repeat_its_declared_f1_cannot_be_watched(world):
    candidate = world.candidate()
    other = replace(candidate.evaluation, holdout=replace(candidate.evaluation.holdout, f1=0.9))
    with pytest.raises(DamagedError, match=r"gate 5 declared 0\.9 on .* sluiceway run --again train"):
        built(world, replace(candidate, evaluation=other))


def test_a_table_that_is_gone_is_named(world):
    features = replace(world.features(), table=replace(world.features().table, content_id="0" * 64))
    with pytest.raises(UnknownTableError, match="features/late"):
        built(world, world.candidate(), features)


def test_it_is_known_by_what_it_holds(world, reference):
    assert built(world, world.candidate()).digest == reference.digest
    assert built(world, world.candidate(), replace(world.features(), key=())).digest != reference.digest


def test_the_order_in_which_a_store_returns_rows_does_not_matter(reference):
    shuffled = World()
    table = shuffled.learnt().sample(fraction=1.0, shuffle=True, seed=3)
    features = replace(shuffled.features(), table=shuffled.tables.write("features/late", table.to_arrow()))
    again = built(shuffled, shuffled.candidate(), features)
    assert again.rows.probability.tolist() == reference.rows.probability.tolist()
