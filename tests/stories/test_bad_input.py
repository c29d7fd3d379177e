"""Bad input: told in the user's words, with the place and what to do, and never with a traceback."""

import pytest


def test_a_spec_with_many_faults_is_told_in_one_report_with_lines(fresh_shop):
    fresh_shop.edit(
        "spec.yaml",
        ("owner: crm", "ownr: crm"),
        ("false_negative: 6", "false_negative: six"),
        ("success_rate: 0.99", "success_rate: 1.5"),
    )
    for command in ("check", "run"):
        said = fresh_shop(command, "--json", code=2)
        assert "ownr is not a key of the spec. Did you mean 'owner'?" in said.err
        assert "costs.false_negative must be a number" in said.err
        assert "sla.success_rate must be above 0" in said.err
        assert said.err.count("spec.yaml:") >= 3
        assert said.json["error"]["kind"] == "DeclarationError"


def test_broken_yaml_is_told_with_its_line(fresh_shop):
    fresh_shop.edit("spec.yaml", ("costs:      {currency", "costs:      {{currency"))
    assert "spec.yaml:9: not YAML: expected ',' or '}'" in fresh_shop("run", code=2).err


def test_a_pipeline_with_a_syntax_error_is_told_with_its_line(fresh_shop):
    fresh_shop.edit("pipeline.py", ("search=sw.Search(", "search=sw.Search(("))
    assert "pipeline.py:" in fresh_shop("check", code=2).err


def test_every_name_that_does_not_fit_the_data_is_told_at_once(fresh_shop):
    fresh_shop.edit(
        "pipeline.py",
        ('sw.max("dollar_value"', 'sw.max("dolar_value"'),
        ('column("customer_id").not_null', 'column("customr_id").not_null'),
    )
    said = fresh_shop("check", code=2)
    assert "Did you mean 'dollar_value'?" in said.err
    assert "Did you mean 'customer_id'?" in said.err


@pytest.mark.parametrize("name", ["spec.yaml", "pipeline.py", "sql/outcomes.sql"])
def test_a_missing_file_of_the_declaration_is_named(fresh_shop, name):
    (fresh_shop.folder / name).unlink()
    assert name in fresh_shop("run", code=2).err


def test_missing_data_is_named(fresh_shop):
    (fresh_shop.folder / "data" / "purchases.csv").unlink()
    said = fresh_shop("run", code=2)
    assert "source 'raw_purchases': no file matches 'data/purchases.csv'" in said.err


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda text: text + b'"never closed,1,2\n', "data/purchases.csv: CSV parse error: Row #8002"),
        (lambda text: bytes(range(256)) * 40, "data/purchases.csv: CSV parse error"),
        (lambda text: b"", "data/purchases.csv is empty"),
        (lambda text: text.splitlines(keepends=True)[0], "data/purchases.csv has a header but no rows"),
    ],
    ids=["a broken row", "no text", "empty", "no rows"],
)
def test_a_table_that_cannot_be_read_is_named_and_nothing_is_made(fresh_shop, spoil, told):
    table = fresh_shop.folder / "data" / "purchases.csv"
    table.write_bytes(spoil(table.read_bytes()))
    said = fresh_shop("run", "--json", code=2)
    assert f"source 'raw_purchases': {told}" in said.err
    assert said.json["error"]["kind"] == "DeclarationError"
    assert fresh_shop.entries("made") == []


def test_sql_that_does_not_run_is_told_with_its_source(fresh_shop):
    fresh_shop.edit("sql/outcomes.sql", ("FROM raw_purchases", "FROM raw_purchase"))
    assert "outcomes" in fresh_shop("check", code=2).err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["rum"], "run"),
        (["run", "--untill", "train"], "--until"),
        (["run", "--until", "trian"], "Did you mean 'train'?"),
        (["run", "--only", "deploi"], "Did you mean 'deploy'?"),
        (["data", "lgo"], "log"),
        (["run", "--as-of", "yesterday"], "--as-of 'yesterday' is not a time"),
        (["run", "--wait", "long"], "--wait"),
        (["status", "--project", "nowhere"], "nowhere"),
        (["data", "show", "feedbeef"], "feedbeef"),
        (["models", "show", "7"], "no model is registered"),
        (["features", "get", "customer_id"], "not column=value"),
        (["features", "get", "customr_id=4"], "customer_id"),
        (["validate", "report", "extra"], "extra"),
        (["data", "restore"], "--to"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_told_with_what_was_meant(featured, words, hint):
    said = featured(*words, code=2)
    assert hint in said.err


@pytest.mark.parametrize(
    "words", [["data", "log"], ["features", "list"], ["models", "list"], ["ledger", "log"], ["status"]], ids=" ".join
)
def test_looking_before_anything_ran_is_no_fault(fresh_shop, words):
    fresh_shop(*words)


@pytest.mark.parametrize(
    "words", [["data", "show"], ["data", "verify"], ["validate", "report"], ["models", "show"]], ids=" ".join
)
def test_asking_for_what_was_not_made_yet_says_how_to_make_it(fresh_shop, words):
    assert "sluiceway run" in fresh_shop(*words, code=2).err


def test_an_unknown_setting_is_named(fresh_shop):
    (fresh_shop.folder / "sluiceway.toml").write_text("as_off = 1998-07-01\n")
    assert "Did you mean 'as_of'?".lower() in fresh_shop("status", code=2).err.lower()


def test_a_model_that_fails_to_fit_is_told_in_its_own_words(featured_shop):
    featured_shop.edit("pipeline.py", ('"num_leaves", 7, 31, log=True)', '"num_leaves", 7, 31) * -1'))
    said = featured_shop("run", code=3)
    assert "fit() raised LightGBMError" in said.err
    assert "num_leaves" in said.err


def test_a_factory_that_raises_is_told_in_its_own_words(featured_shop):
    featured_shop.edit(
        "pipeline.py", ("    model = LGBMClassifier(", '    raise KeyError("nothing")\n    model = LGBMClassifier(')
    )
    assert "buys_again() raised KeyError" in featured_shop("run", code=3).err


def test_a_model_that_does_not_export_is_told_before_the_search(featured_shop):
    featured_shop.edit(
        "pipeline.py",
        (
            "    model = LGBMClassifier(",
            "    from sklearn.neighbors import NearestCentroid\n    model = LGBMClassifier(",
        ),
        (
            'make_pipeline(sw.encode(drop=["customer_id"]), model)',
            'make_pipeline(sw.encode(drop=["customer_id"]), Odd())',
        ),
        (
            "\n\ndef buys_again(",
            "\n\nfrom lightgbm import LGBMClassifier\n\n\nclass Odd(LGBMClassifier):\n    pass\n\n\ndef buys_again(",
        ),
    )
    said = featured_shop("run", code=3)
    assert "export" in said.err


def test_a_stage_that_nothing_stands_below_shows_no_heading_of_reports(fresh_shop):
    said = fresh_shop("run", "--only", "observe", code=1)
    assert "may not start" in said.out
    assert "Reports:" not in said.out
    assert "Next:" in said.out
