"""Going back in time: a training set rebuilt as of its creation is the one that was made then."""

import csv
import json

CREATED, LATER = "1998-06-15", "1998-07-01"


def training_table(shop, as_of):
    """The content ids of the training table and of the dataset behind it, by the evidence that a run leaves."""
    made = shop("run", "--until", "features", "--as-of", as_of, "--json").json["made"]["features"]
    body = next(entry["body"] for entry in shop.entries("made") if entry["body"]["content_id"] == made)
    evidence = json.loads(shop.stored(f"objects/artifacts/*/{body['recipe']}.json").read_text())
    return evidence["table"]["content_id"], evidence["dataset"]


def test_a_training_set_is_the_same_as_of_its_creation_after_corrections_and_new_rows_came(featured_shop):
    shop, place = featured_shop, featured_shop.folder / "data" / "purchases.csv"
    first, dataset = training_table(shop, CREATED)
    then, _ = training_table(shop, LATER)
    with place.open(newline="") as file:
        rows = list(csv.DictReader(file))
    corrected = [row | {"purchased_at": "1998-06-30T00:00:00Z", "dollar_value": "99.5"} for row in rows[100:140]]
    new = [
        row | {"purchase_id": row["purchase_id"] + "-new", "purchased_at": "1998-06-29T00:00:00Z"} for row in rows[:9]
    ]
    with place.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, *corrected, *new])
    again, grown = training_table(shop, CREATED)
    assert grown != dataset
    assert again == first
    assert training_table(shop, LATER)[0] != then
