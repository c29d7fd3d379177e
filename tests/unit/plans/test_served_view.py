import sluiceway as sw
from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.plans.served_view import served

FACTS = sw.Source("facts", sql="unused", event_time="t")
BOTH = [sw.mean("x", over="10m"), sw.latest("x"), sw.latest("code", name="newest_code")]


def test_a_view_keeps_its_name_digest_entities_and_columns_in_order():
    view = sw.FeatureView("v", entity=("b", "a"), source=FACTS, features=BOTH)
    assert served(view) == ServedView(
        "v", view.digest, ("b", "a"), ("v__mean_x_10m", "v__latest_x", "v__newest_code"), (), None
    )


def test_with_a_ttl_the_latest_features_age_and_windows_do_not():
    found = served(sw.FeatureView("v", entity="a", source=FACTS, features=BOTH, ttl="3h"))
    assert (found.aged, found.ttl_us) == (("v__latest_x", "v__newest_code"), 3 * 3600 * 1_000_000)


def test_a_ttl_of_windows_alone_is_of_no_consequence():
    found = served(sw.FeatureView("v", entity="a", source=FACTS, features=BOTH[:1], ttl="3h"))
    assert (found.aged, found.ttl_us) == ((), None)
