"""An alert that could not be delivered is delivered later, to a real webhook."""

from tests.contracts.test_alerter import at, webhook


def test_an_alert_that_a_dead_webhook_missed_arrives_with_the_next_run_although_nothing_changed(trained_shop):
    with webhook() as server:
        port, address = server.server_port, at(server)
    with (trained_shop.folder / "sluiceway.toml").open("a") as settings:
        settings.write(f'alerts = ["{address}"]\n')
    trained_shop("run")
    missed = trained_shop("observe", "report", "--json").json["undelivered"]
    assert len(missed) == 1

    with webhook(port=port) as server:
        said = trained_shop("run", "--json")
        assert set(said.json["cached"]) == set(said.json["made"])
        (heard,) = server.heard
        assert "last_purchase__latest_days_a_customer moved" in heard
        assert trained_shop("observe", "report", "--json").json["undelivered"] == {}
        published = len(trained_shop.entries("published"))
        trained_shop("run")
        assert len(server.heard) == 1
        assert len(trained_shop.entries("published")) == published
