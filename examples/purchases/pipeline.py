"""Will this customer buy again within 60 days? Asked at each purchase; stages 2 to 5, declared."""

import sluiceway as sw

raw_purchases = sw.Source("raw_purchases", sw.files("data/purchases.csv"))

# one file, three facts, known at three times: at the till, the next morning, and when the 60 days are over
purchases = sw.Source(
    "purchases",
    sql="SELECT * FROM raw_purchases",
    key="purchase_id",
    event_time="purchased_at",
    expectations=[
        sw.column("customer_id").not_null(),
        sw.column("number_of_cds").between(1, 100),
        sw.column("dollar_value").between(0, 2000),
        sw.fresh(within="7d"),
    ],
)
receipts = sw.Source(
    "receipts",
    sql="sql/receipts.sql",
    key="purchase_id",
    event_time="purchased_at",
    known_time="purchased_at + interval 1 day",
    expectations=[sw.column("dollar_value").mean_between(20, 60)],
)
outcomes = sw.Source("outcomes", sql="sql/outcomes.sql", key="purchase_id", event_time="decided_at")

history = sw.FeatureView(
    "history",
    entity="customer_id",
    source=receipts,
    every="1d",
    features=[
        *(sw.count(over=days) for days in ("14d", "30d", "60d", "90d", "180d", "365d")),
        *(sw.sum("dollar_value", over=days) for days in ("30d", "90d", "365d")),
        sw.sum("number_of_cds", over="365d"),
        sw.max("dollar_value", over="365d"),
    ],
)
last_purchase = sw.FeatureView(
    "last_purchase",
    entity="customer_id",
    source=receipts,
    every="1d",
    features=[sw.latest(name) for name in ("dollar_value", "shopping_days", "days_a_customer", "days_since_last")],
)
at_request = sw.RequestView(
    weekday="isodow(purchased_at)",
    price="dollar_value / number_of_cds",
    basket="CASE WHEN number_of_cds = 1 THEN 'one' WHEN number_of_cds <= 3 THEN 'few' ELSE 'many' END",
)


def buys_again(trial):
    from lightgbm import LGBMClassifier
    from sklearn.pipeline import make_pipeline

    model = LGBMClassifier(
        n_estimators=trial.suggest_int("n_estimators", 60, 160),
        num_leaves=trial.suggest_int("num_leaves", 7, 31, log=True),
        learning_rate=trial.suggest_float("learning_rate", 0.03, 0.1, log=True),
        min_child_samples=trial.suggest_int("min_child_samples", 50, 400, log=True),
        colsample_bytree=trial.suggest_float("colsample_bytree", 0.4, 1.0),
    )
    return make_pipeline(sw.encode(drop=["customer_id"]), model)


pipeline = sw.Pipeline(
    spec="spec.yaml",
    views=[history, last_purchase, at_request],
    label=sw.Label("again", outcomes, "came_back", each=purchases, at="purchased_at", matures="61d"),
    model=buys_again,
    search=sw.Search(trials=8, rows=22_000, folds=2),
    split=sw.Split(holdout="1998-02-01"),
)
