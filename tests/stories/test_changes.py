"""What changed is made again, and nothing else."""


def worked(said):
    """The nodes that a run made anew."""
    answer = said.json
    return set(answer["made"]) - set(answer["cached"])


def test_a_comment_runs_nothing_again_but_training(shop, made):
    shop.edit("pipeline.py", ("import sluiceway as sw\n", "import sluiceway as sw\n\n# a comment\n"))
    said = shop("run", "--json")
    assert worked(said) == {"baseline", "train", "evaluate"}
    assert said.json["made"] == made
    assert shop.registrations() == 1


def test_a_limit_runs_stage_1_again_and_judges_the_rest_on_what_is_there(shop, made):
    shop.edit("spec.yaml", ("max_psi: 0.2", "max_psi: 0.2, max_retrieval_p99_ms: 49"))
    said = shop("run", "--json")
    assert worked(said) == {"spec"}
    assert {name: said.json["made"][name] for name in made if name != "spec"} == {
        name: made[name] for name in made if name != "spec"
    }
    limits = {each["name"]: each["limit"] for each in said.json["gates"][3]["criteria"]}
    assert limits["retrieval p99, ms"] == 49


def test_an_expectation_validates_again_and_leaves_features_and_model_alone(shop):
    shop.edit("pipeline.py", ("between(0, 2000)", "between(0, 3000)"))
    said = shop("run", "--until", "features", "--json")
    assert worked(said) == {"spec", "validate"}


def test_a_feature_is_added_without_ingesting_again(featured_shop):
    featured_shop.edit("pipeline.py", ('"365d"))', '"365d", "7d"))'))
    said = featured_shop("run", "--until", "features", "--json")
    assert worked(said) == {"spec", "features"}
    listed = featured_shop("features", "list", "--json").json["features"]
    assert "history__count_7d" in [feature["feature"] for feature in listed]


def test_an_earlier_present_knows_less_until_the_run_comes_back(shop, made, purchases):
    customer = last_customer(purchases[1:8_001])
    before, read = shop("run", "--until", "features", "--json").json["gates"], online(shop, customer)
    said = shop("run", "--until", "features", "--as-of", "1998-04-01", "--json")
    assert worked(said) == {"validate", "features"}
    assert said.json["made"]["ingest"] == made["ingest"]
    details = [gates[3]["criteria"][0]["detail"] for gates in (before, said.json["gates"])]
    assert details == [
        "0 unlabelled and 494 unmatured rows are left out",
        "0 unlabelled and 519 unmatured rows are left out",
    ]
    assert online(shop, customer) != read
    back = shop("run", "--until", "features", "--json")
    assert worked(back) <= {"features"}
    assert back.json["made"]["features"] == made["features"]
    assert online(shop, customer) == read


def test_a_model_undone_is_the_candidate_again(shop, made):
    first = shop("models", "show", "--json").json
    trees = ('suggest_int("n_estimators", 60, 160)', 'suggest_int("n_estimators", 60, 180)')
    shop.edit("pipeline.py", trees)
    assert shop("run", "--until", "train", "--json").json["made"]["train"] != made["train"]
    second = shop("models", "show", "--json").json
    assert (second["version"], second["aliases"]) == (2, ["candidate"])
    shop.edit("pipeline.py", (trees[1], trees[0]))
    said = shop("run", "--until", "train")
    assert "buys_again version 1" in said.out
    assert shop("models", "show", "--json").json == first
    listed = shop("models", "list", "--json").json["models"]
    assert {each["version"]: each["aliases"] for each in listed} == {1: ["candidate"], 2: []}


def test_a_feature_undone_comes_from_the_cache(shop, made):
    new = ('"365d"))', '"365d", "7d"))')
    shop.edit("pipeline.py", new)
    assert shop("run", "--until", "features", "--json").json["made"]["features"] != made["features"]
    shop.edit("pipeline.py", (new[1], new[0]))
    said = shop("run", "--json")
    assert worked(said) == set()
    assert said.json["made"] == made


def online(shop, customer):
    """What the online store knows of a customer."""
    return shop("features", "get", f"customer_id={customer}", "--json").json["features"]


def last_customer(purchases):
    """Who bought last, by their number."""
    return int(max(purchases, key=lambda line: line.split(",")[2]).split(",")[1])
