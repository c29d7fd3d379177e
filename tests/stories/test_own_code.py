"""What a project's own code and SQL may do."""

SIZES = '"""Sizes of the model."""\n\nFEWEST_TREES, MOST_TREES = 60, 160\n'
OLD_TREES = 'trial.suggest_int("n_estimators", 60, 160)'
NEW_TREES = 'trial.suggest_int("n_estimators", FEWEST_TREES, MOST_TREES)'
# every purchase 100 times over, shuffled: threads that add up what they happen to get differ in the last digits
SPENDERS = (
    'spenders = sw.Source("spenders", sql="SELECT number_of_cds, avg(ln(dollar_value + 1 + copy)) AS mean_value '
    "FROM (SELECT * FROM raw_purchases, range(100) AS copies(copy) ORDER BY hash(purchase_id, copy)) "
    'GROUP BY number_of_cds", key="number_of_cds")\n'
)


def test_a_model_may_import_a_module_of_the_project_when_it_is_made(featured_shop, made):
    (featured_shop.folder / "sizes.py").write_text(SIZES)
    featured_shop.edit(
        "pipeline.py",
        ("def buys_again(trial):\n", "def buys_again(trial):\n    from sizes import FEWEST_TREES, MOST_TREES\n\n"),
        (OLD_TREES, NEW_TREES),
    )
    answer = featured_shop("run", "--json").json
    assert answer["made"]["train"] == made["train"]
    assert answer["gates"][4]["verdict"] == "passed"


def test_a_source_that_averages_is_rebuilt_equal_every_time(fresh_shop):
    fresh_shop.edit("pipeline.py", ("receipts = sw.Source(\n", SPENDERS + "receipts = sw.Source(\n"))
    said = fresh_shop("run", "--until", "ingest", "--json")
    assert "note: source 'raw_purchases': column customer_id is read as whole numbers" in said.err
    first = said.json
    assert "ingest" not in first["cached"]
    second = fresh_shop("run", "--until", "ingest", "--again", "ingest", "--json").json
    assert "ingest" not in second["cached"]
    assert [answer["gates"][1]["verdict"] for answer in (first, second)] == ["passed", "passed"]
    assert second["made"]["ingest"] == first["made"]["ingest"]
    assert len(fresh_shop("data", "log", "--json").json["versions"]) == 1
