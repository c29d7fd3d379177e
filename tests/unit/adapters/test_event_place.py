"""Readers of one home share a topic's partitions; those of another project read all of it."""

from pathlib import Path
from unittest.mock import patch

from sluiceway.adapters.event_place import EventPlace

KAFKA = "kafka://nowhere:1"


def group(state="a", home="", address=KAFKA):
    with patch("sluiceway.adapters.kafka_events.KafkaEvents") as opened:
        EventPlace(address, Path(state), {}, home=home).events("t", group="landings.1")
    return opened.call_args.kwargs["group"]


def test_projects_that_read_one_kafka_are_groups_of_their_own():
    assert group("a") == group("a") != group("b")
    assert group("a").startswith("sluiceway-")
    assert group("a").endswith(".landings.1")


def test_workers_that_share_a_store_share_a_group_wherever_they_run():
    assert (
        group("a", home="redis://host") == group("b", home="redis://host") != group("a", home="redis://host?prefix=x")
    )


def test_a_group_that_is_named_is_taken_as_it_is():
    assert group("a", address=f"{KAFKA}?group=mine") == group("b", address=f"{KAFKA}?group=mine") == "mine.landings.1"
