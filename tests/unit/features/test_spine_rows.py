"""Which predictions are trained on, and by which version of them."""

from tests.small_airline import build, flights, hour, landed, landings, pipeline, scheduled, usual


def test_only_matured_and_labelled_rows_are_trained_on_and_the_rest_is_counted():
    features, rows = build(pipeline(), usual(), as_of=hour(40))
    # known by hour 40 are all 60 of the schedule; at + 12 h <= 40 are flights 0 to 28, of which 9 and 19 never landed
    counts = features.counts
    assert (counts.rows, counts.unmatured, counts.unlabelled, counts.labelled) == (60, 31, 2, 27)
    assert counts.positives == sum(row["_label"] for row in rows) == 9
    assert [row["id"] for row in rows] == [number for number in range(29) if number not in {9, 19}]


def test_a_corrected_outcome_counts_from_when_it_was_known():
    correction = {**landings()[1], "delay": 99}
    rows = landed([*landings(), correction], known=lambda row: hour(35) if row["delay"] == 99 else row["lands"])
    assert build(pipeline(), usual(landings=rows), as_of=hour(34))[1][1]["_label"] == 0
    later = build(pipeline(), usual(landings=rows), as_of=hour(36))[1][1]
    assert (later["_label"], later["_label_known_time"]) == (1, hour(35))


def test_a_repeated_prediction_takes_the_newest_version_known_in_time():
    versions = [(8, "X", -48), (8, "Y", -24), (8, "Z", 9)]  # the last one hour after the departure
    changed = [{**flights()[8], "carrier": carrier, "distance": known} for _, carrier, known in versions]
    rows = scheduled([*flights()[:8], *changed], known=lambda row: hour(row["distance"] if row["id"] == 8 else -50))
    _, trained = build(pipeline(), usual(schedule=rows), as_of=hour(40))
    assert trained[8]["carrier"] == "Y"
