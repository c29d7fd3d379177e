"""Leaks that people plant without knowing it: each is refused when bound, or stopped by gate 5, by name."""

import re

OUTCOMES = 'outcomes = sw.Source("outcomes", sql="sql/outcomes.sql", key="purchase_id", event_time="decided_at")\n'
VIEWS = ("views=[history, ", "views=[planted, history, ")


def gate_5(shop, stopped):
    """What holds gate 5 shut, after a run whose other gates are open."""
    answer = shop("run", "--json", code=1).json
    assert [gate["number"] for gate in answer["gates"]] == [1, 2, 3, 4, 5], answer["gates"][-1]
    return stopped(answer["gates"][4])


def test_a_request_feature_of_the_outcome_is_refused_when_bound(fresh_shop):
    fresh_shop.edit("pipeline.py", ("sw.RequestView(\n", 'sw.RequestView(\n    cheat="came_back",\n'))
    for command in ("check", "run"):
        said = fresh_shop(command, code=2)
        assert "request feature 'cheat'" in said.err
        assert "came_back" in said.err


def test_a_view_on_a_source_without_times_is_refused_when_declared(fresh_shop):
    planted = 'planted = sw.FeatureView("planted", entity="customer_id", source=raw_purchases, '
    planted += 'features=[sw.mean("dollar_value", over="30d")])\n'
    fresh_shop.edit("pipeline.py", ("history = sw.FeatureView(", planted + "history = sw.FeatureView("))
    said = fresh_shop("check", code=2)
    assert "'planted' is built on source 'raw_purchases', which has no event_time" in said.err
    assert "pipeline.py:" in said.err


def test_an_outcome_smuggled_into_the_inputs_is_stopped_by_gate_5(fresh_shop, stopped):
    smuggled = (
        "SELECT r.*, CAST(o.came_back AS INTEGER) AS loyal FROM raw_purchases r JOIN outcomes o USING (purchase_id)"
    )
    fresh_shop.edit("pipeline.py", ('"SELECT * FROM raw_purchases"', f'"{smuggled}"'))
    fresh_shop.edit("spec.yaml", ("dollar_value]", "dollar_value, loyal]"))
    faults = gate_5(fresh_shop, stopped)
    assert "loyal" in faults["ROC AUC of the strongest feature alone"]["detail"]


def test_averages_over_outcomes_declared_known_too_early_are_stopped_by_gate_5(fresh_shop, stopped):
    planted = 'tattle = sw.Source("tattle", sql="SELECT p.purchase_id, p.customer_id, p.purchased_at, '
    planted += 'o.came_back AS returned FROM raw_purchases p JOIN outcomes o USING (purchase_id)", '
    planted += 'key="purchase_id", event_time="purchased_at")\n'
    planted += 'planted = sw.FeatureView("planted", entity="customer_id", source=tattle, every="1d", '
    planted += 'features=[sw.mean("returned", over="60d")])\n'
    fresh_shop.edit("pipeline.py", (OUTCOMES, OUTCOMES + planted), VIEWS)
    faults = gate_5(fresh_shop, stopped)
    assert "tattle.returned" in faults["sources that know a fact before the label's source"]["detail"]


def test_a_label_declared_known_at_the_prediction_is_stopped_by_gate_5(fresh_shop, stopped):
    fresh_shop.edit("sql/outcomes.sql", ("purchased_at + INTERVAL 61 DAY", "purchased_at"))
    faults = gate_5(fresh_shop, stopped)
    assert faults["labels known at the prediction"]["measured"] > 1000


def test_inputs_known_only_after_the_prediction_are_stopped_by_gate_5(fresh_shop, stopped):
    before = 'key="purchase_id",\n    event_time="purchased_at",\n    expectations=[\n'
    late = before.replace("    expectations", '    known_time="purchased_at + interval 1 day",\n    expectations')
    fresh_shop.edit("pipeline.py", (before, late))
    assert "inputs known only after the prediction" in gate_5(fresh_shop, stopped)


def test_a_row_told_again_under_its_id_counts_once_and_stands_on_one_side(fresh_shop, purchases):
    table = fresh_shop.folder / "data" / "purchases.csv"
    rows = table.read_text().splitlines()
    twins = [twin(row) for row in rows if ",1997-03-1" in row]
    assert len(twins) > 100
    table.write_text("\n".join([*rows, *twins]) + "\n")
    gates = fresh_shop("run", "--json", code=None).json["gates"]
    positives, negatives = gates[3]["criteria"][:2]
    left_out = sum(int(number) for number in re.findall(r"(\d+) (?:unlabelled|unmatured)", positives["detail"]))
    assert positives["measured"] + negatives["measured"] + left_out == sum(
        row.split(",")[2] <= "1998-06-15T00:00:00Z" for row in purchases[1:8_001]
    )
    shared = next(each for each in gates[4]["criteria"] if each["name"] == "rows in both training and holdout")
    assert (shared["measured"], shared["verdict"]) == (0, "passed")


def test_an_encoder_fitted_on_all_rows_is_stopped_by_gate_5(fresh_shop, stopped):
    fitted = (
        "\n\ndef fitted_on_everything():\n"
        "    import polars as pl\n"
        "    from sklearn.compose import ColumnTransformer\n"
        "    from sklearn.preprocessing import StandardScaler\n"
        '    names = ["number_of_cds", "dollar_value"]\n'
        "    rows = pl.read_csv(__file__.replace('pipeline.py', 'data/purchases.csv')).select(names)\n"
        '    return ColumnTransformer([("scaled", StandardScaler(), names)]).fit(rows)\n'
        "\n\ndef buys_again("
    )
    fresh_shop.edit(
        "pipeline.py",
        ("\n\ndef buys_again(", fitted),
        ('make_pipeline(sw.encode(drop=["customer_id"]), model)', "make_pipeline(fitted_on_everything(), model)"),
    )
    detail = gate_5(fresh_shop, stopped)["steps fitted before training"]["detail"]
    assert "columntransformer" in detail
    assert "(model)" in detail


def test_a_frozen_encoder_is_refused_by_name_as_it_cannot_be_exported(fresh_shop):
    frozen = (
        "\n\ndef frozen():\n"
        "    from sklearn.frozen import FrozenEstimator\n"
        "    from sklearn.preprocessing import StandardScaler\n"
        "    return FrozenEstimator(StandardScaler().fit([[0.0], [40.0]]))\n"
        "\n\ndef buys_again("
    )
    fresh_shop.edit(
        "pipeline.py",
        ("\n\ndef buys_again(", frozen),
        ('sw.encode(drop=["customer_id"])', "ColumnTransformer([('f', frozen(), ['dollar_value'])])"),
        ("import sluiceway as sw\n", "import sluiceway as sw\nfrom sklearn.compose import ColumnTransformer\n"),
    )
    said = fresh_shop("run", code=3)
    assert "FrozenEstimator" in said.err
    assert "columntransformer.f was fitted before training, which leaks" in said.err


def twin(row):
    """The same purchase under the same id, a year later."""
    purchase, customer, day, *rest = row.split(",")
    return ",".join([purchase, customer, day.replace("1997-", "1998-"), *rest])
